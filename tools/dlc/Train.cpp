// dlc train: builds a model's training step, runs it over a data set, writes the weights.
#include "compiler/autodiff/Passes.h"
#include "compiler/emit/Artefact.h"
#include "runtime/train/Checkpoint.h"
#include "runtime/train/Trainer.h"
#include "tools/dlc/Build.h"
#include "tools/dlc/Curves.h"
#include "tools/dlc/Data.h"
#include "tools/dlc/Probe.h"
#include "tools/dlc/Session.h"
#include "tools/dlc/Spec.h"
#include "tools/dlc/TrainLog.h"
#include "tools/dlc/Training.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SHA256.h"
#include <csignal>
#include <unistd.h>

namespace dlc::tools {
namespace {
struct Options {
  std::string model, data, validation, weights, out, json, plot, early;
  TrainingSpecs specs;
  train::Options train;
  int threads = 0, folds = 0;
  unsigned level = 2;
};

std::atomic<bool> stop = false;
std::atomic<int> caught = 0;
/// The first signal asks the run to end; the next one has the system's usual effect.
void askToStop(int signal) {
  caught = signal, stop = true;
  static constexpr char text[] = "\ndlc: ends behind this step; once more ends at once\n";
  [[maybe_unused]] ssize_t n = ::write(STDERR_FILENO, text, sizeof text - 1);
  std::signal(signal, SIG_DFL);
}
/// While it lives, SIGINT and SIGTERM ask.
struct Stopper {
  Stopper() {
    for (int signal : {SIGINT, SIGTERM}) {
      struct sigaction action = {};
      action.sa_handler = askToStop, action.sa_flags = SA_RESTART;
      sigaction(signal, &action, nullptr);
    }
  }
  ~Stopper() { std::signal(SIGINT, SIG_DFL), std::signal(SIGTERM, SIG_DFL); }
};

/// What is trained on and what is held back.
struct Material {
  data::Dataset training;
  std::optional<data::Dataset> validation, test;
  data::Part part, left; ///< left: of the training set, for validation
};

llvm::Error message(const llvm::Twine &text) { return llvm::createStringError(llvm::inconvertibleErrorCode(), text); }

std::optional<double> shareOf(llvm::StringRef validation) {
  double share;
  return !validation.empty() && llvm::to_float(validation, share) ? std::optional(share) : std::nullopt;
}

llvm::Expected<Material> openMaterial(const Options &o) {
  auto training = openData(o.data);
  if (!training)
    return training.takeError();
  Material m{std::move(*training), {}, {}, {}, {}};
  m.part = data::everything(m.training);
  if (auto share = shareOf(o.validation)) {
    data::Halves halves = data::share(m.part, o.train.seed, *share);
    if (halves.kept.empty() || m.part.size() < 2)
      return message("'" + m.training.name + "' has too few samples to leave " + o.validation + " of them for --validation");
    m.part = std::move(halves.kept), m.left = std::move(halves.left);
  }
  if (m.training.standardizes && !o.folds)
    if (data::Status s = data::standardize(m.training, m.part); !s)
      return message(s.error().message);
  if (!o.validation.empty() && m.left.empty()) {
    auto opened = openData(o.validation, data::Split::Train, &m.training.preparation);
    if (!opened)
      return opened.takeError();
    m.validation = std::move(*opened);
  }
  if (hasTest(o.data)) {
    auto opened = openData(o.data, data::Split::Test);
    if (!opened)
      return opened.takeError();
    m.test = std::move(*opened);
  }
  return m;
}

/// What a run that goes on must agree in with its beginning.
std::vector<std::pair<std::string, std::string>> setupOf(const Options &o, const TrainingPlan &plan, mlir::ModuleOp module,
                                                         const Material &m) {
  std::string text, rates;
  llvm::raw_string_ostream os(text), numbers(rates);
  module.print(os);
  os << plan.options.loss << plan.options.lossAttributes << plan.options.optimizer << plan.options.optimizerAttributes
     << llvm::join(plan.options.regularizers, ",") << ";" << llvm::join(plan.options.frozen, ",");
  numbers << plan.schedule.rule->name;
  for (double number : plan.schedule.numbers)
    numbers << llvm::format(" %.17g", number);
  numbers << llvm::format(" warmup %lld %.17g", (long long)plan.schedule.warmup, plan.schedule.warmupFrom);
  for (auto &[name, value] : plan.hyperparameters)
    numbers << " " << name << llvm::format(" %.17g", value);
  const auto &plateau = plan.plateau;
  if (plateau.factor != 1)
    numbers << llvm::format(" plateau %.17g %lld %.17g %.17g", plateau.factor, (long long)plateau.patience, plateau.threshold,
                            plateau.least);
  auto contents = [](const data::Dataset &set) {
    return std::to_string(set.size) + " samples of hash " + llvm::utohexstr(set.fingerprint);
  };
  std::vector<std::pair<std::string, std::string>> setup = {
      {"model", llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(text)), true)},
      {"--batch", std::to_string(o.train.batch)},
      {"--seed", std::to_string(o.train.seed)},
      {"rates", rates},
      {"data", contents(m.training) + (m.training.reconstructs ? " as their own target" : "")},
      {"--validation", m.validation           ? contents(*m.validation)
                       : o.validation.empty() ? "none"
                                              : o.validation},
      {"--early-stop", o.early.empty() ? "none" : o.early}};
  return setup;
}

