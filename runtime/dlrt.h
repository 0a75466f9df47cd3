/* libdlrt: loads what `dlc compile` wrote and runs it. Plain C, needs libc and libm alone.
 *
 * Objects (docs/state.md). A model is code and introspection, immutable, shared by any number of threads. Params hold the parameters
 * of one model, with whatever `prepare` derived from them; contexts on different threads may share them while no entry runs that
 * writes what another uses. A state is what one run hands to the next (a cache, a recurrent state): as many on one copy of the
 * weights as there are sequences; one run at a time is on it. A context owns one arena and runs one entry at a time; use a context
 * from one thread at a time. A team is the threads that contexts lend their work to; a context that finds it taken runs inline, with
 * the same bits.
 * Errors. Every function that can fail returns a dlrt_status; dlrt_error() then is this thread's message. Nothing is
 * thrown, nothing is printed, the process is never ended. Arguments must not be null unless said so.
 * Steady path. dlrt_run calls neither malloc nor a lock once a context has run an entry and the parameters are prepared. */
#ifndef DLC_RUNTIME_DLRT_H
#define DLC_RUNTIME_DLRT_H
#include <stddef.h>
#include <stdint.h>
#define DLRT_VERSION "0.1.0" /* of this interface and of dlc; programs run with a libdlrt of the same first two numbers (its SONAME) */
#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#define DLRT_API __attribute__((visibility("default")))
#else
#define DLRT_API
#endif

typedef enum {
  DLRT_OK = 0,
  DLRT_FILE,   /* cannot be opened, read or written */
  DLRT_FORMAT, /* truncated, corrupt, wrong magic, newer version */
  DLRT_CPU,    /* the CPU lacks what the kernels use */
  DLRT_NAME,   /* no such entry, parameter, state, tensor */
  DLRT_SHAPE,  /* rank, extent, dtype, a symbol that two tensors disagree on, a bound */
  DLRT_VALUE,  /* an element outside its declared range, a bad argument */
  DLRT_MEMORY, /* allocation failed */
  DLRT_KERNEL  /* a kernel ended the run */
} dlrt_status;

/* DLPack 1.0's tensor, layout-compatible with DLTensor; the caller owns data, shape and strides. strides: null = row-major. */
typedef struct {
  int32_t device_type, device_id;
} dlrt_device; /* {1, 0}: CPU */
typedef struct {
  uint8_t code, bits;
  uint16_t lanes;
} dlrt_datatype; /* DLPack codes: 0 int, 1 uint, 2 float, 4 bfloat, 6 bool */
typedef struct {
  void *data;
  dlrt_device device;
  int32_t ndim;
  dlrt_datatype dtype;
  int64_t *shape, *strides;
  uint64_t byte_offset;
} dlrt_tensor;

typedef struct dlrt_model dlrt_model;
typedef struct dlrt_params dlrt_params;
typedef struct dlrt_state dlrt_state;
typedef struct dlrt_context dlrt_context;
typedef struct dlrt_team dlrt_team;

/* What a tensor is. Parameters: trainable by the optimiser; non_trainable ones are written by training (running statistics) or by
 * nothing; the optimizer's (slots, counters) were added by a training step. */
typedef enum { DLRT_INPUT, DLRT_OUTPUT, DLRT_TRAINABLE, DLRT_NON_TRAINABLE, DLRT_OPTIMIZER, DLRT_STATE } dlrt_role;
/* A tensor of an entry, a parameter or a state. dims: extents, or -1 where a symbol decides; max_dims: extents at the bounds. */
typedef struct {
  const char *name;
  dlrt_datatype dtype;
  int32_t ndim;
  dlrt_role role;
  int32_t has_usual; /* inputs of rank 0: `usual` is what the compiler was told, e.g. an optimiser's learning rate */
  double usual;
  const int64_t *dims, *max_dims;
  const char *const *symbols; /* for each dimension the symbol's name, null where constant or derived */
  const char *gives;          /* inputs of rank 0: the symbol whose value the element is, or null */
  int64_t gives_max;          /* its upper bound */
} dlrt_tensor_info;

/* This thread's last message: what was found, what was expected, what to do. Valid until the thread's next failure. */
DLRT_API const char *dlrt_error(void);
DLRT_API const char *dlrt_version(void); /* "dlrt 0.1.0 (dlx 3)", of the library that runs */
/* The DLX_CPU_* bits of this machine, less what the environment's DLRT_CPU_MASK hides: a comma list of v3, v4. */
DLRT_API uint64_t dlrt_cpu_features(void);

/* Loads an artefact (.so). Length and checksum are checked before its code is mapped, ABI and CPU before any of it runs. What was
 * checked is what is loaded, by an open descriptor (/proc must be mounted): a file that takes the path's place meanwhile is not, and
 * a file that is changed meanwhile is refused. The code of a loaded file is mapped from it, as that of any library: who overwrites or
 * truncates it in place, instead of renaming a new file to its path, ends the process by a signal (SIGBUS), now or at a later run.
 * DLRT_LOAD_COPY=1 in the environment loads from a sealed copy in memory instead, so that nothing done to the file can show. */
