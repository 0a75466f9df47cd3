// Values of tensors at coordinates, on demand: all that fusion needs, once, for every emitter.
#include "compiler/codegen/Evaluator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace dlc::codegen {
using dl::Scalars;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
static bool varies(ArrayRef<Coord> at) {
  return llvm::any_of(at, [](Coord c) { return c.varies(); });
}
/// v can be used at p: it is defined there or further out, before.
static bool availableAt(Value v, OpBuilder::InsertPoint p) {
  if (!p.isSet())
    return false;
  Block *home = v.getParentBlock(), *block = p.getBlock();
  Block::iterator at = p.getPoint();
  while (block != home) {
    Operation *parent = block->getParentOp();
    if (!parent || isa<func::FuncOp>(parent))
      return false;
    block = parent->getBlock(), at = Block::iterator(parent);
  }
  Operation *op = v.getDefiningOp();
  return !op || at == block->end() || op->isBeforeInBlock(&*at);
}
bool Evaluator::reaches(ArrayRef<Coord> coords) const {
  if (!at.isSet()) // without coordinates: as far out as there is a place, if there is one
    return coords.empty() && parent && !guarded && parent->reaches(coords);
  return llvm::all_of(coords, [&](Coord c) { return availableAt(c.base, at); });
}

Value Evaluator::eval(Value v, ArrayRef<Coord> coords) {
  Operation *op = v.getDefiningOp();
  if (typeOf(v).getRank() == 0 || (op && op->getNumOperands() == 0 && isa<dl::PointwiseOpInterface>(op)))
    coords = {};
  Memo key(v.getAsOpaquePointer(), {coords.begin(), coords.end()});
  for (Evaluator *e = this; e; e = e->parent)
    if (auto it = e->memo.find(key); it != e->memo.end())
      return it->second;
  for (Evaluator *e = this; e; e = e->guarded ? nullptr : e->parent) // a hook may read what the condition keeps from being read
    if (e->hook)
      if (Value x = e->hook(v, coords))
        return memo[key] = x;
  bool vector = varies(coords);
  if (parent && !guarded && parent->reaches(coords) && (!vector || (parent->lanes == lanes && (!mask || availableAt(mask, parent->at))))) {
    OpBuilder::InsertionGuard guard(f.b);
    f.b.restoreInsertionPoint(parent->at);
    Value saved = std::exchange(parent->mask, mask);
    Value x = parent->eval(v, coords);
    parent->mask = saved;
    return x;
  }
  Value x = build(v, coords);
  memo[key] = x;
  if (built)
    built(v, coords, x);
  return x;
}

Value Evaluator::build(Value v, ArrayRef<Coord> coords) {
  if (isa<BlockArgument>(v))
    return load(v, coords);
  Operation *op = v.getDefiningOp();
  Scalars s{f.b, op->getLoc()};
  if (auto pointwise = dyn_cast<dl::PointwiseOpInterface>(op)) {
    SmallVector<Value> elements;
    for (Value operand : op->getOperands())
      elements.push_back(eval(operand, coords));
    if (llvm::any_of(elements, [](Value x) { return isa<VectorType>(x.getType()); }))
      for (Value &x : elements)
        x = s.spread(x, lanes);
    auto out = pointwise.emitPointwise(f.b, op->getLoc(), elements);
    for (auto [result, x] : llvm::zip(op->getResults(), out)) {
      x = s.round(x, typeOf(result).getElementType());
      if (result != v) {
        know(result, coords, x);
        if (built)
          built(result, coords, x);
      }
    }
    return out[cast<OpResult>(v).getResultNumber()];
  }
  if (auto movement = dyn_cast<dl::MovementOpInterface>(op))
    return move(movement, coords);
  Coords full = unflatten(v, coords);
  if (auto positional = dyn_cast<dl::PositionalOpInterface>(op)) {
    SmallVector<Value> scalars, at;
    for (Value operand : op->getOperands())
      scalars.push_back(eval(operand, {}));
    for (Coord c : full)
      at.push_back(index(c, varies(full)));
    Value x = positional.emitAt(f.b, op->getLoc(), scalars, at, [&](AffineExpr e) { return f.expr(e); });
    return s.round(x, typeOf(v).getElementType());
  }
  assert(f.kernel.plan.getEmitter() == dlx::Emitter::loops && "other emitters know what they combine");
  auto combine = cast<dl::CombineOpInterface>(op);
  unsigned number = cast<OpResult>(v).getResultNumber();
  assert(!varies(full) && "an emitter of vectors takes no kernel with combinations that it does not know");
  auto out = reduceScalar(*this, combine, full);
  for (auto [result, x] : llvm::zip(op->getResults(), out))
    know(result, full, x);
  return out[number];
}

