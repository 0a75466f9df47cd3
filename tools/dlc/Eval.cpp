// dlc eval: how good a model is on a data set, alone or together with others of the same form.
#include "runtime/train/Scores.h"
#include "tools/dlc/Answers.h"
#include "tools/dlc/Confusion.h"
#include "tools/dlc/Data.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <cmath>

namespace dlc::tools {
namespace {
struct Options {
  BuildFlags build;
  std::string weights, data, plot;
  std::vector<std::string> others;
  int64_t batch = 256, top = 0;
  int threads = 0;
  bool json = false;
};

llvm::json::Value number(double x) { return std::isfinite(x) ? llvm::json::Value(x) : llvm::json::Value(nullptr); }
void line(const char *name, double value, const char *form = "%.6g") {
  llvm::outs() << llvm::left_justify(name, 22);
  (std::isnan(value) ? llvm::outs() << "none" : llvm::outs() << llvm::format(form, value)) << "\n";
}

Exit reportClasses(const Options &o, const train::ClassMeasures &m, llvm::ArrayRef<double> probabilities, llvm::ArrayRef<int32_t> labels,
                   llvm::ArrayRef<std::string> classes) {
  const int64_t n = int64_t(classes.size()), k = o.top ? o.top : n > 5 ? 5 : 0;
  const double top = k ? train::topAccuracy(probabilities, labels, n, k) : NAN;
  if (o.json) {
    llvm::json::Object all{{"samples", m.samples},
                           {"accuracy", m.accuracy},
                           {"log_loss", number(m.logLoss)},
                           {"auc", number(m.auc)},
                           {"precision", m.precision},
                           {"recall", m.recall},
                           {"f1", m.f1}};
    if (k)
      all["top_" + std::to_string(k)] = top;
    llvm::json::Array each, matrix;
    for (int64_t c = 0; c < n; ++c) {
      each.push_back(llvm::json::Object{{"class", llvm::json::fixUTF8(classes[c])},
                                        {"precision", m.classes[c].precision},
                                        {"recall", m.classes[c].recall},
                                        {"f1", m.classes[c].f1},
                                        {"samples", m.classes[c].samples}});
      matrix.push_back(llvm::json::Array(llvm::ArrayRef(m.confusion).slice(c * n, n)));
    }
    all["classes"] = std::move(each), all["confusion"] = std::move(matrix);
    llvm::outs() << llvm::json::Value(std::move(all)) << "\n";
  } else {
    llvm::outs() << llvm::left_justify("samples", 22) << m.samples << "\n";
    line("accuracy", 100 * m.accuracy, "%.2f %%");
    if (k)
      line(("among the first " + std::to_string(k)).c_str(), 100 * top, "%.2f %%");
    line("log loss", m.logLoss), line("area under curve", m.auc);
    line("precision, mean", m.precision), line("recall, mean", m.recall), line("F1, mean", m.f1);
    if (n <= 100) {
      size_t width = 5;
      for (const std::string &name : classes)
        width = std::max(width, name.size());
      llvm::outs() << "\n" << llvm::left_justify("class", width) << "  precision  recall      F1  samples\n";
      for (int64_t c = 0; c < n; ++c)
        llvm::outs() << llvm::left_justify(classes[c], width)
                     << llvm::format("  %9.4f  %6.4f  %6.4f  %7lld\n", m.classes[c].precision, m.classes[c].recall, m.classes[c].f1,
                                     (long long)m.classes[c].samples);
      llvm::outs() << "\n";
      printConfusion(llvm::outs(), m.confusion, classes);
    }
  }
  return o.plot.empty() ? Done : write(o.plot, drawConfusion(m.confusion, classes));
}

Exit reportNumbers(const Options &o, const train::NumberMeasures &m, int64_t samples) {
  if (!o.plot.empty())
    return misuse("--plot draws the confusion matrix of classes, which the data do not have");
  if (o.json) {
    llvm::outs() << llvm::json::Value(llvm::json::Object{{"samples", samples},
                                                         {"mse", number(m.mean)},
                                                         {"rmse", number(m.root)},
                                                         {"mae", number(m.absolute)},
                                                         {"max_error", number(m.greatest)},
                                                         {"r2", number(m.r2)}})
                 << "\n";
    return Done;
  }
  llvm::outs() << llvm::left_justify("samples", 22) << samples << "\n";
  line("mean squared error", m.mean), line("its root", m.root), line("mean absolute error", m.absolute);
  line("greatest error", m.greatest), line("R2", m.r2);
  return Done;
}

Exit eval(const Options &o) {
  std::vector<std::string> files = {o.weights};
  if (o.others.size()) {
    if (o.others.size() < 2 || o.weights.empty())
      return misuse("--ensemble takes a rule and more weights, beside --weights: write --weights A --ensemble psm B C");
    files.insert(files.end(), o.others.begin() + 1, o.others.end());
  }
  const std::string rule = o.others.empty() ? "" : o.others[0];
  if (!rule.empty() && rule != "mv" && rule != "psm" && rule != "mp")
    return misuse("--ensemble " + rule +
                  ": expected mv, the majority's vote, psm, the greatest sum of probabilities, or mp, the greatest probability");
  Files known;
  known.read(o.build.model, "the model");
  for (const std::string &file : files)
    known.read(file, "the weights");
  for (const std::string &path : dataFiles(o.data))
    known.read(path, "data");
  known.write(o.plot, "what --plot writes");
  if (Exit e = known.check(); e != Done)
    return e;
  auto preparation = preparationOf(o.weights);
  if (!preparation)
    return fail(llvm::toString(preparation.takeError()));
  auto set = openData(o.data, hasTest(o.data) ? data::Split::Test : data::Split::Train, &*preparation);
  if (!set)
    return fail(llvm::toString(set.takeError()));
  if (set->standardizes && preparation->mean.empty())
    return fail("'" + o.weights +
                "' does not say the mean and deviation of its training's columns: it was not trained by dlc train on a table; write "
                "standardize=false where the numbers are to stay as they are");
  if (set->classes() == 0 && set->targets == 0 && !set->reconstructs)
    return fail("'" + set->name + "' has nothing to compare outputs with: give label=, value= or target=input");
  Session session;
  if (Exit e = load(o.build, session); e != Done)
    return e;
  dlrt::Team team(o.threads);
  const data::Part all = data::everything(*set);
  std::vector<std::vector<double>> outputs;
  train::Answers last;
  for (const std::string &file : files) {
    if (Exit e = giveTrained(session, file); e != Done)
      return e;
    auto answers = train::answer(session.model->get(), session.params->get(), team.get(), *set, all, o.batch);
    if (!answers)
      return fail(answers.error().message);
    last = std::move(*answers);
    const double *x = last.outputs.data<double>();
    outputs.emplace_back(x, x + last.outputs.size());
  }
  const int64_t columns = last.outputs.shape[1];
  if (last.labels.empty()) {
    if (!rule.empty())
      return misuse("--ensemble is of classes, which the data do not have");
    if (columns != last.targets.shape[1])
      return fail("the model gives " + llvm::Twine(columns) + " numbers a sample, '" + set->name + "' has " +
                  llvm::Twine(last.targets.shape[1]));
    return reportNumbers(o, train::measureNumbers(outputs[0], {last.targets.data<double>(), size_t(last.targets.size())}, columns),
                         set->size);
  }
  const int64_t classes = columns == 1 ? 2 : columns;
  if (classes < set->classes())
    return fail("the model has " + llvm::Twine(classes) + " classes, '" + set->name + "' has " + llvm::Twine(set->classes()));
  std::vector<std::string> names = set->preparation.classes;
  for (int64_t c = int64_t(names.size()); c < classes; ++c)
    names.push_back(std::to_string(c));
  for (auto &x : outputs)
    x = train::toProbabilities(x, columns);
  train::Joint joint{outputs[0], train::greatest(outputs[0], classes)};
  if (!rule.empty())
    joint = train::join(rule == "mv"    ? train::Ensemble::MajorityVote
                        : rule == "psm" ? train::Ensemble::ProbabilitySum
                                        : train::Ensemble::MaximumProbability,
                        outputs, classes);
  return reportClasses(o, train::measureClasses(joint.probabilities, last.labels, joint.answers, classes), joint.probabilities, last.labels,
                       names);
}
} // namespace

void addEval(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *c = app.add_subcommand("eval", "says how good a model is on labelled data");
  o->build.add(*c, "model.mlir, - or an artefact");
  o->build.addCache(*c);
  c->add_option("--weights", o->weights, "what training wrote; else those that are embedded");
  c->add_option("--data", o->data, std::string(dataHelp()) + "; of mnist its test images")->required();
  c->add_option("--ensemble", o->others,
                "mv, psm or mp, and more weights: the answer of most of the models, of the greatest sum of their probabilities, or of the "
                "greatest one")
      ->expected(2, 1000);
  c->add_option("--top", o->top, "also say how often the label is among so many (5, where there are more than 5 classes)")
      ->check(CLI::Range(1, 1 << 20));
  c->add_option("--batch", o->batch, "samples of one run")->check(CLI::Range(1, 1 << 20))->capture_default_str();
  c->add_option("--threads", o->threads, "0: one a CPU")->check(CLI::Range(0, 1024))->capture_default_str();
  c->add_option("--plot", o->plot, "an SVG file of the confusion matrix");
  c->add_flag("--json", o->json, "all of it as JSON");
  setAction(c, "dlc eval lenet.mlir --weights lenet.safetensors --data mnist:data/mnist-small", [o] { return eval(*o); });
}

} // namespace dlc::tools
