#include "tools/fuzz/Check.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include <cmath>

using namespace mlir;
namespace dlc::fuzz {
namespace {
/// One function of a model for one list of symbols' values.
struct Case {
  func::FuncOp fn, meaning; ///< the second for the reference
  Surface surface;
  const Symbols *symbols;
  std::vector<Values> arguments, changed; ///< the second with other parameters
  std::vector<Bytes> bytes, changedBytes;
  std::vector<Bytes> base, changedBase; ///< the first build's results
};
struct Checker {
  Model &model;
  Counts &counts;
  StringRef only;
  Find find;
  OwningOpRef<ModuleOp> meaning = {};
  std::vector<Case> cases = {};

  bool report(const Twine &kind, const Build &build, const Twine &message) {
    find = {kind.str(), build.name, message.str()};
    return false;
  }
  static std::string show(const Num &v, Type element) {
    std::string s;
    llvm::raw_string_ostream os(s);
    if (isa<FloatType>(element))
      os << llvm::format("%.9g", v.f);
    else
      os << v.i;
    return s;
  }
  std::string place(Case &c, size_t result, size_t i) {
    std::string s;
    llvm::raw_string_ostream os(s);
    os << "@" << c.fn.getName() << " result " << result << " (" << c.surface.results[result].name << ") element " << i;
    for (auto &[name, value] : *c.symbols)
      os << " " << name << "=" << value;
    return s;
  }

