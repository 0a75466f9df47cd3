/* The flat form of a dlx program: what the compiler writes and the runtime executes (docs/dlx.md).
 *
 * One block of bytes, little-endian, 8-byte aligned, no pointers: tables of fixed-size records, named by byte offset and
 * count in the header. A reader checks the header, the checksum and every index once, before anything is executed.
 * Both sides include this file; a change of any record, or of what a launch function takes, raises DLX_VERSION. In every
 * version the header begins with magic and version, the descriptor with magic and abi. Fields called reserved are 0. */
#ifndef DLC_RUNTIME_DLX_H
#define DLC_RUNTIME_DLX_H
#include <stdint.h>

#define DLX_MAGIC 0x31584c44u /* "DLX1" */
#define DLX_VERSION 3u        /* of records, descriptor and launch functions; a reader takes its own alone */
#define DLX_NONE 0xffffffffu

/* What a reader takes: generous against real models, small against hostile ones. The compiler refuses what is beyond, with its place.
 * Each function may have a prepare entry beside its own. WORDS and STACK: of one expression, and of its evaluation. BLOCKS: of one
 * stage's grids. BYTES: of an arena, a thread's scratch or a prepared block. */
#define DLX_MAX_RANK 32
#define DLX_MAX_SYMBOLS 256
#define DLX_MAX_FUNCTIONS 1024
#define DLX_MAX_ENTRIES (2 * DLX_MAX_FUNCTIONS)
#define DLX_MAX_WORDS 4096
#define DLX_MAX_STACK 128
#define DLX_MAX_LOOPS 16
#define DLX_MAX_ARGUMENTS (1 << 24) /* of all launches of a program, and these themselves */
#define DLX_MAX_BLOCKS 0x7fffffff
#define DLX_MAX_BYTES ((uint64_t)1 << 56)
#define DLX_MAX_TARGETS 64

/* A kernel's launch function, the only code in an artefact (docs/kernel-abi.md). Runs blocks [begin, end) of its grid.
 * buffers: one pointer an argument, in the order of the launch's arguments; scalars: the actual extents of the model's
 * symbolic dimensions, in the order of the symbol table; scratch: the thread's own, 64-byte aligned. Returns 0, or a
 * positive status that ends the run. */
typedef int32_t (*dlx_kernel_fn)(void *const *buffers, const int64_t *scalars, int64_t begin, int64_t end, void *scratch);

typedef enum { DLX_F32, DLX_F64, DLX_BF16, DLX_I1, DLX_I8, DLX_I32, DLX_I64, DLX_U8, DLX_DTYPES } dlx_dtype; /* i1: one byte, 0 or 1 */

/* Records read as tables. */
/* clang-format off */
/* A sum of code words in reverse Polish notation over the symbols; 1 to DLX_MAX_WORDS words. */
/* FLOORDIV and CEILDIV round down and up, MOD has the divisor's sign; overflow and division by zero end the run. */
typedef enum { DLX_PUSH, DLX_SYMBOL, DLX_ADD, DLX_MUL, DLX_FLOORDIV, DLX_CEILDIV, DLX_MOD, DLX_OPCODES } dlx_opcode;
typedef struct { int64_t op, value; } dlx_word;                 /* value: the constant, or the symbol's index */
typedef struct { uint32_t first, count; } dlx_expr;             /* into words */
typedef struct { uint64_t offset, count; } dlx_table;           /* byte offset from the header, number of records */

typedef struct { uint32_t name, reserved; int64_t min, max; } dlx_symbol; /* name: offset in strings, NUL-terminated */

/* Parameters are trainable, non_trainable (training may write them) or the optimizer's (a training step added them); state is what one
 * run hands to the next (docs/state.md). */
typedef enum { DLX_INPUT, DLX_OUTPUT, DLX_TRAINABLE, DLX_NON_TRAINABLE, DLX_OPTIMIZER, DLX_STATE, DLX_ROLES } dlx_role;
typedef enum { DLX_INIT_NONE, DLX_INIT_CONSTANT, DLX_INIT_UNIFORM, DLX_INIT_NORMAL, DLX_INIT_ORTHOGONAL, DLX_INITS } dlx_init;
/* A tensor of the model's surface. Row-major and dense. */
typedef struct {
  uint32_t name;
  uint16_t dtype, role;
  uint32_t rank, dims;          /* dims: index of the first of `rank` exprs; parameters and states have constant extents */
  uint32_t init;                /* constant(a), uniform(a, b), normal(mean a, deviation b), orthogonal(gain b); state: constant; inputs of rank 0: a is the usual value */
  uint32_t symbol;              /* i32 and i64 inputs of rank 0: the symbol whose value the element is; else DLX_NONE */
  double a, b;
  int64_t lo, hi;               /* integer inputs: elements must lie in [lo, hi); no check where lo == hi */
} dlx_tensor;