//===-- Memory ---------------------------------------------------------------------------------------------------===//
/// Consecutive lanes are consecutive in memory: only the last dimension varies (or those behind it are 1).
static bool contiguous(Value tensor, ArrayRef<Coord> at) {
  bool last = true;
  auto extents = dl::getExtents(tensor);
  for (size_t d = at.size(); d-- > 0;) {
    if (at[d].varies() && (!at[d].vec || !last))
      return false;
    last = last && !at[d].varies() && (at.size() == extents.size() ? dl::getConstant(extents[d]) == 1 : false);
  }
  return true;
}
static Value elementNumber(Frame &f, Value tensor, ArrayRef<Value> at) {
  if (at.empty() || typeOf(tensor).getRank() == 0)
    return f.c(0);
  Value o = at[0];
  if ((int64_t)at.size() == typeOf(tensor).getRank())
    for (unsigned d = 1; d < at.size(); ++d)
      o = f.add(f.mul(o, f.extent(tensor, d)), at[d]);
  return o;
}
Value Evaluator::offset(Value tensor, ArrayRef<Coord> at) {
  assert(contiguous(tensor, at) && "scattered lanes have no offset");
  for (Evaluator *e = this; e; e = e->parent)
    if (auto it = e->numbers.find({at.begin(), at.end()}); it != e->numbers.end())
      if (auto [like, number] = it->second; dl::getExtents(tensor) == dl::getExtents(like))
        return number;
  return elementNumber(f, tensor, llvm::map_to_vector(at, [](Coord c) { return c.base; }));
}
Value Evaluator::load(Value argument, ArrayRef<Coord> at) {
  Type element = typeOf(argument).getElementType();
  Value base = f.pointer(cast<BlockArgument>(argument).getArgNumber());
  if (contiguous(argument, at)) {
    bool vector = varies(at);
    return f.load(element, f.gep(element, base, offset(argument, at)), vector ? lanes : 1, vector ? mask : Value());
  }
  Value o = elementNumber(f, argument, llvm::map_to_vector(at, [&](Coord c) { return index(c, c.varies()); }));
  return f.load(element, f.gep(element, base, o), lanes, mask);
}
void Evaluator::store(unsigned number, Value like, ArrayRef<Coord> at, Value x) {
  Type element = typeOf(like).getElementType();
  bool vector = varies(at);
  if (vector)
    x = Scalars{f.b, f.b.getLoc()}.spread(x, lanes);
  f.store(element, x, f.gep(element, f.pointer(number), offset(like, at)), vector ? mask : Value());
}