  void makeCases();
  bool againstReference(Case &c, const Build &build, ArrayRef<Values> arguments, ArrayRef<Bytes> found);
  bool sameBits(Case &c, const Build &build, ArrayRef<Bytes> found, ArrayRef<Bytes> expected, StringRef other);
  bool run(const Build &build, bool base, int threads, bool change);
  bool differences();
};

/// The module as the reference runs it: a loss of softmax or sigmoid is one of logits, as its documentation says.
static OwningOpRef<ModuleOp> withLossesOfLogits(ModuleOp module) {
  OwningOpRef<ModuleOp> copy(module.clone());
  RewritePatternSet patterns(module.getContext());
  for (RegisteredOperationName name : module.getContext()->getRegisteredOperations())
    if (name.hasInterface<dl::LossOpInterface>())
      name.getCanonicalizationPatterns(patterns, module.getContext());
  SmallVector<Operation *> losses;
  copy->walk([&](dl::LossOpInterface op) { losses.push_back(op); });
  (void)applyOpPatternsGreedily(losses, std::move(patterns), GreedyRewriteConfig().setStrictness(GreedyRewriteStrictness::ExistingOps));
  return copy;
}

void Checker::makeCases() {
  meaning = withLossesOfLogits(*model.module);
  for (auto fn : model.module->getOps<func::FuncOp>())
    for (const Symbols &symbols : model.symbols) {
      Case c{fn, meaning->lookupSymbol<func::FuncOp>(fn.getName()), Surface::of(fn), &symbols, {}, {}, {}, {}, {}, {}};
      for (auto &argument : c.surface.arguments) {
        Type element = getElementTypeOrSelf(argument.type);
        auto shape = shapeOf(argument.type, symbols);
        c.arguments.push_back(argumentValues(argument.name, element, shape, model.data, model.train));
        c.bytes.push_back(toBytes(c.arguments.back(), element));
        c.changed.push_back(argument.param ? argumentValues(argument.name, element, shape, model.data + 1, model.train)
                                           : c.arguments.back());
        c.changedBytes.push_back(toBytes(c.changed.back(), element));
      }
      cases.push_back(std::move(c));
    }
}

bool Checker::againstReference(Case &c, const Build &build, ArrayRef<Values> arguments, ArrayRef<Bytes> found) {
  Evaluation how;
  auto expected = evaluate(c.meaning, arguments, *c.symbols, how);
  counts.emitted.insert(how.emitted.begin(), how.emitted.end());
  if (failed(expected))
    return report("reference", build, "the reference cannot run the model");
  for (auto [r, values] : llvm::enumerate(*expected)) {
    Type element = getElementTypeOrSelf(c.surface.results[r].type);
    for (auto [i, y] : llvm::enumerate(values.cells)) {
      ++counts.elements;
      if (!(y.e < INFINITY)) {
        ++counts.unbounded;
        continue;
      }
      Num x = fuzz::element(found[r].data(), i, element);
      bool right = !isa<FloatType>(element)             ? std::fabs(double(x.i) - double(y.i)) <= y.e
                   : std::isnan(y.f)                    ? std::isnan(x.f)
                   : std::isinf(y.f) || std::isinf(x.f) ? x.f == y.f
                                                        : std::fabs(x.f - y.f) <= y.e * (1 + 1e-9);
      if (!right)
        return report("wrong", build,
                      place(c, r, i) + ": found " + show(x, element) + ", expected " + show(y, element) +
                          (isa<FloatType>(element) ? " within " + show({y.e}, element) : ""));
    }
  }
  return true;
}

bool Checker::sameBits(Case &c, const Build &build, ArrayRef<Bytes> found, ArrayRef<Bytes> expected, StringRef other) {
  for (auto [r, bytes] : llvm::enumerate(found)) {
    if (bytes == expected[r])
      continue;
    Type element = getElementTypeOrSelf(c.surface.results[r].type);
    unsigned size = storageBytes(element);
    for (size_t i = 0; i < bytes.size() / size; ++i) {
      Num x = fuzz::element(bytes.data(), i, element), y = fuzz::element(expected[r].data(), i, element);
      bool same = !memcmp(bytes.data() + i * size, expected[r].data() + i * size, size) || (std::isnan(x.f) && std::isnan(y.f));
      if (!same)
        return report("bits", build, place(c, r, i) + ": found " + show(x, element) + ", " + other + " gives " + show(y, element));
    }
  }
  return true;
}

static const Build plain{"-O0 v3", 0, "x86-64-v3"};

/// Builds and runs every case (of a constant build, the first symbols' alone).
bool Checker::run(const Build &build, bool base, int threads, bool change) {
  std::string why;
  OwningOpRef<ModuleOp> module =
      build.constant ? withConstants(*model.module, model.symbols[0]) : OwningOpRef<ModuleOp>(model.module->clone());
  if (ScopedDiagnosticHandler quiet(module->getContext(), [](Diagnostic &) { return success(); });
      build.constant && failed(verify(*module)))
    return true; // with these values it is no model: a window longer than its image, say
  auto session = Session::open(*module, build, why);
  if (!session)
    return report("refused", build, why);
  if (build.level)
    countOps(*module, counts.hits);
  bool exact = build.target != "x86-64-v2";
  for (int team : {1, threads}) {
    if (team != 1)
      if (why = session->setThreads(team); !why.empty())
        return report("refused", build, why);
    for (Case &c : cases) {
      if (build.constant && c.symbols != &model.symbols[0])
        continue;
      auto once = [&](ArrayRef<Values> arguments, ArrayRef<Bytes> bytes, std::vector<Bytes> &expected) {
        std::vector<Bytes> found;
        if (why = session->run(c.surface, bytes, *c.symbols, found); !why.empty())
          return report("refused", build, why);
        if (base || !exact) {
          bool right = againstReference(c, build, arguments, found);
          if (base)
            expected = std::move(found);
          return right;
        }
        Build shown = build;
        if (team != 1)
          shown.name += ", " + std::to_string(team) + " threads";
        bool same = sameBits(c, shown, found, expected, plain.name);
        find.build = same ? find.build : build.name;
        return same;
      };
      if (!once(c.arguments, c.bytes, c.base) || (change && c.bytes != c.changedBytes && !once(c.changed, c.changedBytes, c.changedBase)))
        return false;
    }
    if (threads == 1)
      break;
  }
  return true;
}

/// The gradients that @main_grad gives, in exact arithmetic, against differences of @main along a random direction.
bool Checker::differences() {
  Build build{"gradient", 0, "", false, false};
  auto gradient = model.module->lookupSymbol<func::FuncOp>("main_grad"), main = meaning->lookupSymbol<func::FuncOp>("main");
  // What is chosen where two numbers are equal has a value of its own there, and a derivative that no difference sees.
  auto chooses = [](dl::CompareOp op) {
    return llvm::is_contained({dl::Predicate::eq, dl::Predicate::ne}, op.getPredicate()) &&
           isa<FloatType>(getElementTypeOrSelf(op.getLhs().getType()));
  };
  bool equality =
      main.walk([&](dl::CompareOp op) { return chooses(op) ? WalkResult::interrupt() : WalkResult::advance(); }).wasInterrupted();
  if (equality)
    return ++counts.kinks, true;
  for (Case &c : cases) {
    if (c.fn != gradient)
      continue;
    Evaluation how{true, {}};
    auto results = evaluate(c.meaning, c.arguments, *c.symbols, how);
    if (failed(results))
      return report("reference", build, "the reference cannot run the gradient");
    unsigned inputs = main.getNumArguments(), outputs = main.getNumResults();
    auto floats = [](Type t) { return isa<FloatType>(getElementTypeOrSelf(t)); };
    // Each argument on its own, so that a find names it.
    const Values *g = results->data() + outputs;
    for (unsigned n = 0; n < inputs; ++n) {
      if (!floats(main.getArgumentTypes()[n]))
        continue;
      const Values &slope = *g++;
      Random r(model.data + n);
      std::vector<double> direction(slope.cells.size());
      double expected = 0, scale = 0;
      for (auto [d, cell] : llvm::zip_equal(direction, slope.cells)) {
        d = 2 * r.unit() - 1;
        expected += d * cell.f, scale += std::fabs(d * cell.f);
      }
      bool finite = true, swings = false;
      auto at = [&](double h) {
        std::vector<Values> point(c.arguments.begin(), c.arguments.begin() + inputs);
        for (auto [d, cell] : llvm::zip_equal(direction, point[n].cells))
          cell.f += h * d;
        Evaluation how{true, {}};
        auto y = evaluate(main, point, *c.symbols, how);
        double sum = 0;
        const Values *weights = c.arguments.data() + inputs;
        for (unsigned i = 0; i < outputs; ++i)
          if (floats(main.getResultTypes()[i])) {
            for (auto [a, w] : llvm::zip_equal((*y)[i].cells, weights->cells))
              sum += a.f * w.f, scale = std::max(scale, 1e-9 * std::fabs(a.f * w.f));
            ++weights;
          }
        finite &= std::isfinite(sum);
        swings |= how.swings;
        return sum;
      };
      double h = 1e-5, middle = at(0), up = (at(h) - middle) / h, down = (middle - at(-h)) / h;
      double up2 = (at(h / 4) - middle) / (h / 4), down2 = (middle - at(-h / 4)) / (h / 4);
      double noise = 1e-7 + 1e-10 * std::fabs(middle) / h, tolerance = 1e-4 * scale + noise;
      // Smooth: the four slopes differ by a multiple of h, and the closer pair by a quarter of it. At a tie they differ alike.
      double bend = std::fabs(up - down), bend2 = std::fabs(up2 - down2);
      if (!finite || swings || !std::isfinite(expected) || bend2 > 0.5 * bend + noise ||
          bend > 0.02 * (scale + std::fabs(up)) + tolerance) {
        ++counts.kinks;
        continue;
      }
      ++counts.gradients;
      // A kink between the points shows as no such quarter; the slope is then one of the closer pair, or lies between them.
      double found = (up2 + down2) / 2, own = std::fabs(bend2 - bend / 4) > 0.1 * bend + noise ? 0.6 : 0.1;
      if (std::fabs(found - expected) > tolerance + own * bend2) {
        std::string message;
        llvm::raw_string_ostream os(message);
        os << "@main_grad, gradient of argument " << n << " (" << c.surface.arguments[n].name << ") along a random direction is "
           << llvm::format("%.9g", expected) << ", differences give " << llvm::format("%.9g", found);
        for (auto &[name, value] : *c.symbols)
          os << " " << name << "=" << value;
        return report("gradient", build, message);
      }
    }
  }
  return true;
}
} // namespace

/// Appends @train_step by one of the optimisers, where the pass takes the model: it wants parameters of one type, f32 or f64.
static void buildStep(ModuleOp module, uint64_t which) {
  ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
  Builder b(module.getContext());
  TrainOptions options;
  options.loss = "mse";
  static constexpr const char *optimizers[] = {"sgd", "adam", "adamw", "adagrad", "adadelta", "rmsprop", "lamb", "lion"};
  options.optimizer = optimizers[which % 8];
  if (which / 8 % 2 && (options.optimizer == "sgd" || options.optimizer == "rmsprop"))
    options.optimizerAttributes = b.getDictionaryAttr({b.getNamedAttr("momentum", b.getUnitAttr())});
  static constexpr const char *regularizers[] = {"clip_value", "clip_norm", "l1"};
  for (auto [i, name] : llvm::enumerate(regularizers))
    if (which / 16 >> i & 1)
      options.regularizers.push_back(name);
  (void)buildTrainStep(module, options);
}

/// Builds what the model is to have beside @main, and counts its ops.
static Find complete(Model &model, Counts &counts) {
  if (model.train && !model.module->lookupSymbol("main_grad")) {
    PassManager passes(model.module->getContext());
    std::string why;
    ScopedDiagnosticHandler handler(model.module->getContext(), [&](Diagnostic &d) {
      why += d.str() + "\n";
      return success();
    });
    passes.addPass(createGradientPass());
    if (failed(passes.run(*model.module)))
      return {"refused", "autodiff", why};
  }
  countOps(*model.module, counts.hits);
  if (model.step)
    buildStep(*model.module, model.data);
  return {};
}

/// -O2 for one ISA, and for the other one what is in turn: each pair meets in some model. With `all` each of them.
static std::vector<Build> buildsOf(const Model &model, uint64_t turn, bool all) {
  bool v4 = codegen::hostLevel() == "x86-64-v4", symbols = !model.symbols[0].empty();
  std::vector<Build> builds;
  auto add = [&](bool wide, unsigned level, StringRef how = "") {
    std::string isa = wide && v4 ? "v4" : "v3", name = "-O" + std::to_string(level) + ' ' + isa + how.str();
    if (llvm::none_of(builds, [&](const Build &b) { return b.name == name; }))
      builds.push_back({name, level, "x86-64-" + isa, how == " library", how == " constant", how == " chains"});
  };
  if (all) {
    for (bool wide : {false, true})
      for (unsigned level : {1, 2, 3})
        for (StringRef how : {"", " library", " constant", " chains"})
          if ((level == 2 || how.empty()) && (symbols || how != " constant"))
            add(wide, level, how);
  } else {
    bool wide = turn % 2;
    add(wide, 2, model.chains ? " chains" : "");
    static constexpr std::pair<unsigned, const char *> others[] = {{2, ""}, {1, ""},         {2, " constant"},
                                                                   {3, ""}, {2, " library"}, {2, " chains"}};
    auto [level, how] = others[turn / 2 % std::size(others)];
    if (model.chains)
      add(!wide, 2, " chains");
    else
      add(!wide, level, symbols ? how : how == StringRef(" constant") ? "" : how);
  }
  if (all || turn % 7 == 0)
    builds.push_back({"-O2 v2", 2, "x86-64-v2"});
  return builds;
}

Find countPlans(Model &model, uint64_t turn, Counts &counts) {
  if (Find find = complete(model, counts))
    return find;
  for (const Build &build : buildsOf(model, turn, false)) {
    OwningOpRef<ModuleOp> module = build.constant ? withConstants(*model.module, model.symbols[0]) : model.module->clone();
    ScopedDiagnosticHandler quiet(module->getContext(), [](Diagnostic &) { return success(); });
    if (build.constant && failed(verify(*module)))
      continue;
    if (failed(runStages(*module, build.options(), Stage::Plan)))
      return {"refused", build.name, "a stage before the plans' end failed"};
    countOps(*module, counts.hits);
  }
  return {};
}

Find check(Model &model, uint64_t turn, Counts &counts, StringRef only) {
  Checker checker{model, counts, only, {}};
  if (Find find = complete(model, counts))
    return find;
  checker.makeCases();
  if (only == "gradient")
    return checker.differences(), checker.find;
  std::vector<Build> builds = buildsOf(model, turn, turn == everyBuild || !only.empty());
  if (!only.empty())
    llvm::erase_if(builds, [&](const Build &b) { return b.name != only; });
  bool change = turn % 3 == 0;
  if (!checker.run(plain, true, 1, change))
    return checker.find;
  for (const Build &build : builds)
    if (!checker.run(build, false, build.level == 2 && !build.constant ? 2 : 1, change))
      return checker.find;
  if (model.train && only.empty())
    checker.differences();
  return checker.find;
}
} // namespace dlc::fuzz
