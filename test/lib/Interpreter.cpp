// The reference interpreter: one loop nest for each structure.
#include "test/lib/Interpreter.h"
#include "mlir/IR/TypeUtilities.h"
#include "test/lib/Order.h"
#include "test/lib/Scalar.h"

using namespace mlir;
using namespace dlc::dl;
namespace dlc::test {
namespace {
using Index = SmallVector<int64_t>;

/// Every index below `extents`, the last dimension fastest.
void forEach(ArrayRef<int64_t> extents, llvm::function_ref<void(ArrayRef<int64_t>)> body) {
  Index at(extents.size());
  for (int64_t n = llvm::product_of(extents); n > 0; --n) {
    body(at);
    for (size_t d = extents.size(); d-- > 0 && ++at[d] == extents[d];)
      at[d] = 0;
  }
}
int64_t offset(const Array &a, ArrayRef<int64_t> at) {
  int64_t linear = 0;
  for (auto [n, i] : llvm::zip_equal(a.shape, at)) {
    assert(i >= 0 && i < n && "an access outside its operand");
    linear = linear * n + i;
  }
  return linear;
}

class Frame {
public:
  LogicalResult bind(Block &block, ArrayRef<Array> arguments);
  LogicalResult run(Operation &op);
  const Array &operator[](Value v) { return values.at(v); }

private:
  LogicalResult pointwise(PointwiseOpInterface op);
  LogicalResult positional(PositionalOpInterface op);
  LogicalResult movement(MovementOpInterface op);
  LogicalResult combine(CombineOpInterface op);
  LogicalResult decompose(DecomposableOpInterface op);
  LogicalResult scan(ScanOp op);

