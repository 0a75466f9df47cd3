// Measures and ensembles.
#include "runtime/train/Scores.h"
#include <algorithm>
#include <cmath>
#include <numeric>

namespace dlc::train {

std::vector<int32_t> greatest(std::span<const double> p, int64_t classes) {
  std::vector<int32_t> answers;
  for (size_t row = 0; row < p.size(); row += size_t(classes))
    answers.push_back(int32_t(std::max_element(p.begin() + row, p.begin() + row + classes) - (p.begin() + row)));
  return answers;
}

double topAccuracy(std::span<const double> p, std::span<const int32_t> labels, int64_t classes, int64_t k) {
  int64_t right = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    const double *x = p.data() + row * classes;
    int64_t before = 0;
    for (int64_t c = 0; c < classes; ++c)
      before += x[c] > x[labels[row]] || (x[c] == x[labels[row]] && c < labels[row]);
    right += before < k;
  }
  return double(right) / double(labels.size());
}

/// Of the samples of a class against all others, by the ranks of its scores, equals at their mean rank: Mann and Whitney, 1947.
static double areaUnderCurve(std::span<const double> p, std::span<const int32_t> labels, int64_t classes, int64_t c) {
  std::vector<size_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0);
  auto score = [&](size_t i) { return p[i * classes + c]; };
  std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return score(i) < score(j); });
  double ranks = 0, inside = 0;
  for (size_t i = 0, j; i < order.size(); i = j) {
    for (j = i; j < order.size() && score(order[j]) == score(order[i]); ++j)
      ;
    for (size_t k = i; k < j; ++k)
      if (labels[order[k]] == c)
        ranks += double(i + j + 1) / 2, ++inside;
  }
  double outside = double(order.size()) - inside;
  return (ranks - inside * (inside + 1) / 2) / (inside * outside); // NaN where there is no pair
}

ClassMeasures measureClasses(std::span<const double> p, std::span<const int32_t> labels, std::span<const int32_t> answers,
                             int64_t classes) {
  ClassMeasures m;
  m.samples = int64_t(labels.size());
  m.classes.resize(classes), m.confusion.resize(classes * classes);
  const double n = double(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    m.accuracy += double(labels[i] == answers[i]);
    m.logLoss -= std::max(std::log(p[i * classes + labels[i]]), -100.0);
    ++m.confusion[labels[i] * classes + answers[i]];
  }
  m.accuracy /= n, m.logLoss /= n;
  double present = 0;
  for (int64_t c = 0; c < classes; ++c) {
    auto &each = m.classes[c];
    int64_t right = m.confusion[c * classes + c], answered = 0;
    for (int64_t k = 0; k < classes; ++k)
      each.samples += m.confusion[c * classes + k], answered += m.confusion[k * classes + c];
    each.precision = answered ? double(right) / double(answered) : 0;
    each.recall = each.samples ? double(right) / double(each.samples) : 0;
    each.f1 = answered + each.samples ? 2 * double(right) / double(answered + each.samples) : 0;
    if (answered + each.samples == 0)
      continue;
    ++present;
    m.precision += each.precision, m.recall += each.recall, m.f1 += each.f1;
  }
  m.precision /= present, m.recall /= present, m.f1 /= present;
  for (int64_t c = classes == 2 ? 1 : 0; c < classes; ++c)
    m.auc += areaUnderCurve(p, labels, classes, c) / double(classes == 2 ? 1 : classes);
  return m;
}

bool areProbabilities(std::span<const double> x, int64_t columns) {
  for (size_t row = 0; row < x.size(); row += size_t(columns)) {
    double sum = 0;
    for (int64_t c = 0; c < columns; ++c) {
      if (!(x[row + c] >= 0 && x[row + c] <= 1.00001))
        return false;
      sum += x[row + c];
    }
    if (columns > 1 && std::fabs(sum - 1) > 1e-3)
      return false;
  }
  return true;
}
std::vector<double> toProbabilities(std::span<const double> x, int64_t columns) {
  const bool ready = areProbabilities(x, columns);
  std::vector<double> p;
  for (size_t row = 0; row < x.size(); row += size_t(columns)) {
    if (columns == 1) {
      double second = ready ? x[row] : 1 / (1 + std::exp(-x[row]));
      p.push_back(1 - second), p.push_back(second);
      continue;
    }
    double most = *std::max_element(x.begin() + row, x.begin() + row + columns), sum = 0;
    for (int64_t c = 0; c < columns; ++c)
      p.push_back(ready ? x[row + c] : std::exp(x[row + c] - most)), sum += p.back();
    for (int64_t c = 0; !ready && c < columns; ++c)
      p[row + c] /= sum;
  }
  return p;
}

NumberMeasures measureNumbers(std::span<const double> x, std::span<const double> t, int64_t columns) {
  NumberMeasures m;
  const double n = double(x.size()), rows = n / double(columns);
  std::vector<double> squared(columns), mean(columns), variance(columns);
  for (size_t i = 0; i < x.size(); ++i) {
    double d = x[i] - t[i];
    squared[i % columns] += d * d, mean[i % columns] += t[i] / rows;
    m.absolute += std::fabs(d) / n;
    if (!(std::fabs(d) <= m.greatest))
      m.greatest = std::fabs(d);
  }
  for (size_t i = 0; i < t.size(); ++i)
    variance[i % columns] += (t[i] - mean[i % columns]) * (t[i] - mean[i % columns]);
  for (int64_t c = 0; c < columns; ++c) {
    m.mean += squared[c] / n;
    m.r2 += (variance[c] > 0 ? 1 - squared[c] / variance[c] : NAN) / double(columns);
  }
  m.root = std::sqrt(m.mean);
  return m;
}

Joint join(Ensemble how, std::span<const std::vector<double>> models, int64_t classes) {
  Joint joint;
  joint.probabilities.resize(models[0].size());
  std::vector<double> votes(models[0].size());
  for (const std::vector<double> &p : models) {
    for (size_t i = 0; i < p.size(); ++i) {
      double &to = joint.probabilities[i];
      to = how == Ensemble::MaximumProbability ? std::max(to, p[i]) : to + p[i] / double(models.size());
    }
    auto answers = greatest(p, classes);
    for (size_t row = 0; row < answers.size(); ++row)
      ++votes[row * classes + answers[row]];
  }
  if (how == Ensemble::MajorityVote) { // a mean of probabilities is at most 1, less than a vote
    for (size_t i = 0; i < votes.size(); ++i)
      votes[i] += joint.probabilities[i] / 2;
    joint.answers = greatest(votes, classes);
    return joint;
  }
  joint.answers = greatest(joint.probabilities, classes);
  for (size_t row = 0; how == Ensemble::MaximumProbability && row < votes.size(); row += size_t(classes)) {
    double sum = std::accumulate(joint.probabilities.begin() + row, joint.probabilities.begin() + row + classes, 0.0);
    for (int64_t c = 0; c < classes; ++c)
      joint.probabilities[row + c] /= sum;
  }
  return joint;
}

} // namespace dlc::train