DLRT_API dlrt_status dlrt_model_load(const char *path, dlrt_model **model);
/* The same from a dlx_descriptor that is linked in or was built in memory; it must outlive the model. */
DLRT_API dlrt_status dlrt_model_open(const void *descriptor, dlrt_model **model);
DLRT_API void dlrt_model_free(dlrt_model *model); /* null is fine; params, states and contexts go first */

DLRT_API const char *dlrt_model_name(const dlrt_model *model);
DLRT_API const char *dlrt_model_target(const dlrt_model *model);
DLRT_API size_t dlrt_model_entries(const dlrt_model *model);
DLRT_API const char *dlrt_entry_name(const dlrt_model *model, size_t entry);
DLRT_API dlrt_status dlrt_entry_find(const dlrt_model *model, const char *name, size_t *entry);
DLRT_API size_t dlrt_entry_inputs(const dlrt_model *model, size_t entry);
DLRT_API size_t dlrt_entry_outputs(const dlrt_model *model, size_t entry);
DLRT_API const dlrt_tensor_info *dlrt_entry_input(const dlrt_model *model, size_t entry, size_t i);
DLRT_API const dlrt_tensor_info *dlrt_entry_output(const dlrt_model *model, size_t entry, size_t i);
DLRT_API size_t dlrt_model_params(const dlrt_model *model);
DLRT_API const dlrt_tensor_info *dlrt_model_param(const dlrt_model *model, size_t i);
DLRT_API size_t dlrt_model_states(const dlrt_model *model);
DLRT_API const dlrt_tensor_info *dlrt_model_state(const dlrt_model *model, size_t i);
/* Whether the artefact has weights in it, which dlrt_params_new loads. */
DLRT_API int dlrt_model_has_weights(const dlrt_model *model);
/* Whether runs of the entry need a state. */
DLRT_API int dlrt_entry_carries(const dlrt_model *model, size_t entry);
/* Bytes of the arena at the bounds, and of one thread's scratch. */
DLRT_API uint64_t dlrt_entry_arena(const dlrt_model *model, size_t entry);
DLRT_API uint64_t dlrt_entry_scratch(const dlrt_model *model, size_t entry);

/* Parameters, zeroed; those that are not trained have their initialiser's value where it is a constant; embedded weights are loaded. */
DLRT_API dlrt_status dlrt_params_new(const dlrt_model *model, dlrt_params **params);
DLRT_API void dlrt_params_free(dlrt_params *params);
/* By the declared initialisers: Philox 4x32-10 keyed by seed and the parameter's name, so that two builds of a net agree. */
DLRT_API dlrt_status dlrt_params_init(dlrt_params *params, uint64_t seed);
/* A view of the storage, the same until params are freed; writing through it needs a call of dlrt_params_changed. */
DLRT_API dlrt_status dlrt_params_get(dlrt_params *params, const char *name, dlrt_tensor *view);
DLRT_API dlrt_status dlrt_params_set(dlrt_params *params, const char *name, const dlrt_tensor *value);
/* The parameter of that name was written through a view; null: all were. */
DLRT_API dlrt_status dlrt_params_changed(dlrt_params *params, const char *name);
/* Raised by every change of the parameter: set, init, load, changed, runs that write it. Prepare runs again for what changed alone. */
DLRT_API dlrt_status dlrt_params_generation(const dlrt_params *params, const char *name, uint64_t *generation);
/* What loading did beside copying: tensors that were skipped; that were cast; and those of them in which a value was rounded. */
typedef struct {
  size_t skipped, cast, rounded;
} dlrt_loaded;
/* A safetensors file. Every parameter of the model's own must be there in its shape and its type, or, where that is a floating-point
 * type, in f16, bf16, f32 or f64: values are then cast, rounded once to nearest; a finite one that becomes infinite is refused. What an
 * optimiser keeps may be missing and stays as it is; where the model lacks it, it is skipped: "<parameter>/<slot>", "optimizer/<counter>"
 * and "random/key". Other names that the model lacks are refused. loaded may be null. */
DLRT_API dlrt_status dlrt_params_load(dlrt_params *params, const char *path, dlrt_loaded *loaded);
/* The same without a copy: what no entry writes and needs no cast is read where it lies in the file, and given back once it is prepared, so
 * that resident memory has one copy of the weights and not two. dlrt_params_get and dlrt_params_set give a parameter memory of its own.
 * Until params are freed or map another file, this one must not be written or cut: a write shows, or, beyond a cut, kills the process
 * (SIGBUS). Replacing or deleting its name is fine. */
