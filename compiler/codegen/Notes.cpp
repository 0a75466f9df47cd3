// Names of locations into debug locations, and those into comments.
#include "compiler/codegen/Notes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/CodeGen/AsmPrinter.h"
#include "llvm/CodeGen/AsmPrinterHandler.h"
#include "llvm/CodeGen/MachineFunction.h"
#include "llvm/CodeGen/MachineInstr.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/MC/MCStreamer.h"

using namespace mlir;
namespace dlc::codegen {
static StringRef nameOf(Location loc) {
  auto named = loc->findInstanceOf<NameLoc>();
  return named ? named.getName().getValue() : StringRef();
}

Notes::Notes(ModuleOp lowered) {
  MLIRContext *context = lowered.getContext();
  llvm::StringMap<unsigned> lines;
  StringAttr file = StringAttr::get(context, "dlc");
  auto place = [&](StringRef name) -> Location {
    if (name.empty())
      return FileLineColLoc::get(file, 0, 0);
    auto [it, fresh] = lines.try_emplace(name, lines.size() + 1);
    if (fresh) {
      texts.push_back(name.str());
      for (char &c : texts.back())
        c = uint8_t(c) < 0x20 || c == 0x7f ? '?' : c; // a comment ends with its line
    }
    return FileLineColLoc::get(file, it->second, 1);
  };
  auto fileAttr = LLVM::DIFileAttr::get(context, "dlc", "");
  auto distinct = [&] { return DistinctAttr::create(UnitAttr::get(context)); };
  auto unit = LLVM::DICompileUnitAttr::get(distinct(), llvm::dwarf::DW_LANG_C, fileAttr, file, true, LLVM::DIEmissionKind::None);
  auto type = LLVM::DISubroutineTypeAttr::get(context, ArrayRef<LLVM::DITypeAttr>());
  for (auto fn : lowered.getOps<LLVM::LLVMFuncOp>()) {
    if (fn.isDeclaration())
      continue;
    StringRef own = nameOf(fn.getLoc());
    fn.walk([&](Operation *op) {
      if (op != fn)
        op->setLoc(place(nameOf(op->getLoc()) == own ? "" : nameOf(op->getLoc()))); // the function says it for the others
    });
    auto scope = LLVM::DISubprogramAttr::get(context, distinct(), unit, fileAttr, StringAttr::get(context, own), fn.getSymNameAttr(),
                                             fileAttr, 0, 0, LLVM::DISubprogramFlags::Definition, type, {}, {});
    fn->setLoc(FusedLoc::get({place("")}, scope, context));
  }
}

namespace {
struct Comments : llvm::AsmPrinterHandler {
  Comments(llvm::AsmPrinter &printer, const std::vector<std::string> &texts) : printer(printer), texts(texts) {}
  void beginFunction(const llvm::MachineFunction *fn) override {
    const llvm::DISubprogram *scope = fn->getFunction().getSubprogram();
    if (scope && !scope->getName().empty())
      printer.OutStreamer->emitRawComment(" " + scope->getName());
  }
  void beginInstruction(const llvm::MachineInstr *instruction) override {
    if (const llvm::DILocation *loc = instruction->getDebugLoc(); loc && loc->getLine())
      printer.OutStreamer->AddComment(texts[loc->getLine() - 1]);
  }
  void endFunction(const llvm::MachineFunction *) override {}
  void endModule() override {}

  llvm::AsmPrinter &printer;
  const std::vector<std::string> &texts;
};
} // namespace
void Notes::attach(llvm::AsmPrinter &printer) const { printer.addAsmPrinterHandler(std::make_unique<Comments>(printer, texts)); }
} // namespace dlc::codegen
