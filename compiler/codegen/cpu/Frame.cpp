// A launch's function on a CPU: pointers and extents in tables, masked vectors.
#include "compiler/codegen/cpu/Cpu.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace dlc::codegen::cpu {
Frame::Frame(Kernel &kernel, unsigned launch) : codegen::Frame(kernel), machine(Machine::of(kernel.target)), launch(launch) {
  Type p = LLVM::LLVMPointerType::get(b.getContext()), i = b.getI64Type();
  open((kernel.fn.getName() + kernel.plan.getLaunches()[launch].getName()).str(), {p, p, i, i, p}, b.getI32Type());
  auto args = fn.getArguments();
  buffers = args[0], scalars = args[1], begin = args[2], end = args[3], scratch = args[4];
}
Frame::Frame(Kernel &kernel, StringRef name, ArrayRef<Type> arguments) : codegen::Frame(kernel), machine(Machine::of(kernel.target)) {
  open(name, arguments, {});
  fn.setPrivate();
}
Value Frame::findPointer(unsigned number) {
  assert(buffers && "an internal function is given its pointers");
  int32_t slot = slotOf(launch, number);
  Type p = buffers.getType();
  Value address = atHead(
      [&]() -> Value { return LLVM::GEPOp::create(b, p, p, buffers, ArrayRef<LLVM::GEPArg>{slot}, LLVM::GEPNoWrapFlags::inbounds); });
  return atHead([&] { return LLVM::LoadOp::create(b, p, address, 8, false, false, true).getResult(); });
}
Value Frame::symbol(unsigned index) {
  assert(scalars && "an internal function is given the symbols' values");
  Value address = gep(b.getI64Type(), scalars, c(index));
  return LLVM::LoadOp::create(b, b.getI64Type(), address, 8, false, false, true);
}

/// fn(first, count) for the pieces of 8, 4, 2 and 1 lanes that make up `count`.
static void pieces(int64_t count, function_ref<void(int64_t, int64_t)> fn) {
  for (int64_t at = 0, n = 16; n; n /= 2)
    for (; count - at >= n; at += n)
      fn(at, n);
}
Value Frame::read(Type element, Type type, Value pointer, Value mask) {
  unsigned bytes = storageBytes(element);
  auto known = masks.find(mask);
  // A mask takes one of AVX2's 16 registers; what is a narrower load needs none.
  auto direct = [&](int64_t count) { return machine.lanes >= 16 || (machine.lanes == 8 && bytes >= 4 && !llvm::isPowerOf2_64(count)); };
  if (known == masks.end() || direct(known->second) || isa<VectorType>(pointer.getType()))
    return codegen::Frame::read(element, type, pointer, mask);
  Value v = arith::ConstantOp::create(b, b.getZeroAttr(type));
  int64_t lanes = cast<VectorType>(type).getNumElements();
  pieces(known->second, [&](int64_t at, int64_t n) {
    Value part = LLVM::LoadOp::create(b, VectorType::get({n}, storageType(element)), gep(element, pointer, c(at)), bytes);
    SmallVector<int64_t> widen(lanes, 0), merge = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
    for (int64_t i = 0; i < n; ++i)
      widen[at + i] = i, merge[at + i] = lanes + at + i;
    v = vector::ShuffleOp::create(b, v, vector::ShuffleOp::create(b, part, part, widen), merge);
  });
  return v;
}
void Frame::write(Type element, Value v, Value pointer, Value mask) {
  auto known = masks.find(mask);
  if (known == masks.end() || machine.lanes >= 16)
    return codegen::Frame::write(element, v, pointer, mask);
  pieces(known->second,
         [&](int64_t at, int64_t n) { LLVM::StoreOp::create(b, lanes(v, at, n), gep(element, pointer, c(at)), storageBytes(element)); });
}
Value Frame::prefixMask(Value count, unsigned lanes) {
  SmallVector<int32_t> iota = llvm::to_vector(llvm::seq<int32_t>(0, lanes));
  auto t = VectorType::get({(int64_t)lanes}, b.getI32Type());
  Value n = arith::TruncIOp::create(b, b.getI32Type(), max(min(count, c(lanes)), c(0)));
  return less(arith::ConstantOp::create(b, DenseElementsAttr::get(t, ArrayRef<int32_t>(iota))), n);
}
Value Frame::staticMask(int64_t count, unsigned lanes) {
  SmallVector<bool> on(lanes);
  count = std::min<int64_t>(count, lanes);
  std::fill(on.begin(), on.begin() + count, true);
  auto t = VectorType::get({(int64_t)lanes}, b.getI1Type());
  Value v = atHead([&] { return arith::ConstantOp::create(b, DenseElementsAttr::get(t, ArrayRef<bool>(on))).getResult(); });
  masks[v] = count;
  return v;
}
} // namespace dlc::codegen::cpu
