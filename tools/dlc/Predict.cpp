// dlc predict: what a trained model answers for pictures, rows of a table and arrays.
#include "runtime/data/Csv.h"
#include "runtime/data/Images.h"
#include "runtime/train/Scores.h"
#include "tools/dlc/Answers.h"
#include "tools/dlc/Data.h"
#include "llvm/Support/Format.h"
#include <algorithm>
#include <numeric>

namespace dlc::tools {
namespace {
struct Options {
  BuildFlags build;
  std::string weights;
  std::vector<std::string> files;
  int64_t batch = 256, top = 1;
  int threads = 0;
};

/// Samples of a file, by its ending; `channels`: of pictures, as the model takes them.
data::Result<data::Dataset> openFile(const std::string &path, int channels, const data::Preparation &known) {
  llvm::StringRef ending = llvm::StringRef(path).rsplit('.').second;
  if (ending.equals_insensitive("csv"))
    return data::openCsv(path, {.standardizes = !known.mean.empty(), .selects = !known.columns.empty()}, &known);
  if (ending.equals_insensitive("npy")) {
    auto array = data::readNpy(path);
    return array ? data::makeDataset(path, std::move(*array), {}) : array.error();
  }
  auto image = data::readImage(path, channels);
  if (!image)
    return image.error();
  image->shape.insert(image->shape.begin(), 1);
  return data::makeDataset(path, std::move(*image), {});
}

/// Of the model's input: the last extent, where it is one of a picture.
int channelsOf(const dlrt_model *model) {
  size_t entry = 0;
  if (dlrt_entry_find(model, "run", &entry) != DLRT_OK || dlrt_entry_inputs(model, entry) < 1)
    return 0;
  const dlrt_tensor_info *info = dlrt_entry_input(model, entry, 0);
  int64_t last = info->ndim == 4 ? info->dims[3] : 1; // flat, or rows of grey
  return last == 1 || last == 3 ? int(last) : 0;
}

Exit predict(const Options &o) {
  auto preparation = preparationOf(o.weights);
  if (!preparation)
    return fail(llvm::toString(preparation.takeError()));
  Session session;
  if (Exit e = load(o.build, session); e != Done)
    return e;
  if (Exit e = giveTrained(session, o.weights); e != Done)
    return e;
  dlrt::Team team(o.threads);
  const std::vector<std::string> &classes = preparation->classes;
  for (const std::string &path : o.files) {
    auto set = openFile(path, channelsOf(session.model->get()), *preparation);
    if (!set)
      return fail(set.error().message);
    set->preparation.mean = preparation->mean, set->preparation.deviation = preparation->deviation;
    const data::Part all = data::everything(*set);
    auto answers = train::answer(session.model->get(), session.params->get(), team.get(), *set, all, o.batch);
    if (!answers)
      return fail(answers.error().message);
    const int64_t columns = answers->outputs.shape[1], n = columns == 1 ? 2 : columns;
    const std::span<const double> x(answers->outputs.data<double>(), size_t(answers->outputs.size()));
    const bool named = !classes.empty() && n >= int64_t(classes.size());
    const auto p = named ? train::toProbabilities(x, columns) : std::vector<double>();
    for (int64_t row = 0; row < set->size; ++row) {
      llvm::outs() << path;
      if (set->size > 1)
        llvm::outs() << " " << row + 1;
      if (!named) {
        for (int64_t c = 0; c < columns; ++c)
          llvm::outs() << llvm::format("  %.6g", x[row * columns + c]);
        llvm::outs() << "\n";
        continue;
      }
      std::vector<int64_t> order(n);
      std::iota(order.begin(), order.end(), 0);
      std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        double x = p[row * n + a], y = p[row * n + b];
        return x > y || (x == y && a < b);
      });
      for (int64_t k = 0; k < std::min(o.top, n); ++k) {
        size_t c = size_t(order[k]);
        llvm::outs() << "  " << (c < classes.size() ? classes[c] : std::to_string(c))
                     << llvm::format("  %.2f %%", 100 * p[row * n + order[k]]);
      }
      llvm::outs() << "\n";
    }
  }
  return Done;
}
} // namespace

void addPredict(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *c = app.add_subcommand("predict", "says what a trained model answers for files");
  o->build.add(*c, "model.mlir, - or an artefact");
  o->build.addCache(*c);
  c->add_option("FILE", o->files, "PNG or JPEG pictures, tables (.csv) with the columns of the training, arrays (.npy) of samples")
      ->required();
  c->add_option("--weights", o->weights, "what training wrote; else those that are embedded");
  c->add_option("--top", o->top, "classes to name, the most probable first")->check(CLI::Range(1, 1 << 20))->capture_default_str();
  c->add_option("--batch", o->batch, "samples of one run")->check(CLI::Range(1, 1 << 20))->capture_default_str();
  c->add_option("--threads", o->threads, "0: one a CPU")->check(CLI::Range(0, 1024))->capture_default_str();
  setAction(c, "dlc predict lenet.mlir --weights lenet.safetensors digit.png", [o] { return predict(*o); });
}

} // namespace dlc::tools
