// A scheduled module to a C header: for each entry a typed function over dlrt_run. Inputs of rank 0 pass by value.
#include "compiler/emit/Artefact.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace dlc {
namespace {
struct CType {
  const char *name;
  int code, bits;
};
CType cType(Type e) {
  if (e.isF32())
    return {"float", 2, 32};
  if (e.isF64())
    return {"double", 2, 64};
  if (e.isBF16())
    return {"uint16_t", 4, 16};
  if (e.isInteger(1))
    return {"uint8_t", 6, 8};
  if (e.isInteger(8))
    return {"int8_t", 0, 8};
  if (e.isInteger(32))
    return {"int32_t", 0, 32};
  return {"int64_t", 0, 64};
}
std::string identifier(StringRef name) {
  std::string out;
  for (char c : name)
    out += llvm::isAlnum(c) ? c : '_';
  return out.empty() || llvm::isDigit(out[0]) ? "_" + out : out;
}
/// Names of one function's parameters: what the model says, with _ behind what C, C++ or the function itself needs, or another has.
class Names {
public:
  /// `tensors`: so many shapes are the function's own.
  explicit Names(unsigned tensors) {
    for (StringRef words :
         {"alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl concept const "
          "consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default delete do double dynamic_cast "
          "else "
          "enum explicit export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr "
          "operator or or_eq private protected public register reinterpret_cast requires restrict return short signed sizeof static "
          "static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename typeof union unsigned "
          "using virtual void volatile wchar_t while xor xor_eq",
          "context state in out int8_t int32_t int64_t uint8_t uint16_t uint64_t dlrt_tensor dlrt_run NULL linux unix"}) {
      SmallVector<StringRef> list;
      words.split(list, ' ');
      taken.insert_range(list);
    }
    for (unsigned i = 0; i < tensors; ++i)
      taken.insert("shape" + std::to_string(i));
  }
  std::string add(StringRef name) {
    std::string unique = identifier(name);
    while (!taken.insert(unique).second)
      unique += '_';
    return unique;
  }

private:
  llvm::StringSet<> taken;
};
/// C of a finite number of f32 or f64.
std::string cNumber(double value, Type element) {
  char text[40];
  snprintf(text, sizeof text, element.isF32() ? "%.9g" : "%.17g", value);
  std::string number = text;
  if (number.find_first_of(".e") == std::string::npos)
    number += ".0";
  return element.isF32() ? number + "f" : number;
}
/// C of an extent, one operand of whatever is around it.
std::string cExpr(AffineExpr e, const llvm::StringMap<std::string> &symbols) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return std::to_string(c.getValue());
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return symbols.lookup(dl::getSymbolName(s));
  auto b = cast<AffineBinaryOpExpr>(e);
  std::string x = cExpr(b.getLHS(), symbols), y = cExpr(b.getRHS(), symbols);
  switch (e.getKind()) { // extents are not negative, so C's division will do
  case AffineExprKind::Add:
    return "(" + x + " + " + y + ")";
  case AffineExprKind::Mul:
    return "(" + x + " * " + y + ")";
  case AffineExprKind::Mod:
    return "(" + x + " % " + y + ")";
  case AffineExprKind::FloorDiv:
    return "(" + x + " / " + y + ")";
  default:
    return "((" + x + " + " + y + " - 1) / " + y + ")";
  }
}
} // namespace