  int64_t eval(AffineExpr e, ArrayRef<int64_t> dims = {});
  Index eval(AffineMap map, ArrayRef<int64_t> dims) {
    return llvm::map_to_vector(map.getResults(), [&](AffineExpr e) { return eval(e, dims); });
  }
  bool holds(ArrayRef<Bound> bounds, ArrayRef<int64_t> dims) {
    return llvm::all_of(bounds, [&](const Bound &b) {
      int64_t v = eval(b.expr, dims);
      return v >= 0 && v < eval(b.extent, dims);
    });
  }
  Index shapeOf(Value v) {
    return llvm::map_to_vector(getExtents(v), [&](AffineExpr e) { return eval(e); });
  }
  static Type element(Value v) { return getElementTypeOrSelf(v.getType()); }
  static Type computed(Value v) { return computeType(element(v)); }
  LogicalResult check(Operation *op, ScalarProgram &program) {
    return program.problem().empty()
               ? success()
               : LogicalResult(op->emitOpError("emits '") << program.problem() << "', which test/lib/Scalar.cpp lacks");
  }
  struct Values {
    DenseMap<Value, Array> map;
    const Array &at(Value v) { return map.find(v)->second; }
    void set(Value v, Array a) { map.insert_or_assign(v, std::move(a)); }
  } values;
  std::map<std::string, int64_t, std::less<>> symbols;
};

int64_t Frame::eval(AffineExpr e, ArrayRef<int64_t> dims) {
  return evaluate(e, [&](StringRef name) { return symbols.find(name)->second; }, dims);
}

LogicalResult Frame::bind(Block &block, ArrayRef<Array> arguments) {
  for (auto [value, array] : llvm::zip_equal(block.getArguments(), arguments)) {
    for (auto [e, n] : llvm::zip_equal(getExtents(value), array.shape))
      if (auto symbol = dyn_cast<AffineSymbolExpr>(e))
        symbols[getSymbolName(symbol).str()] = n;
    if (shapeOf(value) != array.shape)
      return emitError(value.getLoc(), "the argument's shape is not that of its type ") << value.getType();
    values.set(value, array);
  }
  return success();
}

LogicalResult Frame::pointwise(PointwiseOpInterface op) {
  auto types = llvm::map_to_vector(op->getOperands(), computed);
  ScalarProgram program(op.getContext(), types, [&](OpBuilder &b, ValueRange s) { return op.emitPointwise(b, op.getLoc(), s); });
  if (failed(check(op, program)))
    return failure();
  std::vector<Array> out(op->getNumResults(), Array::zeros(shapeOf(op->getResult(0))));
  SmallVector<Cell> in(op->getNumOperands());
  for (size_t i = 0; i < out[0].cells.size(); ++i) {
    for (auto [cell, operand] : llvm::zip_equal(in, op->getOperands()))
      cell = (*this)[operand].cells[i];
    for (auto [array, cell, result] : llvm::zip_equal(out, program.run(in), op->getResults()))
      array.cells[i] = rounded(cell, element(result));
  }
  for (auto [result, array] : llvm::zip_equal(op->getResults(), out))
    values.set(result, array);
  return success();
}

LogicalResult Frame::positional(PositionalOpInterface op) {
  Value y = op->getResult(0);
  Array out = Array::zeros(shapeOf(y));
  Builder builder(op.getContext());
  auto types = llvm::map_to_vector(op->getOperands(), computed);
  SmallVector<Cell> in = llvm::map_to_vector(op->getOperands(), [&](Value v) { return (*this)[v].cells[0]; });
  types.append(out.shape.size(), builder.getI64Type());
  unsigned n = in.size();
  ScalarProgram program(op.getContext(), types, [&](OpBuilder &b, ValueRange s) {
    auto extent = [&](AffineExpr e) { return Scalars{b, op.getLoc()}.icst(b.getI64Type(), eval(e)); };
    return SmallVector<Value>{op.emitAt(b, op.getLoc(), s.take_front(n), s.drop_front(n), extent)};
  });
  if (failed(check(op, program)))
    return failure();
  forEach(out.shape, [&](ArrayRef<int64_t> at) {
    in.resize(n);
    for (int64_t i : at)
      in.push_back({0, i});
    out.cells[offset(out, at)] = rounded(program.run(in)[0], element(y));
  });
  values.set(y, out);
  return success();
}

LogicalResult Frame::movement(MovementOpInterface op) {
  Value y = op->getResult(0);
  Array out = Array::zeros(shapeOf(y));
  auto sources = op.getSources();
  Cell fill;
  if (TypedAttr attr = op.getFill()) {
    if (auto f = dyn_cast<FloatAttr>(attr))
      fill.f = f.getValueAsDouble();
    else
      fill.i = cast<IntegerAttr>(attr).getValue().getSExtValue();
  }
  forEach(out.shape, [&](ArrayRef<int64_t> at) {
    Index over;
    const Source *source = llvm::find_if(sources, [&](const Source &s) {
      over.assign(at.begin(), at.end());
      for (const dlc::dl::Index &index : s.indices) {
        const Array &x = (*this)[op->getOperand(index.operand)];
        over.push_back(x.cells[offset(x, eval(index.map, at))].i);
      }
      return holds(s.where, over);
    });
    assert((source != sources.end() || op.getFill()) && "no source and no fill");
    Cell &cell = out.cells[offset(out, at)];
    cell = fill;
    if (source != sources.end()) {
      const Array &x = (*this)[op->getOperand(source->operand)];
      cell = x.cells[offset(x, eval(source->map, over))];
    }
  });
  values.set(y, out);
  return success();
}

LogicalResult Frame::combine(CombineOpInterface op) {
  Nest nest = op.getNest();
  MLIRContext *context = op.getContext();
  Index extents = llvm::map_to_vector(nest.extents, [&](AffineExpr e) { return eval(e); });
  Builder builder(context);
  SmallVector<Type> accumulators;
  ScalarProgram identity(context, {}, [&](OpBuilder &b, ValueRange) {
    auto values = op.emitIdentity(b, op.getLoc(), computed(op->getResult(0)));
    llvm::append_range(accumulators, ValueRange(values).getTypes());
    return values;
  });
  auto types = accumulators;
  llvm::append_range(types, llvm::map_range(op->getOperands(), computed));
  unsigned a = accumulators.size(), n = op->getNumOperands();
  types.append(extents.size(), builder.getI64Type());
  ScalarProgram term(context, types, [&](OpBuilder &b, ValueRange s) {
    return op.emitTerm(b, op.getLoc(), s.take_front(a), s.slice(a, n), [&](unsigned i) { return s[a + n + i]; });
  });
  types = accumulators;
  llvm::append_range(types, accumulators);
  ScalarProgram merge(context, types,
                      [&](OpBuilder &b, ValueRange s) { return op.emitMerge(b, op.getLoc(), s.take_front(a), s.drop_front(a)); });
  if (failed(check(op, identity)) || failed(check(op, term)) || failed(check(op, merge)))
    return failure();
  std::vector<Array> out(op->getNumResults(), Array::zeros(ArrayRef(extents).take_front(nest.parallel)));
  SmallVector<Cell> in;
  forEach(out[0].shape, [&](ArrayRef<int64_t> at) {
    using Sums = SmallVector<Cell>;
    auto add = [&](Sums sums, ArrayRef<int64_t> k) {
      Index all(at);
      llvm::append_range(all, k);
      if (!holds(nest.bounds, all))
        return sums;
      in = sums;
      for (auto [operand, map] : llvm::zip_equal(op->getOperands(), nest.operands)) {
        const Array &x = (*this)[operand];
        in.push_back(x.cells[offset(x, eval(map, all))]);
      }
      for (int64_t i : all)
        in.push_back({0, i});
      return Sums(term.run(in));
    };
    auto join = [&](Sums x, const Sums &y) {
      llvm::append_range(x, y);
      return Sums(merge.run(x));
    };
    Index reduced(ArrayRef(extents).drop_front(nest.parallel));
    std::vector<Index> matched; // the terms that there are, where an index decides
    if (nest.match)
      forEach(reduced, [&](ArrayRef<int64_t> k) {
        Index all(at);
        llvm::append_range(all, k);
        const Array &x = (*this)[op->getOperand(nest.match->operand)];
        if (x.cells[offset(x, eval(nest.operands[nest.match->operand], all))].i == at[nest.match->dim])
          matched.emplace_back(k);
      });
    auto numbered = [&](Sums sums, ArrayRef<int64_t> k) {
      return nest.match ? add(std::move(sums), matched[k[0]]) : add(std::move(sums), k);
    };
    if (nest.match)
      reduced = {(int64_t)matched.size()};
    Sums sums = Order<Sums>{Sums(identity.run({})), numbered, join}.combine(getRecipe(op), reduced);
    for (auto [array, cell, result] : llvm::zip(out, sums, op->getResults()))
      array.cells[offset(array, at)] = rounded(cell, element(result));
  });
  for (auto [result, array] : llvm::zip_equal(op->getResults(), out))
    values.set(result, array);
  return success();
}

LogicalResult Frame::decompose(DecomposableOpInterface op) {
  Operation *before = op->getPrevNode();
  OpBuilder b(op);
  SmallVector<Value> results = op.decompose(b);
  Block::iterator first = before ? std::next(before->getIterator()) : op->getBlock()->begin();
  auto parts = llvm::map_to_vector(llvm::make_range(first, op->getIterator()), [](Operation &part) { return &part; });
  LogicalResult ok = success();
  for (Operation *part : parts)
    ok = succeeded(ok) ? run(*part) : ok;
  if (succeeded(ok))
    for (auto [result, value] : llvm::zip_equal(op->getResults(), results))
      values.set(result, Array((*this)[value]));
  for (Operation *part : llvm::reverse(parts)) {
    for (Value v : part->getResults())
      values.map.erase(v);
    part->erase();
  }
  return ok;
}

LogicalResult Frame::scan(ScanOp op) {
  int64_t trip = eval(op.getTripCount());
  std::vector<Array> carried, stacks;
  for (Value v : op.getInit())
    carried.push_back((*this)[v]);
  for (Value v : op.getStacks())
    stacks.push_back(Array::zeros(shapeOf(v)));
  for (auto [argument, v] : llvm::zip_equal(op.getCaptureArguments(), op.getCaptures()))
    values.set(argument, Array((*this)[v]));
  for (int64_t i = 0; i < trip; ++i) {
    int64_t t = op.getReverse() ? trip - 1 - i : i;
    for (auto [argument, a] : llvm::zip_equal(op.getCarriedArguments(), carried))
      values.set(argument, a);
    for (auto [argument, v] : llvm::zip_equal(op.getInputArguments(), op.getInputs())) {
      Array step = Array::zeros(shapeOf(argument));
      auto from = (*this)[v].cells.begin() + t * step.cells.size();
      std::copy(from, from + step.cells.size(), step.cells.begin());
      values.set(argument, std::move(step));
    }
    Block &body = op.getBody().front();
    for (Operation &inner : llvm::make_early_inc_range(body.without_terminator()))
      if (failed(run(inner)))
        return failure();
    for (auto [k, v] : llvm::enumerate(body.getTerminator()->getOperands())) {
      const Array &step = (*this)[v];
      if (k < carried.size())
        carried[k] = step;
      else
        llvm::copy(step.cells, stacks[k - carried.size()].cells.begin() + t * step.cells.size());
    }
  }
  std::move(stacks.begin(), stacks.end(), std::back_inserter(carried));
  for (auto [result, a] : llvm::zip_equal(op.getResults(), carried))
    values.set(result, a);
  return success();
}

LogicalResult Frame::run(Operation &op) {
  if (auto loop = dyn_cast<ScanOp>(op))
    return scan(loop);
  if (auto pointwiseOp = dyn_cast<PointwiseOpInterface>(op))
    return pointwise(pointwiseOp);
  if (auto positionalOp = dyn_cast<PositionalOpInterface>(op))
    return positional(positionalOp);
  if (auto movementOp = dyn_cast<MovementOpInterface>(op))
    return movement(movementOp);
  if (auto combineOp = dyn_cast<CombineOpInterface>(op))
    return combine(combineOp);
  if (auto composite = dyn_cast<DecomposableOpInterface>(op))
    return decompose(composite);
  return op.emitOpError("has no structure that the interpreter knows");
}
} // namespace

FailureOr<std::vector<Array>> interpret(func::FuncOp function, ArrayRef<Array> arguments) {
  Frame frame;
  Block &block = function.front();
  if (failed(frame.bind(block, arguments)))
    return failure();
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator()))
    if (failed(frame.run(op)))
      return failure();
  std::vector<Array> results;
  for (Value v : block.getTerminator()->getOperands())
    results.push_back(frame[v]);
  return results;
}
} // namespace dlc::test
