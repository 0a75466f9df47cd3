// A chain's function: strip by strip the launches of its parts, each over the blocks that are the strip's rows.
#include "compiler/codegen/cpu/Chain.h"
#include "compiler/codegen/RowProgram.h"
#include "compiler/codegen/cpu/Contraction.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace dlc::codegen::cpu {
using dl::getExtents;
static dlx::PlanAttr planOf(func::FuncOp kernel) { return kernel->getAttrOfType<dlx::PlanAttr>("dlx.plan"); }
static bool equal(AffineExpr x, AffineExpr y) { return dl::getConstant(dl::normalize(x - y)) == 0; }

/// The loops of the result's rows, outermost first, lie in `stride` as rows of `row` elements do.
static bool areRows(const Contraction &c, AffineExpr row, AffineExpr Contraction::Loop::*stride) {
  SmallVector<unsigned> loops(c.outer);
  loops.push_back(c.row);
  for (unsigned i : llvm::reverse(loops)) {
    if (!equal(c.loops[i].*stride, row))
      return false;
    row = row * c.loops[i].extent;
  }
  return true;
}

std::optional<RowOrder> rowOrder(func::FuncOp kernel, const RowOrder *like) {
  auto plan = planOf(kernel);
  std::string reason;
  if (plan.getEmitter() == dlx::Emitter::contraction) {
    auto c = analyseContraction(kernel, reason);
    if (!c->hasRow() || !c->ranges.empty() || plan.getLaunches().back().getName() == "combine" ||
        !equal(c->loops[c->vector].extent, getExtents(c->y).back()) || !areRows(*c, getExtents(c->y).back(), &Contraction::Loop::y))
      return std::nullopt;
    RowOrder order{getAffineConstantExpr(1, kernel.getContext()), c->loops[c->row].extent};
    for (unsigned i : c->outer)
      order.outer = order.outer * c->loops[i].extent;
    return order;
  }
  if (plan.getEmitter() != dlx::Emitter::rows || !like)
    return std::nullopt;
  auto groups = analyseRows(kernel, reason);
  bool fits = groups->size() == 1 && !(*groups)[0].reductions.empty() && plan.getBlock()[1] == 0;
  return fits && equal((*groups)[0].rows(), like->outer * like->inner) ? std::optional(*like) : std::nullopt;
}

static bool isPointwise(Operation *op) { return isa<dl::PointwiseOpInterface>(op); }
/// A value for each row becomes one for each element of the row.
static bool repeatsRows(Operation *op, unsigned outer) {
  auto move = dyn_cast<dl::MovementOpInterface>(op);
  if (!move || move.isView())
    return false;
  auto sources = move.getSources();
  return sources.size() == 1 && sources[0].where.empty() && sources[0].indices.empty() &&
         sources[0].map == AffineMap::getMultiDimIdentityMap(sources[0].map.getNumDims(), op->getContext()).getMajorSubMap(outer);
}
bool readsOwnRow(func::FuncOp kernel, unsigned argument) {
  BlockArgument x = kernel.getArgument(argument);
  auto extents = getExtents(x);
  auto users = [&](auto fine) { return llvm::all_of(x.getUsers(), [&](Operation *op) { return isa<func::ReturnOp>(op) || fine(op); }); };
  std::string reason;
  if (planOf(kernel).getEmitter() == dlx::Emitter::contraction) {
    auto c = analyseContraction(kernel, reason);
    if (llvm::is_contained(argumentsOf(c->b), int64_t(argument)))
      return false;
    if (c->a != x)
      return extents == getExtents(c->y) && users(isPointwise);
    return x.hasOneUse() && !c->aVector && dl::getConstant(c->aBase) == 0 && areRows(*c, extents.back(), &Contraction::Loop::a) &&
           c->reduced.size() == 1 && dl::getConstant(c->loops[c->reduced[0]].a) == 1 &&
           equal(c->loops[c->reduced[0]].extent, extents.back());
  }
  auto groups = analyseRows(kernel, reason);
  const RowGroup &g = (*groups)[0];
  if (extents == g.space)
    return users([&](Operation *op) { return isPointwise(op) || g.reductions.contains(op); });
  return ArrayRef(extents) == ArrayRef(g.space).take_front(g.outer) &&
         users([&](Operation *op) { return isPointwise(op) || repeatsRows(op, g.outer); });
}

Chain::Chain(func::FuncOp fn) : fn(fn), calls(fn.getOps<func::CallOp>()) {
  SymbolTable names(fn->getParentOfType<ModuleOp>());
  for (func::CallOp call : calls)
    parts.push_back(names.lookup<func::FuncOp>(call.getCallee()));
  for (func::FuncOp part : parts)
    if (auto own = rowOrder(part)) {
      order = *own;
      break;
    }
}
SmallVector<int64_t> Chain::numbers(unsigned part) const {
  func::FuncOp fn = this->fn;
  auto returned = fn.getBody().front().getTerminator()->getOperands();
  auto number = [&](Value v) -> int64_t {
    if (auto argument = dyn_cast<BlockArgument>(v))
      return argument.getArgNumber();
    auto at = llvm::find(returned, v);
    return at == returned.end() ? -1 : fn.getNumArguments() + (at - returned.begin());
  };
  func::CallOp call = calls[part];
  SmallVector<int64_t> all = llvm::map_to_vector(call.getOperands(), number);
  llvm::append_range(all, llvm::map_range(call.getResults(), number));
  int64_t temp = fn.getNumArguments() + fn.getNumResults();
  for (unsigned i = 0; i < part; ++i)
    temp += planOf(parts[i]).getTemps().size();
  for (unsigned i = 0; i < planOf(parts[part]).getTemps().size(); ++i)
    all.push_back(temp++);
  return all;
}
AffineExpr Chain::rowBytes(Value v) const {
  auto extents = getExtents(v);
  bool perRow = equal(dl::product(extents, v.getContext()), order.outer * order.inner);
  int64_t element = storageBytes(cast<RankedTensorType>(v.getType()).getElementType());
  return (perRow ? getAffineConstantExpr(1, v.getContext()) : extents.back()) * element;
}
int64_t Chain::place(Value v, int64_t rows) const {
  int64_t at = 0;
  for (unsigned i = 0; i < calls.size(); ++i)
    for (Value result : func::CallOp(calls[i]).getResults()) {
      if (result == v)
        return at;
      if (llvm::none_of(result.getUsers(), [](Operation *op) { return isa<func::ReturnOp>(op); }))
        at += llvm::alignTo(rows * dl::getUpperBound(fn, rowBytes(result)), 64);
    }
  return at;
}

