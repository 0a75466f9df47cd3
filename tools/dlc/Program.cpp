// Costs of scheduled programs.
#include "tools/dlc/Program.h"
#include "compiler/schedule/Program.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"

using namespace mlir;
namespace dlc::tools {

llvm::StringRef entryName(llvm::StringRef function) { return function == "main" ? "run" : function; }

std::string amount(double value, llvm::StringRef unit) {
  const char *prefix = "";
  for (const char *next : {"k", "M", "G", "T"})
    if (value >= 1000)
      value /= 1000, prefix = next;
  std::string text;
  int digits = !*prefix || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  llvm::raw_string_ostream(text) << llvm::format("%.*f ", digits, value) << prefix << unit;
  return text;
}

Programs::Programs(ModuleOp scheduled) : module(scheduled) {
  for (auto s : module.getOps<dl::SymbolOp>())
    bounds[s.getSymName()] = s.getMax();
  for (auto fn : module.getOps<func::FuncOp>())
    if (auto plan = fn->getAttrOfType<dlx::PlanAttr>("dlx.plan")) {
      bool packs = plan.getLaunches().front().getName() == "pack"; // often once, in prepare
      dlx::LaunchAttr counted = plan.getEmitter() == dlx::Emitter::chain ? plan.getLaunches().back() : plan.getLaunches()[packs];
      const Kernel &kernel = byLaunch[(fn.getSymName() + counted.getName()).str()] = {fn, plan, flopsOf(fn)};
      byName[fn.getSymName()] = &kernel;
      for (dlx::LaunchAttr launch : plan.getLaunches())
        byAnyLaunch[(fn.getSymName() + launch.getName()).str()] = &kernel;
    }
}
const Kernel *Programs::firstLaunch(llvm::StringRef function) const {
  auto it = byLaunch.find(function);
  return it == byLaunch.end() ? nullptr : &it->second;
}
dlx::ProgramOp Programs::find(llvm::StringRef entry) {
  for (dlx::ProgramOp p : all())
    if (!p.getIsPrepare() && entryName(p.getSource()) == entry)
      return p;
  return {};
}
std::vector<dlx::ProgramOp> Programs::all() {
  auto ops = module.getOps<dlx::ProgramOp>();
  return {ops.begin(), ops.end()};
}
std::string Programs::missing(llvm::StringRef entry) {
  std::string names;
  for (dlx::ProgramOp p : all())
    if (!p.getIsPrepare())
      names += (names.empty() ? "" : ", ") + entryName(p.getSource()).str();
  return "there is no entry '" + entry.str() + "': it has " + names;
}

int64_t Programs::at(AffineExpr e, const llvm::StringMap<int64_t> &values) {
  return dl::evaluate(e, [&](llvm::StringRef s) {
    auto it = values.find(s);
    return it == values.end() ? bounds.lookup(s) : it->second;
  });
}

void Programs::add(Block &block, AffineExpr times, Cost &cost, llvm::StringMap<Launches> *launches) {
  for (Operation &op : block) {
    if (auto launch = dyn_cast<dlx::LaunchOp>(op)) {
      Cost before = cost;
      if (const Kernel *k = firstLaunch(launch.getFunction()))
        cost.flops = dl::normalize(cost.flops + times * k->flops);
      for (Value v : launch.getBuffers()) {
        auto buffer = v.getDefiningOp<dlx::BufferOp>();
        auto bytes = buffer ? buffer.getBytes() : v.getDefiningOp<dlx::ViewOp>().getBytes();
        cost.bytes = dl::normalize(cost.bytes + times * bytes.getExtents()[0]);
      }
      if (!launches)
        continue;
      AffineExpr zero = getAffineConstantExpr(0, op.getContext());
      Launches &all =
          launches->try_emplace(launch.getFunction(), Launches{byAnyLaunch.lookup(launch.getFunction()), zero, zero, zero}).first->second;
      all.calls = dl::normalize(all.calls + times);
      all.flops = dl::normalize(all.flops + cost.flops - before.flops);
      all.bytes = dl::normalize(all.bytes + cost.bytes - before.bytes);
    } else if (auto copy = dyn_cast<dlx::CopyOp>(op)) {
      cost.bytes = dl::normalize(cost.bytes + times * copy.getBytes().getExtents()[0] * 2);
    } else if (isa<dlx::PlaceOp, dlx::TakeOp>(op)) {
      auto extent = [&](StringRef name) { return op.getAttrOfType<dl::DimsAttr>(name).getExtents()[0]; };
      cost.bytes = dl::normalize(cost.bytes + times * extent("bytes") * extent("rows") * 2);
    } else if (auto loop = dyn_cast<dlx::LoopOp>(op)) {
      add(loop.getBody().front(), dl::normalize(times * loop.getTrip().getExtents()[0]), cost, launches);
    } else if (auto stage = dyn_cast<dlx::StageOp>(op)) {
      add(stage.getBody().front(), times, cost, launches);
    }
  }
}
Cost Programs::cost(dlx::ProgramOp program) {
  AffineExpr zero = getAffineConstantExpr(0, program.getContext());
  Cost cost{zero, zero};
  add(program.getBody().front(), getAffineConstantExpr(1, program.getContext()), cost);
  return cost;
}
llvm::StringMap<Launches> Programs::launches(dlx::ProgramOp program) {
  AffineExpr zero = getAffineConstantExpr(0, program.getContext());
  Cost cost{zero, zero};
  llvm::StringMap<Launches> launches;
  add(program.getBody().front(), getAffineConstantExpr(1, program.getContext()), cost, &launches);
  return launches;
}
std::vector<Kernel> Programs::kernels(dlx::ProgramOp program) {
  llvm::MapVector<Operation *, Kernel> used;
  program.walk([&](dlx::LaunchOp launch) {
    if (const Kernel *k = firstLaunch(launch.getFunction()))
      used.try_emplace(k->function, *k).first->second.calls += 1;
  });
  std::vector<Kernel> result;
  for (auto &[op, kernel] : used)
    result.push_back(kernel);
  return result;
}

Lives::Lives(dlx::ProgramOp program) {
  program.walk([&](Operation *op) {
    bool copies = isa<dlx::CopyOp, dlx::PlaceOp, dlx::TakeOp>(op);
    if (isa<dlx::StageOp>(op) || copies)
      ++stages; // visited after the launches that it holds
    llvm::StringRef function = isa<dlx::LaunchOp>(op) ? cast<dlx::LaunchOp>(op).getFunction() : op->getName().stripDialect();
    int64_t now = copies ? stages - 1 : stages;
    if (copies || isa<dlx::LaunchOp, dlx::LoopOp>(op))
      for (Value v : op->getOperands())
        for (Operation *def = v.getDefiningOp(); def; def = isa<dlx::ViewOp>(def) ? def->getOperand(0).getDefiningOp() : nullptr) {
          Life &life = of[def];
          if (life.first < 0)
            life.first = now, life.writer = function;
          life.last = std::max(life.last, isa<dlx::LoopOp>(op) ? now - 1 : now);
        }
  });
}
int64_t Lives::least(dlx::ProgramOp program) const {
  std::vector<Lifetime> arena;
  for (auto buffer : program.getBody().front().getOps<dlx::BufferOp>())
    if (Life life = of.lookup(buffer); buffer.getKind() == dlx::BufferKind::arena && life.first >= 0)
      arena.push_back({life.first, std::max(life.first, life.last), int64_t(buffer.getBound())});
  return mostAlive(arena);
}
} // namespace dlc::tools
