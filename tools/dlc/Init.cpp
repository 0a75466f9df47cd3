// dlc init: parameters by their initialisers, into a safetensors file.
#include "compiler/emit/Artefact.h"
#include "tools/dlc/Session.h"

namespace dlc::tools {
namespace {
struct Options {
  std::string model, out;
  uint64_t seed = 0;
};
} // namespace

static Exit init(const Options &o) {
  Model model;
  Session session;
  Files files;
  files.read(o.model, "the model");
  files.write(o.out, "what -o writes");
  if (Exit e = files.check(); e != Done)
    return e;
  if (!model.read(o.model) || !session.openParameters(*model.module, modelName(o.model)))
    return Fault;
  session.params->init(o.seed);
  session.params->save(o.out);
  return Done;
}

void addInit(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("init", "writes parameters by their initialisers, each by its name and the seed alone");
  command->add_option("MODEL", o->model, "a model.mlir, or - for the standard input")->required();
  command->add_option("--seed", o->seed, "of the random numbers")->check(checkSeed)->capture_default_str();
  command->add_option("-o,--output", o->out, "the safetensors file to write")->required();
  setAction(command, "dlc init lenet.mlir --seed 1 -o lenet.safetensors", [o] { return init(*o); });
}

} // namespace dlc::tools
