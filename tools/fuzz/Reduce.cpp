// Reduction: fewer results, ops replaced by arguments or operands, symbols by constants, extents and attributes by small ones.
#include "tools/fuzz/Reduce.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "tools/fuzz/Workers.h"
#include <chrono>

using namespace mlir;
namespace dlc::fuzz {
namespace {
/// Types of results follow from operands once more, as far as ops can tell.
void retype(func::FuncOp f) {
  f.walk<WalkOrder::PreOrder>([](Operation *op) {
    if (auto inference = dyn_cast<InferTypeOpInterface>(op)) {
      SmallVector<Type> types;
      if (succeeded(inference.inferReturnTypes(op->getContext(), op->getLoc(), op->getOperands(), op->getDiscardableAttrDictionary(),
                                               op->getPropertiesStorage(), op->getRegions(), types)) &&
          types.size() == op->getNumResults())
        for (auto [v, t] : llvm::zip_equal(op->getResults(), types))
          v.setType(t);
    }
  });
}
/// Arguments that nobody reads go, ops too; the signature follows.
void tidy(func::FuncOp f) {
  auto all = llvm::map_to_vector(f.front().without_terminator(), [](Operation &op) { return &op; });
  for (Operation *op : llvm::reverse(all))
    if (op->use_empty())
      op->erase();
  SmallVector<StringRef> states;
  for (unsigned i = 0; i < f.getNumResults(); ++i)
    if (auto state = f.getResultAttrOfType<StringAttr>(i, "dl.state"))
      states.push_back(state.getValue());
  llvm::BitVector unused(f.front().getNumArguments());
  for (BlockArgument a : f.front().getArguments()) {
    auto param = f.getArgAttrOfType<dl::ParamAttr>(a.getArgNumber(), "dl.param");
    if (a.use_empty() && !(param && llvm::is_contained(states, param.getName())))
      unused.set(a.getArgNumber());
  }
  (void)f.eraseArguments(unused);
  f.setFunctionType(FunctionType::get(f.getContext(), f.front().getArgumentTypes(), f.front().getTerminator()->getOperandTypes()));
}

class Reducer {
public:
  Reducer(MLIRContext &context, std::string text, const Find &find, uint64_t turn, unsigned seconds)
      : context(context), text(std::move(text)), find(find), turn(turn),
        end(std::chrono::steady_clock::now() + std::chrono::seconds(seconds)) {
    command = StringRef(this->text).split('\n').first.drop_front(3).str();
  }
  std::string run() {
    if (!still(this->text)) // it takes the builds before it, or does not repeat
      return text + "// does not repeat on its own\n";
    symbols();
    for (bool again = true; std::exchange(again, false) && !late();) {
      again |= results();
      again |= ops();
      again |= extents();
      again |= attributes();
    }
    return text;
  }

private:
  bool late() const { return std::chrono::steady_clock::now() > end; }
  bool still(const std::string &candidate) {
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    auto model = Model::parse(context, candidate);
    if (!model)
      return false;
    Find now = checkApart(
        [&] {
          Counts counts;
          return check(*model, turn, counts, find.build == "autodiff" ? "" : find.build);
        },
        20);
    return now.kind == find.kind && (now.build == find.build || find.build.empty()) &&
           (find.kind != "refused" || StringRef(now.message).take_front(40) == StringRef(find.message).take_front(40));
  }
  /// Tries `change` on a copy of the model; keeps it where the model is valid and fails as before.
  bool attempt(llvm::function_ref<bool(Model &, func::FuncOp)> change) {
    if (late())
      return false;
    auto model = Model::parse(context, text);
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    auto f = model->module->lookupSymbol<func::FuncOp>("main");
    if (!change(*model, f))
      return false;
    f = model->module->lookupSymbol<func::FuncOp>("main");
    tidy(f);
    if (failed(verify(*model->module)))
      return false;
    std::string candidate = model->text(command);
    if (candidate == text || !still(candidate))
      return false;
    text = candidate;
    return true;
  }

