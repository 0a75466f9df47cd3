// Whole models: symbols, a few ops from the table, results; their text and their arguments.
#include "tools/fuzz/Generate.h"
#include "mlir/Parser/Parser.h"
#include "tools/fuzz/Builder.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"
#include <cmath>

using namespace mlir;
namespace dlc::fuzz {

/// An op that the table lacks, as its interface describes it: up to three operands of one type.
static bool generic(Gen &g, StringRef name) {
  Value x = g.floats();
  SmallVector<Value> operands = {x};
  for (int n = 1; n <= 3; ++n) {
    if (g.make(name, operands))
      return true;
    operands.push_back(g.like(x.getType()));
  }
  return false;
}
std::vector<OpRow> allRows(MLIRContext &context) {
  std::vector<OpRow> rows = opTable();
  for (RegisteredOperationName name : context.getRegisteredOperations())
    if (name.getDialectNamespace() == "dl" && name.hasInterface<dl::PointwiseOpInterface>() &&
        llvm::none_of(opTable(), [&](const OpRow &row) { return row.name == name.stripDialect(); }))
      rows.push_back({name.stripDialect(), generic});
  return rows;
}
std::vector<std::string> generatedOps() {
  std::vector<std::string> all;
  for (const OpRow &row : opTable())
    all.push_back(row.name.str());
  return all;
}
std::vector<std::string> missingOps(MLIRContext &context) {
  std::vector<std::string> all;
  for (RegisteredOperationName name : context.getRegisteredOperations())
    if (name.getDialectNamespace() == "dl" && !name.hasInterface<dl::PointwiseOpInterface>() && name.stripDialect() != "symbol" &&
        name.stripDialect() != "yield" && llvm::none_of(opTable(), [&](const OpRow &row) { return row.name == name.stripDialect(); }))
      all.push_back(name.stripDialect().str());
  return all;
}

/// One or two symbols with bounds and the values that they will have.
static void makeSymbols(Gen &g, Model &m, OpBuilder &b) {
  static constexpr int64_t values[] = {1, 2, 3, 5, 7, 8, 16, 17, 31, 64, 65, 100, 255, 257};
  m.symbols.resize(2);
  for (StringRef name : {"B", "T"}) {
    if (name == "T" && g.r.chance(0.6))
      break;
    int64_t least = INT64_MAX, most = 0;
    for (Symbols &s : m.symbols) {
      int64_t v = g.r.chance(0.04) ? 0 : g.r.pick(values);
      s[name.str()] = v;
      least = std::min(least, v), most = std::max(most, v);
    }
    least = least > 1 && g.r.chance(0.5) ? g.r.between(1, least) : std::min<int64_t>(least, 1);
    dl::SymbolOp::create(b, b.getUnknownLoc(), name, least, most + g.r.below(50));
    g.names.push_back(dl::getSymbol(g.c, name));
    g.most[name.str()] = most;
  }
}

/// A parameter or state and its new value, often a part of it; now and then something reads both, so that the old one is needed after the
/// new one is known.
static std::pair<Value, Value> makeState(Gen &g) {
  SmallVector<AffineExpr> e;
  for (int64_t i = g.r.between(0, 2); i > 0; --i)
    e.push_back(g.n(std::min<int64_t>(g.dim(), 65)));
  Type t = g.withExtents(e, g.main);
  Value old = g.argument(t);
  static constexpr StringRef updates[] = {"add", "sub", "mul", "maximum"};
  Operation *update = !e.empty() && g.r.chance(0.4) ? makeUpdate(g, old) : g.make(g.r.pick(updates), {old, g.like(t)});
  if (!update)
    return {};
  Value fresh = update->getResult(0);
  if (!e.empty() && g.r.chance(0.6))
    if (Operation *mean = g.make("mean", fresh, {g.list("dims", g.some(e.size(), e.size()))}))
      if (Operation *spread = g.make("broadcast", mean->getResult(0), {g.list("dims", {})}, t))
        (void)g.make("mul", {old, spread->getResult(0)});
  return {old, fresh};
}

Model generate(MLIRContext &context, uint64_t seed, uint64_t k, bool train) {
  const std::vector<OpRow> rows = allRows(context); // whose names the context owns
  std::vector<const OpRow *> often;
  for (const OpRow &row : rows)
    often.insert(often.end(), row.weight, &row);

  Random r(seed * 0x100000001b3ull ^ (k + 1) * 0x9e3779b97f4a7c15ull);
  // In turn: what is in the model, and of which type.
  constexpr uint64_t wild = 8; // each eighth model is without order
  std::vector<std::pair<const OpRow *, Type>> pairs;
  bool free = k % wild == 0;
  for (const OpRow &row : rows)
    for (Type t : typesOf(context, row.elements)) // windows, and reductions of integers, are seldom in sections
      if (free || row.place == Place::Alone || (row.place == (isa<FloatType>(t) ? Place::Window : Place::Reduction)))
        pairs.push_back({&row, t});
  uint64_t number = free ? k / wild : k - k / wild - 1;
  auto [focus, own] = pairs[number % pairs.size()];
  Section section = Section::at(context, number);
  bool floats = isa<FloatType>(own) && (free || isa<FloatType>(section.type));

  Model m;
  m.data = r.next() >> 16;
  m.train = train && floats && r.chance(0.4);
  m.step = m.train && r.chance(0.25);
  m.chains = !free && section.structure == Section::Chain;
  m.module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder b = OpBuilder::atBlockEnd(m.module->getBody());
  Gen g(&context, r);
  ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
  g.train = m.train;
  Type types[] = {b.getF32Type(), b.getBF16Type(), b.getF64Type()};
  g.main = isa<FloatType>(own) ? own : types[r.below(3)];
  if (r.chance(0.08))
    g.limit = 25000;
  if (r.chance(0.45))
    makeSymbols(g, m, b);
  else
    m.symbols.resize(1);
  g.fn = func::FuncOp::create(b, b.getUnknownLoc(), "main", FunctionType::get(&context, {}, {}));
  g.b.setInsertionPointToStart(g.fn.addEntryBlock());
  for (AffineExpr s : g.names) // every symbol is an extent of an input
    g.argument(g.withExtents({s, g.n(r.between(1, 5))}, g.main));

  auto make = [&](const OpRow &row) {
    for (int tries = 0; tries < 4; ++tries)
      if (row.make(g, row.name))
        return;
  };
  if (!free)
    section.make(g, rows, seed);
  int64_t count = free ? (r.chance(0.25) ? r.between(5, 12) : r.between(1, 5)) : 1 + r.chance(0.3), place = r.below(count);
  for (int64_t i = 0; i < count; ++i) {
    g.own = i == place && focus->elements != Elements::Keys ? own : Type();
    make(i == place ? *focus : *r.pick(often));
    g.own = {};
  }

  auto [old, fresh] = !m.train && r.chance(0.25) ? makeState(g) : std::pair<Value, Value>();

  // Results are what nobody reads, and now and then what somebody does.
  SmallVector<Value> results;
  if (fresh)
    results.push_back(fresh);
  for (Operation &op : g.fn.front())
    for (Value v : op.getResults())
      if (v != fresh && ((v.use_empty() && results.size() < 16) || (r.chance(0.1) && results.size() < 18)))
        results.push_back(v);
  if (results.empty())
    results.push_back(g.floats());
  auto copy = [&](Value v) -> Value { // an argument is no result; null where it is larger than results are
    Operation *op =
        Gen::isFloat(v) ? g.make("neg", v) : g.make("transpose", v, {g.list("permutation", g.some(Gen::rank(v), Gen::rank(v)))});
    return op ? op->getResult(0) : Value();
  };
  for (Value &v : results)
    if (isa<BlockArgument>(v))
      v = copy(v);
  llvm::erase(results, Value());
  if (results.empty())
    results.push_back(copy(g.argument(g.withExtents({g.n(3)}, g.main))));
  func::ReturnOp::create(g.b, g.fn.getLoc(), results);
  g.fn.setFunctionType(FunctionType::get(&context, g.fn.front().getArgumentTypes(), TypeRange(ValueRange(results))));

  // Inputs, and parameters where the extents are constants; now and then a new value for one.
  SmallVector<Attribute> taken(results.size());
  for (BlockArgument a : g.fn.getArguments()) {
    unsigned n = a.getArgNumber();
    std::string name = ("x" + Twine(n)).str();
    auto type = cast<RankedTensorType>(a.getType());
    bool fixed = n >= g.names.size() && type.hasStaticShape() && isa<FloatType>(type.getElementType());
    if (a != old && (!fixed || r.chance(m.step ? 0.2 : 0.6))) {
      g.fn.setArgAttr(n, "dl.name", b.getStringAttr(name));
      continue;
    }
    bool state = a == old;
    if (state)
      taken[0] = b.getStringAttr(name);
    else if (!m.train && r.chance(0.5))
      for (size_t i = 0; i < results.size() && !state; ++i)
        if (!taken[i] && results[i] != fresh && results[i].getType() == a.getType())
          taken[i] = b.getStringAttr(name), state = true;
    g.fn.setArgAttr(n, "dl.param",
                    dl::ParamAttr::get(&context, name, dl::InitKind::constant, b.getF64FloatAttr(0.5),
                                       !state          ? dl::ParamRole::trainable
                                       : r.chance(0.5) ? dl::ParamRole::state
                                                       : dl::ParamRole::non_trainable));
  }
  for (unsigned i = 0; i < results.size(); ++i)
    if (taken[i])
      g.fn.setResultAttr(i, "dl.state", taken[i]);
    else
      g.fn.setResultAttr(i, "dl.name", b.getStringAttr("y" + Twine(i)));
  m.rejected = g.rejected;
  return m;
}

std::string Model::text(StringRef command) const {
  std::string s;
  llvm::raw_string_ostream os(s);
  os << "// " << command << "\n// dlc-fuzz: data " << data << (train ? " train" : "") << (step ? " step" : "");
  for (const Symbols &values : symbols) {
    os << " |";
    for (auto &[name, value] : values)
      os << ' ' << name << '=' << value;
  }
  os << "\n";
  ModuleOp(*module).print(os, OpPrintingFlags().assumeVerified());
  return s;
}
std::optional<Model> Model::parse(MLIRContext &context, StringRef text) {
  Model m;
  StringRef rest = text.split("// dlc-fuzz: data ").second.split('\n').first;
  SmallVector<StringRef> parts;
  rest.split(parts, '|');
  for (auto [i, part] : llvm::enumerate(parts)) {
    StringRef line = part.trim();
    if (i == 0) {
      m.step = line.consume_back(" step");
      m.train = line.consume_back(" train");
      (void)line.getAsInteger(10, m.data);
      continue;
    }
    Symbols values;
    while (!line.empty()) {
      auto [one, more] = line.split(' ');
      auto [name, value] = one.split('=');
      int64_t v = 0;
      (void)value.getAsInteger(10, v);
      values[name.str()] = v, line = more.ltrim();
    }
    m.symbols.push_back(values);
  }
  if (m.symbols.empty())
    m.symbols.emplace_back();
  m.module = parseSourceString<ModuleOp>(text, &context);
  if (!m.module)
    return std::nullopt;
  return m;
}

Values argumentValues(StringRef name, Type element, ArrayRef<int64_t> shape, uint64_t seed, bool tame) {
  Random r(llvm::xxh3_64bits(name) ^ seed * 0x9e3779b97f4a7c15ull);
  Values values = Values::zeros(shape);
  int mode = r.below(16);
  if (tame)
    mode = mode < 11 ? 0 : mode < 15 ? 8 : 5;
  if (auto type = dyn_cast<IntegerType>(element)) {
    bool full = r.chance(0.1) && !tame;
    for (Num &v : values.cells)
      v.i = type.getWidth() == 1 ? r.below(2) : full ? nearest({0, int64_t(r.next()) >> r.below(64)}, type).i : r.between(-3, 9);
    return values;
  }
  static const double special[] = {NAN, INFINITY, -INFINITY, -0.0, 0, 1e-40, -3e-45, 3e38, -1e38, 1e-30, 88, -104, 1};
  double large = std::exp2(r.between(-100, 100)), sign = r.chance(0.35) ? -1 : 1;
  for (Num &v : values.cells) {
    double u = r.unit();
    switch (mode) {
    case 5: // small integers: ties, and sums without error
    case 6:
      v.f = double(r.between(-4, 4));
      break;
    case 7:
      v.f = double(r.between(-40, 40)) / 8;
      break;
    case 8:
      v.f = sign * (0.1 + 2 * u);
      break;
    case 9:
    case 10:
      v.f = r.chance(0.1) ? r.pick(special) : 4 * u - 2;
      break;
    case 11:
      v.f = large * (2 * u - 1);
      break;
    case 12:
      v.f = sign * (100 + u);
      break;
    case 13:
      v.f = 40 * u - 20;
      break;
    case 14:
      v.f = r.chance(0.3) ? 0 : r.chance(0.3) ? -0.0 : std::exp2(60 * u - 30);
      break;
    case 15: { // between two numbers of bf16 or of f32, or next to the middle
      double digits = r.chance(0.5) ? 9 : 25, last = std::exp2(r.between(-60, 0));
      v.f = std::ldexp(std::floor(std::exp2(digits - 1) * (1 + u)) + 0.0, -int(digits)) * (1 + (r.below(3) - 1) * last * 0x1p-10);
      v.f = r.chance(0.5) ? v.f : -v.f;
      break;
    }
    default:
      v.f = 4 * u - 2;
    }
    v = nearest(v, element);
  }
  return values;
}
} // namespace dlc::fuzz
