// dlx programs to the flat form: one walk that fills the tables, then their concatenation.
#include "compiler/emit/Flatten.h"
#include "dialects/dl/Bounds.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "runtime/dlx.h"
#include "llvm/ADT/StringSet.h"
#include <cmath>

using namespace mlir;
namespace dlc {
namespace {
template <typename Record> void append(std::vector<char> &bytes, dlx_table &table, const std::vector<Record> &records, size_t align = 8) {
  bytes.resize(llvm::alignTo(bytes.size(), align));
  table.offset = bytes.size();
  table.count = records.size();
  const char *data = reinterpret_cast<const char *>(records.data());
  bytes.insert(bytes.end(), data, data + records.size() * sizeof(Record));
}

dlx_dtype dtypeOf(Type e) {
  if (e.isF32())
    return DLX_F32;
  if (e.isF64())
    return DLX_F64;
  if (e.isBF16())
    return DLX_BF16;
  if (e.isInteger(1))
    return DLX_I1;
  if (e.isInteger(8))
    return DLX_I8;
  if (e.isInteger(32))
    return DLX_I32;
  return DLX_I64;
}

class Flattener {
public:
  explicit Flattener(ModuleOp module) : module(module), ranges(dl::getSymbolRanges(module)), at(module) {}

  FailureOr<FlatProgram> run() {
    for (auto symbol : module.getOps<dl::SymbolOp>()) {
      symbolIndex[symbol.getSymName()] = symbols.size();
      symbols.push_back({string(symbol.getSymName()), 0, (int64_t)symbol.getMin(), (int64_t)symbol.getMax()});
    }
    SmallVector<dlx::ProgramOp> programs; // prepare last, each kind in its order
    for (bool prepare : {false, true})
      llvm::append_range(programs, llvm::make_filter_range(module.getOps<dlx::ProgramOp>(),
                                                           [&](dlx::ProgramOp p) { return p.getIsPrepare() == prepare; }));
    llvm::StringMap<uint32_t> entryIndex;
    for (auto [i, p] : llvm::enumerate(programs))
      entryIndex[p.getSymName()] = i;
    for (auto p : programs)
      collectParams(source(p));
    for (auto p : programs)
      entry(p, entryIndex);
    if (launches.size() + args.size() >= DLX_MAX_ARGUMENTS)
      return module.emitError("has ") << launches.size() + args.size() << " launches of kernels and arguments of them, at most "
                                      << DLX_MAX_ARGUMENTS - 1;
    if (failed(fits))
      return failure();
    FlatProgram flat;
    dlx_header header = {};
    header.magic = DLX_MAGIC, header.version = DLX_VERSION;
    std::vector<char> &bytes = flat.bytes;
    bytes.resize(sizeof(header));
    append(bytes, header.strings, strings);
    append(bytes, header.words, words);
    append(bytes, header.exprs, exprs);
    append(bytes, header.symbols, symbols);
    append(bytes, header.tensors, tensors);
    append(bytes, header.params, params);
    append(bytes, header.states, states);
    append(bytes, header.writes, writes);
    append(bytes, header.functions, functions);
    append(bytes, header.entries, entries);
    append(bytes, header.buffers, buffers);
    append(bytes, header.args, args);
    append(bytes, header.launches, launches);
    append(bytes, header.moving, moving);
    append(bytes, header.swaps, swaps);
    append(bytes, header.code, instructions);
    append(bytes, header.constants, std::vector<char>(), 64);
    bytes.resize(llvm::alignTo(bytes.size(), 8));
    header.bytes = bytes.size();
    memcpy(bytes.data(), &header, sizeof(header));
    size_t from = offsetof(dlx_header, checksum) + sizeof(header.checksum);
    header.checksum = dlx_checksum(bytes.data() + from, bytes.size() - from);
    memcpy(bytes.data(), &header, sizeof(header));
    flat.functions = functionNames;
    return flat;
  }

private:
  ModuleOp module;
  dl::SymbolRanges ranges;
  Operation *at; ///< what is being flattened, for messages
  LogicalResult fits = success();
  std::vector<char> strings;
  std::vector<dlx_word> words;
  std::vector<dlx_expr> exprs;
  std::vector<dlx_symbol> symbols;
  std::vector<dlx_tensor> tensors;
  std::vector<uint32_t> params, states, writes, functions;
  std::vector<dlx_entry> entries;
  std::vector<dlx_buffer> buffers;
  std::vector<dlx_arg> args;
  std::vector<dlx_launch> launches;
  std::vector<dlx_moving> moving;
  std::vector<dlx_swap> swaps;
  std::vector<dlx_instruction> instructions;
  std::vector<std::string> functionNames;
  llvm::StringMap<uint32_t> stringIndex, symbolIndex, functionIndex;
  llvm::StringSet<> known; ///< parameters and states
  llvm::DenseMap<AffineExpr, uint32_t> exprIndex;

