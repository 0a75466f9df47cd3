// A kernel as CPU emitters see it: the function being written (Frame) and values of tensors at coordinates, on demand
// (Evaluator). All fusion goes through the Evaluator: emitters know structures, never ops. docs/structures.md.
#pragma once
#include "dialects/dl/Dl.h"
#include "dialects/dlx/Dlx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include <map>

namespace dlc::codegen {
using namespace mlir;

/// What code may use. Lanes are per 4-byte element; wider elements take as many lanes in more registers.
struct Target {
  std::string name = "x86-64-v3"; ///< of getNames()
  unsigned lanes = 8, registers = 16;
  bool fma = true;
  static ArrayRef<StringRef> getNames();
  /// One of the names.
  static Target get(StringRef name);
  bool isArm() const { return StringRef(name).starts_with("arm"); }
  /// Of its functions in an artefact: "v3", "a82".
  std::string tag() const;
};

/// A kernel to be written: its dl function with its plan, where to, and for what.
struct Kernel {
  func::FuncOp fn; ///< has the attribute dlx.plan
  dlx::PlanAttr plan;
  SmallVector<StringRef> symbols; ///< the program's, in the order of the scalars
  Target target;
  ModuleOp out; ///< gets a function for each launch

  /// The kernel's values are numbered: arguments, results (what the function returns), temporaries.
  unsigned arguments() const { return func::FuncOp(fn).getNumArguments(); }
  unsigned results() const { return func::FuncOp(fn).getNumResults(); }
  unsigned temp(unsigned i) const { return arguments() + results() + i; }
  Operation *terminator() const { return func::FuncOp(fn).getBody().front().getTerminator(); }
};

/// An index along one dimension: a scalar i64, `lanes` consecutive ones that start at it, or (base being a vector) any.
/// Where a tensor of another rank is given a single coordinate, that is the row-major number of the element.
struct Coord {
  Value base;
  bool vec = false;
  bool varies() const { return vec || isa<VectorType>(base.getType()); }
  bool operator==(const Coord &o) const { return base == o.base && vec == o.vec; }
  bool operator<(const Coord &o) const { return std::pair(base.getAsOpaquePointer(), vec) < std::pair(o.base.getAsOpaquePointer(), o.vec); }
};
using Coords = SmallVector<Coord, 4>;

/// What lies in memory for an element: bf16 as i16, i1 as i8.
Type storageType(Type element);
unsigned storageBytes(Type element);

/// The function of one launch, i32(ptr buffers, ptr scalars, i64 begin, i64 end, ptr scratch), or an internal helper of it,
/// while it is being written. Values that belong to the function (buffer pointers, symbols' extents, constants) are built
/// at its head once.
class Frame {
public:
  /// The launch numbered `launch` of the kernel's plan.
  Frame(Kernel &kernel, unsigned launch);
  /// An internal function `name` with these arguments and no result, to be called; it gets no buffers by itself.
  Frame(Kernel &kernel, StringRef name, ArrayRef<Type> arguments);
  ~Frame(); ///< ends the function with its return

  Kernel &kernel;
  ImplicitLocOpBuilder b;
  func::FuncOp fn;
  Value begin, end, scratch; ///< of a launch
  Value scalars;             ///< pointer to the symbols' values; an internal function that needs them is given it

  /// The pointer to the kernel's value `number`, which the launch must list. An internal function is given it.
  Value pointer(unsigned number);
  void setPointer(unsigned number, Value pointer);
  /// An extent or any expression over symbols and `dims`: constants folded, vectors where a dim is one.
  Value expr(AffineExpr e, ArrayRef<Value> dims = {});
  Value extent(Value tensor, unsigned dim);