//===-- Coordinates ----------------------------------------------------------------------------------------------===//
Value Evaluator::index(Coord c, bool vector) {
  if (c.vec)
    return f.lanesFrom(c.base, lanes);
  return vector ? Scalars{f.b, f.b.getLoc()}.spread(c.base, lanes) : c.base;
}
Coord Evaluator::map(AffineExpr e, ArrayRef<Coord> at) {
  if (auto dim = dyn_cast<AffineDimExpr>(e))
    return at[dim.getPosition()];
  Coords used;
  int varying = 0, position = -1;
  for (unsigned d = 0; d < at.size(); ++d)
    if (e.isFunctionOfDim(d)) {
      used.push_back(at[d]);
      if (at[d].varies())
        ++varying, position = d;
    }
  if (used.empty())
    return {f.expr(e)};
  Memo key(e.getAsOpaquePointer(), {at.begin(), at.end()});
  for (Evaluator *p = this; p; p = p->parent)
    if (auto it = p->mapped.find(key); it != p->mapped.end())
      return it->second;
  if (parent && !guarded && parent->reaches(used)) {
    OpBuilder::InsertionGuard guard(f.b);
    f.b.restoreInsertionPoint(parent->at);
    return parent->map(e, at);
  }
  bool consecutive = false;
  if (varying == 1 && at[position].vec) { // e = d + rest
    AffineMap m = dl::getMap(at.size(), e, e.getContext());
    AffineExpr rest = simplifyAffineExpr(e - getAffineDimExpr(position, e.getContext()), at.size(), m.getNumSymbols());
    consecutive = !rest.isFunctionOfDim(position);
  }
  SmallVector<Value> dims;
  for (unsigned d = 0; d < at.size(); ++d)
    dims.push_back(e.isFunctionOfDim(d) && !consecutive ? index(at[d], at[d].varies()) : at[d].base);
  return mapped[key] = {f.expr(e, dims), consecutive};
}
Coord Evaluator::follow(Value indices, ArrayRef<Coord> at) {
  Memo key(indices.getAsOpaquePointer(), {at.begin(), at.end()});
  for (Evaluator *p = this; p; p = p->parent)
    if (auto it = p->mapped.find(key); it != p->mapped.end())
      return it->second;
  if (parent && !guarded && !varies(at) && parent->reaches(at)) {
    OpBuilder::InsertionGuard guard(f.b);
    f.b.restoreInsertionPoint(parent->at);
    return parent->follow(indices, at);
  }
  Value i = eval(indices, at);
  if (Type wide = dl::like(i.getType(), f.b.getI64Type()); i.getType() != wide)
    i = arith::ExtSIOp::create(f.b, wide, i);
  return mapped[key] = {i};
}
Value Evaluator::holds(ArrayRef<dl::Bound> bounds, ArrayRef<Coord> at) {
  Value all;
  for (const dl::Bound &bound : bounds) {
    Coord c = map(bound.expr, at);
    Value i = index(c, c.varies()), n = f.expr(bound.extent);
    Scalars s{f.b, f.b.getLoc()};
    if (c.varies())
      n = s.spread(n, lanes);
    Value in = arith::CmpIOp::create(f.b, arith::CmpIPredicate::ult, i, n); // also refuses negative ones
    if (!all)
      all = in;
    else if (isa<VectorType>(all.getType()) || isa<VectorType>(in.getType()))
      all = s.band(s.spread(all, lanes), s.spread(in, lanes));
    else
      all = s.band(all, in);
  }
  return all;
}
SmallVector<Value> Evaluator::guard(Value condition, ValueRange otherwise, function_ref<SmallVector<Value>(Evaluator &)> inside) {
  auto branch = scf::IfOp::create(f.b, otherwise.getTypes(), condition, true, true);
  OpBuilder::InsertionGuard restore(f.b);
  f.b.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(f.b, otherwise);
  f.b.setInsertionPointToEnd(branch.thenBlock());
  Evaluator inner{f, lanes, mask, this, true};
  scf::YieldOp::create(f.b, inside(inner));
  return branch.getResults();
}
/// Coordinates from an element number, where that was given.
Coords Evaluator::unflatten(Value v, ArrayRef<Coord> at) {
  auto extents = dl::getExtents(v);
  if (at.size() == extents.size())
    return Coords(at);
  Coords full(extents.size());
  AffineExpr rest = getAffineDimExpr(0, v.getContext());
  for (size_t d = extents.size(); d-- > 0;) {
    full[d] = map(d ? rest % extents[d] : rest, at);
    rest = rest.floorDiv(extents[d]);
  }
  return full;
}