/// One run, from the initialisers or weights; what it ended with, or nothing after a message.
std::optional<train::Outcome> runOnce(const Options &o, Session &session, const Material &m, dlrt::Team &team, TrainLog &log) {
  session.params = std::make_unique<dlrt::Params>(*session.model);
  session.params->init(o.train.seed);
  if (!o.weights.empty())
    noteLoaded(o.weights, session.params->load(o.weights));
  dlrt_params *params = session.params->get();
  if (dlrt_tensor key; dlrt_params_get(params, "random/key", &key) == DLRT_OK)
    *static_cast<int64_t *>(key.data) = int64_t(o.train.seed);
  train::Sets sets{.training = m.training, .part = m.part};
  if (m.validation || !m.left.empty()) {
    static const data::Part none;
    sets.validation = m.validation ? &*m.validation : &m.training;
    sets.validationPart = m.validation ? nullptr : &m.left;
  }
  sets.test = m.test ? &*m.test : nullptr;
  auto outcome = train::train(session.model->get(), params, team.get(), sets, o.train, log);
  log.clear();
  if (!outcome)
    return fail(outcome.error().message), std::nullopt;
  return *outcome;
}

/// Each part in turn is left out of a run of its own and asked at its end.
Exit crossValidate(const Options &o, Session &session, Material m, dlrt::Team &team) {
  const data::Part all = std::move(m.part);
  std::vector<double> values;
  const char *what = "accuracy";
  for (int k = 0; k < o.folds && !stop; ++k) {
    data::Halves halves = data::fold(all, o.train.seed, uint32_t(o.folds), uint32_t(k));
    if (halves.left.empty() || halves.kept.empty())
      return fail("'" + m.training.name + "' has too few samples for " + llvm::Twine(o.folds) + " folds");
    m.part = std::move(halves.kept), m.left = std::move(halves.left);
    if (m.training.standardizes)
      if (data::Status s = data::standardize(m.training, m.part); !s)
        return fail(s.error().message);
    TrainLog log("", /*quiet=*/true);
    auto outcome = runOnce(o, session, m, team, log);
    if (!outcome)
      return Fault;
    if (outcome->end == train::Outcome::Interrupted)
      break;
    const train::Metrics &v = *outcome->validation;
    bool classes = !std::isnan(v.accuracy);
    what = classes ? "accuracy" : "mean squared error";
    values.push_back(classes ? 100 * v.accuracy : v.squared);
    llvm::outs() << "fold " << k + 1 << "  " << v.samples << " samples  " << what
                 << llvm::format(classes ? " %.2f %%\n" : " %.6g\n", values.back());
    llvm::outs().flush();
  }
  double mean = 0, squares = 0;
  for (double v : values)
    mean += v / double(values.size());
  for (double v : values)
    squares += (v - mean) * (v - mean) / double(values.size());
  bool percent = llvm::StringRef(what) == "accuracy";
  if (!values.empty())
    llvm::outs() << values.size() << " folds  mean " << what
                 << llvm::format(percent ? " %.2f %%  deviation %.2f\n" : " %.6g  deviation %.3g\n", mean, std::sqrt(squares));
  return stop ? Exit(128 + caught) : Done;
}

