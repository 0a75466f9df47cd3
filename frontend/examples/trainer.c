/* Learns on the device whether points lie in a ring, and keeps the weights: libc, libdlrt and what dlc compile wrote.
 *   dlc compile ring.mlir --train -o libring.a                   and libring.h
 *   cc trainer.c libring.a $(pkg-config --cflags --libs dlrt) && ./a.out ring.safetensors */
#include "libring.h"
#include <stdio.h>
#include <stdlib.h>

enum { Batch = 64, Steps = 3000 };
static float unit(void) { return (float)rand() / (float)RAND_MAX * 2 - 1; }

int main(int argc, char **argv) {
  dlrt_model *model;
  dlrt_params *params;
  dlrt_context *context;
  if (argc != 2 || dlrt_model_open(&ring_descriptor, &model) || dlrt_params_new(model, &params) || dlrt_params_init(params, 1) ||
      dlrt_context_new(model, params, NULL, &context))
    return fprintf(stderr, "trainer WEIGHTS: %s\n", dlrt_error()), 1;
  int right = 0;
  for (int step = 0; step < Steps; ++step) {
    float point[Batch][2], probabilities[Batch][2], loss, lr = step < Steps / 2 ? 0.1f : 0.01f;
    int32_t label[Batch];
    for (int i = 0; i < Batch; ++i) {
      float x = point[i][0] = unit(), y = point[i][1] = unit(), r = x * x + y * y;
      label[i] = 0.25f < r && r < 0.75f;
    }
    if (ring_train_step(context, Batch, point[0], label, lr, ring_train_step_l2, ring_train_step_momentum, &loss, probabilities[0]))
      return fprintf(stderr, "trainer: %s\n", dlrt_error()), 1;
    for (int i = 0; i < Batch && step >= Steps - 100; ++i)
      right += (probabilities[i][1] > 0.5f) == label[i];
  }
  printf("%.1f %% of the last %d points right\n", 100.0 * right / (100 * Batch), 100 * Batch);
  if (dlrt_params_save(params, argv[1], DLRT_SAVE_WEIGHTS))
    return fprintf(stderr, "trainer: %s\n", dlrt_error()), 1;
  return 0;
}