  func::FuncOp source(dlx::ProgramOp p) { return module.lookupSymbol<func::FuncOp>(p.getSource()); }

  uint32_t string(StringRef s) {
    auto [it, fresh] = stringIndex.try_emplace(s, strings.size());
    if (fresh) {
      strings.insert(strings.end(), s.begin(), s.end());
      strings.push_back(0);
    }
    return it->second;
  }
  /// Whether a reader takes the expression: its words, which are left for it in `room`, and the values that it stacks at once.
  static bool isShort(AffineExpr e, int64_t stack, int64_t &room) {
    if (--room < 0 || stack < 1)
      return false;
    auto b = dyn_cast<AffineBinaryOpExpr>(e);
    return !b || (isShort(b.getLHS(), stack, room) && isShort(b.getRHS(), stack - 1, room));
  }
  void code(AffineExpr e) {
    int64_t room = DLX_MAX_WORDS;
    if (isShort(e, DLX_MAX_STACK, room))
      return push(e);
    if (succeeded(fits))
      fits = at->emitError("has an extent, or bytes of a buffer, of more than ")
             << DLX_MAX_WORDS << " words in reverse Polish notation, or stacking more than " << DLX_MAX_STACK
             << " values: give it fewer terms, or constant extents";
    words.push_back({DLX_PUSH, 0});
  }
  void push(AffineExpr e) {
    if (auto c = dyn_cast<AffineConstantExpr>(e)) {
      words.push_back({DLX_PUSH, c.getValue()});
    } else if (auto s = dyn_cast<AffineSymbolExpr>(e)) {
      words.push_back({DLX_SYMBOL, symbolIndex.lookup(dl::getSymbolName(s))});
    } else {
      auto b = cast<AffineBinaryOpExpr>(e);
      push(b.getLHS());
      push(b.getRHS());
      dlx_opcode op = e.getKind() == AffineExprKind::Add        ? DLX_ADD
                      : e.getKind() == AffineExprKind::Mul      ? DLX_MUL
                      : e.getKind() == AffineExprKind::Mod      ? DLX_MOD
                      : e.getKind() == AffineExprKind::FloorDiv ? DLX_FLOORDIV
                                                                : DLX_CEILDIV;
      words.push_back({op, 0});
    }
  }
  uint32_t expr(AffineExpr e) {
    auto [it, fresh] = exprIndex.try_emplace(e, exprs.size());
    if (fresh) {
      uint32_t first = words.size();
      code(e);
      exprs.push_back({first, (uint32_t)words.size() - first});
    }
    return it->second;
  }
  uint32_t expr(dl::DimsAttr e) { return expr(e.getExtents()[0]); }
  /// Indices of exprs that stand in a row, as a tensor's extents must.
  uint32_t exprsInRow(ArrayRef<AffineExpr> list) {
    uint32_t first = exprs.size();
    for (AffineExpr e : list) {
      uint32_t begin = words.size();
      code(e);
      exprs.push_back({begin, (uint32_t)words.size() - begin});
    }
    return first;
  }

