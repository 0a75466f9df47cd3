// Sections of a model: ops in turn, all in one kernel with a reduction, a window or a contraction as far as fusion goes, so that each
// op of each type comes to each emitter. docs/structures.md says what joins.
#include "tools/fuzz/Builder.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace dlc::dl;
namespace dlc::fuzz {
using Sizes = SmallVector<AffineExpr>;

SmallVector<Type> typesOf(MLIRContext &context, Elements elements) {
  Builder b(&context);
  SmallVector<Type> floats = {b.getF32Type(), b.getBF16Type(), b.getF64Type()}, all = floats;
  switch (elements) {
  case Elements::Floats:
    return floats;
  case Elements::Bools:
    return {b.getI1Type()};
  case Elements::Keys:
    return {b.getI64Type()};
  case Elements::Lengths:
    all.push_back(b.getI64Type());
    return all;
  case Elements::Any:
    all.push_back(b.getI1Type());
    [[fallthrough]];
  case Elements::Numbers:
    all.append({b.getI8Type(), b.getI32Type(), b.getI64Type()});
  }
  return all;
}

Section Section::at(MLIRContext &context, uint64_t number) {
  // How often, so that cells are met alike: of floating-point types there are more ops, and gradients bring some of them; what is behind or
  // before a reduction that is neither of rows nor of columns joins it least often, and rows come by themselves.
  struct Share {
    Structure structure;
    int floats, integers, bools;
  };
  static constexpr Share shares[] = {{Columns, 8, 6, 5}, {Loops, 10, 8, 8}, {Window, 7, 5, 5}, {Contraction, 1, 1, 1},
                                     {Scatter, 5, 5, 4}, {Chain, 11, 6, 6}, {Rows, 2, 0, 1}};
  SmallVector<std::pair<Structure, Type>> period;
  for (const Share &share : shares)
    for (Type type : typesOf(context, Elements::Any))
      period.append(isa<FloatType>(type) ? share.floats : type.isInteger(1) ? share.bools : share.integers, {share.structure, type});
  auto kind = [&](uint64_t i) { return period[i * 101 % period.size()]; };
  assert(period.size() % 101 && "a prime that leaves nothing out");
  uint64_t at = number % period.size(), before = 0;
  for (uint64_t i = 0; i < at; ++i)
    before += kind(i) == kind(at);
  return {kind(at).first, kind(at).second, number / period.size() * llvm::count(period, kind(at)) + before};
}

namespace {
struct Maker {
  Gen &g;
  Section section;
  Type type;               ///< of the chain
  Value v = {}, root = {}; ///< its last value and its first one, behind the reduction where that has one
  bool shown = false;      ///< values may be results: it is behind the reduction