std::string checkShare(const Options &o) {
  auto share = shareOf(o.validation);
  return share && !(*share > 0 && *share < 1) ? "--validation " + o.validation + ": expected a share between 0 and 1, or data" : "";
}

/// patience=5,monitor=accuracy
llvm::Error planEarlyStop(Options &o) {
  if (o.early.empty())
    return llvm::Error::success();
  auto spec = Spec::parse("early-stop(" + o.early + ")");
  if (!spec)
    return message("--early-stop " + o.early + ": expected patience=N, or patience=N,monitor=accuracy");
  o.train.early.patience = spec->requiredCount("patience");
  o.train.early.accuracy = spec->word("monitor", {"loss", "accuracy"}) == "accuracy";
  if (llvm::Error e = spec->finish())
    return e;
  if (o.validation.empty() && !o.folds)
    return message("--early-stop watches the validation: give --validation 0.1, or data");
  return llvm::Error::success();
}
} // namespace

static Exit train(Options o) {
  if (std::string wrong = checkShare(o); !wrong.empty())
    return misuse(wrong);
  if (llvm::Error e = planEarlyStop(o))
    return misuse(llvm::toString(std::move(e)));
  if (o.train.resume && o.train.checkpoint.empty())
    return misuse("--resume needs the folder: write --checkpoint DIR");
  if (o.folds)
    for (auto [name, given] : {std::pair("--validation", !o.validation.empty()), std::pair("--checkpoint", !o.train.checkpoint.empty()),
                               std::pair("-o", !o.out.empty()), std::pair("--json", !o.json.empty()), std::pair("--plot", !o.plot.empty())})
      if (given)
        return misuse(llvm::Twine("--folds trains once for each part and keeps none of it: leave out ") + name);
  Files files;
  files.read(o.model, "the model");
  files.read(o.weights, "the weights");
  for (const std::string &set : {o.data, shareOf(o.validation) ? std::string() : o.validation})
    for (const std::string &path : dataFiles(set))
      files.read(path, "data");
  files.write(o.out, "what -o writes");
  files.write(o.json, "what --json writes");
  files.write(o.plot, "what --plot writes");
  if (Exit e = files.check(); e != Done)
    return e;
  if (o.out.empty() && !o.folds)
    llvm::errs() << "dlc: warning: no -o: "
                 << (o.train.checkpoint.empty() ? "nothing keeps the weights" : "the weights stay in the checkpoint")
                 << "; write -o FILE.safetensors\n";
  Model model;
  if (!model.read(o.model))
    return Fault;
  auto plan = planTraining(&model.context, o.specs);
  if (!plan)
    return misuse(llvm::toString(plan.takeError()));
  auto material = openMaterial(o);
  if (!material)
    return fail(llvm::toString(material.takeError()));
  o.train.setup = setupOf(o, *plan, *model.module, *material);
  Session session;
  CompileOptions compile;
  compile.train = plan->options;
  compile.level = o.level;
  Probe probe(*model.module, compile);
  if (failed(runStages(*model.module, compile)))
    return Fault;
  auto compiled = compileScheduled(*model.module, compile);
  if (failed(compiled) || !session.open(std::move(*compiled), modelName(o.model)))
    return Fault;
  dlrt::Team team(o.threads);

  o.train.schedule = plan->schedule, o.train.plateau = plan->plateau;
  o.train.hyperparameters = plan->hyperparameters;
  o.train.outputs = plan->outputs;
  o.train.otherClass = plan->options.loss == "hinge" ? -1 : 0;
  o.train.stop = &stop;
  o.train.probed = [&] { return probe.open(); };
  Stopper stopper;
  if (o.folds)
    return crossValidate(o, session, std::move(*material), team);
  TrainLog log(o.json);
  log.name = [&](size_t n) { return probe.nameOf(n); };
  auto outcome = runOnce(o, session, *material, team, log);
  if (!outcome)
    return Fault;
  if (!o.out.empty())
    if (data::Status s = train::saveParameters(session.model->get(), session.params->get(), o.out, train::Saved::Weights,
                                               material->training.preparation.texts());
        !s)
      return fail(s.error().message);
  if (!o.plot.empty())
    if (Exit e = write(o.plot, drawCurves(log.json())); e != Done)
      return e;
  if (outcome->end == train::Outcome::EarlyStopped)
    llvm::outs() << "ends behind step " << outcome->step << ": no better validation\n";
  if (outcome->best >= 0)
    llvm::outs() << "the weights are those of step " << outcome->best << ", whose validation was best\n";
  if (!o.train.checkpoint.empty() && !outcome->saved)
    return fail("the last step is in no checkpoint");
  if (outcome->end != train::Outcome::Interrupted)
    return Done;
  llvm::errs() << "dlc: interrupted behind step " << outcome->step
               << (outcome->saved  ? ": the checkpoint has it; go on with --resume"
                   : o.out.empty() ? ": nothing was kept"
                                   : ": the weights so far are in " + o.out)
               << "\n";
  return Exit(128 + caught);
}

