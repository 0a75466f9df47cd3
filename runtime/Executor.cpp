// Runs an entry's code: stages as one region over the sum of their grids, loops
// by moving pointers, copies. Allocates nothing.
#include "runtime/Context.h"
#include "runtime/Error.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>

using namespace dlrt;

static uint64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1000000000u + uint64_t(t.tv_nsec);
}

static constexpr char copyName[] = "copy";

namespace {
/// A run in progress.
class Executor {
public:
  Executor(dlrt_context &context, size_t entry, dlrt_team *team, const uint8_t *stale)
      : context(context), program(context.model->program), plan(context.model->plans[entry]), state(context.entries[entry]), team(team),
        stale(stale), scratch(context.scratch.data()), scratchStride(context.scratchStride), profiling(context.profiling) {}
  dlrt_status run() { return range(0, uint32_t(plan.code.size())) ? DLRT_OK : report(); }

private:
  dlrt_context &context;
  const Program &program;
  const EntryPlan &plan;
  EntryState &state;
  dlrt_team *team;
  const uint8_t *stale;
  char *scratch;
  uint64_t scratchStride;
  bool profiling;
  const PlanLaunch *first = nullptr; // the region's launches
  uint32_t launches = 0;
  std::atomic<int32_t> status{0};  // of the first kernel that failed
  std::atomic<uint32_t> failed{0}; // its function
  /// Rows of `row` bytes; from the start of one to the next's, on either side.
  struct Copy {
    char *to;
    const char *from;
    int64_t bytes, row, toStride, fromStride;
  };
  static constexpr int64_t copyBlock = 65536;

  bool range(uint32_t begin, uint32_t end);
  bool stage(const dlx_instruction &stage);
  bool region(const PlanLaunch *launch, uint32_t count);
  bool loop(const dlx_instruction &loop, uint32_t body);
  void copy(const dlx_instruction &copy);
  void note(Counter &counter, const char *what, uint64_t begin);
  void runBlocks(int64_t begin, int64_t end, int thread);
  static void runBody(void *executor, int64_t begin, int64_t end, int thread) {
    static_cast<Executor *>(executor)->runBlocks(begin, end, thread);
  }
  static void copyBody(void *copy, int64_t begin, int64_t end, int thread);
  dlrt_status report() const;
};
} // namespace

/// Blocks [begin, end) of the region, numbered through its launches.
void Executor::runBlocks(int64_t begin, int64_t end, int thread) {
  for (uint32_t l = 0; l < launches && begin < end; ++l) {
    const PlanLaunch &launch = first[l];
    int64_t grid = state.values[launch.grid];
    if (begin < grid) {
      int64_t last = end < grid ? end : grid;
      if (status.load(std::memory_order_relaxed))
        return;
      int32_t result =
          launch.function(state.args.data() + launch.slot, state.symbols.data(), begin, last, scratch + uint64_t(thread) * scratchStride);
      int32_t none = 0;
      if (result && status.compare_exchange_strong(none, result))
        failed.store(launch.functionIndex);
      begin = last;
    }
    begin -= grid;
    end -= grid;
  }
}

/// Launches together, on the team or inline; false after a kernel failed.
bool Executor::region(const PlanLaunch *launch, uint32_t count) {
  int64_t blocks = 0;
  first = launch;
  launches = count;
  for (uint32_t l = 0; l < count; ++l)
    blocks += state.values[launch[l].grid];
  if (blocks > 1 && team)
    team->run(runBody, this, blocks);
  else if (blocks)
    runBlocks(0, blocks, 0);
  return !status.load(std::memory_order_relaxed);
}

/// What began then has ended.
void Executor::note(Counter &counter, const char *what, uint64_t begin) {
  uint64_t nanoseconds = now() - begin;
  ++counter.calls;
  counter.nanoseconds += nanoseconds;
  if (context.eventCount < context.events.size())
    context.events[context.eventCount++] = {what, begin - context.profileStart, nanoseconds};
}

bool Executor::stage(const dlx_instruction &stage) {
  const PlanLaunch *launch = plan.launches.data() + stage.a;
  if (!profiling && !stale)
    return region(launch, stage.b);
  for (uint32_t l = 0; l < stage.b; ++l) { // each alone: its time is its own, and it may have nothing to prepare
    if (stale && !stale[plan.unitOf[stage.a + l]])
      continue;
    uint64_t begin = profiling ? now() : 0;
    bool good = region(launch + l, 1);
    if (profiling)
      note(state.counters[stage.a + l], program.string(program.functions[launch[l].functionIndex]), begin);
    if (!good)
      return false;
  }
  return true;
}

bool Executor::loop(const dlx_instruction &loop, uint32_t body) {
  int64_t trips = state.values[loop.a];
  for (int64_t i = 0; i < trips; ++i) {
    for (uint32_t v = loop.c; v < loop.c + loop.d; ++v) {
      const dlx_moving &moving = program.moving[v];
      char *base = state.pointers[plan.buffers[moving.view].at];
      setPointer(plan, state, moving.view, base + state.values[moving.start] + i * state.values[moving.stride]);
    }
    if (!range(body, body + loop.b))
      return false;
    for (uint32_t s = loop.e; s < loop.e + loop.f; ++s) {
      const dlx_swap &swap = program.swaps[s];
      char *pointer = state.pointers[swap.first];
      setPointer(plan, state, swap.first, state.pointers[swap.second]);
      setPointer(plan, state, swap.second, pointer);
      state.exchanged = true;
    }
  }
  return true;
}

