// Labels of kernels: the op that each is about, and the layers that it works for.
#include "tools/dlc/Labels.h"
#include "dialects/dl/Dl.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace mlir;
namespace dlc::tools {
/// Its contraction, else what it combines, else the last.
std::string mainOp(func::FuncOp kernel) {
  SmallVector<std::string> parts;
  for (auto call : kernel.getOps<func::CallOp>())
    parts.push_back(mainOp(kernel->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(call.getCallee())));
  if (!parts.empty())
    return llvm::join(parts, ", ");
  Operation *best = nullptr;
  int rank = -1;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    auto combine = dyn_cast<dl::CombineOpInterface>(op);
    int mine = combine ? 1 + combine.isMultiplyAdd() : 0;
    if (mine >= rank && (mine < 2 || rank < 2))
      best = &op, rank = mine;
  }
  return best ? best->getName().stripDialect().str() : "copy";
}

/// Splits at words that are numbers, and at those that end a word before one ("layer1.0"): what stands before each, and the rest.
static llvm::SmallVector<StringRef> splitAtNumbers(StringRef text, llvm::SmallVectorImpl<StringRef> &numbers) {
  llvm::SmallVector<StringRef> rest;
  auto wordAt = [&](size_t at) { return text.drop_front(at).take_while(llvm::isAlnum); };
  auto isNumber = [](StringRef word) { return !word.empty() && llvm::all_of(word, llvm::isDigit); };
  size_t from = 0;
  for (size_t at = 0; at < text.size();) {
    StringRef word = wordAt(at);
    size_t end = at + word.size();
    bool before = end < text.size() && text[end] == '.' && isNumber(wordAt(end + 1));
    StringRef number = isNumber(word) ? word : before ? word.take_back(word.size() - word.find_last_not_of("0123456789") - 1) : "";
    if (!number.empty()) {
      rest.push_back(text.slice(from, end - number.size()));
      numbers.push_back(number);
      from = end;
    }
    at = std::max(end, at + 1);
  }
  rest.push_back(text.drop_front(from));
  return rest;
}
std::string maskNumbers(StringRef text) {
  llvm::SmallVector<StringRef> numbers;
  return llvm::join(splitAtNumbers(text, numbers), "#");
}
/// "0-2,5"
static std::string rangesOf(const std::set<uint64_t> &numbers) {
  std::string text;
  for (auto it = numbers.begin(); it != numbers.end();) {
    uint64_t first = *it, last = first;
    while (++it != numbers.end() && *it == last + 1)
      ++last;
    text += (text.empty() ? "" : ",") + std::to_string(first) + (last > first ? "-" + std::to_string(last) : "");
  }
  return text;
}
std::string foldNumbers(llvm::ArrayRef<StringRef> texts) {
  llvm::SetVector<StringRef> all(texts.begin(), texts.end());
  all.remove("");
  if (all.empty())
    return "";
  llvm::SmallVector<StringRef> numbers, rest = splitAtNumbers(all[0], numbers);
  std::vector<std::set<uint64_t>> seen(numbers.size());
  size_t others = 0;
  for (StringRef text : all) {
    llvm::SmallVector<StringRef> own;
    if (splitAtNumbers(text, own) != rest) {
      ++others;
      continue;
    }
    for (auto [set, number] : llvm::zip_equal(seen, own)) {
      uint64_t value = 0;
      if (number.getAsInteger(10, value))
        return all[0].str(); // beyond 64 bits
      set.insert(value);
    }
  }
  std::string folded;
  for (auto [before, set] : llvm::zip(rest, seen))
    folded += before.str() + rangesOf(set);
  return folded + rest.back().str() + (others ? " and " + std::to_string(others) + " more" : "");
}

llvm::DenseMap<Operation *, StringRef> partsOf(func::FuncOp entry) {
  // Forward is what the loss and the other outputs need; update is what gives a new parameter.
  llvm::DenseSet<Operation *> forward, update;
  bool trains = false;
  SmallVector<Operation *> work;
  for (auto [i, v] : llvm::enumerate(entry.getBody().front().getTerminator()->getOperands())) {
    Operation *op = v.getDefiningOp();
    bool state = bool(entry.getResultAttr(i, "dl.state"));
    trains |= state && entry.getSymName() != "main";
    if (op && state)
      update.insert(op);
    else if (op)
      work.push_back(op);
  }
  while (!work.empty()) {
    Operation *op = work.pop_back_val();
    if (!forward.insert(op).second)
      continue;
    op->walk([&](Operation *inner) { forward.insert(inner); });
    for (Value v : op->getOperands())
      if (Operation *source = v.getDefiningOp())
        work.push_back(source);
  }
  llvm::DenseMap<Operation *, StringRef> parts;
  entry.walk([&](func::CallOp call) {
    parts[call] = !trains ? "" : forward.contains(call) ? "forward" : update.contains(call) ? "update" : "backward";
  });
  return parts;
}

llvm::StringMap<Label> labelsOf(func::FuncOp entry, ModuleOp module) {
  auto parts = partsOf(entry);
  llvm::StringMap<SmallVector<StringRef>> places;
  llvm::StringMap<Label> labels;
  entry.walk([&](func::CallOp call) {
    if (auto place = call->getAttrOfType<StringAttr>("dlx.place"))
      places[call.getCallee()].push_back(place);
    Label &label = labels[call.getCallee()];
    std::string part = parts.lookup(call).str();
    if (label.part.find(part) == std::string::npos)
      label.part += (label.part.empty() ? "" : "+") + part;
    if (auto layers = call->getAttrOfType<ArrayAttr>("dlx.layers"))
      for (StringRef layer : layers.getAsValueRange<StringAttr>())
        if (!llvm::is_contained(label.layers, layer))
          label.layers.push_back(layer.str());
  });
  for (auto &[kernel, label] : labels) {
    std::string place = foldNumbers(places[kernel]);
    label.what = mainOp(module.lookupSymbol<func::FuncOp>(kernel)) + (place.empty() ? "" : " " + place);
  }
  return labels;
}

void nameCode(ModuleOp module) {
  llvm::StringMap<std::string> labels;
  llvm::StringMap<unsigned> calls;
  for (auto entry : module.getOps<func::FuncOp>()) {
    if (entry->hasAttr("dlx.kernel"))
      continue;
    for (auto &[kernel, label] : labelsOf(entry, module)) {
      std::string &all = labels[kernel];
      all += (all.empty() ? "" : "; ") + label.what;
    }
    entry.walk([&](func::CallOp call) { ++calls[call.getCallee()]; });
  }
  for (auto fn : module.getOps<func::FuncOp>()) {
    if (!fn->hasAttr("dlx.kernel"))
      continue;
    bool once = calls[fn.getSymName()] == 1; // else its values are those of one call among several
    fn.walk([&](Operation *op) {
      std::string name = op == fn ? labels[fn.getSymName()] : op->getName().getStringRef().str();
      if (auto value = op->getLoc()->findInstanceOf<NameLoc>(); value && once && op != fn)
        name += (" %" + value.getName().getValue()).str();
      op->setLoc(NameLoc::get(StringAttr::get(module.getContext(), name.empty() ? fn.getSymName() : name), op->getLoc()));
    });
  }
}
} // namespace dlc::tools
