// Evaluation through a model's entry `run`.
#include "runtime/train/Judge.h"
#include <cmath>
#include <functional>
#include <optional>

namespace dlc::train {

int64_t Judge::answer(const dlrt_tensor &output, int64_t row) const {
  if (width == 1)
    return element(output, row) > (outputs == Outputs::BinaryLogits || outputs == Outputs::Logits || outputs == Outputs::Scores ? 0 : 0.5);
  int64_t best = 0;
  for (int64_t c = 1; c < width; ++c)
    if (!(element(output, row * width + c) <= element(output, row * width + best)))
      best = c;
  return best;
}

/// The loss of one number and what it should be.
static double elementLoss(Outputs outputs, double x, double t) {
  switch (outputs) {
  case Outputs::Binary:
    return -(t ? t * std::max(std::log(x), -100.0) : 0) - (t != 1 ? (1 - t) * std::max(std::log1p(-x), -100.0) : 0);
  case Outputs::BinaryLogits:
    return std::max(x, 0.0) - x * t + std::log1p(std::exp(-std::fabs(x)));
  case Outputs::Squared:
    return (x - t) * (x - t);
  case Outputs::HalfSquared:
    return (x - t) * (x - t) / 2;
  case Outputs::Absolute:
    return std::fabs(x - t);
  default:
    return NAN;
  }
}
/// -log of the probability of the row's label, as the loss has it: held at 100, or from logits by log-sum-exp.
double Judge::lossOf(const dlrt_tensor &scores, int64_t row, int32_t label) const {
  const int64_t first = row * width;
  if (outputs == Outputs::Probabilities)
    return -std::max(std::log(element(scores, first + label)), -100.0); // NaN stays
  if (outputs != Outputs::Logits) {
    double sum = 0;
    for (int64_t c = 0; c < width; ++c)
      sum += elementLoss(outputs, element(scores, first + c), width == 1 ? label : c == label);
    return sum / double(width);
  }
  double most = element(scores, first), sum = 0;
  for (int64_t c = 1; c < width; ++c)
    most = std::max(most, element(scores, first + c));
  for (int64_t c = 0; c < width; ++c)
    sum += std::exp(element(scores, first + c) - most);
  return std::log(sum) + most - element(scores, first + label);
}

Result<Judge> Judge::make(const Dataset &set, Outputs outputs, const dlrt_tensor_info &info, const dlrt_tensor &output) {
  Judge judge;
  judge.outputs = outputs;
  judge.reconstructs = set.reconstructs;
  judge.classes = set.reconstructs || set.targets ? 0 : set.classes();
  judge.width = 1;
  for (int32_t d = 1; d < output.ndim; ++d)
    judge.width *= output.shape[d];
  const bool floats = output.dtype.code == 2 && output.dtype.bits >= 32 && output.ndim >= 1;
  auto mismatch = [&](const std::string &expected) {
    return Error{std::string("output '") + info.name + "' is " + data::toString(output.dtype) + " " +
                 data::toString(std::vector<int64_t>(output.shape, output.shape + output.ndim)) + ": expected " + expected + ", as '" +
                 set.name + "' has"};
  };
  if (!set.reconstructs && !set.targets && set.classes() == 0)
    return Error{"'" + set.name + "' has nothing to compare outputs with: give label=, value= or target=input"};
  if (judge.classes) {
    bool one = judge.width == 1 && judge.classes == 2;
    if (!floats || output.ndim > 2 || (!one && (output.ndim != 2 || judge.width < judge.classes)))
      return mismatch("f32 or f64 [n, classes], " + std::to_string(judge.classes) + " classes or more" +
                      (judge.classes == 2 ? ", or one number a sample" : ""));
    return judge;
  }
  int64_t expected = set.reconstructs ? set.width() : set.targets;
  if (!floats || judge.width != expected)
    return mismatch("f32 or f64 of " + std::to_string(expected) + " numbers a sample");
  return judge;
}

void Judge::add(const dlrt_tensor &output, const data::Batches &batch, int64_t rows, bool withLoss, Metrics &sums) const {
  const int32_t *labels = batch.labels.data<int32_t>();
  for (int64_t row = 0; row < rows; ++row) {
    if (classes) {
      sums.accuracy += double(answer(output, row) == labels[row]);
      if (withLoss)
        sums.loss += lossOf(output, row, labels[row]);
      continue;
    }
    double squared = 0, absolute = 0, loss = 0;
    for (int64_t i = row * width; i < (row + 1) * width; ++i) {
      double t = !reconstructs                     ? batch.targets.data<double>()[i]
                 : batch.samples.type == data::F32 ? double(batch.samples.data<float>()[i])
                                                   : batch.samples.data<double>()[i];
      double x = element(output, i);
      squared += (x - t) * (x - t), absolute += std::fabs(x - t);
      if (withLoss)
        loss += elementLoss(outputs, x, t);
    }
    sums.squared += squared / double(width), sums.absolute += absolute / double(width);
    sums.loss += loss / double(width);
  }
  sums.samples += rows;
}
Metrics Judge::average(Metrics sums) const {
  const double n = double(sums.samples);
  return {sums.loss / n, classes ? sums.accuracy / n : NAN, classes ? NAN : sums.squared / n, classes ? NAN : sums.absolute / n,
          sums.samples};
}

/// Runs `run` over a part, batch by batch.
static Status through(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, const Part &part, int64_t batch,
                      const std::function<Status(const Entry &, const data::Batches &, int64_t)> &each) {
  auto entry = Entry::bind(model, params, team, "run");
  if (!entry)
    return entry.error();
  if (entry->inputs() != 1)
    return Error{"the model has " + std::to_string(entry->inputs()) + " inputs: expected one, the samples"};
  if (entry->outputs() < 1)
    return Error{"the model has no output to compare with labels"};
  if (Status s = entry->bindSamples(0, set); !s)
    return s.error();
  auto [bound, constant] = entry->batch(0);
  auto batches = data::Batches::make(set, part, {.batch = constant ? bound : std::min(batch, bound), .type = entry->inputInfo(0).dtype});
  if (!batches)
    return batches.error();
  while (true) {
    auto n = batches->next();
    if (!n)
      return n.error();
    if (*n == 0)
      return {};
    entry->feed(0, constant ? bound : *n, batches->samples.data()); // a constant batch: rows behind n are an older batch's
    if (Status s = entry->run(); !s)
      return s.error();
    if (Status s = each(*entry, *batches, *n); !s)
      return s.error();
  }
}

Result<Metrics> evaluate(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, const Part &part, int64_t batch,
                         Outputs outputs) {
  std::optional<Judge> judge;
  Metrics sums;
  Status s = through(model, params, team, set, part, batch, [&](const Entry &entry, const data::Batches &batches, int64_t n) -> Status {
    if (!judge) {
      auto made = Judge::make(set, outputs, entry.outputInfo(0), entry.result(0));
      if (!made)
        return made.error();
      judge = *made;
    }
    judge->add(entry.result(0), batches, n, true, sums);
    return {};
  });
  return s ? Result<Metrics>(judge->average(sums)) : s.error();
}

Result<Answers> answer(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, const Part &part, int64_t batch) {
  Answers answers;
  int64_t rows = data::rowsOf(set, part), done = 0, width = 0;
  Status s = through(model, params, team, set, part, batch, [&](const Entry &entry, const data::Batches &batches, int64_t n) -> Status {
    const dlrt_tensor &out = entry.result(0);
    if (done == 0) {
      width = 1;
      for (int32_t d = 1; d < out.ndim; ++d)
        width *= out.shape[d];
      if (out.dtype.code != 2 || out.dtype.bits < 32 || out.ndim < 1)
        return Error{std::string("output '") + entry.outputInfo(0).name + "' is " + data::toString(out.dtype) + ": expected f32 or f64"};
      int64_t targets = set.reconstructs ? set.width() : set.targets;
      auto outputs = Array::make(data::F64, {rows, width}), numbers = Array::make(data::F64, {rows, targets});
      if (!outputs || !numbers)
        return (outputs ? numbers : outputs).error();
      answers.outputs = std::move(*outputs), answers.targets = std::move(*numbers);
    }
    for (int64_t i = 0; i < n * width; ++i)
      answers.outputs.data<double>()[done * width + i] = element(out, i);
    if (set.classes() && !set.targets && !set.reconstructs)
      answers.labels.insert(answers.labels.end(), batches.labels.data<int32_t>(), batches.labels.data<int32_t>() + n);
    int64_t targets = answers.targets.shape[1];
    for (int64_t i = 0; i < n * targets; ++i)
      answers.targets.data<double>()[done * targets + i] = !set.reconstructs                   ? batches.targets.data<double>()[i]
                                                           : batches.samples.type == data::F32 ? double(batches.samples.data<float>()[i])
                                                                                               : batches.samples.data<double>()[i];
    done += n;
    return {};
  });
  return s ? Result<Answers>(std::move(answers)) : s.error();
}

} // namespace dlc::train
