// The training loop.
#include "runtime/train/Trainer.h"
#include "runtime/train/Checkpoint.h"
#include "runtime/train/Judge.h"
#include "runtime/train/Targets.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

namespace dlc::train {
namespace {
using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The entry train_step, its inputs known by what they are.
struct Step {
  Entry entry;
  int label = -1, rate = -1, loss = -1, samples = -1, scores = -1;
  bool whole = false; ///< the batch is constant
  Targets targets = {};

  static Result<Step> bind(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, const Options &options);
  Status run(data::Batches &batches, int64_t n, double lr) {
    if (rate >= 0)
      if (Status s = entry.set(rate, lr); !s)
        return s;
    entry.feed(samples, n, batches.samples.data());
    entry.feed(label, n, targets.of(batches, n));
    return entry.run();
  }
};

/// A hyper-parameter that its input's type can hold.
Status setNumber(Entry &entry, int i, double value) {
  float rounded = float(value);
  if (entry.inputInfo(i).dtype == data::F32 && (!std::isfinite(rounded) || (value && !rounded) || (value < 1 && rounded >= 1))) {
    char text[80];
    std::snprintf(text, sizeof text, "%.10g, which is %g in f32: expected a number of f32", value, double(rounded));
    return Error{std::string("'") + entry.inputInfo(i).name + "' is " + text};
  }
  return entry.set(i, value);
}

Result<Step> Step::bind(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, const Options &options) {
  auto bound = Entry::bind(model, params, team, "train_step");
  if (!bound)
    return bound.error();
  Step step{std::move(*bound)};
  Entry &entry = step.entry;
  step.label = entry.input("label"), step.rate = entry.input("lr"), step.loss = entry.output("loss");
  for (int i = 0; i < entry.inputs(); ++i) {
    std::string name = entry.inputInfo(i).name;
    if (i == step.label || i == step.rate)
      continue;
    auto given = std::find_if(options.hyperparameters.begin(), options.hyperparameters.end(), [&](auto &h) { return h.first == name; });
    if (given != options.hyperparameters.end()) {
      if (Status s = setNumber(entry, i, given->second); !s)
        return s.error();
    } else if (entry.inputInfo(i).ndim == 0) {
      return Error{"train_step takes '" + name + "', which has no value"};
    } else if (step.samples >= 0) {
      return Error{std::string("train_step takes '") + entry.inputInfo(step.samples).name + "' and '" + name +
                   "': expected one input of samples"};
    } else {
      step.samples = i;
    }
  }
  if (step.label < 0 || step.loss < 0 || step.samples < 0)
    return Error{"train_step needs the inputs 'label' and samples, and the output 'loss'"};
  auto targets = Targets::make(entry.inputInfo(step.label), set, options.batch, options.otherClass);
  if (!targets)
    return targets.error();
  step.targets = std::move(*targets);
  if (Status s = entry.bindSamples(step.samples, set); !s)
    return s.error();
  auto [bound_, constant] = entry.batch(step.samples);
  if (constant ? options.batch != bound_ : options.batch > bound_)
    return Error{"the model takes batches of " + std::string(constant ? "" : "at most ") + std::to_string(bound_) + ", not " +
                 std::to_string(options.batch) + ": change --batch or the bound of the model's symbol"};
  step.whole = constant;
  step.scores = step.loss == 0 ? 1 : 0;
  if (step.scores >= entry.outputs())
    return Error{"the model has no output to compare with labels"};
  return step;
}

struct Release {
  void operator()(dlrt_params *p) const { dlrt_params_free(p); }
};
/// All parameters of a model, or but those of its optimiser.
Status copyTo(dlrt_params *to, const dlrt_model *model, dlrt_params *from, bool weightsAlone = false) {
  for (size_t i = 0, n = dlrt_model_params(model); i < n; ++i) {
    const dlrt_tensor_info *info = dlrt_model_param(model, i);
    dlrt_tensor view;
    if ((!weightsAlone || info->role != DLRT_OPTIMIZER) &&
        (dlrt_params_get(from, info->name, &view) != DLRT_OK || dlrt_params_set(to, info->name, &view) != DLRT_OK))
      return Error{dlrt_error()};
  }
  return {};
}
Result<std::unique_ptr<dlrt_params, Release>> copyOf(const dlrt_model *model, dlrt_params *params) {
  dlrt_params *made = nullptr;
  if (dlrt_params_new(model, &made) != DLRT_OK)
    return Error{dlrt_error()};
  std::unique_ptr<dlrt_params, Release> copy(made);
  Status s = copyTo(made, model, params);
  return s ? Result<std::unique_ptr<dlrt_params, Release>>(std::move(copy)) : s.error();
}

class Run {
public:
  Run(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Sets &sets, const Options &options, Listener &listener)
      : model(model), params(params), team(team), sets(sets), options(options), listener(listener) {}
  Result<Outcome> run();

private:
  Result<Estimate> estimate();
  Result<std::optional<Metrics>> evaluateOn(const Dataset *set, const Part *part) {
    if (!set)
      return std::optional<Metrics>();
    auto m = evaluate(model, params, team, *set, part ? *part : data::everything(*set), options.batch, options.outputs);
    return m ? Result<std::optional<Metrics>>(*m) : m.error();
  }
  Status begin();
  Status iterate();
  Status report();
  Status watch(const Metrics &validation);
  bool save();
  Status restoreBest();
  Status remember();
  std::string blame(bool nan);
  double rate() const { return options.schedule.at(at.step) * at.rate; }

