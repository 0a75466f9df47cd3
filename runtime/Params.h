// Parameters and carried state of a model in one block, and the blocks that
// `prepare` derives from them.
#ifndef DLC_RUNTIME_PARAMS_H
#define DLC_RUNTIME_PARAMS_H
#include "runtime/Memory.h"
#include "runtime/Model.h"
#include <atomic>
#include <pthread.h>

struct dlrt_params {
  /// What an entry with DLX_IS_PREPARE leaves; reserved at once, backed by
  /// memory when it is written.
  struct Prepared {
    dlrt::Block block;
    std::atomic<uint64_t> generation{0}; // of the parameters it was derived from; 0: never
  };

  const dlrt_model *model = nullptr;
  dlrt::Block storage;
  dlrt::Array<uint64_t> offsets;                         // of each parameter in storage
  dlrt::Array<Prepared> prepared;                        // by entry
  std::atomic<uint64_t> generation{1};                   // raised by every change
  pthread_mutex_t preparing = PTHREAD_MUTEX_INITIALIZER; // held while an entry prepares; never on the
                                                         // steady path

  ~dlrt_params() { pthread_mutex_destroy(&preparing); }
  char *data(size_t i) const { return storage.data() + offsets[i]; }
  uint64_t bytes(size_t i) const { return model->bytes[model->program.params[i]]; }
  const dlx_tensor &tensor(size_t i) const { return model->program.tensors[model->program.params[i]]; }
  const dlrt_tensor_info &info(size_t i) const { return model->param(i); }
  void changed() { generation.fetch_add(1, std::memory_order_release); }
};

namespace dlrt {

/// Fills parameter i by its initialiser.
void initialise(dlrt_params &params, size_t i, uint64_t seed);

/// Loads a safetensors file from memory; `name` begins messages. All or
/// nothing.
dlrt_status loadSafetensors(dlrt_params &params, const char *name, const void *bytes, uint64_t size);

} // namespace dlrt
#endif
