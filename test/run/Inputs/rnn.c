/* Two sequences at the same time, each on its own state, on one copy of the weights; against loops in f64. */
#include "librnn.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 50 };
static void check(int good, const char *what) {
  if (!good) {
    fprintf(stderr, "rnn: %s\n", what);
    exit(1);
  }
}
static float input(int which, int t, int i) { return (float)((which * 7 + t * 5 + i * 3) % 11) / 11 - 0.4f; }

typedef struct {
  int which;
  dlrt_model *model;
  dlrt_params *params;
  float y[8];
} sequence;
static void *run(void *argument) {
  sequence *s = argument;
  dlrt_context *context;
  dlrt_state *state;
  check(!dlrt_context_new(s->model, s->params, NULL, &context) && !dlrt_state_new(s->model, &state), dlrt_error());
  for (int t = 0; t < STEPS; ++t) {
    char bytes[4 * 4 + 4]; /* of no alignment but that of an element */
    float *x = (float *)(bytes + (4 - (size_t)bytes % 4) % 4);
    for (int i = 0; i < 4; ++i)
      x[i] = input(s->which, t, i);
    check(!rnn_run(context, state, x, rnn_run_gain, s->y), dlrt_error());
  }
  dlrt_state_free(state), dlrt_context_free(context);
  return NULL;
}
static const float *weight(dlrt_params *params, const char *name) {
  dlrt_tensor view;
  check(!dlrt_params_get(params, name, &view), dlrt_error());
  return view.data;
}

int main(void) {
  dlrt_model *model;
  dlrt_params *params = NULL;
  check(!dlrt_model_open(&rnn_descriptor, &model) && !dlrt_params_new(model, &params) && !dlrt_params_init(params, 1), dlrt_error());
  const float *w = weight(params, "w"), *u = weight(params, "u");
  sequence sequences[2] = {{0, model, params, {0}}, {1, model, params, {0}}};
  pthread_t threads[2];
  for (int k = 0; k < 2; ++k)
    check(!pthread_create(&threads[k], NULL, run, &sequences[k]), "no thread");
  for (int k = 0; k < 2; ++k)
    pthread_join(threads[k], NULL);
  double worst = 0;
  for (int k = 0; k < 2; ++k) {
    double h[8], next[8];
    for (int j = 0; j < 8; ++j)
      h[j] = 0.25;
    for (int t = 0; t < STEPS; ++t, memcpy(h, next, sizeof h))
      for (int j = 0; j < 8; ++j) {
        double sum = 0;
        for (int i = 0; i < 8; ++i)
          sum += 0.5 * h[i] * u[i * 8 + j];
        for (int i = 0; i < 4; ++i)
          sum += (double)input(k, t, i) * w[i * 8 + j];
        next[j] = tanh(sum);
      }
    for (int j = 0; j < 8; ++j)
      worst = fmax(worst, fabs(h[j] - sequences[k].y[j]));
  }
  check(memcmp(sequences[0].y, sequences[1].y, sizeof sequences[0].y), "the sequences are one");
  printf("two sequences %s\n", worst < 1e-6 ? "agree with f64" : "are wrong");
  dlrt_params_free(params), dlrt_model_free(model);
  return 0;
}
