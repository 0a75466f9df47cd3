// Training and evaluation.
#include "runtime/train/Trainer.h"
#include "runtime/train/Entry.h"
#include <chrono>
#include <cmath>
#include <cstdio>

namespace dlc::train {

using Clock = std::chrono::steady_clock;
static double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The number of the row's greatest element, the first of equals; NaN counts as the greatest.
static int64_t answer(const dlrt_tensor &scores, int64_t row) {
  int64_t classes = scores.shape[1], best = 0;
  for (int64_t c = 1; c < classes; ++c)
    if (!(element(scores, row * classes + c) <= element(scores, row * classes + best)))
      best = c;
  return best;
}
static int64_t countRight(const dlrt_tensor &scores, const int32_t *labels, int64_t rows) {
  int64_t right = 0;
  for (int64_t row = 0; row < rows; ++row)
    right += answer(scores, row) == labels[row];
  return right;
}
/// -log of the probability of the row's label, as the loss has it: held at 100, or from logits by log-sum-exp.
static double lossOf(const dlrt_tensor &scores, int64_t row, int32_t label, Outputs outputs) {
  int64_t classes = scores.shape[1], first = row * classes;
  if (outputs == Outputs::Scores)
    return NAN;
  if (outputs == Outputs::Probabilities)
    return -std::max(std::log(element(scores, first + label)), -100.0); // NaN stays
  double most = element(scores, first), sum = 0;
  for (int64_t c = 1; c < classes; ++c)
    most = std::max(most, element(scores, first + c));
  for (int64_t c = 0; c < classes; ++c)
    sum += std::exp(element(scores, first + c) - most);
  return std::log(sum) + most - element(scores, first + label);
}
static Status checkScores(const Entry &entry, int output, const Dataset &set) {
  if (output < 0)
    return Error{"the model has no output to compare with labels"};
  const dlrt_tensor &t = entry.result(output);
  if (t.ndim == 2 && t.shape[1] >= set.classes && t.dtype.code == 2 && t.dtype.bits >= 32)
    return {};
  return Error{std::string("output '") + entry.outputInfo(output).name + "' is " + data::toString(t.dtype) + " " +
               data::toString(std::vector<int64_t>(t.shape, t.shape + t.ndim)) + ": expected f32 or f64 [n, classes], " +
               std::to_string(set.classes) + " classes or more, as '" + set.name + "' has"};
}

namespace {
/// A batch's labels as an entry takes them: class numbers, or floats [n, classes].
class Labels {
public:
  static Result<Labels> make(const dlrt_tensor_info &info, const Dataset &set, int64_t batch, double other) {
    Labels labels;
    if (info.ndim == 1 && info.dtype == data::I32)
      return labels;
    bool floats = info.dtype == data::F32 || info.dtype == data::F64;
    if (info.ndim != 2 || !floats || info.dims[1] < set.classes)
      return Error{"input 'label' is " + data::toString(info.dtype) + " of rank " + std::to_string(info.ndim) +
                   ": expected i32 [n], class numbers, or f32 or f64 [n, classes], " + std::to_string(set.classes) + " classes or more"};
    auto memory = data::Array::make(info.dtype, {batch, info.dims[1]});
    if (!memory)
      return memory.error();
    labels.rows = std::move(*memory), labels.other = other, labels.each = true;
    return labels;
  }
  void *of(data::Array &numbers, int64_t n) {
    if (!each)
      return numbers.data();
    int64_t classes = rows.shape[1];
    auto fill = [&](auto *to) {
      for (int64_t i = 0; i < n * classes; ++i)
        to[i] = numbers.data<int32_t>()[i / classes] == i % classes ? 1 : other;
    };
    rows.type == data::F32 ? fill(rows.data<float>()) : fill(rows.data<double>());
    return rows.data();
  }

private:
  bool each = false; ///< an element a class
  data::Array rows;
  double other = 0;
};
} // namespace

Result<Metrics> evaluate(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, int64_t batch, Outputs outputs) {
  auto entry = Entry::bind(model, params, team, "run");
  if (!entry)
    return entry.error();
  if (entry->inputs() != 1)
    return Error{"the model has " + std::to_string(entry->inputs()) + " inputs: expected one, the samples"};
  if (Status s = entry->bindSamples(0, set); !s)
    return s.error();
  if (Status s = checkScores(*entry, 0, set); !s)
    return s.error();
  auto [bound, constant] = entry->batch(0);
  auto batches = data::Batches::make(set, constant ? bound : std::min(batch, bound), entry->inputInfo(0).dtype, {});
  if (!batches)
    return batches.error();
  Metrics m;
  while (int64_t n = batches->next()) {
    entry->feed(0, constant ? bound : n, batches->samples.data()); // a constant batch: rows behind n are an older batch's
    if (Status s = entry->run(); !s)
      return s.error();
    const dlrt_tensor &scores = entry->result(0);
    const int32_t *labels = batches->labels.data<int32_t>();
    m.accuracy += countRight(scores, labels, n);
    for (int64_t row = 0; row < n; ++row)
      m.loss += lossOf(scores, row, labels[row], outputs);
    m.samples += n;
  }
  m.loss /= m.samples, m.accuracy /= m.samples;
  return m;
}

Status train(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, const Options &options,
             const std::function<Status(const Report &)> &report, const Progress &progress) {
  auto entry = Entry::bind(model, params, team, "train_step");
  if (!entry)
    return entry.error();
  int label = entry->input("label"), rate = entry->input("lr"), loss = entry->output("loss"), samples = -1;
  for (int i = 0; i < entry->inputs(); ++i) {
    std::string name = entry->inputInfo(i).name;
    if (i == label || i == rate)
      continue;
    auto given = std::find_if(options.hyperparameters.begin(), options.hyperparameters.end(), [&](auto &h) { return h.first == name; });
    if (given != options.hyperparameters.end()) {
      double value = given->second;
      float rounded = float(value);
      if (entry->inputInfo(i).dtype == data::F32 && (!std::isfinite(rounded) || (value && !rounded) || (value < 1 && rounded >= 1))) {
        char text[80];
        std::snprintf(text, sizeof text, "%.10g, which is %g in f32: expected a number of f32", value, double(rounded));
        return Error{"'" + name + "' is " + text};
      }
      if (Status s = entry->set(i, given->second); !s)
        return s;
    } else if (entry->inputInfo(i).ndim == 0) {
      return Error{"train_step takes '" + name + "', which has no value"};
    } else if (samples >= 0) {
      return Error{std::string("train_step takes '") + entry->inputInfo(samples).name + "' and '" + name +
                   "': expected one input of samples"};
    } else {
      samples = i;
    }
  }
  if (label < 0 || loss < 0 || samples < 0)
    return Error{"train_step needs the inputs 'label' and samples, and the output 'loss'"};
  auto labels = Labels::make(entry->inputInfo(label), set, options.batch, options.otherClass);
  if (!labels)
    return labels.error();
  if (Status s = entry->bindSamples(samples, set); !s)
    return s;
  auto [bound, constant] = entry->batch(samples);
  if (constant ? options.batch != bound : options.batch > bound)
    return Error{"the model takes batches of " + std::string(constant ? "" : "at most ") + std::to_string(bound) + ", not " +
                 std::to_string(options.batch) + ": change --batch or the bound of the model's symbol"};
  int scores = loss == 0 ? 1 : 0;
  if (Status s = checkScores(*entry, scores, set); !s)
    return s;
  auto batches = data::Batches::make(set, options.batch, entry->inputInfo(samples).dtype, options.seed, constant);
  if (!batches)
    return batches.error();

  const int64_t each = batches->count(), steps = options.iterations > 0 ? options.iterations : options.epochs * each;
  Report now;
  for (int64_t step = 0, epoch = 0; step < steps;) {
    Clock::time_point start = Clock::now();
    int64_t n = batches->next();
    if (n == 0) {
      batches->start(++epoch);
      continue;
    }
    if (rate >= 0)
      if (Status s = entry->set(rate, options.schedule.at(step)); !s)
        return s;
    entry->feed(samples, n, batches->samples.data());
    entry->feed(label, n, labels->of(batches->labels, n));
    if (Status s = entry->run(); !s)
      return s;
    double value = element(entry->result(loss), 0);
    if (!std::isfinite(value)) {
      char advice[96] = "before any update: look at the weights, the samples and the loss's options";
      if (step)
        std::snprintf(advice, sizeof advice, "lower the learning rate, which was %g", options.schedule.at(step - 1));
      return Error{"the loss is " + std::to_string(value) + " in iteration " + std::to_string(step + 1) + ": " + advice};
    }
    now.training.loss += value * n;
    now.training.accuracy += countRight(entry->result(scores), batches->labels.data<int32_t>(), n);
    now.training.samples += n;
    now.seconds += since(start);
    now.step = ++step;
    now.epoch = epoch + double((step - 1) % each + 1) / each;
    now.last = step == steps;
    if (progress)
      progress(step, steps, value);
    if (step % each == 0 || now.last) {
      now.training.loss /= now.training.samples, now.training.accuracy /= now.training.samples;
      if (Status s = report(now); !s)
        return s;
      now.training = {};
    }
  }
  return {};
}

} // namespace dlc::train