  dlx_tensor tensor(Type type, StringRef name, dlx_role role) {
    dlx_tensor t = {};
    auto extents = dl::getExtents(type);
    t.name = string(name), t.dtype = dtypeOf(getElementTypeOrSelf(type)), t.role = role;
    t.rank = extents.size(), t.dims = exprsInRow(extents), t.symbol = DLX_NONE;
    return t;
  }
  /// Initialisers by fan-in and fan-out become plain ranges here.
  void initialise(dlx_tensor &t, dl::ParamAttr param, RankedTensorType type) {
    double v = param.getValue().getValueAsDouble(), out = type.getRank() ? type.getShape().back() : 1, in = 1, area = 1;
    for (int64_t n : type.getShape().drop_back(type.getRank() ? 1 : 0))
      in *= n;
    for (int64_t n : type.getShape().drop_back(std::min<int64_t>(2, type.getRank())))
      area *= n;
    in = std::max(in, 1.0), out = std::max(out * area, 1.0);
    using K = dl::InitKind;
    switch (param.getInit()) {
    case K::constant:
      t.init = DLX_INIT_CONSTANT, t.a = v;
      break;
    case K::uniform:
      t.init = DLX_INIT_UNIFORM, t.a = -v, t.b = v;
      break;
    case K::normal:
      t.init = DLX_INIT_NORMAL, t.b = v;
      break;
    case K::xavier_uniform:
      t.init = DLX_INIT_UNIFORM, t.b = v * std::sqrt(6 / (in + out)), t.a = -t.b;
      break;
    case K::xavier_normal:
      t.init = DLX_INIT_NORMAL, t.b = v * std::sqrt(2 / (in + out));
      break;
    case K::he_uniform:
      t.init = DLX_INIT_UNIFORM, t.b = v * std::sqrt(6 / in), t.a = -t.b;
      break;
    case K::he_normal:
      t.init = DLX_INIT_NORMAL, t.b = v * std::sqrt(2 / in);
      break;
    case K::orthogonal:
      t.init = DLX_INIT_ORTHOGONAL, t.b = v;
      break;
    }
  }
  static dlx_role roleOf(dl::ParamAttr param) {
    switch (param.getRole()) {
    case dl::ParamRole::trainable:
      return DLX_TRAINABLE;
    case dl::ParamRole::non_trainable:
      return DLX_NON_TRAINABLE;
    case dl::ParamRole::optimizer:
      return DLX_OPTIMIZER;
    case dl::ParamRole::state:
      return DLX_STATE;
    }
    llvm_unreachable("a role");
  }
  /// In the order in which entries name them, as dl-schedule numbered them.
  void collectParams(func::FuncOp fn) {
    for (BlockArgument a : fn.getArguments()) {
      auto param = fn.getArgAttrOfType<dl::ParamAttr>(a.getArgNumber(), "dl.param");
      if (!param || !known.insert(param.getName()).second)
        continue;
      dlx_tensor t = tensor(a.getType(), param.getName(), roleOf(param));
      initialise(t, param, cast<RankedTensorType>(a.getType()));
      (param.isState() ? states : params).push_back(tensors.size());
      tensors.push_back(t);
    }
  }

  void entry(dlx::ProgramOp p, const llvm::StringMap<uint32_t> &entryIndex) {
    func::FuncOp fn = source(p);
    at = fn;
    dlx_entry e = {};
    std::string name = fn.getSymName() == "main" ? "run" : fn.getSymName().str();
    e.name = string(p.getIsPrepare() ? name + ".prepare" : name);
    e.flags = p.getIsPrepare() ? DLX_IS_PREPARE : 0;
    e.writes = writes.size();
    if (auto list = p.getWrites())
      writes.insert(writes.end(), list->begin(), list->end());
    e.nwrites = writes.size() - e.writes;
    e.prepare = p.getPrepare() ? entryIndex.lookup(*p.getPrepare()) : DLX_NONE;
    e.arena = p.getArena(), e.scratch = p.getScratch(), e.prepared = p.getPrepared();
    e.inputs = tensors.size();
    if (!p.getIsPrepare())
      for (BlockArgument a : fn.getArguments()) {
        unsigned i = a.getArgNumber();
        if (fn.getArgAttr(i, "dl.param"))
          continue;
        auto given = fn.getArgAttrOfType<StringAttr>(i, "dl.name");
        dlx_tensor t = tensor(a.getType(), given ? given.getValue().str() : "input" + std::to_string(e.ninputs), DLX_INPUT);
        if (auto range = fn.getArgAttrOfType<DenseI64ArrayAttr>(i, "dl.range"))
          t.lo = range[0], t.hi = range[1];
        if (auto usual = fn.getArgAttrOfType<FloatAttr>(i, "dl.usual"))
          t.init = DLX_INIT_CONSTANT, t.a = usual.getValueAsDouble();
        if (auto symbol = fn.getArgAttrOfType<FlatSymbolRefAttr>(i, "dl.symbol"))
          t.symbol = symbolIndex.lookup(symbol.getValue());
        tensors.push_back(t);
        ++e.ninputs;
      }
    e.outputs = tensors.size();
    if (!p.getIsPrepare())
      for (unsigned i = 0; i < fn.getNumResults(); ++i) {
        if (fn.getResultAttr(i, "dl.state"))
          continue;
        auto given = fn.getResultAttrOfType<StringAttr>(i, "dl.name");
        tensors.push_back(
            tensor(fn.getResultTypes()[i], given ? given.getValue().str() : "output" + std::to_string(e.noutputs), DLX_OUTPUT));
        ++e.noutputs;
      }
    e.buffers = buffers.size();
    e.code = instructions.size();
    llvm::DenseMap<Value, uint32_t> number;
    block(p.getBody().front(), number, e.buffers);
    e.nbuffers = buffers.size() - e.buffers;
    e.ncode = instructions.size() - e.code;
    entries.push_back(e);
  }

