// Descriptors in, models out: the target that this CPU runs, its program, its plans.
#include "runtime/Error.h"
#include "runtime/Model.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

using namespace dlrt;

/// "x86-64-v3" and so on, for messages.
static const char *levelName(uint64_t features) {
#if defined(__aarch64__)
  return features & DLX_CPU_ARM82 ? "armv8.2-a" : "armv8-a";
#else
  return features & DLX_CPU_V4 ? "x86-64-v4" : features & DLX_CPU_V3 ? "x86-64-v3" : features & DLX_CPU_V2 ? "x86-64-v2" : "x86-64";
#endif
}

/// The first target of the descriptor, best first, that this CPU runs.
static dlrt_status chooseTarget(const dlx_descriptor &descriptor, const dlx_target *&chosen) {
  uint64_t host = dlrt_cpu_features(), missing = 0;
  char known[160] = "none";
  size_t used = 0;
  for (uint32_t i = 0; i < descriptor.ntargets; ++i) {
    const dlx_target &target = descriptor.targets[i];
    if (!target.target)
      return fail(DLRT_FORMAT, "descriptor: target %u has no name: corrupt, compile the model again", i);
    if (used < sizeof known)
      used += size_t(snprintf(known + used, sizeof known - used, used ? ", %.40s" : "%.40s", target.target));
    if (target.device != DLX_DEVICE_CPU)
      continue;
    if (!(target.features & ~host)) {
      chosen = &target;
      return DLRT_OK;
    }
    missing = target.features & ~host;
  }
  if (missing && !host)
    return fail(DLRT_CPU, "this CPU is %s, older than what dlc compiles for: x86-64-v2 and armv8.2-a are the least", levelName(host));
  if (missing)
    return fail(DLRT_CPU,
                "this CPU is %s%s, the artefact has code for %s: compile it "
                "with --target cpu:%s",
                levelName(host), getenv("DLRT_CPU_MASK") ? " (DLRT_CPU_MASK is set)" : "", known, levelName(host));
  return fail(DLRT_CPU,
              "the artefact has no code for a CPU: found targets %s, compile "
              "it with --target cpu",
              known);
}

dlrt_status dlrt::openDescriptor(const dlx_descriptor *descriptor, dlrt_model &model) {
  if (!descriptor)
    return fail(DLRT_VALUE, "the descriptor is null");
  if (reinterpret_cast<uintptr_t>(descriptor) % alignof(dlx_descriptor))
    return fail(DLRT_FORMAT, "the descriptor is not 8-byte aligned");
  if (descriptor->magic != DLX_DESCRIPTOR_MAGIC)
    return fail(DLRT_FORMAT, "descriptor: magic %#" PRIx64 ", expected %#" PRIx64 ": this was not written by dlc", descriptor->magic,
                uint64_t(DLX_DESCRIPTOR_MAGIC));
  if (descriptor->abi != DLX_VERSION)
    return fail(DLRT_FORMAT, "artefact of ABI %u, this runtime reads %u: %s", descriptor->abi, DLX_VERSION,
                descriptor->abi > DLX_VERSION ? "use a newer libdlrt" : "compile it anew");
  if (!descriptor->ntargets || !descriptor->targets || descriptor->ntargets > DLX_MAX_TARGETS)
    return fail(DLRT_FORMAT, "descriptor: %u targets, expected 1 to %u: corrupt, compile the model again", descriptor->ntargets,
                DLX_MAX_TARGETS);
  model.descriptor = descriptor;
  if (dlrt_status status = chooseTarget(*descriptor, model.target))
    return status;
  const dlx_target &target = *model.target;
  const void *bytes = target.program;
  if (dlrt_status status = checkHeader(bytes, target.program_bytes)) // before its length is trusted
    return status;
  if (reinterpret_cast<uintptr_t>(bytes) % 64) { // constants are to be 64-byte aligned in memory
    if (!model.copied.allocate(target.program_bytes))
      return fail(DLRT_MEMORY, "no memory for a program of %" PRIu64 " bytes", target.program_bytes);
    memcpy(model.copied.data(), bytes, target.program_bytes);
    bytes = model.copied.data();
  }
  if (dlrt_status status = readProgram(bytes, target.program_bytes, model.program))
    return status;
  uint64_t functions = model.program.functions.count;
  if (target.nfunctions != functions || (functions && !target.functions))
    return fail(DLRT_FORMAT,
                "descriptor: target '%s' has %" PRIu64 " functions, its program expects %" PRIu64 ": corrupt, compile the model again",
                target.target, target.nfunctions, functions);
  if (dlrt_status status = describeModel(model))
    return status;
  if (!model.plans.allocate(model.program.entries.count))
    return fail(DLRT_MEMORY, "no memory for %" PRIu64 " entries", model.program.entries.count);
  uint64_t budget = uint64_t(1) << 24;
  for (uint32_t i = 0; i < model.plans.size(); ++i) {
    if (dlrt_status status = buildPlan(model.program, target.functions, i, budget, model.plans[i]))
      return status;
    const dlx_entry &entry = model.program.entries[i];
    model.arena = entry.arena > model.arena ? entry.arena : model.arena;
    model.scratch = entry.scratch > model.scratch ? entry.scratch : model.scratch;
  }
  return DLRT_OK;
}

dlrt_status dlrt_model_load(const char *path, dlrt_model **model) {
  if (!path || !model)
    return fail(DLRT_VALUE, "dlrt_model_load: a null argument");
  *model = nullptr;
  Owner<dlrt_model> made(create<dlrt_model>());
  if (!made)
    return fail(DLRT_MEMORY, "%s: no memory for the model", path);
  if (dlrt_status status = made->library.load(path))
    return status;
  if (dlrt_status status = openDescriptor(made->library.descriptor(), *made.get()))
    return failWithin(status, "%s: ", path);
  *model = made.release();
  return DLRT_OK;
}

dlrt_status dlrt_model_open(const void *descriptor, dlrt_model **model) {
  if (!model)
    return fail(DLRT_VALUE, "dlrt_model_open: a null argument");
  *model = nullptr;
  Owner<dlrt_model> made(create<dlrt_model>());
  if (!made)
    return fail(DLRT_MEMORY, "no memory for the model");
  if (dlrt_status status = openDescriptor(static_cast<const dlx_descriptor *>(descriptor), *made.get()))
    return status;
  *model = made.release();
  return DLRT_OK;
}

void dlrt_model_free(dlrt_model *model) { destroy(model); }
