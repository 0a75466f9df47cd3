// Trains LeNet on MNIST without Python, compiler or framework: libc, libdlrt and what dlc compile wrote.
// train DIRECTORY EPOCHS [WEIGHTS]: the four unpacked IDX files; prints the accuracy on the test images.
//
// RUN: rm -rf %t && mkdir %t && cp %root/data/mnist-small/*.gz %t && gunzip %t/*.gz
// RUN: dlc zoo lenet -o %t/lenet.mlir && dlc compile %t/lenet.mlir --train --optimizer "sgd(momentum=0.9)" -o %t/liblenet.so
// RUN: %cc -O2 -Wall -Wextra -Werror -I%root/runtime -I%t %s -o %t/train -L%t -llenet -L%libdir -ldlrt -Wl,-rpath,%t:%libdir
// RUN: %t/train %t 3 %t/a.safetensors | FileCheck %s
// CHECK: epoch 3: accuracy {{(8[5-9]|9[0-9]).[0-9]+}} %
//
// What was trained on the device goes into an artefact for inference; the optimiser's part is told of and left out.
// RUN: dlc run %t/lenet.mlir --weights %t/a.safetensors --input image=@zeros 2>&1 | FileCheck %s --check-prefix=SKIPPED
// RUN: dlc compile %t/lenet.mlir --embed-weights %t/a.safetensors -o %t/libown.so 2>&1 | FileCheck %s --check-prefix=SKIPPED
// RUN: dlc run %t/lenet.mlir --weights %t/a.safetensors --input image=@random --seed 3 --output probabilities=%t/p.npy
// RUN: dlc run %t/libown.so --input image=@random --seed 3 --compare probabilities=%t/p.npy --rtol 0
// SKIPPED: dlc: note: {{.*}}a.safetensors: skipped 8 tensors of an optimiser, which this model has no use for
//
// LeNet's library needs nothing, libdlrt libc and libm alone.
// RUN: llvm-readelf -d %t/liblenet.so %libdir/libdlrt.so | FileCheck %s --check-prefix=NEEDED
// NEEDED: File: {{.*}}liblenet.so
// NEEDED-NOT: Shared library
// NEEDED: File: {{.*}}libdlrt.so
// NEEDED-NOT: Shared library: [{{lib([^cm]|[cm][^.])}}
#include "liblenet.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 28 * 28, CLASSES = 10, BATCH = 64 };
typedef struct {
  uint32_t count;
  unsigned char *pixels, *labels;
} digits;

static void check(int good, const char *what) {
  if (!good) {
    fprintf(stderr, "train: %s\n", what);
    exit(1);
  }
}
static uint32_t big_endian(FILE *f) {
  unsigned char b[4] = {0};
  check(fread(b, 1, 4, f) == 4, "a file ends in its header");
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}
/* The bytes behind the header, `each` a sample. */
static unsigned char *read_idx(const char *directory, const char *name, uint32_t magic, size_t each, uint32_t *count) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *f = fopen(path, "rb");
  check(f != NULL, path);
  check(big_endian(f) == magic, "not an IDX file of images or labels");
  *count = big_endian(f);
  for (size_t extent = each; extent > 1; extent /= 28)
    check(big_endian(f) == 28, "images are not 28x28");
  unsigned char *bytes = malloc(*count * each);
  check(bytes && fread(bytes, each, *count, f) == *count, "a file is too short");
  fclose(f);
  return bytes;
}
static digits read_digits(const char *directory, const char *images, const char *labels) {
  digits d;
  uint32_t count;
  d.pixels = read_idx(directory, images, 0x803, PIXELS, &d.count);
  d.labels = read_idx(directory, labels, 0x801, 1, &count);
  check(count == d.count && count > 0, "images and labels differ in number");
  return d;
}
/* Samples order[first ...] to floats; gives their number. */
static int64_t fetch(const digits *d, const uint32_t *order, uint32_t first, float *image, int32_t *label) {
  uint32_t n = d->count - first < BATCH ? d->count - first : BATCH;
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t s = order ? order[first + i] : first + i;
    for (int p = 0; p < PIXELS; ++p)
      image[i * PIXELS + p] = (float)d->pixels[(size_t)s * PIXELS + p] / 255;
    label[i] = d->labels[s];
  }
  return n;
}
static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

int main(int argc, char **argv) {
  check(argc >= 3, "train DIRECTORY EPOCHS [WEIGHTS]");
  digits train = read_digits(argv[1], "train-images-idx3-ubyte", "train-labels-idx1-ubyte");
  digits test = read_digits(argv[1], "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
  dlrt_model *model;
  dlrt_params *params;
  dlrt_team *team;
  dlrt_context *context;
  check(!dlrt_model_open(&lenet_descriptor, &model) && !dlrt_params_new(model, &params) && !dlrt_params_init(params, 1) &&
            !dlrt_team_new(0, &team) && !dlrt_context_new(model, params, team, &context),
        dlrt_error());

  float *image = aligned_alloc(64, sizeof(float) * BATCH * PIXELS);
  uint32_t *order = malloc(sizeof *order * train.count);
  check(image && order, "out of memory");
  float probabilities[BATCH * CLASSES];
  float loss;
  int32_t label[BATCH];
  uint64_t state = 1;
  for (uint32_t i = 0; i < train.count; ++i)
    order[i] = i;
  for (int epoch = 1, epochs = atoi(argv[2]); epoch <= epochs; ++epoch) {
    for (uint32_t i = train.count; i-- > 1;) {
      uint32_t j = next_random(&state) % (i + 1), swapped = order[i];
      order[i] = order[j], order[j] = swapped;
    }
    for (uint32_t first = 0; first < train.count; first += BATCH) {
      int64_t n = fetch(&train, order, first, image, label);
      check(!lenet_train_step(context, n, image, label, lenet_train_step_lr, 0.0005f, lenet_train_step_momentum, &loss, probabilities),
            dlrt_error());
    }
    uint32_t right = 0;
    for (uint32_t first = 0; first < test.count; first += BATCH) {
      int64_t n = fetch(&test, NULL, first, image, label);
      check(!lenet_run(context, n, image, probabilities), dlrt_error());
      for (int64_t i = 0; i < n; ++i) {
        int best = 0;
        for (int c = 1; c < CLASSES; ++c)
          if (probabilities[i * CLASSES + c] > probabilities[i * CLASSES + best])
            best = c;
        right += best == label[i];
      }
    }
    printf("epoch %d: accuracy %.2f %%\n", epoch, 100.0 * right / test.count);
    fflush(stdout);
  }
  check(argc < 4 || !dlrt_params_save(params, argv[3], DLRT_SAVE_ALL), dlrt_error());
  dlrt_context_free(context);
  dlrt_team_free(team);
  dlrt_params_free(params);
  dlrt_model_free(model);
  free(image), free(order), free(train.pixels), free(train.labels), free(test.pixels), free(test.labels);
  return 0;
}
