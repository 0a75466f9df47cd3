// Which attributes dlc knows: what it does not know would be ignored, so a misspelt one is refused and the right one named.
#include "dialects/dl/Dl.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace dlc::dl {

/// The name among `known` that a user who wrote `name` may have meant: a few letters away, or one a part of the other. Empty where
/// there is none, or two that are as near.
static StringRef nearest(StringRef name, ArrayRef<StringRef> known) {
  StringRef best;
  unsigned least = ~0u, most = std::max<size_t>(1, name.size() / 3);
  for (StringRef candidate : known) {
    unsigned edits = StringRef(name.lower()).edit_distance(candidate.lower());
    bool part = std::min(name.size(), candidate.size()) >= 3 && (candidate.contains(name) || name.contains(candidate));
    if ((edits > most && !part) || edits > least)
      continue;
    best = edits == least ? StringRef() : candidate;
    least = edits;
  }
  return best;
}
std::string spell(StringRef name, ArrayRef<StringRef> known) {
  if (StringRef best = nearest(name, known); !best.empty())
    return ("write " + best).str();
  return known.empty() ? "it has none" : "it has " + llvm::join(known, ", ");
}

StringRef misspelt(StringRef name) {
  if (name.starts_with("dl."))
    return {};
  static constexpr StringRef known[] = {"dl.name", "dl.param", "dl.range", "dl.state", "dl.usual", "dl.symbol"};
  const auto *it = llvm::find_if(known, [&](StringRef k) { return StringRef(name.lower()).edit_distance(k) <= 1; });
  return it == std::end(known) ? StringRef() : *it;
}

LogicalResult checkAttributes(Operation *op) {
  for (NamedAttribute a : op->getDiscardableAttrs()) {
    StringRef name = a.getName();
    if (StringRef meant = misspelt(name); !meant.empty())
      return op->emitOpError("has the unknown attribute '") << name << "': " << meant << " belongs to arguments and results of functions";
    if (name.contains('.'))
      continue; // its dialect looks after it, or it is another tool's note
    SmallVector<StringRef> known;
    if (!isa<FunctionOpInterface>(op))
      for (StringAttr own : op->getName().getAttributeNames())
        if (!own.strref().ends_with("SegmentSizes"))
          known.push_back(own);
    return op->emitOpError("has no attribute '") << name << "': " << spell(name, known);
  }
  return success();
}
} // namespace dlc::dl