  Type like(Value x, Type element) { return withElement(x.getType(), element); }
  Value make(StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attributes = {}, TypeRange types = {}) {
    Operation *op = g.make(name, operands, attributes, types);
    return op ? op->getResult(0) : Value();
  }
  void begin(Value x) { v = root = x; }
  /// `x`, which need not be of the chain's type, becomes part of the chain. Most often where it is below a number alone: one function
  /// after the other would soon be NaN everywhere.
  void join(Value x) {
    if (x && Gen::rank(x) == 0 && Gen::rank(v))
      x = make("broadcast", x, {g.list("dims", {})}, like(v, Gen::elementOf(x)));
    if (!x || x == v || getExtents(x) != getExtents(v))
      return;
    if (Gen::elementOf(x) != type && !Gen::elementOf(x).isInteger(1))
      x = make("cast", x, {}, like(x, type));
    if (x && Gen::elementOf(x).isInteger(1) && (x.getDefiningOp<ConstantOp>() || g.r.chance(0.1))) // what else reads a constant folds
      x = make("compare", {x, x.getDefiningOp<ConstantOp>() ? g.like(x.getType()) : g.constant(x.getType())},
               {g.attr("predicate", g.b.getI32IntegerAttr(g.r.below(6)))}, x.getType());
    Value y;
    if (!x) {
    } else if (Gen::elementOf(x) != type) {
      y = make("select", {x, v, g.like(v.getType())}, {}, v.getType());
    } else if (isa<FloatType>(type) && g.r.chance(shown ? 0.5 : 0.9)) {
      Value below =
          make("compare", {x, g.constant(x.getType(), 3)}, {g.attr("predicate", g.b.getI32IntegerAttr(0))}, withBool(x.getType()));
      y = below ? make("select", {below, x, v}, {}, v.getType()) : Value();
    } else {
      static constexpr StringRef names[] = {"add", "sub", "mul", "maximum"}, logical[] = {"and", "or", "xor"};
      y = make(type.isInteger(1) ? g.r.pick(logical) : g.r.pick(names), g.r.chance(0.5) ? ValueRange{x, v} : ValueRange{v, x});
    }
    v = y ? y : v;
  }
  /// A movement of something else that has the chain's shape.
  Value moved(StringRef name, int form);
  void step(const OpRow &row, int form) {
    size_t before = g.fn.front().getOperations().size();
    if (row.place == Place::Moved)
      return join(moved(row.name, form));
    g.target = Sizes(getExtents(v));
    Value x = g.chain = g.r.chance(0.5) ? root : v;
    bool made = row.make(g, row.name);
    g.target.reset(), g.chain = {};
    if (!made || g.fn.front().getOperations().size() == before)
      return;
    Operation &op = g.fn.front().back();
    bool reads = llvm::is_contained(op.getOperands(), x);
    if (!reads || !shown || g.r.chance(0.4)) // else it is a result beside the chain
      join(op.getResult(0));
  }
  /// What the emitter of the section goes by, or null.
  Value anchor(const OpRow &row);
  /// The reduction in turn, with `ops` before it.
  void reduction(StringRef name, llvm::function_ref<void()> ops);
  /// A product, a reduction of its rows, in turn, and a product that reads these, with a third of the ops behind each. Alone or in some
  /// batch, and with more rows than a strip has or fewer.
  void chain(llvm::function_ref<void(int)> ops);
};
} // namespace

Value Maker::moved(StringRef name, int form) {
  Sizes to(getExtents(v));
  int64_t rank = to.size();
  Type element = section.type;
  // What moves elements of the kernel's own ends it.
  auto fresh = [&](ArrayRef<AffineExpr> e) {
    Type t = g.withExtents(e, element);
    return g.find([&](Value x) { return x.getType() == t && (isa<BlockArgument>(x) || g.r.chance(0.1)); }, [&] { return t; });
  };
  if (name == "broadcast") {
    auto kept = g.some(rank, g.r.below(rank + 1));
    return make(name, fresh(llvm::map_to_vector(kept, [&](int64_t d) { return to[d]; })), {g.list("dims", kept)}, like(v, element));
  }
  if (!rank)
    return {};
  int64_t one = g.r.below(rank); // best with room for each form
  for (int64_t tries = 0; tries < rank && getConstant(to[one]) < 3; ++tries)
    one = (one + 1) % rank;
  if (name == "reverse")
    return make(name, fresh(to), {g.list("dims", g.r.chance(0.5) ? SmallVector<int64_t>{one} : g.some(rank, g.r.between(1, rank)))});
  if (name == "transpose") {
    auto p = g.some(rank, rank);
    for (size_t i = p.size(); i-- > 1;)
      std::swap(p[i], p[g.r.below(i + 1)]);
    Sizes from(rank);
    for (auto [i, d] : llvm::enumerate(p))
      from[d] = to[i];
    return make(name, fresh(from), {g.list("permutation", p)});
  }
  if (name == "reshape") {
    Sizes from = to;
    if (int64_t i = g.r.below(rank); rank > 1 && i + 1 < rank)
      from[i] = normalize(from[i] * from[i + 1]), from.erase(from.begin() + i + 1);
    else
      from.insert(from.begin() + i, g.n(1));
    return make(name, fresh(from), {}, like(v, element));
  }
  if (name == "update_slice") {
    Operation *op = makeUpdate(g, fresh(to));
    return op ? op->getResult(0) : Value();
  }
  if (name == "gather") { // some or all from a batch, which few shapes have and comes twice; indices outside
    Sizes from = to;
    one = form % 2 && one == 0 ? rank - 1 : one;
    from[one] = g.n(g.r.between(1, 9));
    int64_t batch = form % 2 ? one : 0;
    Operation *op = makeGather(g, fresh(from), ArrayRef(to).slice(one - batch, batch + 1), one, batch, form == 2);
    return op ? op->getResult(0) : Value();
  }
  bool every = g.r.chance(0.2);
  if (name == "concat") {
    int64_t n = getConstant(to[one]), count = g.r.between(2, 4);
    if (n < 1)
      return {};
    bool equal = form % 2 == 0 && n <= 300; // else of any lengths
    for (int64_t p = 2; equal; ++p)
      if (n % p == 0 || p > 9) {
        equal = p <= 9, count = equal ? p : count;
        break;
      }
    SmallVector<Value> parts;
    for (int64_t left = n, whole = n / count; count > 0; --count) {
      int64_t next = count == 1 ? left : equal ? whole : g.r.below(left + 1);
      Sizes e = to;
      e[one] = g.n(next), left -= next;
      parts.push_back(fresh(e));
    }
    return make(name, parts, {g.whole("axis", one)});
  }
  Sizes from = to, low(rank, g.n(0)), high(rank, g.n(0)), sizes = to;
  SmallVector<int64_t> steps(rank, name == "slice");
  for (int64_t d = 0; d < rank; ++d) {
    int64_t n = getConstant(to[d]);
    if (d != one && !every)
      continue;
    if (name == "slice") { // of which form: a prefix, strided, inner
      int64_t offset = form % 3 == 0 ? 0 : g.r.between(form % 3 == 2, 3), more = g.r.between(form % 3 == 0, 3);
      steps[d] = form % 3 == 1 && n >= 0 ? g.r.between(2, 3) : 1;
      low[d] = g.n(offset);
      from[d] = n > 0 ? g.n(offset + (n - 1) * steps[d] + 1 + more) : normalize(to[d] + (offset + more));
    } else if (n > 0) { // low, high, both twice, interior
      int64_t inner = form == 3 ? g.r.between(1, 2) : 0;
      int64_t before = form == 1 ? 0 : std::min<int64_t>(n - 1, g.r.between(form != 3, 3));
      int64_t after = form == 0 ? 0 : std::min<int64_t>(n - 1 - before, g.r.between(form != 3, 3));
      int64_t left = n - before - after, m = (left + inner) / (1 + inner);
      after += left - (m + (m - 1) * inner);
      low[d] = g.n(before), high[d] = g.n(after), steps[d] = inner, from[d] = g.n(m);
    }
  }
  Value x = fresh(from);
  if (name == "slice")
    return make(name, x, {g.dims("offsets", low), g.dims("sizes", sizes), g.list("strides", steps)});
  double value = g.r.chance(0.5) ? 0 : g.r.chance(0.5) || element.isInteger(1) ? 1 : -3;
  return make(name, x, {g.dims("low", low), g.dims("high", high), g.list("interior", steps), g.real("value", value)});
}

Value Maker::anchor(const OpRow &row) {
  if (row.place == Place::Reduction) { // of no dimension: products alone
    Value x = g.argument(g.withExtents(g.shape(g.r.between(1, 3), 300), type));
    return make(row.name, {x, g.like(x.getType())}, {g.list("dims", {})});
  }
  return row.make(g, row.name) ? g.fn.front().back().getResult(0) : Value();
}

void Maker::reduction(StringRef name, llvm::function_ref<void()> ops) {
  bool columns = section.structure != Section::Rows;
  int64_t outer = g.r.between(columns, 3), inner = name == "argmax" || g.r.chance(0.8) ? 1 : 2;
  Sizes e = g.shape(outer + inner, g.r.chance(0.9) ? 300 : g.limit);
  SmallVector<int64_t> dims;
  int64_t first = columns ? g.r.below(outer) : outer; // columns: leading or middle ones
  for (int64_t d = first; d < first + inner; ++d)
    dims.push_back(d);
  if (section.structure == Section::Loops && name != "argmax") { // leading and trailing ones
    e.push_back(g.n(g.r.between(1, 5)));
    dims.push_back(int64_t(e.size()) - 1);
  }
  auto wide = [&](int64_t d) { return !llvm::is_contained(dims, d) && getConstant(e[d]) >= 3; };
  if (int64_t d = columns && first == 0 ? inner + outer - 1 : 0; outer && llvm::none_of(llvm::seq<int64_t>(0, e.size()), wide))
    e[d] = g.n(g.r.between(3, 9)); // room for slices and pads
  if (g.r.chance(0.1)) {
    for (AffineExpr &x : e)
      x = g.n(g.r.between(1, e.size() > 2 ? 2 : 5));
    e[dims[0]] = g.n(g.length());
  }
  begin(g.argument(g.withExtents(e, type)));
  ops();
  Value x = v, y;
  if (name == "argmax") {
    Operation *op = g.make(name, x, {g.whole("axis", dims[0])});
    if (!op)
      return;
    begin(op->getResult(0));
    if (!g.train && g.r.chance(0.5))
      join(op->getResult(1));
    return;
  }
  if (name == "sum_products")
    y = make(name, {x, g.like(x.getType())}, {g.list("dims", dims)});
  else
    y = make(name, x, {g.list("dims", dims)});
  if (!y)
    return;
  begin(y);
  if (!columns && g.r.chance(0.3)) { // back to the rows' elements
    auto kept = llvm::to_vector(llvm::seq<int64_t>(0, outer));
    Value spread = make("broadcast", y, {g.list("dims", kept)}, x.getType());
    begin(x);
    if (spread)
      begin(make("mul", {x, spread}));
  }
}

void Maker::chain(llvm::function_ref<void(int)> ops) {
  static constexpr int64_t rows[] = {1, 3, 11, 12, 13, 25, 47, 49, 95, 96, 97, 100, 131, 191, 193, 200},
                           columns[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65};
  Sizes outer;
  if (g.r.chance(0.5))
    outer = g.r.chance(0.3) && !g.names.empty() ? Sizes{g.r.pick(g.names)} : g.shape(g.r.between(1, 2), 6);
  bool weights = isa<FloatType>(type) && g.r.chance(0.15); // rows are channels that are summed over pixels
  if (weights)
    outer = {g.n(1), g.n(1)};
  AffineExpr m = g.r.chance(0.4) && !g.names.empty() && !weights ? g.r.pick(g.names) : g.n(g.r.pick(rows));
  auto with = [&](AffineExpr x, AffineExpr y) {
    Sizes e = outer;
    e.append({x, y});
    return g.withExtents(e, type);
  };
  auto fit = [&](ArrayRef<int64_t> list) { // of columns, so that a product is no larger than tensors are
    int64_t n = g.r.pick(list), left = 2 * g.limit / std::max<int64_t>(1, g.elements(with(m, g.n(1))));
    return g.n(std::min(n, std::max<int64_t>(1, left)));
  };
  AffineExpr n =
      g.limit > 3000 ? g.n(std::min<int64_t>(g.length(), 2 * g.limit / std::max<int64_t>(1, g.elements(with(m, g.n(1)))))) : fit(columns);
  auto product = [&](Value x, AffineExpr terms, AffineExpr columns) -> Value {
    if (outer.size() == 2 && isa<FloatType>(type) && g.r.chance(0.8)) { // a convolution of pixels alone, or its gradient
      bool gradient = g.r.chance(0.5);
      Value y = g.argument(g.withExtents(gradient ? Sizes{g.n(1), g.n(1), columns, terms} : Sizes{g.n(1), g.n(1), terms, columns}, type));
      return gradient ? make("conv2d_input_grad", {x, y}, {}, with(m, columns)) : make("conv2d", {x, y});
    }
    bool turned = g.r.chance(0.5);
    Value y = g.argument(turned ? with(columns, terms) : with(terms, columns));
    return make("matmul", {x, y}, turned ? SmallVector<NamedAttribute>{g.flag("transpose_rhs")} : SmallVector<NamedAttribute>{});
  };
  AffineExpr terms = fit(ArrayRef(columns).take_front(11));
  auto pixels = [&](AffineExpr channels) { return g.argument(g.withExtents({g.n(1), terms, g.n(1), channels}, type)); };
  begin(weights ? make("conv2d_weight_grad", {pixels(m), pixels(n)}, {}, with(m, n)) : product(g.argument(with(m, terms)), terms, n));
  if (!v)
    return;
  ops(0);
  static constexpr StringRef reductions[] = {"softmax", "max",  "layer_norm", "min", "sum_products", "argmax", "log_softmax",
                                             "max",     "mean", "min",        "sum", "sum_products", "argmax", ""};
  StringRef name = reductions[section.turn % std::size(reductions)];
  int64_t last = Gen::rank(v) - 1;
  Value x = v, y;
  if (name == "softmax" || name == "log_softmax")
    y = make(name, x, {g.whole("axis", last)});
  else if (name == "layer_norm")
    y = make(name, {x, g.like(g.withExtents(n, type)), g.like(g.withExtents(n, type))}, {}, x.getType());
  else if (name == "argmax")
    y = make(name, x, {g.whole("axis", last)});
  else if (!name.empty())
    y = make(name, name == "sum_products" ? SmallVector<Value>{x, g.like(x.getType())} : SmallVector<Value>{x}, {g.list("dims", last)});
  if (y && y.getType() != x.getType())
    y = make("broadcast", y, {g.list("dims", llvm::to_vector(llvm::seq<int64_t>(0, last)))}, like(x, Gen::elementOf(y)));
  join(y);
  ops(1);
  // No chain has what needs another row than its own.
  if (g.r.chance(0.15))
    if (Value z = make("reverse", v, {g.list("dims", last - 1)}))
      begin(z);
  if (g.r.chance(0.9))
    if (Value z = g.r.chance(0.85) || g.elements(with(m, m)) > 2 * g.limit ? product(v, n, fit(columns))
                                                                           : make("matmul", {g.argument(with(m, m)), v}))
      begin(z);
  shown = true;
  ops(2);
}

void Section::make(Gen &g, ArrayRef<OpRow> rows, uint64_t seed) const {
  auto has = [&](const OpRow &row) { return llvm::is_contained(typesOf(*g.c, row.elements), type); };
  SmallVector<std::pair<const OpRow *, int>> chain; // in all forms
  SmallVector<const OpRow *> anchors, windows;      // what the emitter goes by; what is a window in few of its forms
  Place place = structure == Contraction || structure == Chain ? Place::Contraction
                : structure == Window                          ? Place::Window
                : structure == Scatter                         ? Place::Scatter
                                                               : Place::Reduction;
  for (const OpRow &row : rows) {
    if ((row.place == Place::Chain || row.place == Place::Moved) && (has(row) || (row.elements == Elements::Keys && type.isInteger(64))))
      for (int form = 0; form < (row.place == Place::Moved ? row.weight : 1 + 2 * (row.elements == Elements::Lengths));
           ++form) // many lengths fold
        chain.push_back({&row, form});
    // Products of which none is summed are windows, and some others.
    bool few = (row.name == "sum_products" || row.place == Place::Contraction) && has(row);
    if (few)
      windows.push_back(&row);
    if ((row.place == place && has(row)) || (structure == Window && few))
      anchors.append(place == Place::Contraction ? row.weight : 1, &row);
  }
  // Each pass over the ops has an order of its own, so that other ops meet.
  constexpr uint64_t each = 24;
  auto inTurn = [&](uint64_t i) {
    uint64_t number = turn * each + i;
    Random order(seed ^ (number / chain.size() + 1) * 0x9e3779b97f4a7c15ull ^ structure * 0x100000001b3ull);
    auto all = chain;
    for (size_t j = all.size(); j-- > 1;)
      std::swap(all[j], all[order.below(j + 1)]);
    return all[number % all.size()];
  };
  std::vector<Value> pool = std::move(g.pool);
  g.pool.clear();
  Type main = g.main;
  Maker m{g, *this, type};
  // i1 and integers come to a contraction, and most windows, beside numbers that are floating-point.
  if (anchors.empty() || (type.isInteger(1) && turn % 2))
    m.type = main;
  else if (isa<FloatType>(type))
    g.main = type;
  g.own = type;
  auto ops = [&](uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; ++i) {
      auto [row, form] = inTurn(i);
      m.step(*row, form);
    }
  };
  // One anchor a section is too seldom for those: they also stand by themselves.
  if (structure == Window || (structure == Loops && !g.names.empty())) {
    g.windows = true, g.symbolic = structure == Loops, g.own = m.type;
    for (const OpRow *row : windows)
      for (int tries = 0; g.r.chance(g.symbolic ? 0.8 : 0.5) && tries < 4 && !m.anchor(*row); ++tries) {
      }
    g.windows = g.symbolic = false, g.own = type, g.pool.clear();
  }
  if (structure == Chain) {
    m.chain([&](int part) { ops(each * part / 3, each * (part + 1) / 3); });
  } else if (structure == Contraction || structure == Window || structure == Scatter) {
    g.own = m.type;
    auto *row = anchors.empty() || m.type != type ? llvm::find_if(rows, [&](const OpRow &r) { return r.place == place; })
                                                  : anchors[turn % anchors.size()];
    g.windows = structure == Window;
    for (int tries = 0; tries < 12 && !m.v; ++tries)
      if (Value x = m.anchor(*row))
        m.begin(x);
    g.windows = false, g.own = type;
    m.shown = true;
    if (m.v)
      ops(0, each);
  } else if (uint64_t which = (type.isInteger(1) ? turn / 2 : turn) % (anchors.size() + 1); structure == Rows && which == anchors.size()) {
    m.begin(g.argument(g.withExtents(g.shape(g.r.between(0, 4), 300), m.type)));
    m.shown = true;
    ops(0, each);
  } else {
    if (m.type != type)
      anchors = {llvm::find_if(rows, [&](const OpRow &r) { return r.name == "sum"; })};
    m.reduction(anchors[which % anchors.size()]->name, [&] { ops(0, each / 2); });
    m.shown = true;
    if (m.v)
      ops(each / 2, each);
  }
  g.own = {}, g.main = main;
  g.pool = std::move(pool);
  if (m.v)
    g.pool.push_back(m.v);
}
} // namespace dlc::fuzz
