// dlc ops: the reference of ops, from docs/ops.md.
#include "tools/dlc/Commands.h"
#include "tools/dlc/Support.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

#include "tools/dlc/Ops.inc"

using llvm::StringRef;
namespace dlc::tools {
namespace {
constexpr StringRef family = "\n## ", op = "\n### dl.";
/// From a heading to the next one like it: what the heading says, and what follows from its line's end on.
struct Part {
  StringRef title, text;
};
std::vector<Part> partsOf(StringRef text, StringRef heading) {
  std::vector<Part> parts;
  for (size_t at = text.find(heading); at != StringRef::npos;) {
    size_t next = text.find(heading, at + 1);
    StringRef whole = text.slice(at + heading.size(), next), title = whole.split('\n').first;
    parts.push_back({title, whole.drop_front(title.size())});
    at = next;
  }
  return parts;
}
Exit list() {
  for (const Part &f : partsOf(reference, family)) {
    llvm::outs() << f.title << "\n";
    for (const Part &o : partsOf(f.text, op))
      llvm::outs() << "  " << llvm::left_justify(o.title, 32) << o.text.ltrim().split('\n').first << "\n";
  }
  return Done;
}
Exit print(StringRef name) {
  name.consume_front("dl.");
  StringRef near;
  unsigned least = 1 + name.size() / 4;
  for (const Part &f : partsOf(reference, family))
    for (const Part &o : partsOf(f.text, op)) {
      if (o.title == name) {
        llvm::outs() << "dl." << o.title << ": " << o.text.trim() << "\n";
        return Done;
      }
      if (unsigned far = name.edit_distance(o.title); far <= least)
        near = o.title, least = far - (far > 0);
    }
  return misuse("no op dl." + name + (near.empty() ? ": 'dlc ops' lists them" : ": there is dl." + near));
}
} // namespace

void addOps(CLI::App &app) {
  auto *command = app.add_subcommand("ops", "the reference of ops: all, or one of them");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "such as matmul");
  setAction(command, "dlc ops conv2d", [name] { return name->empty() ? list() : print(*name); });
}
} // namespace dlc::tools
