// The guard before MLIR's parser: how deep a model's text nests.
#include "tools/dlc/Support.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::tools {
namespace {
/// Looks for what MLIR's parser and printer, which call themselves for parts, are not to meet outside comments and strings.
class DepthGuard {
public:
  explicit DepthGuard(llvm::StringRef text) : text(text) {}
  /// What is wrong with the text, or "".
  std::string check();

private:
  static constexpr size_t mostBrackets = 1000, mostAliases = 64, mostParts = 1 << 20;
  struct Alias {
    size_t depth = 1, parts = 1; ///< with those of the aliases that it names
  };
  llvm::StringRef text;
  std::string open; ///< what closes the brackets that are open
  llvm::StringMap<Alias> aliases;
  Alias *current = nullptr;

  void bracket(char c);
  size_t alias(size_t at);
};
} // namespace

/// One that closes none is passed over: that of a comparison (`d0 >= 0`) must not make up for one that is open.
void DepthGuard::bracket(char c) {
  if (size_t opens = llvm::StringRef("({[<").find(c); opens != llvm::StringRef::npos) {
    open += ")}]>"[opens];
    return;
  }
  size_t at = open.size(); // others than > also close what comparisons have opened
  while (c != '>' && at && open[at - 1] == '>')
    --at;
  if (at && open[at - 1] == c)
    open.resize(at - 1);
}

/// `#name = ...` and `!name = ...` at a line's start, or the name of one; a dialect's have a dot. The place behind the name.
size_t DepthGuard::alias(size_t at) {
  size_t end = at + 1, start = at;
  while (end < text.size() && (llvm::isAlnum(text[end]) || llvm::StringRef("_$.-").contains(text[end])))
    ++end;
  llvm::StringRef name = text.slice(at, end);
  if (name.size() < 2 || name.contains('.'))
    return end;
  while (start && (text[start - 1] == ' ' || text[start - 1] == '\t'))
    --start;
  if (llvm::StringRef rest = text.substr(end).ltrim(); (!start || text[start - 1] == '\n') && rest.starts_with("=")) {
    current = &(aliases[name] = {});
  } else if (auto used = aliases.find(name); used != aliases.end() && current && current != &used->second) {
    current->depth = std::max(current->depth, used->second.depth + 1);
    current->parts = std::min(current->parts + used->second.parts, mostParts + 1);
  }
  return end;
}

std::string DepthGuard::check() {
  size_t deepest = 0;
  for (size_t i = 0, n = text.size(); i < n; ++i) {
    char c = text[i];
    if (c == '/' && text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), n);
    } else if (c == '"') { // which a newline ends, too, and an escape does not
      while (++i < n && text[i] != '"' && text[i] != '\n')
        i += text[i] == '\\';
    } else if (c == '-' && text.substr(i, 2) == "->") {
      ++i;
    } else if (c == '#' || c == '!') {
      i = alias(i) - 1;
      if (current && current->depth > mostAliases)
        return "has aliases of aliases, more than " + std::to_string(mostAliases) + " deep: write out what they stand for";
      if (current && current->parts > mostParts)
        return "has an alias of more than " + std::to_string(mostParts) + " parts";
    } else if (text.substr(i).starts_with("affine_map") || text.substr(i).starts_with("affine_set")) { // a call for every sign
      return "has an affine map: models are written in dl ops";
    } else if (llvm::StringRef("({[<)}]>").contains(c)) {
      bracket(c);
      deepest = std::max(deepest, open.size());
    }
  }
  return deepest <= mostBrackets
             ? ""
             : "has brackets in brackets, " + std::to_string(deepest) + " deep: at most " + std::to_string(mostBrackets);
}

std::string findTooDeep(llvm::StringRef text) { return DepthGuard(text).check(); }
} // namespace dlc::tools
