// Specs of data: the kinds, and their keys.
#include "tools/dlc/Data.h"
#include "runtime/data/Csv.h"
#include "runtime/data/Images.h"
#include "tools/dlc/Spec.h"
#include <functional>

using namespace llvm;
namespace dlc::tools {
namespace {
using data::Array, data::Dataset, data::Preparation, data::Result, data::Split;
/// Opens what a spec means; called when all of its keys are known to be good.
using Opener = std::function<Result<Dataset>()>;

Error message(const Twine &text) { return createStringError(inconvertibleErrorCode(), text); }

bool reconstructs(Spec &spec) { return spec.word("target", {"input"}) == "input"; }
Result<Dataset> withTarget(Result<Dataset> set, bool input) {
  if (set && input)
    set->reconstructs = true, set->preparation.classes.clear();
  return set;
}

Opener mnist(Spec &spec, Split split, const Preparation *) {
  return [folder = spec.argument, split, input = reconstructs(spec)] { return withTarget(data::openMnist(folder, split), input); };
}
Opener csv(Spec &spec, Split, const Preparation *known) {
  data::CsvOptions o;
  o.label = spec.text("label"), o.values = spec.list("value"), o.reconstructs = reconstructs(spec);
  o.drop = spec.list("drop"), o.words = spec.list("categories");
  o.header = spec.flag("header", true), o.standardizes = spec.flag("standardize", true);
  std::string separator = spec.word("separator", {"comma", "semicolon", "tab"}), missing = spec.word("missing", {"mean", "drop"});
  o.separator = separator == "semicolon" ? ';' : separator == "tab" ? '\t' : ',';
  o.missing = missing == "mean" ? data::CsvOptions::Mean : missing == "drop" ? data::CsvOptions::Leave : data::CsvOptions::Refuse;
  return [path = spec.argument, o, known]() -> Result<Dataset> {
    if (int(!o.label.empty()) + int(!o.values.empty()) + int(o.reconstructs) > 1)
      return data::Error{"'csv' takes one of label=, value= and target=input"};
    if (o.missing == data::CsvOptions::Mean && !o.standardizes)
      return data::Error{"missing=mean of 'csv' needs the columns' means: leave out standardize=false"};
    return data::openCsv(path, o, known);
  };
}
template <Result<Array> (*read)(const std::string &)> Opener arrays(Spec &spec, Split, const Preparation *) {
  return [name = spec.name + ":" + spec.argument, path = spec.argument, label = spec.text("label"),
          input = reconstructs(spec)]() -> Result<Dataset> {
    auto samples = read(path), labels = input || label.empty() ? Result<Array>(Array()) : read(label);
    if (!samples || !labels)
      return (samples ? labels : samples).error();
    return withTarget(data::makeDataset(name, std::move(*samples), std::move(*labels)), input);
  };
}
Opener npz(Spec &spec, Split, const Preparation *) {
  return [path = spec.argument, samplesName = spec.text("samples", "x"), label = spec.text("label"),
          input = reconstructs(spec)]() -> Result<Dataset> {
    auto samples = data::readNpz(path, samplesName), labels = input || label.empty() ? Result<Array>(Array()) : data::readNpz(path, label);
    if (!samples || !labels)
      return (samples ? labels : samples).error();
    return withTarget(data::makeDataset("npz:" + path, std::move(*samples), std::move(*labels)), input);
  };
}
Opener images(Spec &spec, Split, const Preparation *known) {
  data::ImageOptions o;
  o.reconstructs = reconstructs(spec);
  if (std::string channels = spec.word("channels", {"1", "3"}); !channels.empty())
    o.channels = channels == "1" ? 1 : 3;
  return [folder = spec.argument, o, known] { return data::openImages(folder, o, known); };
}

constexpr struct {
  StringLiteral name, example;
  Opener (*open)(Spec &, Split, const Preparation *);
} kinds[] = {{"mnist", "mnist:data/mnist-small", mnist},
             {"csv", "csv:table.csv(label=diagnosis)", csv},
             {"idx", "idx:images-idx3-ubyte(label=labels-idx1-ubyte)", arrays<data::readIdx>},
             {"npy", "npy:samples.npy(label=labels.npy)", arrays<data::readNpy>},
             {"npz", "npz:data.npz(samples=x,label=y)", npz},
             {"images", "images:FOLDER, of a folder a class", images}};
} // namespace

const char *dataHelp() {
  static const std::string help = llvm::join(llvm::map_range(kinds, [](auto &kind) { return kind.example.str(); }), ", ");
  return help.c_str();
}
bool hasTest(StringRef text) { return text.split(':').first.trim() == "mnist"; }

Expected<Dataset> openData(StringRef text, Split split, const Preparation *known) {
  auto spec = Spec::parse(text);
  if (!spec)
    return spec.takeError();
  if (known && known->classes.empty() && known->columns.empty() && known->mean.empty()) // weights that dlc train did not write
    known = nullptr;
  auto kind = spec->among("data", llvm::map_to_vector(kinds, [](auto &k) { return StringRef(k.name); }));
  if (!kind)
    return kind.takeError();
  Opener open = kinds[*kind].open(*spec, split, known);
  if (Error e = spec->finish())
    return e;
  if (spec->argument.empty())
    return message("'" + spec->name + "' needs a " + (spec->name == "mnist" || spec->name == "images" ? "folder" : "file") + ": write " +
                   kinds[*kind].example);
  auto set = open();
  if (!set)
    return message(set.error().message);
  Preparation &p = set->preparation;
  if (known) {
    p.mean = known->mean, p.deviation = known->deviation;
    if (!known->classes.empty() && !p.classes.empty() && p.classes.size() <= known->classes.size())
      p.classes = known->classes;
  }
  return std::move(*set);
}

std::vector<std::string> dataFiles(StringRef text) {
  auto spec = Spec::parse(text);
  if (!spec) {
    llvm::consumeError(spec.takeError());
    return {};
  }
  if (spec->argument.empty() || spec->name == "images")
    return {};
  if (spec->name == "mnist")
    return data::mnistFiles(spec->argument);
  std::vector<std::string> files = {spec->argument};
  if (spec->name == "idx" || spec->name == "npy")
    if (std::string label = spec->text("label"); !label.empty())
      files.push_back(label);
  return files;
}

} // namespace dlc::tools
