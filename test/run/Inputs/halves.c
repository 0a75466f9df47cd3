#include "libhalves.h"
#include <stdio.h>
int main(void) {
  static _Alignas(64) float x[5 * 7], z[8], y[8];
  dlrt_model *model;
  dlrt_params *params;
  dlrt_context *context;
  if (dlrt_model_open(&halves_descriptor, &model) || dlrt_params_new(model, &params) || dlrt_context_new(model, params, NULL, &context) ||
      halves_run(context, 5, 7, x, z, y))
    return fprintf(stderr, "%s\n", dlrt_error()), 1;
  for (int i = 0; i < 8; ++i)
    printf("%g ", y[i]);
}
