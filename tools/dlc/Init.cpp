// dlc init: parameters by their initialisers, or from another framework's file, into a safetensors file.
#include "compiler/emit/Artefact.h"
#include "tools/dlc/WeightsMap.h"

namespace dlc::tools {
namespace {
struct Options {
  std::string model, from, map, out;
  uint64_t seed = 0;
};
} // namespace

static Exit init(const Options &o) {
  Model model;
  Session session;
  Files files;
  files.read(o.model, "the model");
  files.read(o.from, "the weights");
  files.read(isKnownMap(o.map) ? "" : o.map, "the map");
  files.write(o.out, "what -o writes");
  if (Exit e = files.check(); e != Done)
    return e;
  if (!model.read(o.model) || !session.openParameters(*model.module, modelName(o.model)))
    return Fault;
  session.params->init(o.seed);
  if (!o.from.empty())
    if (Exit e = importWeights(session, o.from, o.map); e != Done)
      return e;
  session.params->save(o.out);
  return Done;
}

void addInit(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "init", "writes parameters by their initialisers, each by its name and the seed alone, or as another framework saved them");
  command->add_option("MODEL", o->model, "a model.mlir, or - for the standard input")->required();
  command->add_option("--seed", o->seed, "of the random numbers")->check(checkSeed)->capture_default_str();
  CLI::Option *from = command->add_option("--from", o->from, "a safetensors file with the values, in any floating-point type");
  command
      ->add_option("--weights-map", o->map,
                   "how its tensors become parameters: torch, torch-vgg16, transformers, or a file of rules (docs/parameters.md)")
      ->needs(from);
  command->add_option("-o,--output", o->out, "the safetensors file to write")->required();
  setAction(command, "dlc init lenet.mlir --seed 1 -o lenet.safetensors", [o] { return init(*o); });
}

} // namespace dlc::tools
