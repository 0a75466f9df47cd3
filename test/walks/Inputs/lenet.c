/* Probabilities of 64 noisy images, to the bit. */
#include "liblenet.h"
#include <stdio.h>

int main(int argc, char **argv) {
  static float image[64 * 28 * 28], probabilities[64 * 10];
  dlrt_model *model;
  dlrt_params *params;
  dlrt_context *context;
  uint32_t noise = 1;
  for (int i = 0; i < 64 * 28 * 28; ++i) {
    noise = noise * 1664525u + 1013904223u;
    image[i] = (float)(noise >> 8) / (1 << 24);
  }
  if (argc != 2 || dlrt_model_load(argv[1], &model) || dlrt_params_new(model, &params) || dlrt_context_new(model, params, NULL, &context) ||
      lenet_run(context, 64, image, probabilities))
    return fprintf(stderr, "%s\n", dlrt_error()), 1;
  for (int i = 0; i < 64 * 10; ++i)
    printf("%a\n", (double)probabilities[i]);
  return 0;
}