typedef enum { DLX_ARENA, DLX_BIND_INPUT, DLX_BIND_OUTPUT, DLX_BIND_PARAM, DLX_PREPARED, DLX_CONSTANT, DLX_VIEW, DLX_BIND_STATE, DLX_BUFFER_KINDS } dlx_buffer_kind;
/* Where a pointer comes from. at: byte offset in the context's arena, in the prepared block or in the constants (64-byte
 * aligned); number of the entry's input or output, or of the model's parameter or state; for a view, the buffer it moves over. */
typedef struct {
  uint32_t kind, bytes;         /* bytes: expr, at the actual extents */
  uint32_t space, reserved;     /* space: 0, the memory of the device that runs the kernels */
  uint64_t at, bound;           /* bound: bytes at the symbols' upper bounds */
} dlx_buffer;

typedef struct { uint32_t buffer, reserved; int64_t offset; } dlx_arg;      /* pointer = buffer + offset bytes */
/* kernel: index of function. grid: exprs, blocks along x, y and z; y and z may be DLX_NONE, for 1. Devices alone, on a CPU 0, 0, DLX_NONE
 * and 0: threads a block, blocks a cluster, shared memory of a block (expr: bytes), stream. A CPU's grid is along x. */
typedef struct {
  uint32_t kernel, args, nargs;
  uint32_t grid[3], threads[3], cluster[3];
  uint32_t shared, stream, reserved[2];
} dlx_launch;
/* stage: launches [a, a + b), free to run together. loop: trip count expr a, the next `b` instructions are the body, over
 * views [c, c + d) and swaps [e, e + f). copy: expr a bytes from buffer c (+ e) to buffer b (+ f): e, f byte offsets.
 * place: expr d rows of expr a bytes, from buffer c, where they are dense, to buffer b, row i at exprs e + i * f. take: the same from
 * buffer c at e + i * f to buffer b, where they are dense. Rows don't overlap: f is at least a. stream: 0 on a CPU. */
typedef enum { DLX_STAGE, DLX_LOOP, DLX_COPY, DLX_PLACE, DLX_TAKE, DLX_INSTRUCTIONS } dlx_instruction_kind;
typedef struct { uint32_t kind, a, b, c, d, e, f, stream; } dlx_instruction;
/* In iteration i of the loop, buffer `view` points to its base + start + i * stride (exprs: bytes; stride may be negative).
 * Set at the start of each iteration in the order of the records; a view is used only inside the one loop that moves it, and
 * its base comes before it among the buffers. All of it lies in the base's actual bytes in every iteration. */
typedef struct { uint32_t view, start, stride, reserved; } dlx_moving;
/* Pointers exchanged after each iteration, and left so after the loop; both in the arena or outputs, of equal bytes and bound. */
typedef struct { uint32_t first, second; } dlx_swap;

typedef enum { DLX_IS_PREPARE = 1 } dlx_entry_flag; /* prepare entries come last */
typedef struct {
  uint32_t name, flags;
  uint32_t inputs, ninputs, outputs, noutputs;      /* ranges of tensors */
  uint32_t buffers, nbuffers, code, ncode;          /* indices in records are relative to the entry's own buffers */
  uint32_t writes, nwrites;                         /* range of writes: the parameters that a run changes */
  uint32_t prepare, streams;                        /* entry that must have run since what it reads changed, or DLX_NONE; streams: 0 on a CPU */
  uint64_t arena, scratch, prepared;                /* bytes: arena at the bounds, scratch a thread, prepared block */
  uint64_t reserved[2];
} dlx_entry;