  Value local(Type element, int64_t count); ///< memory of the function's own, uninitialised
  OpBuilder::InsertPoint before(Operation *op) { return {op->getBlock(), Block::iterator(op)}; }
  Value c(int64_t value); ///< i64 constant
  Value add(Value, Value), sub(Value, Value), mul(Value, Value), min(Value, Value), max(Value, Value);
  Value floorDiv(Value, int64_t), ceilDiv(Value, int64_t), rem(Value, int64_t); ///< of non-negative values
  Value quotient(Value, Value);                                                 ///< of a non-negative value by a positive one
  Value less(Value, Value);                                                     ///< signed, i1
  Value select(Value condition, Value yes, Value no);
  Value gep(Type element, Value base, Value index);
  /// An element in memory to its compute type and back (rounded already); `mask` may be null; lanes == 1: scalar.
  Value load(Type element, Value pointer, unsigned lanes, Value mask = {});
  void store(Type element, Value value, Value pointer, Value mask = {});
  Value prefixMask(Value count, unsigned lanes);           ///< lane < count
  Value staticMask(int64_t count, unsigned lanes);         ///< becomes 8/4/2/1 pieces where masked accesses are slow
  Value lanes(Value vector, int64_t first, int64_t count); ///< these lanes of a vector
  Value lanesFrom(Value base, unsigned lanes);             ///< base + 0, 1, ...
  /// for (i = lo; i < hi; i += step); body gets i and the carried values and gives the next ones.
  scf::ForOp loop(Value lo, Value hi, Value step, ValueRange init, function_ref<void(Value, ValueRange, SmallVectorImpl<Value> &)> body);
  void loop(Value lo, Value hi, function_ref<void(Value)> body); ///< by one, nothing carried

private:
  void open(StringRef name, ArrayRef<Type> arguments, ArrayRef<Type> results);
  Value atHead(function_ref<Value()> build);
  unsigned launch = ~0u;
  Operation *head = nullptr; ///< the last op of the head
  llvm::DenseMap<unsigned, Value> pointers;
  llvm::DenseMap<AffineExpr, Value> exprs;
  llvm::DenseMap<int64_t, Value> constants;
  llvm::DenseMap<Value, int64_t> masks;
  Value buffers;
};

/// Values of tensors at coordinates, built at the frame's insertion point and remembered. What does not vary along the
/// lanes stays scalar; what can be built at the parent's insertion point, further out, is built there. Values that some
/// emitter has (accumulators, reduced rows) are told by know(). Every value is rounded to its storage type where it is
/// defined.
struct Evaluator {
  Frame &f;
  unsigned lanes;
  Value mask = {}; ///< of the vector dimension's loads and stores; null: all lanes
  Evaluator *parent = nullptr;
  bool guarded = false;                                          ///< under a condition: nothing may be built further out
  OpBuilder::InsertPoint at = {};                                ///< where children have values built (Frame::before(loop)); unset: nowhere
  std::function<Value(Value, ArrayRef<Coord>)> hook = {};        ///< first refusal (kept rows)
  std::function<void(Value, ArrayRef<Coord>, Value)> built = {}; ///< told of every value built
  using Memo = std::pair<const void *, std::vector<Coord>>;      ///< a value or an expression, at coordinates
  std::map<Memo, Value> memo = {};
  std::map<Memo, Coord> mapped = {};