  template <typename Op> void pieces(Op op, dlx_instruction_kind kind, const llvm::DenseMap<Value, uint32_t> &number) {
    dlx_instruction i = {};
    i.kind = kind, i.a = expr(op.getBytes()), i.b = number.lookup(op.getTo()), i.c = number.lookup(op.getFrom());
    i.d = expr(op.getRows()), i.e = expr(op.getOffset()), i.f = expr(op.getStride());
    instructions.push_back(i);
  }
  void block(Block &body, llvm::DenseMap<Value, uint32_t> &number, uint32_t base) {
    for (Operation &op : body) {
      if (auto b = dyn_cast<dlx::BufferOp>(op)) {
        number[b] = buffers.size() - base;
        buffers.push_back({(uint32_t)b.getKind(), expr(b.getBytes()), 0, 0, b.getAt(), b.getBound()});
      } else if (auto v = dyn_cast<dlx::ViewOp>(op)) {
        number[v] = buffers.size() - base;
        buffers.push_back({DLX_VIEW, expr(v.getBytes()), 0, 0, number.lookup(v.getBase()), v.getBound()});
      } else if (auto stage = dyn_cast<dlx::StageOp>(op)) {
        dlx_instruction i = {};
        i.kind = DLX_STAGE, i.a = launches.size();
        double blocks = 0;
        for (auto launch : stage.getBody().getOps<dlx::LaunchOp>()) {
          at = launch;
          blocks += double(dl::getUpperBound(launch.getGrid().getExtents()[0], ranges));
          if (blocks > DLX_MAX_BLOCKS && succeeded(fits))
            fits = launch.emitError("runs in more than ") << DLX_MAX_BLOCKS << " blocks at the bounds of its symbols: give smaller extents";
          auto [it, fresh] = functionIndex.try_emplace(launch.getFunction(), functions.size());
          if (fresh) {
            functions.push_back(string(launch.getFunction()));
            functionNames.push_back(launch.getFunction().str());
          }
          launches.push_back({it->second,
                              (uint32_t)args.size(),
                              (uint32_t)launch.getBuffers().size(),
                              {expr(launch.getGrid()), DLX_NONE, DLX_NONE},
                              {},
                              {},
                              DLX_NONE,
                              0,
                              {}});
          for (Value v : launch.getBuffers())
            args.push_back({number.lookup(v), 0, 0});
        }
        i.b = launches.size() - i.a;
        instructions.push_back(i);
      } else if (auto copy = dyn_cast<dlx::CopyOp>(op)) {
        dlx_instruction i = {};
        i.kind = DLX_COPY, i.a = expr(copy.getBytes()), i.b = number.lookup(copy.getTo()), i.c = number.lookup(copy.getFrom());
        instructions.push_back(i);
      } else if (auto place = dyn_cast<dlx::PlaceOp>(op)) {
        pieces(place, DLX_PLACE, number);
      } else if (auto take = dyn_cast<dlx::TakeOp>(op)) {
        pieces(take, DLX_TAKE, number);
      } else if (auto loop = dyn_cast<dlx::LoopOp>(op)) {
        dlx_instruction i = {};
        i.kind = DLX_LOOP, i.a = expr(loop.getTrip());
        i.c = moving.size(), i.d = loop.getMoving().size();
        for (Value v : loop.getMoving()) {
          auto view = v.getDefiningOp<dlx::ViewOp>();
          moving.push_back({number.lookup(v), expr(view.getStart()), expr(view.getStride()), 0});
        }
        i.e = swaps.size(), i.f = loop.getFirst().size();
        for (auto [x, y] : llvm::zip(loop.getFirst(), loop.getSecond()))
          swaps.push_back({number.lookup(x), number.lookup(y)});
        size_t first = instructions.size();
        instructions.push_back(i);
        block(loop.getBody().front(), number, base);
        instructions[first].b = instructions.size() - first - 1;
      }
    }
  }
};
} // namespace

FailureOr<FlatProgram> flatten(ModuleOp module) { return Flattener(module).run(); }
} // namespace dlc
