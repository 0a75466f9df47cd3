// Checks an entry's code and resolves it to an EntryPlan.
#include "runtime/Plan.h"
#include "runtime/Error.h"
#include <inttypes.h>

using namespace dlrt;

/// Refuses the entry's code.
#define REFUSE_UNLESS(condition, format, ...)                                                                                              \
  do {                                                                                                                                     \
    if (!(condition))                                                                                                                      \
      return fail(DLRT_FORMAT, "dlx program: entry '%s': " format, name __VA_OPT__(, ) __VA_ARGS__);                                       \
  } while (false)
#define NEED_MEMORY(condition)                                                                                                             \
  do {                                                                                                                                     \
    if (!(condition))                                                                                                                      \
      return fail(DLRT_MEMORY, "no memory for the plan of entry '%s'", name);                                                              \
  } while (false)

namespace {
class Builder {
public:
  Builder(const Program &program, const dlx_kernel_fn *functions, const dlx_entry &entry, uint64_t &budget, EntryPlan &plan)
      : program(program), functions(functions), entry(entry), budget(budget), plan(plan), name(program.string(entry.name)) {}
  dlrt_status build();

private:
  const Program &program;
  const dlx_kernel_fn *functions;
  const dlx_entry &entry;
  uint64_t &budget;
  EntryPlan &plan;
  const char *name;
  Array<dlx_arg> slotArgs;  // of every slot
  Array<uint8_t> moved;     // views that an enclosing loop moves
  Array<uint8_t> exchanged; // buffers in plan.swapped
  Array<uint8_t> listed;    // expressions in plan.exprs

  dlrt_status range(uint32_t first, uint32_t last, uint32_t depth);
  dlrt_status stage(const dlx_instruction &instruction);
  dlrt_status loop(const dlx_instruction &instruction, uint32_t body, uint32_t last, uint32_t depth);
  dlrt_status copy(const dlx_instruction &instruction);
  dlrt_status listExpr(uint32_t expr);
  dlrt_status listSurface();
  dlrt_status listUnits();
  dlrt_status listPatches();
  const dlx_buffer &buffer(uint32_t i) const { return program.buffers[entry.buffers + i]; }
  /// A buffer that has a pointer here: not a view that stands still.
  bool isUsable(uint32_t i) const { return i < entry.nbuffers && (buffer(i).kind != DLX_VIEW || moved[i]); }
};
} // namespace

dlrt_status Builder::listExpr(uint32_t expr) {
  REFUSE_UNLESS(expr < program.exprs.count, "expression %u of %" PRIu64, expr, program.exprs.count);
  if (listed[expr])
    return DLRT_OK;
  listed[expr] = 1;
  NEED_MEMORY(plan.exprs.push(expr));
  return DLRT_OK;
}

