// Measures of answers: of classes from probabilities, of numbers from differences; and what several models say together.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace dlc::train {

/// By their usual definitions, as scikit-learn has them: precision, recall and F1 are 0 where nothing was answered, or there is nothing to
/// find; averages are over classes that stand in the labels or the answers ("macro").
struct ClassMeasures {
  int64_t samples = 0;
  double accuracy = 0, logLoss = 0; ///< logLoss: the mean of -log p of the label, held at 100
  double auc = 0;                   ///< area under the receiver's curve; of more than two classes the mean of each against the rest; NaN
                                    ///< where a class has no sample, or all of them
  double precision = 0, recall = 0, f1 = 0;
  struct Class {
    double precision = 0, recall = 0, f1 = 0;
    int64_t samples = 0;
  };
  std::vector<Class> classes;
  std::vector<int64_t> confusion; ///< [label, answer]
};
/// Probabilities [n, classes], and what was answered, for models whose vote is not the greatest of them.
ClassMeasures measureClasses(std::span<const double> probabilities, std::span<const int32_t> labels, std::span<const int32_t> answers,
                             int64_t classes);
/// The share of samples whose label is among the k greatest; of equals the first count as greater.
double topAccuracy(std::span<const double> probabilities, std::span<const int32_t> labels, int64_t classes, int64_t k);
/// The greatest of each row, the first of equals.
std::vector<int32_t> greatest(std::span<const double> probabilities, int64_t classes);
/// Whether rows are probabilities: from 0, and 1 in sum but for rounding. Else they are logits, and softmax makes them probabilities; one
/// number a row becomes the probability of the second of two classes, by the logistic function where it is a logit.
bool areProbabilities(std::span<const double> outputs, int64_t columns);
std::vector<double> toProbabilities(std::span<const double> outputs, int64_t columns);

struct NumberMeasures {
  double mean = 0, root = 0; ///< of the squared error
  double absolute = 0, greatest = 0;
  double r2 = 0; ///< 1 - squared error / variance of what should be, the mean over columns; NaN where one has no variance
};
NumberMeasures measureNumbers(std::span<const double> outputs, std::span<const double> targets, int64_t columns);

/// How several models answer: the class of most of them (among as many votes that with the greater sum of probabilities), of the greatest
/// sum, or of the greatest probability of any.
enum class Ensemble { MajorityVote, ProbabilitySum, MaximumProbability };
struct Joint {
  std::vector<double> probabilities; ///< means, or for MaximumProbability the greatest over the models, divided by their sum
  std::vector<int32_t> answers;
};
Joint join(Ensemble how, std::span<const std::vector<double>> probabilities, int64_t classes);

} // namespace dlc::train