//===-- Movements ------------------------------------------------------------------------------------------------===//
std::optional<SmallVector<int>> viewedDims(dl::MovementOpInterface view) {
  auto from = dl::getExtents(view->getOperand(0)), to = dl::getExtents(view->getResult(0));
  SmallVector<int> dims;
  size_t j = 0;
  auto skip = [&] {
    while (j < to.size() && dl::getConstant(to[j]) == 1)
      ++j;
  };
  for (AffineExpr e : from) {
    if (dl::getConstant(e) == 1) {
      dims.push_back(-1);
      continue;
    }
    skip();
    if (j == to.size() || to[j] != e)
      return std::nullopt;
    dims.push_back(j++);
  }
  skip();
  return j == to.size() ? std::optional(dims) : std::nullopt;
}
Value Evaluator::move(dl::MovementOpInterface op, ArrayRef<Coord> given) {
  Value y = op->getResult(0);
  if (op.isView()) {
    Value x = op->getOperand(0);
    if ((int64_t)given.size() == typeOf(y).getRank()) {
      if (auto dims = viewedDims(op)) {
        Coords at;
        for (int d : *dims)
          at.push_back(d < 0 ? Coord{f.c(0)} : given[d]);
        return eval(x, at);
      }
      AffineExpr number = getAffineConstantExpr(0, y.getContext());
      for (auto [d, extent] : llvm::enumerate(dl::getExtents(y)))
        number = number * extent + getAffineDimExpr(d, y.getContext());
      return eval(x, map(number, given));
    }
    return eval(x, given);
  }
  Coords at = unflatten(y, given);
  bool vector = varies(at);
  Scalars s{f.b, op->getLoc()};
  Type element = dl::computeType(typeOf(y).getElementType());
  auto sources = op.getSources();
  auto operand = [&](Evaluator &ev, const dl::Source &source, ArrayRef<Coord> over) {
    return ev.eval(op->getOperand(source.operand), ev.map(source.map, over));
  };
  if (sources.size() == 1 && sources[0].where.empty() && sources[0].indices.empty())
    return operand(*this, sources[0], at);
  // From the last source to the first, so that the first whose bounds hold wins. Nothing is read where they don't.
  Value r = s.cst(element, 0);
  if (auto fill = dyn_cast_or_null<FloatAttr>(op.getFill()))
    r = s.cst(element, fill.getValueAsDouble());
  else if (auto fill = dyn_cast_or_null<IntegerAttr>(op.getFill()))
    r = s.cst(element, fill.getValue().getSExtValue());
  for (const dl::Source &source : llvm::reverse(sources)) {
    Coords over(at);
    for (const dl::Index &index : source.indices)
      over.push_back(follow(op->getOperand(index.operand), map(index.map, at)));
    SmallVector<dl::Bound> uniform, lanewise;
    for (const dl::Bound &bound : source.where)
      (map(bound.expr, over).varies() ? lanewise : uniform).push_back(bound);
    if (vector)
      r = s.spread(r, lanes);
    auto inside = [&](Evaluator &ev) -> SmallVector<Value> {
      Value condition = ev.holds(lanewise, over);
      if (condition)
        ev.mask = ev.mask ? s.band(ev.mask, condition) : condition;
      Value x = operand(ev, source, over);
      if (vector)
        x = s.spread(x, lanes);
      return {condition ? s.select(condition, x, r) : x};
    };
    if (Value condition = holds(uniform, over)) {
      r = guard(condition, r, inside)[0];
    } else {
      Evaluator ev{f, lanes, mask, this, true};
      r = inside(ev)[0];
    }
  }
  return r;
}
} // namespace dlc::codegen
