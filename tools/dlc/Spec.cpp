// The parser of specs and its typed lookups.
#include "tools/dlc/Spec.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace llvm;
namespace dlc::tools {

static Error message(const Twine &text) { return createStringError(inconvertibleErrorCode(), text); }
static bool isWord(StringRef s) {
  return !s.empty() && llvm::all_of(s, [](char c) { return isAlnum(c) || c == '_' || c == '-' || c == '.'; });
}

Expected<Spec> Spec::parse(StringRef text) {
  auto malformed = [&](const Twine &what) { return message("'" + text + "' " + what + ": write name(key=value,key=value) or name:PATH"); };
  Spec spec;
  StringRef head = text, inside;
  // The argument of a colon is a path and may hold parentheses: options begin at the last one.
  size_t open = text.contains(':') ? text.rfind('(') : text.find('(');
  if (open != StringRef::npos && (text.ends_with(")") || !text.contains(':'))) {
    head = text.take_front(open);
    inside = text.drop_front(open + 1);
    if (!inside.consume_back(")"))
      return malformed("has no closing parenthesis");
  }
  auto [name, argument] = head.split(':');
  spec.name = name.trim(), spec.argument = argument;
  if (!isWord(spec.name))
    return malformed("does not begin with a name");
  if (head.contains(':') && argument.empty())
    return malformed("has nothing behind the colon");
  SmallVector<StringRef> parts;
  inside.split(parts, ',', -1, true);
  for (StringRef part : parts) {
    if (inside.trim().empty())
      break;
    auto [key, value] = part.split('=');
    key = key.trim(), value = value.trim();
    if (!isWord(key) || value.empty())
      return malformed("has '" + part.trim() + "' where key=value belongs");
    if (spec.has(key))
      return malformed("gives '" + key + "' twice");
    spec.pairs.push_back({key.str(), value.str()});
  }
  return spec;
}
Expected<size_t> Spec::among(StringRef kind, ArrayRef<StringRef> names) const {
  if (auto it = llvm::find(names, name); it != names.end())
    return it - names.begin();
  return message("no " + kind + " is called '" + name + "': write one of " + llvm::join(names, ", "));
}

bool Spec::has(StringRef key) const {
  return llvm::any_of(pairs, [&](const Pair &p) { return p.key == key; });
}
const std::string *Spec::find(StringRef key) {
  if (!llvm::is_contained(known, key))
    known.push_back(key.str());
  auto it = llvm::find_if(pairs, [&](const Pair &p) { return p.key == key; });
  return it == pairs.end() ? nullptr : &it->value;
}
void Spec::refuse(StringRef key, StringRef value, StringRef expected) {
  if (error.empty())
    error = (key + " of '" + name + "' is '" + value + "': expected " + expected).str();
}
double Spec::number(StringRef key, double otherwise) {
  const std::string *text = find(key);
  double value = otherwise;
  if (text && (!to_float(*text, value) || !std::isfinite(value)))
    refuse(key, *text, "a number");
  return value;
}
double Spec::amount(StringRef key, double otherwise, double limit) {
  double value = number(key, otherwise);
  if (value < 0 || value >= limit)
    refuse(key, *find(key), std::isinf(limit) ? "0 or more" : "0 or more and below " + llvm::formatv("{0}", limit).str());
  return value;
}
double Spec::positive(StringRef key, double otherwise) {
  double value = number(key, otherwise);
  if (has(key) && value <= 0)
    refuse(key, *find(key), "more than 0");
  return value;
}
int64_t Spec::whole(StringRef key, int64_t otherwise) {
  const std::string *text = find(key);
  int64_t value = otherwise;
  if (text && (!to_integer(*text, value, 10) || std::abs(value) > INT32_MAX))
    refuse(key, *text, "a whole number of 32 bits");
  return value;
}
void Spec::need(StringRef key) {
  if (!has(key) && error.empty())
    error = ("'" + name + "' needs " + key + ": write " + name + "(" + key + "=...)").str();
}
int64_t Spec::requiredCount(StringRef key) {
  need(key);
  return count(key, 1);
}
int64_t Spec::count(StringRef key, int64_t otherwise) {
  const std::string *text = find(key);
  int64_t value = otherwise;
  if (text && (!to_integer(*text, value, 10) || value < 1))
    refuse(key, *text, "a whole number from 1");
  return value;
}
bool Spec::flag(StringRef key, bool otherwise) {
  const std::string *text = find(key);
  if (text && *text != "true" && *text != "false")
    refuse(key, *text, "true or false");
  return text ? *text == "true" : otherwise;
}
std::string Spec::word(StringRef key, ArrayRef<StringRef> words) {
  const std::string *text = find(key);
  if (text && !llvm::is_contained(words, *text))
    refuse(key, *text, llvm::join(words, ", "));
  return text ? *text : "";
}
std::string Spec::text(StringRef key, StringRef otherwise) {
  const std::string *text = find(key);
  return text ? *text : otherwise.str();
}
std::vector<std::string> Spec::list(StringRef key) {
  std::vector<std::string> items;
  if (const std::string *text = find(key))
    for (StringRef item : llvm::split(*text, '+'))
      items.push_back(item.trim().str());
  return items;
}
Error Spec::finish() {
  for (const Pair &p : pairs)
    if (error.empty() && !llvm::is_contained(known, p.key))
      error = "'" + name + "' has no " + p.key + (known.empty() ? ": it takes no options" : ": it knows " + llvm::join(known, ", "));
  return error.empty() ? Error::success() : message(error);
}

} // namespace dlc::tools
