// A launch's function on a GPU: what a thread is, what threads of a block share.
#include "compiler/codegen/nvptx/Nvptx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace dlc::codegen::nvptx {
static constexpr unsigned globalSpace = 1, sharedSpace = 3;

static Value valueOf(Kernel &kernel, unsigned number) {
  if (number < kernel.arguments())
    return kernel.fn.getArgument(number);
  return number < kernel.temp(0) ? kernel.terminator()->getOperand(number - kernel.arguments()) : Value();
}
/// A result may lie where the old value of a parameter or state does, which has as many elements of its type.
static bool mayLieInPlace(Kernel &kernel, unsigned number) {
  Value v = valueOf(kernel, number);
  auto bytes = [&](Value x) { return std::pair(getElementTypeOrSelf(x), dl::normalize(dl::product(dl::getExtents(x), v.getContext()))); };
  return v && llvm::any_of(kernel.terminator()->getOperands(), [&](Value result) { return bytes(result) == bytes(v); });
}

Frame::Frame(Kernel &kernel, unsigned launch)
    : codegen::Frame(kernel), threads(kernel.plan.getLaunches()[launch].getThreads()), launch(launch) {
  auto plan = kernel.plan.getLaunches()[launch];
  SmallVector<Type> types(plan.getReads().size() + plan.getWrites().size(), LLVM::LLVMPointerType::get(b.getContext(), globalSpace));
  types.append(kernel.symbols.size(), b.getI64Type());
  open((kernel.fn.getName() + plan.getName()).str(), types, {});
  bool aligned = kernel.plan.getTile()[0];
  for (unsigned i = 0; i < plan.getReads().size() + plan.getWrites().size(); ++i) {
    bool reads = i < plan.getReads().size();
    unsigned number = reads ? plan.getReads()[i] : plan.getWrites()[i - plan.getReads().size()];
    if (aligned)
      fn.setArgAttr(i, "llvm.align", b.getI64IntegerAttr(16));
    if (reads && !mayLieInPlace(kernel, number)) {
      fn.setArgAttr(i, "llvm.noalias", b.getUnitAttr());
      fn.setArgAttr(i, "llvm.readonly", b.getUnitAttr());
    }
  }
  // One block on a multiprocessor will do: ptxas spills where it aims at more.
  std::string size = std::to_string(threads);
  fn->setAttr("passthrough", b.getArrayAttr({b.getStrArrayAttr({"nvvm.reqntid", size}), b.getStrArrayAttr({"nvvm.minctasm", "1"})}));
  Type i32 = b.getI32Type();
  auto special = [&](StringRef name) {
    return atHead([&] { return arith::ExtUIOp::create(b, b.getI64Type(), call(name, i32, {})).getResult(); });
  };
  block = special("llvm.nvvm.read.ptx.sreg.ctaid.x");
  thread = special("llvm.nvvm.read.ptx.sreg.tid.x");
}
Value Frame::call(StringRef intrinsic, Type type, ValueRange arguments) {
  return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(intrinsic), arguments).getResult(0);
}
Value Frame::findPointer(unsigned number) { return fn.getArgument(slotOf(launch, number)); }
Value Frame::symbol(unsigned index) { return fn.getArgument(fn.getNumArguments() - kernel.symbols.size() + index); }

Value Frame::number(Value block, AffineExpr count, int64_t step) {
  // In 32 bits where they hold it: what divides it is then divided fast.
  if (dl::getUpperBound(kernel.fn, count) < (1ll << 31) - threads * step) {
    Type i32 = b.getI32Type();
    auto narrow = [&](Value x) { return arith::TruncIOp::create(b, i32, x).getResult(); };
    Value at = arith::AddIOp::create(b, arith::MulIOp::create(b, narrow(block), narrow(c(threads))), narrow(thread));
    return arith::ExtUIOp::create(b, b.getI64Type(), arith::MulIOp::create(b, at, narrow(c(step))));
  }
  return mul(add(mul(block, c(threads)), thread), c(step));
}
Value Frame::shared(int64_t byte) {
  if (!memory) {
    auto plan = kernel.plan.getLaunches()[launch];
    std::string name = (fn.getName() + ".shared").str();
    Type type = LLVM::LLVMArrayType::get(b.getI8Type(), plan.getShared());
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(fn);
      LLVM::GlobalOp::create(b, type, /*isConstant=*/false, LLVM::Linkage::Internal, name, Attribute(), 16, sharedSpace);
    }
    memory = atHead([&]() -> Value { return LLVM::AddressOfOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), sharedSpace), name); });
  }
  return gep(b.getI8Type(), memory, c(byte));
}
void Frame::barrier() {
  Value all = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
  LLVM::CallIntrinsicOp::create(b, b.getStringAttr("llvm.nvvm.barrier.cta.sync.aligned.all"), ValueRange(all));
}
Value Frame::shuffle(StringRef kind, Value v, int64_t by) {
  Type type = v.getType(), i32 = b.getI32Type();
  unsigned bits = type.getIntOrFloatBitWidth();
  Value raw = isa<FloatType>(type) ? arith::BitcastOp::create(b, b.getIntegerType(bits), v).getResult() : v;
  auto number = [&](int64_t n) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(n)).getResult(); };
  auto word = [&](Value x) {
    return call(("llvm.nvvm.shfl.sync." + kind + ".i32").str(), i32, {number(-1), x, number(by), number(warp - 1)});
  };
  if (bits < 32) {
    raw = arith::TruncIOp::create(b, raw.getType(), word(arith::ExtUIOp::create(b, i32, raw)));
  } else if (bits == 32) {
    raw = word(raw);
  } else {
    Type i64 = b.getI64Type();
    Value half = arith::ConstantOp::create(b, b.getI64IntegerAttr(32));
    Value low = word(arith::TruncIOp::create(b, i32, raw)),
          high = word(arith::TruncIOp::create(b, i32, arith::ShRUIOp::create(b, raw, half)));
    Value top = arith::ShLIOp::create(b, arith::ExtUIOp::create(b, i64, high), half);
    raw = arith::OrIOp::create(b, top, arith::ExtUIOp::create(b, i64, low));
  }
  return isa<FloatType>(type) ? arith::BitcastOp::create(b, type, raw).getResult() : raw;
}
Value Frame::fromFurther(Value v, int64_t by) { return shuffle("down", v, by); }
Value Frame::fromFirst(Value v) { return shuffle("idx", v, 0); }

void Frame::when(Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(branch.thenBlock()->getTerminator());
  body();
}
SmallVector<Value> Frame::choose(Value condition, ValueRange otherwise, function_ref<SmallVector<Value>()> inside) {
  auto branch = scf::IfOp::create(b, otherwise.getTypes(), condition, true, true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(b, otherwise);
  b.setInsertionPointToEnd(branch.thenBlock());
  scf::YieldOp::create(b, inside());
  return branch.getResults();
}

bool fitsGrid(func::FuncOp kernel, AffineExpr blocks, std::string &reason) {
  int64_t most = dl::getUpperBound(kernel, blocks);
  if (most > mostBlocks)
    reason = "it has up to " + std::to_string(most) + " blocks, and a grid at most " + std::to_string(mostBlocks);
  return most <= mostBlocks;
}
} // namespace dlc::codegen::nvptx