void addTrain(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *c = app.add_subcommand("train", "trains a model and writes its weights");
  c->add_option("MODEL", o->model, "a model.mlir, or - for the standard input")->required();
  c->add_option("--data", o->data, std::string(dataHelp()) + "; docs/data.md has their keys")->required();
  c->add_option("--validation", o->validation, "data to evaluate at each report, or a share of --data, such as 0.1");
  c->add_option("--folds", o->folds, "train so often, each time with another part of the data left out and evaluated")
      ->check(CLI::Range(2, 1 << 20));
  c->add_option(
      "--early-stop", o->early,
      "patience=N: end where N reports in a row had no better validation, and keep the best weights; monitor=accuracy watches that");
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
  c->add_option("--checkpoint", o->train.checkpoint,
                "a folder for where the run stands: at each report, once a minute and when it is interrupted");
  c->add_option("--checkpoint-every", o->train.every, "steps between checkpoints instead")->check(CLI::Range(1, 1 << 30));
  c->add_flag("--resume", o->train.resume, "go on from the folder's checkpoint, to the bits of a run that was not interrupted");
  c->add_option("--seed", o->train.seed, "of initialisers, order of samples and dropout")->check(checkSeed)->capture_default_str();
  c->add_option("--threads", o->threads, "0: one a CPU; the results don't depend on it")->check(CLI::Range(0, 1024))->capture_default_str();
  c->add_option("-O", o->level, "optimisation; 0: plain loops")->check(CLI::Range(0, 3))->capture_default_str();
  c->add_option("--json", o->json, "a log with one JSON object a line and report");
  c->add_option("--plot", o->plot, "an SVG file of loss and accuracy over the steps");
  c->add_option("-o,--output", o->out, "the safetensors file to write");
  addMissing(*c, {"--augment", "--device"});
  setAction(c, "dlc train lenet.mlir --data mnist:data/mnist-small --epochs 5 --seed 1 -o lenet.safetensors", [o] { return train(*o); });
}

} // namespace dlc::tools