  /// The element(s) of `v` at these coordinates, in compute type: scalar, or a vector of `lanes` where they vary.
  /// Arguments of the kernel are loaded; movements, pointwise and positional ops are evaluated; a Combine op that nobody
  /// knows is reduced by a scalar loop in the order of docs/summation.md.
  Value eval(Value v, ArrayRef<Coord> at);
  void know(Value v, ArrayRef<Coord> at, Value x) { memo[{v.getAsOpaquePointer(), {at.begin(), at.end()}}] = x; }
  /// An expression over coordinates as a coordinate.
  Coord map(AffineExpr e, ArrayRef<Coord> at);
  Coords map(AffineMap m, ArrayRef<Coord> at) {
    return Coords(llvm::map_range(m.getResults(), [&](AffineExpr e) { return map(e, at); }));
  }
  /// The elements of an integer tensor as a coordinate.
  Coord follow(Value indices, ArrayRef<Coord> at);
  /// The conjunction of bounds over coordinates: an i1, a vector of them, or null where there are none.
  Value holds(ArrayRef<dl::Bound> bounds, ArrayRef<Coord> at);
  /// A coordinate as i64 scalar, or as vector where `vector` asks for it.
  Value index(Coord c, bool vector);
  /// `inside` in an scf.if on `condition` (i1), else `otherwise`; the evaluator that it gets is this one, guarded.
  SmallVector<Value> guard(Value condition, ValueRange otherwise, function_ref<SmallVector<Value>(Evaluator &)> inside);
  /// Stores to the kernel's value `number`, which has the type of `like`.
  void store(unsigned number, Value like, ArrayRef<Coord> at, Value x);
  /// Row-major element number (of the first lane): `at` is scalar or consecutive along the last dimension.
  Value offset(Value tensor, ArrayRef<Coord> at);

private:
  bool reaches(ArrayRef<Coord> at) const; ///< what depends on `at` alone can be built at this evaluator's `at`, or further out
  Value build(Value v, ArrayRef<Coord> at);
  Value load(Value argument, ArrayRef<Coord> at);
  Value move(dl::MovementOpInterface op, ArrayRef<Coord> at);
  Coords unflatten(Value v, ArrayRef<Coord> at);
};

/// #dl.lanes of an op, or null where it has chains of terms.
inline dl::LanesAttr getLanes(Operation *combine) { return dyn_cast<dl::LanesAttr>(dl::getRecipe(combine)); }
/// How docs/summation.md cuts a box of terms into parts of at most `most`: steps of each dimension that a part takes, at least one.
/// A dimension goes by whole `units` (all 1 where none are given).
SmallVector<Value> cutTerms(Frame &f, ValueRange extents, int64_t most, ArrayRef<int64_t> units = {});
/// Two sums into one, the first from earlier terms.
using Merge = function_ref<SmallVector<Value>(ValueRange, ValueRange)>;
/// The fixed tree over parts [0, n), one after another.
SmallVector<Value> fixedTree(Evaluator &ev, Value n, ValueRange identity, Merge merge,
                             function_ref<SmallVector<Value>(Evaluator &, Value)> part);
/// A part of the reduced space: lo <= index < hi along each of its dimensions.
struct Box {
  SmallVector<Value> lo, hi;
};
/// Parts of a box in row-major order, of at most `most` terms, as cutTerms has it.
struct Parts {
  Frame &f;
  Box box;
  SmallVector<Value> steps, counts; ///< along each dimension
  Value number;
  Parts(Frame &f, Box box, int64_t most, ArrayRef<int64_t> units = {});
  Box at(Value i) const;
};
/// The terms of a box by chunks and panels; `chain` gives a panel's.
SmallVector<Value> combineChains(Evaluator &ev, dl::ChainAttr recipe, const Box &all, ValueRange identity, Merge merge,
                                 function_ref<SmallVector<Value>(Evaluator &, const Box &)> chain);
/// All results of `op` at scalar coordinates by scalar loops, rounded.
SmallVector<Value> reduceScalar(Evaluator &ev, dl::CombineOpInterface op, ArrayRef<Coord> at);
/// An accumulator as what an element of the result holds.
Value finish(Frame &f, Value accumulator, Type element);

/// How much a kernel may be tuned: what `dlc compile -O` and benches choose. No value changes a bit.
struct PlanOptions {
  Target target;
  bool loopsOnly = false;        ///< -O0
  int64_t stripRows = 0;         ///< where it is part of a chain: rows of a block (docs/structures.md)
  llvm::BitVector prepared = {}; ///< arguments that are parameters wherever the kernel runs: a launch that reads them alone runs once
};

/// Chooses the emitter and sets `dlx.plan` on the kernel function; a note on why an emitter was refused goes to `reason`.
void planKernel(func::FuncOp kernel, const PlanOptions &options, std::string *reason = nullptr);
/// Why `asked` refuses the kernel if every emitter but plain loops does, whatever the options, or nothing.
std::string whyPlainLoops(func::FuncOp kernel, dlx::Emitter asked);
/// Each emitter's plan; null where the kernel is not of its structure, with the reason.
dlx::PlanAttr planContraction(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
dlx::PlanAttr planWindow(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
dlx::PlanAttr planColumns(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
dlx::PlanAttr planRows(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
dlx::PlanAttr planScatter(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
/// Never refuses; a kernel of planScatter's structure, which one element at a time would search all indices, gets that plan.
dlx::PlanAttr planLoops(func::FuncOp kernel, const PlanOptions &options);
/// Each emitter writes all launches of a kernel by its plan alone.
void emitKernel(Kernel &kernel);
void emitContraction(Kernel &kernel);
void emitWindow(Kernel &kernel);
void emitColumns(Kernel &kernel);
void emitRows(Kernel &kernel);
void emitScatter(Kernel &kernel);
void emitLoops(Kernel &kernel);
void emitChain(Kernel &kernel);

} // namespace dlc::codegen
