// Extents and access maps: affine expressions over interned symbols, and their text.
#include "dialects/dl/Dl.h"

using namespace mlir;
namespace dlc::dl {

AffineExpr getSymbol(MLIRContext *context, StringRef name) {
  return getAffineSymbolExpr(context->getOrLoadDialect<DlDialect>()->internSymbol(name), context);
}
StringRef getSymbolName(AffineSymbolExpr symbol) {
  return symbol.getContext()->getLoadedDialect<DlDialect>()->symbolName(symbol.getPosition());
}
SmallVector<AffineExpr> getExtents(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  if (auto dims = dyn_cast_or_null<DimsAttr>(type.getEncoding()))
    return SmallVector<AffineExpr>(dims.getExtents());
  SmallVector<AffineExpr> extents;
  for (int64_t n : type.getShape())
    extents.push_back(getAffineConstantExpr(n, type.getContext()));
  return extents;
}
bool hasExtents(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && (tensor.getEncoding() ? isa<DimsAttr>(tensor.getEncoding()) : tensor.hasStaticShape());
}
LogicalResult checkTensor(std::optional<Location> loc, Type type) {
  if (hasExtents(type))
    return success();
  return emitOptionalError(loc, "expected a ranked tensor, every `?` with its extent in #dl.dims<...>, found ", type);
}
LogicalResult checkDims(std::optional<Location> loc, ArrayRef<int64_t> dims, int64_t rank) {
  int64_t last = -1;
  for (int64_t d : dims) {
    if (d < 0)
      return emitOptionalError(loc, "dims [", dims, "] count from 0: the last of rank ", rank, " is ", rank - 1);
    if (d <= last || d >= rank)
      return emitOptionalError(loc, "dims [", dims, "] must be ascending, distinct and below the rank ", rank);
    last = d;
  }
  return success();
}
SmallVector<AffineExpr> getExtents(Value tensor) { return getExtents(tensor.getType()); }
int64_t getConstant(AffineExpr extent) {
  auto constant = dyn_cast<AffineConstantExpr>(extent);
  return constant ? constant.getValue() : -1;
}
RankedTensorType getTensor(ArrayRef<AffineExpr> written, Type element) {
  auto extents = llvm::map_to_vector(written, normalize);
  SmallVector<int64_t> shape;
  bool symbolic = false;
  for (AffineExpr e : extents) {
    bool constant = isa<AffineConstantExpr>(e);
    symbolic |= !constant;
    shape.push_back(constant ? cast<AffineConstantExpr>(e).getValue() : ShapedType::kDynamic);
  }
  Attribute encoding = symbolic ? Attribute(DimsAttr::get(element.getContext(), extents)) : Attribute();
  return RankedTensorType::get(shape, element, encoding);
}
RankedTensorType withElement(Type tensor, Type element) {
  auto type = cast<RankedTensorType>(tensor);
  return RankedTensorType::get(type.getShape(), element, type.getEncoding());
}
Type withBool(Type type) { return isa<RankedTensorType>(type) ? Type(withElement(type, IntegerType::get(type.getContext(), 1))) : type; }
AffineExpr product(ArrayRef<AffineExpr> extents, MLIRContext *context) {
  AffineExpr p = getAffineConstantExpr(1, context);
  for (AffineExpr e : extents)
    p = p * e;
  return normalize(p);
}
AffineMap getMap(unsigned dims, ArrayRef<AffineExpr> results, MLIRContext *context) {
  unsigned symbols = 0;
  for (AffineExpr result : results)
    result.walk([&](AffineExpr e) {
      if (auto s = dyn_cast<AffineSymbolExpr>(e))
        symbols = std::max(symbols, s.getPosition() + 1);
    });
  return AffineMap::get(dims, symbols, results, context);
}
int64_t evaluate(AffineExpr e, llvm::function_ref<int64_t(StringRef)> valueOf, ArrayRef<int64_t> dims) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return c.getValue();
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return valueOf(getSymbolName(s));
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return dims[d.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(e);
  int64_t x = evaluate(binary.getLHS(), valueOf, dims), y = evaluate(binary.getRHS(), valueOf, dims);
  switch (e.getKind()) {
  case AffineExprKind::Add:
    return x + y;
  case AffineExprKind::Mul:
    return x * y;
  case AffineExprKind::Mod:
    return y ? ((x % y) + y) % y : 0;
  case AffineExprKind::FloorDiv:
    return y ? llvm::divideFloorSigned(x, y) : 0;
  case AffineExprKind::CeilDiv:
    return y ? llvm::divideCeilSigned(x, y) : 0;
  default:
    llvm_unreachable("not a binary expression");
  }
}

// Text. Precedence 0: sums, 1: products and divisions, 2: atoms.
static void print(llvm::raw_ostream &os, AffineExpr e, int precedence) {
  if (auto c = dyn_cast<AffineConstantExpr>(e)) {
    os << c.getValue();
    return;
  }
  if (auto s = dyn_cast<AffineSymbolExpr>(e)) {
    os << getSymbolName(s);
    return;
  }
  if (auto d = dyn_cast<AffineDimExpr>(e)) {
    os << 'd' << d.getPosition();
    return;
  }
  auto binary = cast<AffineBinaryOpExpr>(e);
  bool sum = e.getKind() == AffineExprKind::Add;
  int own = sum ? 0 : 1;
  if (own < precedence)
    os << '(';
  print(os, binary.getLHS(), own);
  auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (sum && constant && constant.getValue() < 0 && constant.getValue() != INT64_MIN) {
    os << " - " << -constant.getValue();
  } else {
    switch (e.getKind()) {
    case AffineExprKind::Add:
      os << " + ";
      break;
    case AffineExprKind::Mul:
      os << " * ";
      break;
    case AffineExprKind::Mod:
      os << " mod ";
      break;
    case AffineExprKind::FloorDiv:
      os << " floordiv ";
      break;
    default:
      os << " ceildiv ";
      break;
    }
    print(os, binary.getRHS(), own + 1);
  }
  if (own < precedence)
    os << ')';
}
std::string toString(AffineExpr extent) {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(os, extent, 0);
  return text;
}

namespace {
/// sum := product (('+' | '-') product)*, product := atom (('*' | floordiv | ceildiv | mod) atom)*
struct ExtentParser {
  AsmParser &p;
  int depth = 0, atoms = 0;
  FailureOr<AffineExpr> atom() {
    int64_t value;
    SMLoc at = p.getCurrentLocation();
    if (++atoms > 2048) // all that read expressions call themselves for their parts; programs take no longer ones
      return p.emitError(at, "extent of more than 2048 integers and symbols"), failure();
    OptionalParseResult integer = p.parseOptionalInteger(value);
    if (integer.has_value()) {
      if (failed(*integer))
        return failure();
      return getAffineConstantExpr(value, p.getContext());
    }
    if (succeeded(p.parseOptionalLParen())) {
      if (++depth > 64)
        return p.emitError(at, "extent nested deeper than 64 parentheses"), failure();
      auto e = sum();
      --depth;
      if (failed(e) || p.parseRParen())
        return failure();
      return e;
    }
    StringRef name;
    if (p.parseKeyword(&name))
      return p.emitError(at, "expected an extent: an integer, a symbol's name or (...)"), failure();
    return getSymbol(p.getContext(), name);
  }
  FailureOr<AffineExpr> product() {
    auto x = atom();
    while (succeeded(x)) {
      SMLoc at = p.getCurrentLocation();
      int kind = succeeded(p.parseOptionalStar())                ? 0
                 : succeeded(p.parseOptionalKeyword("floordiv")) ? 1
                 : succeeded(p.parseOptionalKeyword("ceildiv"))  ? 2
                 : succeeded(p.parseOptionalKeyword("mod"))      ? 3
                                                                 : 4;
      if (kind == 4)
        return x;
      auto y = atom();
      if (failed(y))
        return failure();
      if (kind > 0 && getConstant(*y) <= 0)
        return p.emitError(at, "an extent is divided by a positive constant only"), failure();
      x = kind == 0 ? *x * *y : kind == 1 ? x->floorDiv(*y) : kind == 2 ? x->ceilDiv(*y) : *x % *y;
    }
    return x;
  }
  FailureOr<AffineExpr> sum() {
    auto x = product();
    while (succeeded(x)) {
      int64_t value;
      if (succeeded(p.parseOptionalPlus())) {
        auto y = product();
        if (failed(y))
          return failure();
        x = *x + *y;
      } else if (succeeded(p.parseOptionalMinus())) {
        auto y = product();
        if (failed(y))
          return failure();
        x = *x - *y;
      } else if (OptionalParseResult r = p.parseOptionalInteger(value); r.has_value()) { // "B -4" lexes as B, -4
        if (failed(*r))
          return failure();
        if (value >= 0)
          return p.emitError(p.getCurrentLocation(), "expected an operator or a comma"), failure();
        x = *x + value;
      } else {
        return x;
      }
    }
    return x;
  }
};
} // namespace

Attribute DimsAttr::parse(AsmParser &parser, Type) {
  SmallVector<AffineExpr> extents;
  auto one = [&]() -> ParseResult {
    auto e = ExtentParser{parser}.sum();
    if (failed(e))
      return failure();
    extents.push_back(*e);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, one))
    return {};
  return DimsAttr::get(parser.getContext(), llvm::map_to_vector(extents, normalize));
}
void DimsAttr::print(AsmPrinter &printer) const {
  printer << '<';
  llvm::interleaveComma(getExtents(), printer, [&](AffineExpr e) { printer << toString(e); });
  printer << '>';
}