std::string makeHeader(ModuleOp module, StringRef model) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string guard = "DLC_" + StringRef(model).upper() + "_H";
  os << "/* " << model << ": typed calls of its entries. Written by dlc compile; shapes are row-major extents. */\n#ifndef " << guard
     << "\n#define " << guard << "\n#include \"dlrt.h\"\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "/* For dlrt_model_open, in programs that link the artefact. */\nextern const struct dlc_" << model << " { uint64_t magic; } "
     << model << "_descriptor;\n";
  llvm::StringSet<> taken; // by functions first, then by what stands beside them
  SmallVector<std::string> functions;
  for (auto program : module.getOps<dlx::ProgramOp>()) {
    if (program.getIsPrepare())
      continue;
    std::string name = identifier(program.getSource() == "main" ? "run" : program.getSource());
    while (!taken.insert(name).second)
      name += '_';
    functions.push_back(name);
  }
  unsigned number = 0;
  for (auto program : module.getOps<dlx::ProgramOp>()) {
    if (program.getIsPrepare())
      continue;
    unsigned entry = number++;
    const std::string &name = functions[entry];
    auto fn = module.lookupSymbol<func::FuncOp>(program.getSource());
    struct Item {
      std::string name;
      RankedTensorType type;
      bool out;
      std::optional<double> usual;
      StringRef gives; ///< the symbol that the value is
      bool byValue() const { return !out && type.getRank() == 0; }
    };
    SmallVector<Item> items;
    llvm::SetVector<StringRef> symbols;
    auto add = [&](Type type, StringAttr name, const char *otherwise, bool out) {
      items.push_back({name ? name.getValue().str() : otherwise + std::to_string(items.size()), cast<RankedTensorType>(type), out, {}, {}});
      for (AffineExpr e : dl::getExtents(type))
        e.walk([&](AffineExpr x) {
          if (auto s = dyn_cast<AffineSymbolExpr>(x))
            symbols.insert(dl::getSymbolName(s));
        });
    };
    bool carries = false;
    for (BlockArgument a : fn.getArguments()) {
      unsigned i = a.getArgNumber();
      if (auto param = fn.getArgAttrOfType<dl::ParamAttr>(i, "dl.param")) {
        carries |= param.isState();
        continue;
      }
      add(a.getType(), fn.getArgAttrOfType<StringAttr>(i, "dl.name"), "input", false);
      if (auto usual = fn.getArgAttrOfType<FloatAttr>(i, "dl.usual"))
        items.back().usual = usual.getValueAsDouble();
      if (auto symbol = fn.getArgAttrOfType<FlatSymbolRefAttr>(i, "dl.symbol"))
        items.back().gives = symbol.getValue();
    }
    for (unsigned i = 0; i < fn.getNumResults(); ++i)
      if (!fn.getResultAttr(i, "dl.state"))
        add(fn.getResultTypes()[i], fn.getResultAttrOfType<StringAttr>(i, "dl.name"), "output", true);
    Names names(items.size());
    llvm::StringMap<std::string> symbolNames;
    for (Item &item : items)
      symbols.remove(item.gives);
    for (StringRef s : symbols)
      symbolNames[s] = names.add(s);
    for (Item &item : items) {
      item.name = names.add(item.name);
      if (!item.gives.empty())
        symbolNames[item.gives] = item.name;
    }
    auto beside = [&](const std::string &what) {
      std::string unique = name + "_" + what;
      while (!taken.insert(unique).second)
        unique += '_';
      return unique;
    };
    os << "\nenum { " << model << "_" << beside("entry") << " = " << entry << " };\n";
    for (Item &item : items)
      if (item.usual)
        os << "#define " << model << "_" << beside(item.name) << " " << cNumber(*item.usual, item.type.getElementType()) << "\n";
    os << "static inline dlrt_status " << model << "_" << name << "(dlrt_context *context";
    if (carries)
      os << ", dlrt_state *state";
    for (StringRef s : symbols)
      os << ", int64_t " << symbolNames[s];
    for (Item &item : items) {
      const char *type = cType(item.type.getElementType()).name;
      if (item.byValue()) {
        os << ",\n    " << type << " " << item.name;
        continue;
      }
      os << ",\n    " << (item.out ? "" : "const ") << type << " *" << item.name << " /* [";
      llvm::interleaveComma(dl::getExtents(item.type), os, [&](AffineExpr e) { os << dl::toString(e); });
      os << "] */";
    }
    os << ") {\n";
    unsigned counts[2] = {0, 0};
    std::string lists[2];
    for (auto [i, item] : llvm::enumerate(items)) {
      auto extents = dl::getExtents(item.type);
      CType c = cType(item.type.getElementType());
      os << "  int64_t shape" << i << "[] = {";
      if (extents.empty())
        os << "0";
      llvm::interleaveComma(extents, os, [&](AffineExpr e) { os << cExpr(e, symbolNames); });
      os << "};\n";
      lists[item.out] += (counts[item.out]++ ? ",\n      {" : "{") + std::string(item.byValue() ? "(void *)&" : "(void *)") + item.name +
                         ", {1, 0}, " + std::to_string(extents.size()) + ", {" + std::to_string(c.code) + ", " + std::to_string(c.bits) +
                         ", 1}, shape" + std::to_string(i) + ", 0, 0}";
    }
    os << "  dlrt_tensor in[] = {" << lists[0] << "};\n  dlrt_tensor out[] = {" << lists[1] << "};\n  return dlrt_run(context, " << entry
       << (carries ? ", state, in, " : ", 0, in, ") << counts[0] << ", out, " << counts[1] << ");\n}\n";
  }
  os << "#ifdef __cplusplus\n}\n#endif\n#endif\n";
  return text;
}
} // namespace dlc
