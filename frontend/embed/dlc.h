/* libdlc: compiles a model, given as text or as a graph that is built here, for this machine, in this process. What comes out
 * is a descriptor for dlrt_model_open. Plain C; C++ programs use dlc.hpp.
 *
 * Functions report nothing elsewhere: what the compiler has to say is kept with its result. A graph is used by one thread at a
 * time; compilations of several threads are apart. Strings are copied. Arguments must not be null unless said so. */
#ifndef DLC_FRONTEND_EMBED_DLC_H
#define DLC_FRONTEND_EMBED_DLC_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#define DLC_API __attribute__((visibility("default")))

typedef struct dlc_graph dlc_graph;
typedef struct dlc_code dlc_code;

typedef enum { DLC_ERROR, DLC_WARNING, DLC_NOTE } dlc_severity; /* a note belongs to what is before it */
typedef struct {
  dlc_severity severity;
  const char *place; /* "model:3:8", a layer's name, or "" */
  const char *text;
} dlc_diagnostic;

/* Bounds of a symbolic extent, both included, instead of the model's own. */
typedef struct {
  const char *symbol;
  int64_t min, max;
} dlc_bound;
typedef struct {
  const char *name;             /* of the model, for messages; null: "model" */
  const char *target;           /* "x86-64-v3"; null: this machine's */
  unsigned level;               /* 0 to 3, as -O; 2 is the usual */
  int train;                    /* adds the entry train_step */
  const char *loss, *optimizer; /* as dlc's --loss and --optimizer; null: its defaults */
  const dlc_bound *bounds;
  size_t nbounds;
} dlc_options;

/* Model text, as in model.mlir. Never null; the code of a failed compilation has no descriptor. options may be null. */
DLC_API dlc_code *dlc_compile(const char *text, size_t bytes, const dlc_options *options);
DLC_API dlc_code *dlc_compile_graph(dlc_graph *graph, const dlc_options *options);
/* For dlrt_model_open, or null. Models of it go before the code is freed. */
DLC_API const void *dlc_code_descriptor(const dlc_code *code);
/* Errors, warnings and notes, in the order of their finding; strings are valid as long as the code. */
DLC_API size_t dlc_code_diagnostics(const dlc_code *code);
DLC_API dlc_diagnostic dlc_code_diagnostic(const dlc_code *code, size_t i);
DLC_API void dlc_code_free(dlc_code *code); /* null is fine */

/* One result of a layer of the graph that gave it. */
typedef struct {
  uint32_t node, result;
} dlc_value;
/* A mistake gives a value that later layers pass over in silence; dlc_compile_graph then tells of it. */
DLC_API dlc_graph *dlc_graph_new(void);
DLC_API void dlc_graph_free(dlc_graph *graph); /* null is fine */
/* Declares a symbolic extent within min..max, before types use it. */
DLC_API void dlc_graph_symbol(dlc_graph *graph, const char *name, int64_t min, int64_t max);
/* type: "f32[B, 784]", "i32[]"; elements are f32, f64, bf16, i1, i8, i32, i64, extents numbers or symbols. */
DLC_API dlc_value dlc_graph_input(dlc_graph *graph, const char *name, const char *type);
/* init: "he_uniform(1)" and so on, as in #dl.param (docs/parameters.md). */
DLC_API dlc_value dlc_graph_parameter(dlc_graph *graph, const char *name, const char *type, const char *init, int trainable);
/* A layer with its parameters "<name>.weight", ...: a name and options, such as "dense(units=32,init=he)"; docs/embedding.md lists them. */
DLC_API dlc_value dlc_graph_layer(dlc_graph *graph, const char *layer, const char *name, const dlc_value *operands, size_t noperands);
/* Any op of dl by its first result. attributes: in MLIR's syntax, "{axis = 1 : i64}", or null. */
DLC_API dlc_value dlc_graph_op(dlc_graph *graph, const char *op, const char *name, const dlc_value *operands, size_t noperands,
                               const char *attributes);
DLC_API void dlc_graph_output(dlc_graph *graph, const char *name, dlc_value value);
#ifdef __cplusplus
}
#endif
#endif