dlrt_status Builder::stage(const dlx_instruction &instruction) {
  REFUSE_UNLESS(program.launches.holds(instruction.a, instruction.b), "stage of launches [%u, +%u) of %" PRIu64, instruction.a,
                instruction.b, program.launches.count);
  dlx_instruction resolved = instruction;
  resolved.a = uint32_t(plan.launches.size());
  for (uint32_t i = 0; i < instruction.b; ++i) {
    const dlx_launch &launch = program.launches[instruction.a + i];
    REFUSE_UNLESS(launch.kernel < program.functions.count && program.args.holds(launch.args, launch.nargs),
                  "launch %u of kernel %u with arguments [%u, +%u)", instruction.a + i, launch.kernel, launch.args, launch.nargs);
    bool flat = launch.grid[1] == DLX_NONE && launch.grid[2] == DLX_NONE && launch.shared == DLX_NONE && !launch.stream;
    for (const uint32_t *zeros : {launch.threads, launch.cluster})
      flat = flat && !zeros[0] && !zeros[1] && !zeros[2];
    REFUSE_UNLESS(flat && !launch.reserved[0] && !launch.reserved[1], "launch %u has the grid of a device, not of a CPU",
                  instruction.a + i);
    REFUSE_UNLESS(functions[launch.kernel], "kernel '%s' has no code", program.string(program.functions[launch.kernel]));
    REFUSE_UNLESS(launch.nargs < budget, "more arguments than a runtime holds");
    budget -= launch.nargs + 1;
    if (dlrt_status status = listExpr(launch.grid[0]))
      return status;
    for (uint32_t a = 0; a < launch.nargs; ++a) {
      const dlx_arg &arg = program.args[launch.args + a];
      REFUSE_UNLESS(isUsable(arg.buffer),
                    "argument %u of launch %u is buffer %u of %u, or a view "
                    "outside its loop",
                    a, instruction.a + i, arg.buffer, entry.nbuffers);
      REFUSE_UNLESS(arg.offset >= 0 && uint64_t(arg.offset) <= buffer(arg.buffer).bound,
                    "argument %u of launch %u is at %" PRId64 " of a buffer of %" PRIu64 " bytes", a, instruction.a + i, arg.offset,
                    buffer(arg.buffer).bound);
      NEED_MEMORY(slotArgs.push(arg));
    }
    NEED_MEMORY(plan.launches.push({functions[launch.kernel], launch.kernel, launch.grid[0], plan.slots, launch.nargs}));
    plan.slots += launch.nargs;
  }
  NEED_MEMORY(plan.code.push(resolved));
  return DLRT_OK;
}

dlrt_status Builder::loop(const dlx_instruction &l, uint32_t body, uint32_t last, uint32_t depth) {
  REFUSE_UNLESS(depth < DLX_MAX_LOOPS, "loops nested deeper than %u", DLX_MAX_LOOPS);
  REFUSE_UNLESS(l.b <= last - body, "a loop's body of %u instructions leaves its surroundings", l.b);
  REFUSE_UNLESS(program.moving.holds(l.c, l.d) && program.swaps.holds(l.e, l.f), "a loop's views or swaps are outside the tables");
  if (dlrt_status status = listExpr(l.a))
    return status;
  for (uint32_t i = 0; i < l.d; ++i) {
    const dlx_moving &moving = program.moving[l.c + i];
    REFUSE_UNLESS(moving.view < entry.nbuffers && buffer(moving.view).kind == DLX_VIEW, "a loop moves buffer %u, which is no view",
                  moving.view);
    REFUSE_UNLESS(!moved[moving.view], "view %u is moved twice", moving.view);
    REFUSE_UNLESS(isUsable(uint32_t(buffer(moving.view).at)), "view %u is over a view that stands still", moving.view);
    moved[moving.view] = 1;
    if (dlrt_status status = listExpr(moving.start))
      return status;
    if (dlrt_status status = listExpr(moving.stride))
      return status;
  }
  for (uint32_t i = 0; i < l.f; ++i) {
    const dlx_swap &swap = program.swaps[l.e + i];
    for (uint32_t b : {swap.first, swap.second}) {
      REFUSE_UNLESS(b < entry.nbuffers && (buffer(b).kind == DLX_ARENA || buffer(b).kind == DLX_BIND_OUTPUT),
                    "a swap of buffer %u, which is neither in the arena nor an output", b);
      if (!exchanged[b])
        NEED_MEMORY(plan.swapped.push(b));
      exchanged[b] = 1;
    }
    REFUSE_UNLESS(buffer(swap.first).bound == buffer(swap.second).bound, "a swap of buffers of %" PRIu64 " and %" PRIu64 " bytes",
                  buffer(swap.first).bound, buffer(swap.second).bound);
  }
  NEED_MEMORY(plan.code.push(l));
  if (dlrt_status status = range(body, body + l.b, depth + 1))
    return status;
  for (uint32_t i = 0; i < l.d; ++i)
    moved[program.moving[l.c + i].view] = 0;
  return DLRT_OK;
}

