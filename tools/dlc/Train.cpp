// dlc train: builds a model's training step, runs it over a data set, writes the weights.
#include "compiler/autodiff/Passes.h"
#include "compiler/emit/Artefact.h"
#include "runtime/train/Trainer.h"
#include "tools/dlc/Session.h"
#include "tools/dlc/Training.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <unistd.h>

namespace dlc::tools {
namespace {
struct Options {
  std::string model, data, validation, weights, out, json;
  TrainingSpecs specs;
  train::Options train;
  int threads = 0;
  unsigned level = 2;
};

/// Lines for people, objects for programs, a bar for terminals.
class Log {
public:
  explicit Log(const Options &o) : json(o.json), bar(isatty(STDERR_FILENO)) {}
  void progress(int64_t step, int64_t steps, double loss) {
    int filled = int(30 * step / steps);
    if (!bar || filled == shown)
      return;
    shown = filled;
    llvm::errs() << "\r[" << std::string(filled, '#') << std::string(30 - filled, '.') << "] " << step << "/" << steps
                 << llvm::format("  loss %.4f ", loss);
  }
  data::Status report(const train::Report &r, const train::Metrics *validation, const train::Metrics *test) {
    double rate = r.seconds > 0 ? double(samples += r.training.samples) / r.seconds : 0;
    llvm::json::Object line{{"step", r.step},        {"epoch", r.epoch},    {"loss", r.training.loss}, {"accuracy", r.training.accuracy},
                            {"samples_per_s", rate}, {"seconds", r.seconds}};
    if (bar)
      llvm::errs() << "\r\033[K", shown = -1;
    llvm::outs() << llvm::format("epoch %.4g  step %lld  loss %.4f  accuracy %.2f %%", r.epoch, (long long)r.step, r.training.loss,
                                 100 * r.training.accuracy);
    if (validation) {
      line["val_accuracy"] = validation->accuracy;
      if (!std::isnan(validation->loss))
        line["val_loss"] = validation->loss;
      llvm::outs() << llvm::format("  validation %.2f %%", 100 * validation->accuracy);
    }
    if (test) {
      line["test_accuracy"] = test->accuracy;
      llvm::outs() << llvm::format("  test %.2f %%", 100 * test->accuracy);
    }
    llvm::outs() << llvm::format("  %.0f samples/s\n", rate);
    llvm::outs().flush();
    llvm::raw_string_ostream(lines) << llvm::json::Value(std::move(line)) << "\n";
    if (!json.empty() && write(json, lines) != Done)
      return data::Error{"the log could not be written"};
    return {};
  }

private:
  std::string json, lines;
  bool bar;
  int shown = -1;
  int64_t samples = 0;
};
} // namespace

static Exit train(Options o) {
  Files files;
  files.read(o.model, "the model");
  files.read(o.weights, "the weights");
  for (const std::string &set : {o.data, o.validation})
    for (const std::string &path : dataFiles(set))
      files.read(path, "data");
  files.write(o.out, "what -o writes");
  files.write(o.json, "what --json writes");
  if (Exit e = files.check(); e != Done)
    return e;
  if (o.out.empty())
    llvm::errs() << "dlc: note: no -o: nothing keeps the weights; write -o FILE.safetensors\n";
  Model model;
  if (!model.read(o.model))
    return Fault;
  auto plan = planTraining(&model.context, o.specs);
  if (!plan)
    return misuse(llvm::toString(plan.takeError()));
  auto data = openData(o.data, data::Split::Train);
  if (!data)
    return fail(llvm::toString(data.takeError()));
  auto test = openData(o.data, data::Split::Test);
  if (!test)
    return fail(llvm::toString(test.takeError()));
  std::optional<data::Dataset> validation;
  if (!o.validation.empty()) {
    auto opened = openData(o.validation, data::Split::Train);
    if (!opened)
      return fail(llvm::toString(opened.takeError()));
    validation = std::move(*opened);
  }
  Session session;
  CompileOptions compile;
  compile.train = plan->options;
  compile.level = o.level;
  if (failed(runStages(*model.module, compile)))
    return Fault;
  auto compiled = compileScheduled(*model.module, compile);
  if (failed(compiled) || !session.open(std::move(*compiled), modelName(o.model)))
    return Fault;
  session.params->init(o.train.seed);
  if (!o.weights.empty())
    noteSkipped(o.weights, session.params->load(o.weights));
  dlrt_params *params = session.params->get();
  if (dlrt_tensor key; dlrt_params_get(params, "random/key", &key) == DLRT_OK)
    *static_cast<int64_t *>(key.data) = int64_t(o.train.seed);
  dlrt::Team team(o.threads);

  o.train.schedule = plan->schedule;
  o.train.hyperparameters = plan->hyperparameters;
  Log log(o);
  const std::string &loss = plan->options.loss; // logarithms of probabilities are logits as well
  bool logits = loss == "nll" || plan->options.lossAttributes.contains("from_logits");
  auto outputs = logits                                                                                    ? train::Outputs::Logits
                 : llvm::StringRef(loss).ends_with("categorical_cross_entropy") || loss == "kl_divergence" ? train::Outputs::Probabilities
                                                                                                           : train::Outputs::Scores;
  o.train.otherClass = loss == "hinge" ? -1 : 0;
  auto report = [&](const train::Report &r) -> data::Status {
    auto onTest = train::evaluate(session.model->get(), params, team.get(), *test, o.train.batch, outputs);
    if (!onTest)
      return onTest.error();
    if (!validation)
      return log.report(r, nullptr, &*onTest);
    auto onValidation = train::evaluate(session.model->get(), params, team.get(), *validation, o.train.batch, outputs);
    return onValidation ? log.report(r, &*onValidation, &*onTest) : data::Status(onValidation.error());
  };
  data::Status status = train::train(session.model->get(), params, team.get(), *data, o.train, report,
                                     [&](int64_t step, int64_t steps, double loss) { log.progress(step, steps, loss); });
  if (!status)
    return fail(status.error().message);
  if (!o.out.empty())
    session.params->save(o.out, DLRT_SAVE_WEIGHTS);
  return Done;
}

void addTrain(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *c = app.add_subcommand("train", "trains a model and writes its weights");
  c->add_option("MODEL", o->model, "a model.mlir, or - for the standard input")->required();
  c->add_option("--data", o->data, "mnist:DIR, a folder with the four IDX files")->required();
  c->add_option("--validation", o->validation, "data to evaluate at each report");
  c->add_option("--loss", o->specs.loss, "such as sparse_categorical_cross_entropy(from_logits=true)")->capture_default_str();
  c->add_option("--optimizer", o->specs.optimizer,
                "such as sgd(lr=0.01,momentum=0.9,l2=0.0005), adam(lr=0.001,clip_norm=1); docs/training.md lists all")
      ->capture_default_str();
  c->add_option("--schedule", o->specs.schedule,
                "of the learning rate, instead of the optimiser's: " + scheduleHelp() + "; each with warmup=,warmup_from=");
  c->add_option("--batch", o->train.batch, "samples of one step")->check(CLI::Range(1, 1 << 20))->capture_default_str();
  auto *epochs = c->add_option("--epochs", o->train.epochs, "passes over the data")->check(CLI::Range(1, 1 << 20))->capture_default_str();
  c->add_option("--iterations", o->train.iterations, "steps, instead of epochs")->check(CLI::Range(1, 1 << 30))->excludes(epochs);
  c->add_option("--weights", o->weights, "a safetensors file to start from; without it, the initialisers");
  c->add_option("--freeze", o->specs.freeze, "parameters that stay as they are: names with * and ?");
  c->add_option("--seed", o->train.seed, "of initialisers, order of samples and dropout")->check(checkSeed)->capture_default_str();
  c->add_option("--threads", o->threads, "0: one a CPU; the results don't depend on it")->check(CLI::Range(0, 1024))->capture_default_str();
  c->add_option("-O", o->level, "optimisation; 0: plain loops")->check(CLI::Range(0, 3))->capture_default_str();
  c->add_option("--json", o->json, "a log with one JSON object a line and report");
  c->add_option("-o,--output", o->out, "the safetensors file to write");
  for (const char *name : {"--augment", "--early-stop", "--checkpoint", "--resume", "--plot"})
    c->add_option_function<std::string>(
         name, [name](const std::string &) { throw CLI::ValidationError(name, "this version of dlc train does not have it"); })
        ->group("")
        ->expected(0, 1);
  setAction(c, "dlc train lenet.mlir --data mnist:data/mnist-small --epochs 5 --seed 1 -o lenet.safetensors", [o] { return train(*o); });
}

} // namespace dlc::tools
