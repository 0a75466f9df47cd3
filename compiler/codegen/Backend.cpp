// The backends that there are, their targets by name, and the choice of a kernel's emitter.
#include "compiler/codegen/Plan.h"
#include "compiler/codegen/cpu/Cpu.h"
#include "compiler/codegen/nvptx/Nvptx.h"
#include "llvm/ADT/StringExtras.h"

namespace dlc::codegen {
ArrayRef<const Backend *> getBackends() {
  static const Backend *const all[] = {&cpu::getBackend(), &nvptx::getBackend()};
  return all;
}

Target Target::find(StringRef name) {
  if (name.contains(':'))
    return parse(name);
  for (const Backend *backend : getBackends())
    if (llvm::is_contained(backend->getTargets(), name))
      return {backend, name.str()};
  return {};
}
Target Target::get(StringRef name) {
  Target target = find(name.empty() ? hostLevel() : name);
  assert(target && "no such target");
  return target;
}
Target Target::parse(StringRef spelled) {
  auto [kind, name] = spelled.split(':');
  Target target = find((kind == "cpu" && name.starts_with("v") ? "x86-64-" : "") + name.str());
  return target && target.backend->getName() == kind ? target : Target();
}
std::string Target::spelled() const { return (backend->getName() + ":" + name).str(); }
std::string Target::list() {
  SmallVector<std::string> names;
  for (const Backend *backend : getBackends())
    for (StringRef name : backend->getTargets())
      names.push_back((backend->getName() + ":" + name).str());
  return llvm::join(ArrayRef(names).drop_back(), ", ") + " or " + names.back();
}

/// The first emitter's plan, or null and each one's reason. Terms that match an index are for one emitter alone: others, plain loops
/// too, would search all indices for every element.
static dlx::PlanAttr plan(func::FuncOp kernel, const PlanOptions &options, bool loops,
                          SmallVectorImpl<std::pair<dlx::Emitter, std::string>> &reasons) {
  bool scatter = bool(scatterOf(kernel));
  for (const Backend::Emitter &emitter : options.target.backend->getEmitters()) {
    bool plain = emitter.name == dlx::Emitter::loops;
    if (!emitter.plan)
      continue;
    if (scatter != (emitter.name == dlx::Emitter::scatter) || (plain ? !loops : options.loopsOnly && !scatter))
      continue;
    std::string why;
    if (auto plan = emitter.plan(kernel, options, why))
      return plan;
    reasons.push_back({emitter.name, why});
  }
  return {};
}
LogicalResult planKernel(func::FuncOp kernel, const PlanOptions &options, std::string *reason) {
  SmallVector<std::pair<dlx::Emitter, std::string>> reasons;
  auto chosen = plan(kernel, options, /*loops=*/true, reasons);
  if (reason && (!chosen || chosen.getEmitter() == dlx::Emitter::loops))
    *reason = llvm::join(llvm::map_range(reasons, [](auto &r) { return dlx::stringifyEmitter(r.first).str() + ": " + r.second; }), "; ");
  if (reason && !chosen && reasons.empty()) // of terms that match an index
    *reason = "it has none for sums at indices";
  if (chosen)
    kernel->setAttr("dlx.plan", chosen);
  return success(bool(chosen));
}
std::string whyPlainLoops(func::FuncOp kernel, const Target &target, dlx::Emitter asked) {
  SmallVector<std::pair<dlx::Emitter, std::string>> reasons;
  if (plan(kernel, {.target = target}, /*loops=*/false, reasons))
    return "";
  auto *found = llvm::find_if(reasons, [&](auto &r) { return r.first == asked; });
  return found != reasons.end() ? found->second
                                : (target.backend->getName() + " has no emitter '" + dlx::stringifyEmitter(asked) + "'").str();
}
void emitKernel(Kernel &kernel) {
  auto emitters = kernel.target.backend->getEmitters();
  llvm::find_if(emitters, [&](auto &e) { return e.name == kernel.plan.getEmitter(); })->emit(kernel);
}
} // namespace dlc::codegen