  dlrt_model *model;
  dlrt_params *params;
  dlrt_team *team;
  const Sets &sets;
  const Options &options;
  Listener &listener;
  std::optional<CheckpointFolder> folder;
  std::optional<Step> step;
  std::optional<data::Batches> batches;
  std::optional<Judge> judge;
  Position at;
  Metrics sums;                ///< since the last report
  int64_t steps = 0, here = 0; ///< of the run; samples of this process
  double spent = 0;            ///< seconds of this process
  std::unique_ptr<dlrt_params, Release> best;
  int64_t bestOnDisk = -1, savedStep = -1;
  Clock::time_point lastSave = Clock::now();
  bool patient = true, failing = false, remembered = false, small = false;
  std::unique_ptr<dlrt_params, Release> earlier; ///< parameters at the begin of the epoch, or where the run began
  Position then;
  Outcome outcome;
};
} // namespace

Result<Estimate> Run::estimate() {
  Estimate e;
  for (size_t i = 0, n = dlrt_model_params(model); i < n; ++i) {
    const dlrt_tensor_info *info = dlrt_model_param(model, i);
    uint64_t bytes = info->dtype.bits / 8;
    for (int d = 0; d < info->ndim; ++d)
      bytes *= uint64_t(info->dims[d]);
    (info->role == DLRT_OPTIMIZER ? e.optimiser : e.parameters) += bytes;
  }
  size_t entry = 0;
  (void)dlrt_entry_find(model, "train_step", &entry);
  e.arena = dlrt_entry_arena(model, entry) + dlrt_entry_scratch(model, entry) * uint64_t(team ? dlrt_team_threads(team) : 1);
  for (const Dataset *set : {&sets.training, sets.validation == &sets.training ? nullptr : sets.validation, sets.test})
    if (set)
      e.data += set->rows.samples.data() ? set->rows.samples.bytes() + set->rows.labels.size() * 4 + set->rows.targets.bytes() : 0;
  e.samples = batches->rows(), e.steps = batches->count();
  small = e.parameters + e.optimiser <= uint64_t(1) << 30;
  if (!small)
    return e;
  auto copy = copyOf(model, params);
  if (!copy)
    return copy.error();
  auto trial = Step::bind(model, copy->get(), team, sets.training, options);
  if (!trial)
    return trial.error();
  auto n = batches->next();
  if (!n)
    return n.error();
  for (int i = 0; i < 2; ++i) { // the first touches memory
    Clock::time_point start = Clock::now();
    if (Status s = trial->run(*batches, *n, rate()); !s)
      return s.error();
    e.seconds = since(start) * double(e.steps);
  }
  return e;
}

Status Run::begin() {
  if (!options.checkpoint.empty()) {
    auto opened = CheckpointFolder::open(options.checkpoint);
    if (!opened)
      return opened.error();
    folder.emplace(std::move(*opened));
    if (folder->holdsOne() && !options.resume)
      return Error{"'" + options.checkpoint + "' holds a checkpoint: add --resume to go on from it, or choose another folder"};
  }
  auto bound = Step::bind(model, params, team, sets.training, options);
  if (!bound)
    return bound.error();
  step.emplace(std::move(*bound));
  auto judged = Judge::make(sets.training, options.outputs, step->entry.outputInfo(step->scores), step->entry.result(step->scores));
  if (!judged)
    return judged.error();
  judge = *judged;
  auto made = data::Batches::make(
      sets.training, sets.part,
      {.batch = options.batch, .type = step->entry.inputInfo(step->samples).dtype, .seed = options.seed, .whole = step->whole});
  if (!made)
    return made.error();
  batches.emplace(std::move(*made));
  steps = options.iterations > 0 ? options.iterations : options.epochs * batches->count();
  auto estimated = estimate();
  if (!estimated)
    return estimated.error();
  if (folder && folder->holdsOne()) {
    auto position = folder->load(params, options.setup);
    if (!position)
      return position.error();
    at = *position;
    sums = {at.lossSum, at.rightSum, at.squaredSum, at.absoluteSum, at.samples};
    if (at.bestStep >= 0) {
      auto copy = copyOf(model, params);
      if (!copy)
        return copy.error();
      best = std::move(*copy);
      if (dlrt_params_load(best.get(), folder->bestFile(at.bestStep).c_str(), nullptr) != DLRT_OK)
        return Error{dlrt_error()};
      bestOnDisk = at.bestStep;
    }
    if (Status s = listener.resume(at.step, at.memo); !s)
      return s;
  }
  listener.begin(*estimated);
  return batches->start(uint64_t(at.epoch), at.batch);
}

bool Run::save() {
  if (!folder || savedStep == at.step)
    return bool(folder);
  lastSave = Clock::now();
  at.memo = listener.memo();
  at.lossSum = sums.loss, at.rightSum = sums.accuracy, at.squaredSum = sums.squared, at.absoluteSum = sums.absolute,
  at.samples = sums.samples;
  Status s;
  if (at.bestStep != bestOnDisk) {
    s = saveParameters(model, best.get(), folder->bestFile(at.bestStep), Saved::Weights, {});
    if (s)
      bestOnDisk = at.bestStep;
  }
  if (s)
    s = folder->save(model, params, options.setup, at);
  if (s)
    folder->keepBest(at.bestStep), savedStep = at.step;
  else if (!failing) // once, until it goes well again
    listener.note("the checkpoint of step " + std::to_string(at.step) + " is not written: " + s.error().message +
                  (folder->holdsOne() ? "; the one before it stays" : ""));
  failing = !s;
  return bool(s);
}

Status Run::watch(const Metrics &validation) {
  double value = options.early.accuracy        ? -validation.accuracy
                 : std::isnan(validation.loss) ? (judge->ofClasses() ? -validation.accuracy : validation.squared)
                                               : validation.loss;
  if (value < at.best) {
    auto copy = copyOf(model, params);
    if (!copy)
      return copy.error();
    best = std::move(*copy);
    at.best = value, at.bestStep = at.step, at.stale = 0;
    outcome.validation = validation;
  } else if (++at.stale >= options.early.patience) {
    patient = false;
  }
  return {};
}

Status Run::report() {
  Report now;
  now.step = at.step, now.seconds = at.seconds, now.rate = spent > 0 ? double(here) / spent : 0;
  now.epoch = double(at.epoch) + double(at.batch) / double(batches->count());
  now.training = judge->average(sums);
  sums = {};
  auto onValidation = evaluateOn(sets.validation, sets.validationPart), onTest = evaluateOn(sets.test, nullptr);
  if (!onValidation || !onTest)
    return (onValidation ? onTest : onValidation).error();
  now.validation = *onValidation, now.test = *onTest;
  if (!options.early.patience)
    outcome.validation = now.validation;
  if (Status s = listener.report(now); !s)
    return s;
  double watched = !now.validation ? now.training.loss : std::isnan(now.validation->loss) ? now.validation->squared : now.validation->loss;
  Plateau plateau = options.plateau;
  plateau.best = at.plateau, plateau.flat = at.flat;
  at.rate = plateau.next(watched, options.schedule.at(at.step), at.rate);
  at.plateau = plateau.best, at.flat = plateau.flat;
  return options.early.patience && now.validation ? watch(*now.validation) : Status();
}

Status Run::iterate() {
  Clock::time_point start = Clock::now();
  auto n = batches->next();
  if (!n)
    return n.error();
  if (*n == 0) {
    ++at.epoch, at.batch = 0;
    return batches->start(uint64_t(at.epoch));
  }
  if (at.batch == 0 || !remembered)
    if (Status s = remember(); !s)
      return s;
  remembered = true;
  if (Status s = step->run(*batches, *n, rate()); !s)
    return s;
  double value = element(step->entry.result(step->loss), 0);
  if (!std::isfinite(value)) {
    char advice[96] = "before any update: look at the weights, the samples and the loss's options";
    if (at.step)
      std::snprintf(advice, sizeof advice, "lower the learning rate, which was %g", options.schedule.at(at.step - 1) * at.rate);
    std::string first = blame(std::isnan(value));
    return Error{"the loss is " + (std::isnan(value) ? "nan" : std::to_string(value)) + " in iteration " + std::to_string(at.step + 1) +
                 ": " + advice +
                 (first.empty() ? ""
                                : "; the first op of the step to give " + std::string(std::isnan(value) ? "NaN" : "what is not finite") +
                                      " is " + first)};
  }
  Metrics batch;
  judge->add(step->entry.result(step->scores), *batches, *n, false, batch);
  sums.loss += value * double(*n), sums.accuracy += batch.accuracy, sums.squared += batch.squared, sums.absolute += batch.absolute;
  sums.samples += *n, here += *n;
  double passed = since(start);
  at.seconds += passed, spent += passed;
  ++at.step, ++at.batch;
  listener.step(at.step, steps, value, double(here) / spent);
  bool reported = at.batch == batches->count() || at.step == steps;
  if (reported)
    if (Status s = report(); !s)
      return s;
  if (options.every ? at.step % options.every == 0 : reported || since(lastSave) > 60)
    save();
  return {};
}

Status Run::restoreBest() {
  if (!best)
    return {};
  outcome.best = at.bestStep;
  return copyTo(params, model, best.get(), /*weightsAlone=*/true);
}

/// Keeps the parameters as they are before the epoch's first step here, to come back to where the loss is no number.
Status Run::remember() {
  if (!options.probed || !small)
    return {};
  then = at;
  if (earlier)
    return copyTo(earlier.get(), model, params);
  auto copy = copyOf(model, params);
  if (copy)
    earlier = std::move(*copy);
  return copy ? Status() : copy.error();
}
/// The first op of this step whose result is not a number, or infinite, found by going to it once more from what was remembered.
std::string Run::blame(bool nan) {
  if (!earlier || !copyTo(params, model, earlier.get()) || !batches->start(uint64_t(then.epoch), then.batch))
    return {};
  const int64_t failed = at.step;
  int64_t n = 0;
  for (at = then; at.step <= failed; ++at.step) {
    auto next = batches->next();
    if (!next || *next == 0)
      return {};
    n = *next;
    if (at.step < failed && !step->run(*batches, n, rate()))
      return {};
  }
  at.step = failed;
  dlrt_model *probed = options.probed();
  dlrt_params *made = nullptr;
  if (!probed || dlrt_params_new(probed, &made) != DLRT_OK)
    return {};
  std::unique_ptr<dlrt_params, Release> own(made);
  if (!copyTo(made, model, params))
    return {};
  auto again = Step::bind(probed, made, team, sets.training, options);
  if (!again || !again->run(*batches, n, rate()))
    return {};
  for (size_t probe = 0;; ++probe) {
    int output = again->entry.output(("probe." + std::to_string(probe)).c_str());
    if (output < 0)
      return {};
    double value = element(again->entry.result(output), 0);
    if (nan ? std::isnan(value) : !std::isfinite(value))
      return listener.nameOf(probe);
  }
}

Result<Outcome> Run::run() {
  if (Status s = begin(); !s)
    return s.error();
  bool stopped = false;
  if (options.early.patience && at.stale >= options.early.patience)
    patient = false; // the checkpoint is of the end
  while (at.step < steps && patient && !(stopped = options.stop && *options.stop))
    if (Status s = iterate(); !s)
      return s.error();
  outcome.step = at.step;
  outcome.end = stopped ? Outcome::Interrupted : patient ? Outcome::Finished : Outcome::EarlyStopped;
  outcome.saved = save();
  if (!stopped)
    if (Status s = restoreBest(); !s)
      return s.error();
  return outcome;
}

Result<Outcome> train(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Sets &sets, const Options &options,
                      Listener &listener) {
  return Run(model, params, team, sets, options, listener).run();
}

} // namespace dlc::train