void Executor::copyBody(void *argument, int64_t begin, int64_t end, int) {
  const Copy &copy = *static_cast<const Copy *>(argument);
  int64_t last = end * copyBlock < copy.bytes ? end * copyBlock : copy.bytes;
  for (int64_t at = begin * copyBlock; at < last;) {
    int64_t row = at / copy.row, inside = at % copy.row, left = copy.row - inside, count = left < last - at ? left : last - at;
    memcpy(copy.to + row * copy.toStride + inside, copy.from + row * copy.fromStride + inside, size_t(count));
    at += count;
  }
}

/// Copies of all three kinds. The buffers of a placement are apart.
void Executor::copy(const dlx_instruction &instruction) {
  bool places = instruction.kind == DLX_PLACE, takes = instruction.kind == DLX_TAKE;
  int64_t bytes = state.values[instruction.a];
  Copy copy = {state.pointers[instruction.b], state.pointers[instruction.c], bytes, bytes, bytes, bytes};
  if (places || takes) {
    copy.bytes *= state.values[instruction.d];
    (places ? copy.toStride : copy.fromStride) = state.values[instruction.f];
    (places ? copy.to : const_cast<char *&>(copy.from)) += copy.bytes ? state.values[instruction.e] : 0;
  } else {
    copy.to += instruction.f, copy.from += instruction.e;
  }
  bool apart = places || takes || copy.to + bytes <= copy.from || copy.from + bytes <= copy.to;
  int64_t blocks = (copy.bytes + copyBlock - 1) / copyBlock;
  if (team && apart && blocks > 1 && blocks <= dlrt_team::maxBlocks)
    team->run(copyBody, &copy, blocks);
  else if (places || takes)
    copyBody(&copy, 0, blocks, 0);
  else if (copy.bytes)
    memmove(copy.to, copy.from, size_t(copy.bytes));
}

/// Instructions [begin, end); false after a kernel failed.
bool Executor::range(uint32_t begin, uint32_t end) {
  for (uint32_t i = begin; i < end; ++i) {
    const dlx_instruction &instruction = plan.code[i];
    if (instruction.kind == DLX_STAGE) {
      if (!stage(instruction))
        return false;
    } else if (instruction.kind == DLX_LOOP) {
      if (!loop(instruction, i + 1))
        return false;
      i += instruction.b;
    } else {
      uint64_t begin = profiling ? now() : 0;
      copy(instruction);
      if (profiling)
        note(state.copies, copyName, begin);
    }
  }
  return true;
}

dlrt_status Executor::report() const {
  return fail(DLRT_KERNEL, "kernel '%s' ended the run of entry '%s' with status %" PRId32, program.string(program.functions[failed.load()]),
              program.string(plan.entry->name), status.load());
}

dlrt_status dlrt::execute(dlrt_context &context, size_t entry, const uint8_t *stale) {
  FloatingPointScope scope;
  dlrt_team *team = context.team && context.team->threads() > 1 && context.team->take() ? context.team : nullptr;
  dlrt_status status = Executor(context, entry, team, stale).run();
  if (team)
    team->release();
  return status;
}

void dlrt_profile(dlrt_context *context, int on) {
  context->profiling = on != 0;
  if (!on)
    return;
  constexpr size_t mostEvents = 65536;
  if (!context->events.size())
    (void)context->events.allocate(mostEvents); // without memory there are no events
  context->eventCount = 0;
  context->profileStart = now();
  for (EntryState &state : context->entries) {
    state.copies = {};
    for (Counter &counter : state.counters)
      counter = {};
  }
}

size_t dlrt_profile_rows(const dlrt_context *context, size_t entry, dlrt_profile_row *rows, size_t room) {
  if (entry >= context->entries.size())
    return 0;
  const EntryPlan &plan = context->model->plans[entry];
  const Program &program = context->model->program;
  size_t count = 0;
  for (size_t l = 0; l < plan.launches.size(); ++l) {
    bool seen = false; // launches of one function share a row, at the place of
                       // the first
    for (size_t earlier = 0; earlier < l && !seen; ++earlier)
      seen = plan.launches[earlier].functionIndex == plan.launches[l].functionIndex;
    if (seen)
      continue;
    if (count < room) {
      dlrt_profile_row row = {program.string(program.functions[plan.launches[l].functionIndex]), 0, 0};
      for (size_t later = l; later < plan.launches.size(); ++later)
        if (plan.launches[later].functionIndex == plan.launches[l].functionIndex) {
          row.calls += context->entries[entry].counters[later].calls;
          row.nanoseconds += context->entries[entry].counters[later].nanoseconds;
        }
      rows[count] = row;
    }
    ++count;
  }
  if (Counter copies = context->entries[entry].copies; copies.calls) {
    if (count < room)
      rows[count] = {copyName, copies.calls, copies.nanoseconds};
    ++count;
  }
  return count;
}

size_t dlrt_profile_events(const dlrt_context *context, dlrt_profile_event *events, size_t room) {
  for (size_t i = 0; i < context->eventCount && i < room; ++i)
    events[i] = context->events[i];
  return context->eventCount;
}
