// The function of a launch while it is being written: index arithmetic, loops, and elements in memory. What a launch's function gets,
// how memory is reached and what a lane is are the backend's own.
#pragma once
#include "compiler/codegen/Backend.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/DenseMap.h"

namespace dlc::codegen {
/// What lies in memory for an element: bf16 as i16, i1 as i8.
Type storageType(Type element);
unsigned storageBytes(Type element);

/// Values that belong to the function (pointers, symbols' extents, constants) are built at its head once.
class Frame {
public:
  virtual ~Frame(); ///< ends the function with its return

  Kernel &kernel;
  ImplicitLocOpBuilder b;
  func::FuncOp fn;

  /// The pointer to the kernel's value `number`, which the launch must list. An internal function is given it.
  Value pointer(unsigned number);
  void setPointer(unsigned number, Value pointer) { pointers[number] = pointer; }
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
  Value lanes(Value vector, int64_t first, int64_t count); ///< these lanes of a vector
  Value lanesFrom(Value base, unsigned lanes);             ///< base + 0, 1, ...
  /// for (i = lo; i < hi; i += step); body gets i and the carried values and gives the next ones.
  scf::ForOp loop(Value lo, Value hi, Value step, ValueRange init, function_ref<void(Value, ValueRange, SmallVectorImpl<Value> &)> body);
  void loop(Value lo, Value hi, function_ref<void(Value)> body); ///< by one, nothing carried

protected:
  explicit Frame(Kernel &kernel);
  void open(StringRef name, ArrayRef<Type> arguments, ArrayRef<Type> results);
  Value atHead(function_ref<Value()> build);
  /// Where the launch numbered `launch` has the kernel's value `number` among its buffers: its reads, then its writes.
  int32_t slotOf(unsigned launch, unsigned number);

  /// The pointer to a value of the launch, at the head.
  virtual Value findPointer(unsigned number) = 0;
  /// The value of the program's symbol `index`, where the builder stands.
  virtual Value symbol(unsigned index) = 0;
  /// What lies in memory, of `element`'s storage type `type`, a vector or a scalar.
  virtual Value read(Type element, Type type, Value pointer, Value mask);
  virtual void write(Type element, Value value, Value pointer, Value mask);

private:
  Operation *head = nullptr; ///< the last op of the head
  llvm::DenseMap<unsigned, Value> pointers;
  llvm::DenseMap<AffineExpr, Value> exprs;
  llvm::DenseMap<int64_t, Value> constants;
};
} // namespace dlc::codegen