DLRT_API dlrt_status dlrt_params_map(dlrt_params *params, const char *path, dlrt_loaded *loaded);
DLRT_API dlrt_status dlrt_params_load_memory(dlrt_params *params, const void *bytes, size_t size, dlrt_loaded *loaded);
/* All of them, to go on training; or the model's own alone. Saving writes beside the path and renames. */
typedef enum { DLRT_SAVE_ALL, DLRT_SAVE_WEIGHTS } dlrt_saved;
DLRT_API dlrt_status dlrt_params_save(const dlrt_params *params, const char *path, dlrt_saved what);

/* What runs carry, at its initial values. Also of a model that carries nothing. */
DLRT_API dlrt_status dlrt_state_new(const dlrt_model *model, dlrt_state **state);
DLRT_API void dlrt_state_free(dlrt_state *state);
/* Back to the initial values. This, set, copy and load refuse a state that a run is on. */
DLRT_API dlrt_status dlrt_state_reset(dlrt_state *state);
/* All values of `from`, a state of the same model: to fork a sequence, or to rewind it. */
DLRT_API dlrt_status dlrt_state_copy(dlrt_state *to, const dlrt_state *from);
/* A view of the storage, to read or write between runs. */
DLRT_API dlrt_status dlrt_state_get(dlrt_state *state, const char *name, dlrt_tensor *view);
DLRT_API dlrt_status dlrt_state_set(dlrt_state *state, const char *name, const dlrt_tensor *value);
DLRT_API uint64_t dlrt_state_bytes(const dlrt_state *state); /* of memory, padding between tensors included */
/* A safetensors file of all of the model's states and nothing else. */
DLRT_API dlrt_status dlrt_state_load(dlrt_state *state, const char *path);
DLRT_API dlrt_status dlrt_state_save(const dlrt_state *state, const char *path);

/* threads >= 1, the caller's included; 0: one a CPU of the process's affinity mask, fewer where the quota of a control group allows
 * less time (rounded up to whole CPUs). A worker that wakes beside its caller narrows its own mask for a moment, to move to another
 * CPU of that mask. Workers block all signals but those that an instruction raises: handlers for SIGSEGV and its like see those. */
DLRT_API dlrt_status dlrt_team_new(int threads, dlrt_team **team);
DLRT_API void dlrt_team_free(dlrt_team *team);
DLRT_API int dlrt_team_threads(const dlrt_team *team);

/* team: null runs inline. The arena is allocated here, at the largest entry's bound. */
DLRT_API dlrt_status dlrt_context_new(dlrt_model *model, dlrt_params *params, dlrt_team *team, dlrt_context **context);
DLRT_API void dlrt_context_free(dlrt_context *context);
/* Runs an entry. state: what it reads and writes of the sequence; null where the entry carries nothing. Inputs and outputs in the
 * model's order; outputs must have the extents that the inputs' symbols give (dlrt_output_shape tells). Tensors must be dense and
 * aligned as their elements are; no copies are made. An output may overlap neither an input, another output, a parameter, the state
 * nor the arena; an input not the arena, nor the state of an entry that carries one, nor a parameter that the entry writes. After a
 * failure the contents of outputs, of the state and of parameters that the entry writes are undefined. */
DLRT_API dlrt_status dlrt_run(dlrt_context *context, size_t entry, dlrt_state *state, const dlrt_tensor *inputs, size_t ninputs,
                              const dlrt_tensor *outputs, size_t noutputs);
/* Extents of output i for these inputs; shape has room for the output's ndim. Data may be null but where a scalar gives a symbol. */
DLRT_API dlrt_status dlrt_output_shape(const dlrt_context *context, size_t entry, const dlrt_tensor *inputs, size_t ninputs, size_t i,
                                       int64_t *shape);
/* Runs `prepare` now for the parameters that changed since it last ran; dlrt_run does so by itself. */
DLRT_API dlrt_status dlrt_prepare(dlrt_context *context, size_t entry);
/* The arena, for tests: guarded and poisoned contexts, highest byte touched (docs/dlx.md). */
DLRT_API void *dlrt_context_arena(const dlrt_context *context, uint64_t *bytes);

/* Times by kernel function, and of copies under "copy". on != 0 clears and starts; launches then run one after the other, with the
 * same bits. rows: the first `room` are written, the number of all is returned. */
typedef struct {
  const char *function;
  uint64_t calls, nanoseconds;
} dlrt_profile_row;
DLRT_API void dlrt_profile(dlrt_context *context, int on);
DLRT_API size_t dlrt_profile_rows(const dlrt_context *context, size_t entry, dlrt_profile_row *rows, size_t room);
/* Launches and copies of all entries one by one, the first 65,536 since dlrt_profile was switched on, in the order of time; begin:
 * nanoseconds since then. */
typedef struct {
  const char *function;
  uint64_t begin, nanoseconds;
} dlrt_profile_event;
DLRT_API size_t dlrt_profile_events(const dlrt_context *context, dlrt_profile_event *events, size_t room);
#ifdef __cplusplus
}
#endif
#endif
