// Central differences against reverse and forward mode, any number of times.
#include "test/unit/Derivatives.h"
#include "compiler/autodiff/Passes.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "test/lib/Session.h"
#include <gtest/gtest.h>

using namespace mlir;
namespace dlc::test {

OwningOpRef<ModuleOp> parseCase(MLIRContext &context, const Case &c) {
  context.loadDialect<dl::DlDialect, func::FuncDialect>();
  std::string text = "func.func @main(", op = c.op;
  for (auto [i, input] : llvm::enumerate(c.inputs))
    text += (i ? ", %" : "%") + std::string(1, 'a' + i) + ": " + input.type;
  text += ") {\n" + (op[0] == '%' ? op : "%y = " + op) + "\nreturn\n}\n";
  auto module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return module;
  auto f = *module->getOps<func::FuncOp>().begin();
  Operation *end = f.front().getTerminator();
  end->setOperands(end->getPrevNode()->getResults());
  f.setFunctionType(FunctionType::get(&context, f.getArgumentTypes(), end->getOperandTypes()));
  EXPECT_TRUE(succeeded(verify(*module)));
  return module;
}

std::vector<Array> randomArguments(func::FuncOp f, ArrayRef<Case::Input> inputs, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<Array> arrays;
  for (BlockArgument a : f.getArguments()) {
    auto type = cast<RankedTensorType>(a.getType());
    Case::Input range = a.getArgNumber() < inputs.size() ? inputs[a.getArgNumber()] : Case::Input{"", -1, 1};
    SmallVector<int64_t> shape;
    for (AffineExpr e : dl::getExtents(type)) // every symbol is 3
      shape.push_back(dl::evaluate(e, [](StringRef) { return 3; }));
    arrays.push_back(Array::zeros(shape));
    for (Cell &c : arrays.back().cells) {
      double u = double(engine()) / 4294967296.0;
      c.f = range.low + (range.high - range.low) * u;
      if (!isa<FloatType>(type.getElementType()))
        c = {0, int64_t(std::floor(c.f))};
    }
  }
  return arrays;
}

LogicalResult runPass(ModuleOp module, std::unique_ptr<Pass> pass) {
  PassManager manager(module->getContext());
  manager.addPass(std::move(pass));
  return manager.run(module);
}

static bool isFloat(Type t) { return isa<FloatType>(cast<RankedTensorType>(t).getElementType()); }
static double dot(const Array &x, const Array &y) {
  double sum = 0;
  for (auto [a, b] : llvm::zip_equal(x.cells, y.cells))
    sum += a.f * b.f;
  return sum;
}
/// <f(arguments), cotangents> over the floating-point results, and the results.
static double weighted(func::FuncOp f, ArrayRef<Array> arguments, ArrayRef<Array> cotangents) {
  auto results = interpret(f, arguments);
  EXPECT_TRUE(succeeded(results));
  double sum = 0;
  const Array *next = cotangents.begin();
  for (auto [result, type] : llvm::zip(*results, f.getResultTypes()))
    if (isFloat(type))
      sum += dot(result, *next++);
  return sum;
}

/// One order: @<name>_grad against differences of @<name>.
static void checkGradient(ModuleOp module, StringRef name, ArrayRef<Case::Input> inputs) {
  ASSERT_TRUE(succeeded(runPass(module, gradientOf(name)))) << name.str();
  auto f = module.lookupSymbol<func::FuncOp>(name), grad = module.lookupSymbol<func::FuncOp>((name + "_grad").str());
  auto arguments = randomArguments(grad, inputs, 7);
  auto point = ArrayRef(arguments).take_front(f.getNumArguments()).vec();
  auto cotangents = ArrayRef(arguments).drop_front(f.getNumArguments());
  auto results = interpret(grad, arguments);
  ASSERT_TRUE(succeeded(results));
  const Array *gradient = results->data() + f.getNumResults();
  for (auto [n, type] : llvm::enumerate(f.getArgumentTypes())) {
    if (!isFloat(type))
      continue;
    for (size_t i = 0; i < point[n].cells.size(); ++i) {
      double &x = point[n].cells[i].f, at = x, h = 1e-5;
      x = at + h;
      double up = weighted(f, point, cotangents);
      x = at - h;
      double down = weighted(f, point, cotangents);
      x = at;
      double expected = (up - down) / (2 * h), found = gradient->cells[i].f;
      ASSERT_NEAR(found, expected, 2e-8 * std::max(1.0, std::fabs(expected)) + 1e-7)
          << name.str() << ": argument " << n << " element " << i;
    }
    ++gradient;
  }
}

/// @<name>_jvp against @<name>_grad: <jvp(x, t), u> = <t, vjp(x, u)>.
static void checkForward(ModuleOp module, StringRef name, ArrayRef<Case::Input> inputs) {
  ForwardPassOptions options;
  options.function = name.str();
  ASSERT_TRUE(succeeded(runPass(module, createForwardPass(options))));
  auto f = module.lookupSymbol<func::FuncOp>(name), grad = module.lookupSymbol<func::FuncOp>((name + "_grad").str()),
       jvp = module.lookupSymbol<func::FuncOp>((name + "_jvp").str());
  auto withTangents = randomArguments(jvp, inputs, 3), withCotangents = randomArguments(grad, inputs, 5);
  unsigned n = f.getNumArguments(), m = f.getNumResults();
  std::copy_n(withTangents.begin(), n, withCotangents.begin());
  auto forward = interpret(jvp, withTangents), reverse = interpret(grad, withCotangents);
  ASSERT_TRUE(succeeded(forward) && succeeded(reverse));
  double left = 0, right = 0;
  for (auto [t, u] : llvm::zip_equal(ArrayRef(*forward).drop_front(m), ArrayRef(withCotangents).drop_front(n)))
    left += dot(t, u);
  for (auto [t, g] : llvm::zip_equal(ArrayRef(withTangents).drop_front(n), ArrayRef(*reverse).drop_front(m)))
    right += dot(t, g);
  ASSERT_NEAR(left, right, 1e-12 * std::max(1.0, std::fabs(right)));
}

void checkDerivatives(const Case &c) {
  MLIRContext context;
  auto module = parseCase(context, c);
  ASSERT_TRUE(module) << c.op;
  std::string name = "main";
  for (int order = 0; order < c.orders && !::testing::Test::HasFatalFailure(); ++order, name += "_grad")
    checkGradient(*module, name, c.inputs);
  if (!::testing::Test::HasFatalFailure())
    checkForward(*module, "main", c.inputs);
}
} // namespace dlc::test
