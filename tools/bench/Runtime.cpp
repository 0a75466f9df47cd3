// What the runtime itself costs: an empty region, and a run of a program of 25
// stages whose kernels do nothing.
#include "runtime/cpu/ThreadTeam.h"
#include "test/unit/RuntimeProgram.h"
#include <benchmark/benchmark.h>
#include <unistd.h>

using namespace dlrt_test;

/// A region of one empty block a thread.
static void region(benchmark::State &state) {
  dlrt_team *team;
  dlrt_team_new(int(state.range(0)), &team);
  for (auto _ : state)
    team->run([](void *, int64_t, int64_t, int) {}, nullptr, state.range(0));
  dlrt_team_free(team);
}
BENCHMARK(region)->Arg(2);

/// The same when the workers sleep.
static void regionAfterIdle(benchmark::State &state) {
  dlrt_team *team;
  dlrt_team_new(2, &team);
  for (auto _ : state) {
    state.PauseTiming();
    usleep(3000);
    state.ResumeTiming();
    team->run([](void *, int64_t, int64_t, int) {}, nullptr, 2);
  }
  dlrt_team_free(team);
}
BENCHMARK(regionAfterIdle)->Iterations(300);

/// dlrt_run of 25 stages with 5 arguments each and 8 blocks, on range(0)
/// threads; range(1): the batch changes every time.
static void run(benchmark::State &state) {
  Builder b;
  uint32_t s = b.symbolic("B", 1, 64);
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {symbol(s), constant(4)}, symbol(s) * constant(16), 1024);
  uint32_t y = b.output("y", DLX_F32, {symbol(s), constant(4)}, symbol(s) * constant(16), 1024);
  uint32_t t = b.arena(1024), f = b.function("nothing", nothing);
  for (int i = 0; i < 25; ++i)
    b.stage(f, constant(8), {{x}, {t}, {t}, {t}, {y}});
  dlrt_model *model = nullptr;
  dlrt_params *params = nullptr;
  dlrt_team *team = nullptr;
  dlrt_context *context = nullptr;
  if (dlrt_model_open(b.finish(), &model) || dlrt_params_new(model, &params) || dlrt_team_new(int(state.range(0)), &team) ||
      dlrt_context_new(model, params, team, &context))
    return state.SkipWithError(dlrt_error());
  alignas(64) float in[256] = {}, out[256];
  Tensor a(in, {64, 4}), c(out, {64, 4});
  for (auto _ : state) {
    if (state.range(1))
      a.shape[0] = c.shape[0] = 63 + (a.shape[0] & 1); // 64, 63, 64, ...
    dlrt_run(context, 0, nullptr, &a.tensor, 1, &c.tensor, 1);
  }
  dlrt_context_free(context);
  dlrt_team_free(team);
  dlrt_params_free(params);
  dlrt_model_free(model);
}
BENCHMARK(run)->Args({1, 0})->Args({1, 1})->Args({2, 0});

BENCHMARK_MAIN();
