/* Decodes with a cache: each step writes one row, `past` by value says which; a fork of the state goes its own way. */
#include "libcache.h"
#include <stdio.h>
#include <stdlib.h>

static void check(int good, const char *what) {
  if (!good) {
    fprintf(stderr, "cache: %s\n", what);
    exit(1);
  }
}
int main(void) {
  dlrt_model *model;
  dlrt_params *params;
  dlrt_context *context;
  dlrt_state *state, *fork;
  check(!dlrt_model_open(&cache_descriptor, &model) && !dlrt_params_new(model, &params) &&
            !dlrt_context_new(model, params, NULL, &context) && !dlrt_state_new(model, &state) && !dlrt_state_new(model, &fork),
        dlrt_error());
  float x[2 * 4], seen[2 * 16 * 4], sum[2 * 4];
  for (int past = 0; past < 16; ++past) {
    for (int i = 0; i < 8; ++i)
      x[i] = (float)(past * 8 + i);
    if (past == 10)
      check(!dlrt_state_copy(fork, state), dlrt_error());
    check(!cache_run(context, state, x, past, seen, sum), dlrt_error());
    for (int h = 0; h < 2; ++h)
      for (int i = 0; i < 4; ++i) {
        float total = 0;
        for (int t = 0; t <= past; ++t) {
          check(seen[(h * (past + 1) + t) * 4 + i] == (float)(2 * (t * 8 + h * 4 + i)), "a row of the cache is wrong");
          total += seen[(h * (past + 1) + t) * 4 + i];
        }
        check(sum[h * 4 + i] == total, "a sum is wrong");
      }
  }
  check(!cache_run(context, fork, x, 10, seen, sum), dlrt_error());
  check(seen[10 * 4] == 240 && seen[9 * 4] == 144, "the fork is wrong");
  printf("16 steps, each a row\n");
  if (cache_run(context, state, x, 16, seen, sum))
    printf("%s\n", dlrt_error());
  dlrt_state_free(state), dlrt_state_free(fork), dlrt_context_free(context), dlrt_params_free(params), dlrt_model_free(model);
  return 0;
}