/// Copies of all three kinds.
dlrt_status Builder::copy(const dlx_instruction &c) {
  REFUSE_UNLESS(isUsable(c.b) && isUsable(c.c), "a copy from buffer %u to %u of %u, or a view outside its loop", c.c, c.b, entry.nbuffers);
  if (c.kind == DLX_COPY)
    REFUSE_UNLESS(c.f <= buffer(c.b).bound && c.e <= buffer(c.c).bound, "a copy's offset is outside its buffer");
  uint32_t root = c.b;
  while (buffer(root).kind == DLX_VIEW)
    root = uint32_t(buffer(root).at);
  bool writable = true;
  switch (buffer(root).kind) {
  case DLX_BIND_INPUT:
  case DLX_CONSTANT:
    writable = false;
    break;
  case DLX_BIND_PARAM:
    writable = false;
    for (uint32_t w = 0; w < entry.nwrites; ++w)
      writable |= program.writes[entry.writes + w] == buffer(root).at;
    break;
  case DLX_PREPARED:
    writable = entry.flags & DLX_IS_PREPARE;
    break;
  default:
    break;
  }
  REFUSE_UNLESS(writable, "a copy writes to buffer %u, which the entry may only read", c.b);
  for (uint32_t expr : {c.a, c.d, c.e, c.f})
    if (expr == c.a || c.kind != DLX_COPY)
      if (dlrt_status status = listExpr(expr))
        return status;
  NEED_MEMORY(plan.code.push(c));
  return DLRT_OK;
}

/// Checks instructions [first, last) and appends them to the plan.
dlrt_status Builder::range(uint32_t first, uint32_t last, uint32_t depth) {
  for (uint32_t i = first; i < last; ++i) {
    const dlx_instruction &instruction = program.code[entry.code + i];
    dlrt_status status;
    REFUSE_UNLESS(!instruction.stream, "instruction %u is on stream %u, which a CPU has not", i, instruction.stream);
    switch (instruction.kind) {
    case DLX_STAGE:
      status = stage(instruction);
      break;
    case DLX_LOOP:
      status = loop(instruction, i + 1, last, depth);
      i += instruction.b;
      break;
    case DLX_COPY:
    case DLX_PLACE:
    case DLX_TAKE:
      status = copy(instruction);
      break;
    default:
      return fail(DLRT_FORMAT, "dlx program: entry '%s': instruction %u has unknown kind %u", name, i, instruction.kind);
    }
    if (status)
      return status;
  }
  return DLRT_OK;
}

/// Expressions of the surface and the buffers; refuses symbols that no input
/// gives.
dlrt_status Builder::listSurface() {
  for (uint32_t t = 0; t < entry.ninputs + entry.noutputs; ++t) {
    const dlx_tensor &tensor = program.tensors[t < entry.ninputs ? entry.inputs + t : entry.outputs + t - entry.ninputs];
    for (uint32_t d = 0; d < tensor.rank; ++d)
      if (dlrt_status status = listExpr(tensor.dims + d))
        return status;
  }
  for (uint32_t b = 0; b < entry.nbuffers; ++b) {
    if (dlrt_status status = listExpr(buffer(b).bytes))
      return status;
    plan.carries |= buffer(b).kind == DLX_BIND_STATE;
    if (buffer(b).kind == DLX_BIND_INPUT || buffer(b).kind == DLX_BIND_OUTPUT || buffer(b).kind == DLX_BIND_STATE)
      NEED_MEMORY(plan.bound.push(b));
  }
  bool given[maxSymbols] = {};
  for (uint32_t t = 0; t < entry.ninputs; ++t) {
    const dlx_tensor &tensor = program.tensors[entry.inputs + t];
    if (tensor.symbol != DLX_NONE)
      given[tensor.symbol] = true;
    for (uint32_t d = 0; d < tensor.rank; ++d)
      if (int32_t symbol = symbolOf(program, tensor.dims + d); symbol >= 0)
        given[symbol] = true;
  }
  for (uint32_t expr : plan.exprs)
    for (uint32_t w = 0; w < program.exprs[expr].count; ++w) {
      const dlx_word &word = program.words[program.exprs[expr].first + w];
      REFUSE_UNLESS(word.op != DLX_SYMBOL || given[word.value], "symbol '%s' is used, but no input gives it",
                    program.string(program.symbols[word.value].name));
    }
  return DLRT_OK;
}