dlx::PlanAttr planChain(func::FuncOp fn, int64_t rows) {
  Chain chain(fn);
  MLIRContext *context = fn.getContext();
  SmallVector<dlx::LaunchAttr> launches;
  SmallVector<dl::DimsAttr> temps;
  llvm::SmallSetVector<int64_t, 8> reads;
  SmallVector<int64_t> writes;
  int64_t first = fn.getNumArguments(), scratch = 0;
  for (unsigned i = 0; i < fn.getNumResults(); ++i)
    writes.push_back(first + i);
  for (auto [i, part] : llvm::enumerate(chain.parts)) {
    auto plan = planOf(part);
    auto numbers = chain.numbers(i);
    auto renumber = [&](ArrayRef<int64_t> values) {
      SmallVector<int64_t> of = llvm::map_to_vector(values, [&](int64_t v) { return numbers[v]; });
      llvm::erase_if(of, [&](int64_t n) { return n < 0; });
      return of;
    };
    llvm::append_range(temps, plan.getTemps());
    scratch = std::max(scratch, plan.getScratch());
    for (dlx::LaunchAttr launch : plan.getLaunches().drop_back())
      launches.push_back(dlx::LaunchAttr::get(context, ("_" + Twine(i) + launch.getName()).str(), renumber(launch.getReads()),
                                              renumber(launch.getWrites()), launch.getGrid(), launch.getThreads(), launch.getShared()));
    for (int64_t n : renumber(plan.getLaunches().back().getReads()))
      if (!llvm::is_contained(writes, n))
        reads.insert(n);
  }
  launches.push_back(launch(fn, "", reads.getArrayRef(), writes, dl::normalize(chain.order.strips(rows))));
  return dlx::PlanAttr::get(context, dlx::Emitter::chain, {rows}, {}, launches, temps, chain.place({}, rows) + scratch);
}

void emitChain(Kernel &kernel) {
  Chain chain(kernel.fn);
  int64_t rows = kernel.plan.getTile()[0];
  for (func::FuncOp part : chain.parts) {
    Kernel own{part, planOf(part), kernel.symbols, kernel.target, kernel.out};
    emitKernel(own);
  }
  Frame f(kernel, kernel.plan.getLaunches().size() - 1);
  Type pointer = f.scratch.getType(), byte = f.b.getI8Type();
  Value inner = f.expr(chain.order.inner), across = f.expr(chain.order.inner.ceilDiv(rows)),
        work = f.gep(byte, f.scratch, f.c(chain.place({}, rows)));
  f.loop(f.begin, f.end, [&](Value strip) {
    Value outer = f.quotient(strip, across), first = f.mul(outer, inner), from = f.mul(f.sub(strip, f.mul(outer, across)), f.c(rows));
    Value lo = f.add(first, from), hi = f.add(first, f.min(f.add(from, f.c(rows)), inner));
    for (auto [i, part] : llvm::enumerate(chain.parts)) {
      auto plan = planOf(part);
      auto launch = plan.getLaunches().back();
      func::CallOp call = chain.calls[i];
      SmallVector<Value> values(call.getOperands());
      llvm::append_range(values, call.getResults());
      auto numbers = chain.numbers(i);
      SmallVector<int64_t> listed(launch.getReads());
      llvm::append_range(listed, launch.getWrites());
      Value table = f.local(pointer, listed.size());
      for (auto [slot, v] : llvm::enumerate(listed)) {
        // Code counts rows from the tensor's first: that one lies before the strip's place.
        Value p = numbers[v] >= 0
                      ? f.pointer(numbers[v])
                      : f.gep(byte, f.scratch, f.sub(f.c(chain.place(values[v], rows)), f.mul(lo, f.expr(chain.rowBytes(values[v])))));
        LLVM::StoreOp::create(f.b, p, f.gep(pointer, table, f.c(slot)));
      }
      Value begin = lo, end = hi;
      if (plan.getEmitter() == dlx::Emitter::contraction) {
        auto tile = plan.getTile();
        AffineExpr columns = getExtents(part.getResultTypes()[0]).back();
        Value blocks = f.expr(columns.ceilDiv(tile[1] * tile[2]).ceilDiv(plan.getBlock()[3]));
        begin = f.mul(strip, blocks), end = f.add(begin, blocks);
      }
      func::CallOp::create(f.b, (part.getSymName() + launch.getName()).str(), TypeRange(f.b.getI32Type()),
                           ValueRange{table, f.scalars, begin, end, work});
    }
  });
}
} // namespace dlc::codegen::cpu