  void symbols() {
    for (int keep : {0, 1})
      attempt([&](Model &m, func::FuncOp) {
        if (m.symbols.size() < 2)
          return false;
        m.symbols = {m.symbols[keep]};
        return true;
      });
    attempt([&](Model &m, func::FuncOp) {
      if (m.symbols[0].empty())
        return false;
      m.module = withConstants(*m.module, m.symbols[0]);
      m.symbols = {{}};
      return true;
    });
  }
  bool results() {
    bool any = false;
    for (unsigned i = 18; i-- > 0;)
      any |= attempt([&](Model &, func::FuncOp f) {
        Operation *end = f.front().getTerminator();
        if (i >= end->getNumOperands() || end->getNumOperands() < 2)
          return false;
        llvm::BitVector which(end->getNumOperands());
        which.set(i);
        (void)f.eraseResults(which);
        end->eraseOperand(i);
        return true;
      });
    return any;
  }
  bool ops() {
    bool any = false;
    unsigned count = 0;
    if (auto m = Model::parse(context, text))
      count = std::distance(m->module->lookupSymbol<func::FuncOp>("main").front().begin(),
                            m->module->lookupSymbol<func::FuncOp>("main").front().end()) -
              1;
    for (unsigned i = count; i-- > 0;)
      for (int how : {0, 1, 2, 3, 4})
        if (attempt([&](Model &, func::FuncOp f) {
              if (i + 1 >= unsigned(std::distance(f.front().begin(), f.front().end())))
                return false;
              Operation *op = &*std::next(f.front().begin(), i);
              if (how == 0) { // fresh arguments
                Builder b(f.getContext());
                for (Value v : op->getResults()) {
                  unsigned n = f.getNumArguments();
                  std::string name = "z" + std::to_string(n);
                  while (llvm::any_of(llvm::seq(n), [&](unsigned i) {
                    auto known = f.getArgAttrOfType<StringAttr>(i, "dl.name");
                    return known && known.getValue() == name;
                  }))
                    name += "z";
                  (void)f.insertArgument(n, v.getType(), b.getDictionaryAttr(b.getNamedAttr("dl.name", b.getStringAttr(name))), f.getLoc());
                  v.replaceAllUsesWith(f.getArgument(n));
                }
                return true;
              }
              if (how > (int)op->getNumOperands()) // or an operand of the type
                return false;
              Value x = op->getOperand(how - 1);
              bool fits = false;
              for (Value v : op->getResults())
                if (v.getType() == x.getType() && !v.use_empty())
                  v.replaceAllUsesWith(x), fits = true;
              return fits;
            })) {
          any = true;
          break;
        }
    return any;
  }
  bool extents() {
    std::set<int64_t> all;
    if (auto m = Model::parse(context, text))
      m->module->walk([&](Operation *op) {
        auto note = [&](Type t) {
          if (auto tensor = dyn_cast<RankedTensorType>(t))
            for (int64_t n : tensor.getShape())
              if (n > 1)
                all.insert(n);
        };
        for (Value v : op->getResults())
          note(v.getType());
        for (Region &region : op->getRegions())
          for (Block &block : region)
            for (Type t : block.getArgumentTypes())
              note(t);
      });
    bool any = false;
    for (int64_t n : llvm::reverse(all))
      for (int64_t to : {int64_t(1), int64_t(2), n / 2, n - 1})
        if (to < n && attempt([&](Model &m, func::FuncOp f) {
              auto value = [&](AffineExpr e) -> AffineExpr {
                return dl::getConstant(e) == n ? getAffineConstantExpr(to, e.getContext()) : e;
              };
              AttrTypeReplacer replacer;
              replacer.addReplacement([&](RankedTensorType t) -> std::optional<Type> {
                return dl::getTensor(llvm::map_to_vector(dl::getExtents(t), value), t.getElementType());
              });
              replacer.addReplacement([&](dl::DimsAttr dims) -> std::optional<Attribute> {
                return dl::DimsAttr::get(dims.getContext(), llvm::map_to_vector(dims.getExtents(), value));
              });
              replacer.recursivelyReplaceElementsIn(*m.module, true, false, true);
              retype(f);
              return true;
            })) {
          any = true;
          break;
        }
    return any;
  }
  /// Lists of numbers: each number smaller.
  bool attributes() {
    struct At {
      unsigned op;
      StringAttr name;
      unsigned i;
      int64_t value;
    };
    std::vector<At> all;
    auto visit = [](func::FuncOp f, auto body) {
      unsigned i = 0;
      for (Operation &op : f.front().without_terminator())
        body(op, i++);
    };
    auto m = Model::parse(context, text);
    visit(m->module->lookupSymbol<func::FuncOp>("main"), [&](Operation &op, unsigned n) {
      for (NamedAttribute a : op.getAttrs())
        if (auto list = dyn_cast<DenseI64ArrayAttr>(a.getValue()); list && a.getName() != "dims" && a.getName() != "permutation")
          for (auto [i, v] : llvm::enumerate(list.asArrayRef()))
            all.push_back({n, a.getName(), unsigned(i), v});
    });
    bool any = false;
    for (const At &at : all)
      for (int64_t to : {int64_t(0), int64_t(1), at.value - 1})
        if (to < at.value && attempt([&](Model &, func::FuncOp f) {
              bool done = false;
              visit(f, [&](Operation &op, unsigned n) {
                auto list = n == at.op ? op.getAttrOfType<DenseI64ArrayAttr>(at.name) : DenseI64ArrayAttr();
                if (!list || at.i >= list.size())
                  return;
                SmallVector<int64_t> values(list.asArrayRef());
                values[at.i] = to, done = true;
                op.setAttr(at.name, DenseI64ArrayAttr::get(f.getContext(), values));
              });
              if (done)
                retype(f);
              return done;
            })) {
          any = true;
          break;
        }
    return any;
  }

  MLIRContext &context;
  std::string text, command;
  Find find;
  uint64_t turn;
  std::chrono::steady_clock::time_point end;
};
} // namespace
std::string reduced(MLIRContext &context, std::string text, const Find &find, uint64_t turn, unsigned seconds) {
  return Reducer(context, std::move(text), find, turn, seconds).run();
}
} // namespace dlc::fuzz