LogicalResult DimsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type, function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != getExtents().size())
    return emitError() << "#dl.dims has " << getExtents().size() << " extents, the tensor has rank " << shape.size();
  bool symbolic = false;
  for (auto [i, n, e] : llvm::enumerate(shape, getExtents())) {
    auto constant = dyn_cast<AffineConstantExpr>(e);
    symbolic |= !constant;
    if (constant ? constant.getValue() != n : !ShapedType::isDynamic(n))
      return emitError() << "dimension " << i << " is " << (ShapedType::isDynamic(n) ? "?" : std::to_string(n)) << ", but #dl.dims says "
                         << toString(e) << ": write ? where the extent is symbolic and the number where it is not";
  }
  return symbolic ? success() : LogicalResult(emitError() << "#dl.dims without a symbol: leave it out");
}

Attribute ParamAttr::parse(AsmParser &p, Type) {
  std::string name;
  double value = 0;
  StringRef role;
  if (p.parseLess() || p.parseString(&name) || p.parseComma())
    return {};
  SMLoc at = p.getCurrentLocation();
  StringRef kind;
  if (p.parseKeyword(&kind))
    return {};
  auto init = symbolizeInitKind(kind);
  if (!init)
    return p.emitError(at, "unknown initialiser '")
               << kind
               << "': write constant(v), uniform(a), normal(s), xavier_uniform(gain), xavier_normal(gain), he_uniform(gain), "
                  "he_normal(gain) or orthogonal(gain)",
           Attribute();
  if (p.parseLParen() || p.parseFloat(value) || p.parseRParen())
    return {};
  at = p.getCurrentLocation();
  if (failed(p.parseOptionalComma()))
    return p.emitError(at, "expected the parameter's role: write , trainable or , non_trainable, optimizer, state"), Attribute();
  at = p.getCurrentLocation();
  if (p.parseKeyword(&role))
    return {};
  auto known = symbolizeParamRole(role);
  if (!known)
    return p.emitError(at, "expected trainable, non_trainable, optimizer or state, found '") << role << "'", Attribute();
  if (p.parseGreater())
    return {};
  return ParamAttr::get(p.getContext(), name, *init, Builder(p.getContext()).getF64FloatAttr(value), *known);
}
void ParamAttr::print(AsmPrinter &p) const {
  p << '<';
  p.printString(getName());
  p << ", " << stringifyInitKind(getInit()) << '(';
  p.printFloat(getValue().getValue());
  p << "), " << stringifyParamRole(getRole()) << '>';
}
} // namespace dlc::dl
