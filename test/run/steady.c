// The steady path: once an entry has run, another run allocates nothing; the arena is used to its last planned byte and no
// further, where a page that cannot be touched begins.
//
// RUN: rm -rf %t && mkdir %t && dlc zoo lenet -o %t/lenet.mlir
// RUN: dlc compile %t/lenet.mlir --train --optimizer "sgd(momentum=0.9)" -o %t/liblenet.so
// RUN: %cc -O2 -Wall -Wextra -Werror -I%root/runtime -I%t %s -o %t/steady -L%t -llenet -L%libdir -ldlrt -Wl,-rpath,%t:%libdir
// RUN: %t/steady | FileCheck %s && env DLRT_GUARD=1 %t/steady | FileCheck %s --check-prefixes=CHECK,GUARD
// CHECK: 0 allocations in 20 steps of 1 to 64 samples
// GUARD: all bytes of the arena are used
#define _GNU_SOURCE
#include "dlx.h"
#include "liblenet.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The allocator's functions, counted. dlsym may allocate before they are known: from a small block that is never freed. */
static long allocations;
static char early[4096];
static size_t taken;
static void *(*next_malloc)(size_t), *(*next_calloc)(size_t, size_t), *(*next_realloc)(void *, size_t), *(*next_aligned)(size_t, size_t);
static int (*next_posix)(void **, size_t, size_t);
static void (*next_free)(void *);

static void *find(const char *name) {
  static int busy;
  if (busy)
    return NULL;
  busy = 1;
  void *function = dlsym(RTLD_NEXT, name);
  busy = 0;
  return function;
}
static void *take(size_t bytes) {
  void *p = early + taken;
  taken += (bytes + 15) / 16 * 16;
  return taken <= sizeof early ? p : NULL;
}
/* Counts a call and finds the function behind it. */
static void count(void *next, const char *name) {
  __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
  if (!*(void **)next)
    *(void **)next = find(name);
}
void *malloc(size_t bytes) {
  count(&next_malloc, "malloc");
  return next_malloc ? next_malloc(bytes) : take(bytes);
}
void *calloc(size_t n, size_t each) {
  count(&next_calloc, "calloc");
  return next_calloc ? next_calloc(n, each) : take(n * each);
}
void *realloc(void *p, size_t bytes) {
  count(&next_realloc, "realloc");
  return next_realloc(p, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  count(&next_aligned, "aligned_alloc");
  return next_aligned(alignment, bytes);
}
int posix_memalign(void **p, size_t alignment, size_t bytes) {
  count(&next_posix, "posix_memalign");
  return next_posix(p, alignment, bytes);
}
void free(void *p) {
  if (!next_free)
    *(void **)&next_free = find("free");
  if (next_free && !((char *)p >= early && (char *)p < early + sizeof early))
    next_free(p);
}

static void check(int good, const char *what) {
  if (!good) {
    fprintf(stderr, "steady: %s\n", what);
    exit(1);
  }
}

enum { BATCH = 64 };
static _Alignas(64) float image[BATCH * 28 * 28], probabilities[BATCH * 10];
static int32_t label[BATCH];
static float loss;

int main(void) {
  dlrt_model *model;
  dlrt_params *params;
  dlrt_team *team;
  dlrt_context *context;
  check(!dlrt_model_open(&lenet_descriptor, &model) && !dlrt_params_new(model, &params) && !dlrt_params_init(params, 1) &&
            !dlrt_team_new(2, &team) && !dlrt_context_new(model, params, team, &context),
        dlrt_error());
  for (int i = 0; i < BATCH * 28 * 28; ++i)
    image[i] = (float)(i * 7919 % 2003) / 2003;
  for (int i = 0; i < BATCH; ++i)
    label[i] = i % 10;
  for (int step = 0; step < 21; ++step) {
    int64_t samples = step == 0 || step % 2 ? BATCH : step * 3; /* the last one is even: a run at the bound goes before */
    if (step == 1)
      allocations = 0;
    check(!lenet_train_step(context, samples, image, label, 0.01f, 0, 0, &loss, probabilities), dlrt_error());
    check(loss > 0 && loss < 10, "the loss is not a number of this net");
  }
  printf("%ld allocations in 20 steps of 1 to 64 samples\n", allocations);

  if (getenv("DLRT_GUARD")) {
    check(!lenet_train_step(context, BATCH, image, label, 0.01f, 0, 0, &loss, probabilities), dlrt_error());
    uint64_t bytes, touched = 0;
    const unsigned char *arena = dlrt_context_arena(context, &bytes);
    const uint32_t poison = DLX_POISON;
    for (uint64_t i = 0; i + 4 <= bytes; i += 4)
      if (memcmp(arena + i, &poison, 4))
        touched = i + 4;
    uint64_t planned = dlrt_entry_arena(model, lenet_train_step_entry);
    if (touched == planned)
      printf("all bytes of the arena are used\n");
    else
      printf("%llu bytes of the arena are used, %llu planned\n", (unsigned long long)touched, (unsigned long long)planned);
  }
  dlrt_context_free(context);
  dlrt_team_free(team);
  dlrt_params_free(params);
  dlrt_model_free(model);
  return 0;
}