/// Lists each buffer's slots, by counting sort.
dlrt_status Builder::listPatches() {
  NEED_MEMORY(plan.patchStart.allocate(size_t(entry.nbuffers) + 2) && plan.patches.allocate(plan.slots));
  for (const dlx_arg &arg : slotArgs)
    ++plan.patchStart[arg.buffer + 2];
  for (uint32_t b = 0; b < entry.nbuffers; ++b)
    plan.patchStart[b + 2] += plan.patchStart[b + 1];
  // patchStart[b + 1] is buffer b's next free place, and at the end its end.
  for (uint32_t slot = 0; slot < plan.slots; ++slot)
    plan.patches[plan.patchStart[slotArgs[slot].buffer + 1]++] = {slot, slotArgs[slot].offset};
  return DLRT_OK;
}

/// The units of a prepare entry: one, if it has more than launches.
dlrt_status Builder::listUnits() {
  uint32_t launches = uint32_t(plan.launches.size());
  NEED_MEMORY(plan.unitOf.allocate(launches));
  bool whole = false;
  for (const dlx_instruction &instruction : plan.code)
    whole |= instruction.kind != DLX_STAGE;
  Array<uint32_t> root, first; // first: by buffer, the first launch that has it plus 1
  NEED_MEMORY(root.allocate(launches) && first.allocate(entry.nbuffers));
  auto find = [&](uint32_t l) {
    while (root[l] != l)
      l = root[l] = root[root[l]];
    return l;
  };
  for (uint32_t l = 0; l < launches; ++l) {
    root[l] = l;
    for (uint32_t a = 0; a < plan.launches[l].nargs; ++a) {
      uint32_t b = slotArgs[plan.launches[l].slot + a].buffer;
      if (buffer(b).kind != DLX_ARENA && buffer(b).kind != DLX_PREPARED)
        continue;
      if (first[b])
        root[find(first[b] - 1)] = find(l);
      else
        first[b] = l + 1;
    }
  }
  for (uint32_t l = 0; l < launches; ++l) // numbers of roots first
    if (find(l) == l)
      plan.unitOf[l] = whole ? 0 : plan.units++;
  for (uint32_t l = 0; l < launches; ++l)
    plan.unitOf[l] = plan.unitOf[find(l)];
  plan.units = whole ? 1 : plan.units;
  for (uint32_t l = 0; l < launches; ++l)
    for (uint32_t a = 0; a < plan.launches[l].nargs; ++a)
      if (const dlx_buffer &b = buffer(slotArgs[plan.launches[l].slot + a].buffer); b.kind == DLX_BIND_PARAM)
        NEED_MEMORY(plan.reads.push({uint32_t(b.at), plan.unitOf[l]}));
  for (uint32_t b = 0; whole && b < entry.nbuffers; ++b) // copies read too
    if (buffer(b).kind == DLX_BIND_PARAM)
      NEED_MEMORY(plan.reads.push({uint32_t(buffer(b).at), 0}));
  return DLRT_OK;
}

dlrt_status Builder::build() {
  plan.entry = &entry;
  plan.buffers = program.buffers.records + entry.buffers;
  NEED_MEMORY(moved.allocate(entry.nbuffers) && exchanged.allocate(entry.nbuffers) && listed.allocate(program.exprs.count));
  if (dlrt_status status = range(0, entry.ncode, 0))
    return status;
  if (dlrt_status status = listSurface())
    return status;
  if (entry.flags & DLX_IS_PREPARE)
    if (dlrt_status status = listUnits())
      return status;
  return listPatches();
}

dlrt_status dlrt::buildPlan(const Program &program, const dlx_kernel_fn *functions, uint32_t entry, uint64_t &budget, EntryPlan &plan) {
  return Builder(program, functions, program.entries[entry], budget, plan).build();
}