typedef struct {
  uint32_t magic, version;
  uint64_t bytes;               /* of the whole program, a multiple of 8 */
  uint64_t checksum;            /* dlx_checksum of everything behind this field */
  uint64_t features;            /* bits of what a reader must know beyond this file; a reader refuses those that it does not */
  dlx_table strings, words, exprs, symbols, tensors, params, states, writes, functions, entries, buffers, args, launches, moving, swaps, code, constants;
} dlx_header;                   /* params, states: u32 indices of tensors; writes: u32 numbers of params; functions: u32 names; strings, constants: bytes */

/* One target's code and program. features: DLX_CPU_* that the kernels use. */
#define DLX_CPU_V2 1u           /* SSE4.2 and older */
#define DLX_CPU_V3 2u           /* AVX2, FMA, BMI2 */
#define DLX_CPU_V4 4u           /* AVX-512 F, BW, CD, DQ, VL */
#define DLX_CPU_ARM82 65536u    /* AArch64: Armv8.2-A with Advanced SIMD */
typedef struct {
  const char *target;           /* "cpu:x86-64-v3" */
  uint64_t features;
  const void *program;          /* dlx_header */
  uint64_t program_bytes;
  const dlx_kernel_fn *functions;
  uint64_t nfunctions;          /* equals the program's table */
  const void *image;            /* a device's code, or null */
  uint64_t image_bytes;
  uint32_t device, reserved;    /* dlx_device */
} dlx_target;
typedef enum { DLX_DEVICE_CPU, DLX_DEVICE_CUDA } dlx_device;
/* What an artefact exports, as `dlc_descriptor` and as `<model>_descriptor`. */
#define DLX_DESCRIPTOR_MAGIC 0x726f746372736564ull /* "descrtor" */
typedef struct {
  uint64_t magic;
  uint32_t abi, ntargets;       /* abi: DLX_VERSION */
  const char *model, *compiler; /* model name; build of dlc */
  const dlx_target *targets;    /* best first */
  const void *weights;          /* embedded safetensors file, or null */
  uint64_t weights_bytes;
} dlx_descriptor;

/* The build ID of an artefact that is a shared library: runtime/Seal.h says what is summed. */
#define DLX_SEAL_MAGIC 0x6c616573636c64ull /* "dlcseal" */
typedef struct { uint64_t magic, checksum; } dlx_seal;

/* Under DLRT_GUARD=1 a context's arena and scratch end at an inaccessible page and are filled with this pattern before an
 * entry runs, its outputs too: a NaN in f32 and f64. */
#define DLX_POISON 0x7ff4deadu

/* Four interleaved lanes of multiply-rotate over 8-byte words, then the tail; detects any single changed byte. In pieces, each but
 * the last a multiple of 32 bytes: begin, add, ..., end; or all at once. */
typedef struct { uint64_t lane[4], bytes; } dlx_checksum_state;
static inline dlx_checksum_state dlx_checksum_begin(void) {
  dlx_checksum_state s = {{0x9e3779b97f4a7c15ull, 0xbf58476d1ce4e5b9ull, 0x94d049bb133111ebull, 0x2545f4914f6cdd1dull}, 0};
  return s;
}
static inline void dlx_checksum_add(dlx_checksum_state *s, const void *data, uint64_t bytes) {
  const unsigned char *p = (const unsigned char *)data;
  uint64_t i = 0;
  s->bytes += bytes;
  for (; i + 32 <= bytes; i += 32)
    for (int k = 0; k < 4; ++k) {
      uint64_t w = 0;
      __builtin_memcpy(&w, p + i + 8 * k, 8);
      s->lane[k] = (s->lane[k] ^ w) * 0xff51afd7ed558ccdull;
      s->lane[k] = s->lane[k] << 29 | s->lane[k] >> 35;
    }
  for (; i < bytes; ++i) s->lane[i & 3] = (s->lane[i & 3] ^ p[i]) * 0x100000001b3ull;
}
static inline uint64_t dlx_checksum_end(const dlx_checksum_state *s) {
  uint64_t h = s->bytes * 0x9e3779b97f4a7c15ull;
  for (int k = 0; k < 4; ++k) h = (h ^ s->lane[k]) * 0xc4ceb9fe1a85ec53ull, h ^= h >> 31;
  return h;
}
static inline uint64_t dlx_checksum(const void *data, uint64_t bytes) {
  dlx_checksum_state s = dlx_checksum_begin();
  dlx_checksum_add(&s, data, bytes);
  return dlx_checksum_end(&s);
}
#endif
