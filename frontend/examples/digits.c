/* Reads handwritten digits: a compiled LeNet-5 with its weights, linked in, on images of an IDX file. `tools/dev demo` trains
 * the net, writes liblenet.so and liblenet.h, and builds this:
 *   cc -I runtime -I build/demo frontend/examples/digits.c build/demo/liblenet.so -L build/release/lib -ldlrt \
 *      -Wl,-rpath,$PWD/build/release/lib
 *   ./a.out IMAGES LABELS     two IDX files, not compressed */
#include "liblenet.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { Side = 28, Pixels = Side * Side, Classes = 10, Across = 4, Shown = 8, Batch = 64 };

static void check(int ok, const char *what) {
  if (!ok) {
    fprintf(stderr, "digits: %s\n", what);
    exit(1);
  }
}
/* An IDX file of bytes behind its header of 4 + 4 * rank bytes; *n: its first extent. */
static unsigned char *readIdx(const char *path, int rank, size_t each, size_t *n) {
  unsigned char header[4 + 4 * 3];
  FILE *file = fopen(path, "rb");
  check(file != NULL, path);
  size_t size = 4 + 4 * (size_t)rank;
  check(fread(header, 1, size, file) == size && header[2] == 8 && header[3] == rank, "expected an IDX file of bytes");
  check(rank == 1 || (header[11] == Side && header[15] == Side), "expected images of 28 x 28");
  *n = (size_t)header[4] << 24 | (size_t)header[5] << 16 | (size_t)header[6] << 8 | header[7];
  unsigned char *bytes = malloc(*n * each + 1);
  check(bytes && fread(bytes, each, *n, file) == *n, "the IDX file is too short");
  fclose(file);
  return bytes;
}

/* The middle 20 x 20 pixels, where MNIST's digits are, two rows a line; then what they were taken for. */
static void show(unsigned char *const *images, const int *taken, const unsigned char *labels, int count) {
  for (int y = 4; y < 24; y += 2, putchar('\n'))
    for (int i = 0; i < count; ++i)
      for (int x = 4; x < 24; ++x)
        putchar(" .:-=+*#%@"[(images[i][y * Side + x] + images[i][(y + 1) * Side + x]) * 9 / 510]);
  for (int i = 0; i < count; ++i)
    printf("  %d%-17s", taken[i], taken[i] == labels[i] ? "" : " (wrong)");
  putchar('\n');
}

int main(int argc, char **argv) {
  check(argc == 3, "expected IMAGES LABELS");
  size_t n, nlabels;
  unsigned char *pixels = readIdx(argv[1], 3, Pixels, &n), *labels = readIdx(argv[2], 1, 1, &nlabels);
  check(n == nlabels && n > 0, "expected as many labels as images");

  dlrt_model *model;
  dlrt_params *params; /* with the weights that the library holds */
  dlrt_context *context;
  check(!dlrt_model_open(&lenet_descriptor, &model) && !dlrt_params_new(model, &params) && !dlrt_context_new(model, params, NULL, &context),
        dlrt_error());

  static float image[Batch * Pixels], probabilities[Batch * Classes];
  int *taken = malloc(n * sizeof *taken);
  check(taken != NULL, "out of memory");
  size_t right = 0;
  for (size_t at = 0; at < n; at += Batch) {
    size_t batch = n - at < Batch ? n - at : Batch;
    for (size_t i = 0; i < batch * Pixels; ++i)
      image[i] = pixels[at * Pixels + i] / 255.0f;
    check(!lenet_run(context, (int64_t)batch, image, probabilities), dlrt_error());
    for (size_t i = 0; i < batch; ++i) {
      const float *p = probabilities + i * Classes;
      int best = 0;
      for (int k = 1; k < Classes; ++k)
        best = p[k] > p[best] ? k : best;
      taken[at + i] = best;
      right += best == labels[at + i];
    }
  }
  /* From all over the file, so that different digits are among them. */
  size_t step = n / Shown ? n / Shown + (n > Shown * 10) : 1;
  for (size_t k = 0; k < Shown && k * step < n; k += Across) {
    unsigned char *images[Across], its[Across];
    int said[Across], count = 0;
    for (size_t i = k; i < k + Across && i * step < n; ++i, ++count)
      images[count] = pixels + i * step * Pixels, said[count] = taken[i * step], its[count] = labels[i * step];
    show(images, said, its, count);
  }
  printf("\n%zu of %zu right\n", right, n);
  free(taken), free(pixels), free(labels);
  dlrt_context_free(context), dlrt_params_free(params), dlrt_model_free(model);
  return 0;
}
