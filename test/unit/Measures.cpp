// Measures of answers against scikit-learn's on the same numbers (test/fixtures/measures), ensembles by their definitions, and the
// reduction of rates on a plateau.
#include "runtime/data/Array.h"
#include "runtime/train/Schedule.h"
#include "runtime/train/Scores.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace dlc;
using namespace dlc::train;

namespace {
llvm::json::Object references() {
  auto text = llvm::MemoryBuffer::getFile("test/fixtures/measures/measures.json");
  return std::move(*llvm::json::parse((*text)->getBuffer())->getAsObject());
}
/// An array [n, columns], its last `taken` columns apart.
struct Columns {
  std::vector<double> first, last;
  int64_t count;
  Columns(const std::string &name, int64_t taken) {
    auto array = data::readNpy("test/fixtures/measures/" + name + ".npy");
    EXPECT_TRUE(array) << array.error().message;
    count = array->shape[1] - taken;
    for (int64_t i = 0; i < array->size(); ++i)
      (i % array->shape[1] < count ? first : last).push_back(array->data<double>()[i]);
  }
};
class MeasuresOfClasses : public testing::TestWithParam<const char *> {};
} // namespace

TEST_P(MeasuresOfClasses, AreScikitLearns) {
  llvm::json::Object all = references();
  const llvm::json::Object &expected = *all.getObject(GetParam());
  Columns c(GetParam(), 1);
  std::vector<int32_t> labels(c.last.begin(), c.last.end());
  ASSERT_TRUE(areProbabilities(c.first, c.count));
  ClassMeasures m = measureClasses(c.first, labels, greatest(c.first, c.count), c.count);
  auto compare = [&](const char *key, double ours) {
    if (auto theirs = expected.getNumber(key)) {
      EXPECT_NEAR(ours, *theirs, 1e-12) << key;
    }
  };
  compare("accuracy", m.accuracy), compare("auc", m.auc), compare("log_loss", m.logLoss),
      compare("top2", topAccuracy(c.first, labels, c.count, 2));
  compare("precision", m.precision), compare("recall", m.recall), compare("f1", m.f1);
  EXPECT_EQ(std::isnan(m.auc), !expected.getNumber("auc"));
  for (int64_t k = 0; k < c.count; ++k) {
    const llvm::json::Array &each = *(*expected.getArray("each"))[k].getAsArray();
    EXPECT_NEAR(m.classes[k].precision, *each[0].getAsNumber(), 1e-12);
    EXPECT_NEAR(m.classes[k].recall, *each[1].getAsNumber(), 1e-12);
    EXPECT_NEAR(m.classes[k].f1, *each[2].getAsNumber(), 1e-12);
    for (int64_t j = 0; j < c.count; ++j)
      EXPECT_EQ(m.confusion[k * c.count + j], *(*(*expected.getArray("confusion"))[k].getAsArray())[j].getAsInteger());
  }
}
INSTANTIATE_TEST_SUITE_P(Cases, MeasuresOfClasses, testing::Values("two", "five", "ties", "missing"));

TEST(Measures, OfNumbersAreScikitLearns) {
  llvm::json::Object all = references();
  const llvm::json::Object &expected = *all.getObject("numbers");
  Columns c("numbers", 3);
  NumberMeasures m = measureNumbers(c.first, c.last, 3);
  EXPECT_NEAR(m.mean, *expected.getNumber("mse"), 1e-12);
  EXPECT_NEAR(m.root, *expected.getNumber("rmse"), 1e-12);
  EXPECT_NEAR(m.absolute, *expected.getNumber("mae"), 1e-12);
  EXPECT_NEAR(m.greatest, *expected.getNumber("max"), 1e-12);
  EXPECT_NEAR(m.r2, *expected.getNumber("r2"), 1e-12);
}
TEST(Measures, LogitsBecomeProbabilities) {
  const double logits[] = {0, std::log(3.), 700, -700};
  auto p = toProbabilities(logits, 2);
  EXPECT_DOUBLE_EQ(p[0], 0.25);
  EXPECT_DOUBLE_EQ(p[1], 0.75);
  EXPECT_DOUBLE_EQ(p[2], 1);
  auto one = toProbabilities(std::vector<double>{std::log(3.), -2}, 1);
  EXPECT_DOUBLE_EQ(one[1], 0.75);
  EXPECT_DOUBLE_EQ(toProbabilities(std::vector<double>{0.1, 0.9}, 1)[0], 0.9);
}
TEST(Measures, EnsemblesByTheirDefinitions) {
  // Rows where the three rules differ; in the last one each model votes for another class.
  const std::vector<double> models[] = {
      {.51, .49, 0, .4, .35, .25, .6, .4, 0}, {.51, .49, 0, .35, .4, .25, .3, .5, .2}, {.05, .95, 0, .3, .3, .4, .1, .45, .45}};
  EXPECT_EQ(join(Ensemble::MajorityVote, models, 3).answers, (std::vector<int32_t>{0, 0, 1}));
  EXPECT_EQ(join(Ensemble::ProbabilitySum, models, 3).answers, (std::vector<int32_t>{1, 0, 1}));
  EXPECT_EQ(join(Ensemble::MaximumProbability, models, 3).answers, (std::vector<int32_t>{1, 0, 0}));
  EXPECT_NEAR(join(Ensemble::ProbabilitySum, models, 3).probabilities[1], (.49 + .49 + .95) / 3, 1e-15);
}

// torch.optim.lr_scheduler.ReduceLROnPlateau(factor=0.5, patience=1, threshold=0.1, min_lr=0.03) on SGD of 0.2, PyTorch 2.15.0
TEST(Plateau, IsPyTorchs) {
  const double values[] = {1, 0.95, 0.92, 0.91, 0.5, 0.46, 0.45, 0.44, 0.43, 0.42, 0.41, 0.4, 0.39, 0.1, 0.1, 0.1};
  const double rates[] = {0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.03, 0.03, 0.03, 0.03, 0.03, 0.03, 0.03};
  Plateau p;
  p.factor = 0.5, p.patience = 1, p.threshold = 0.1, p.least = 0.03;
  double now = 1;
  for (size_t i = 0; i < std::size(values); ++i)
    EXPECT_NEAR(0.2 * (now = p.next(values[i], 0.2, now)), rates[i], 1e-15) << i;
}
