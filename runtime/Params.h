// Parameters of a model, and the blocks that `prepare` derives from them.
#ifndef DLC_RUNTIME_PARAMS_H
#define DLC_RUNTIME_PARAMS_H
#include "runtime/Safetensors.h"
#include <atomic>
#include <pthread.h>

struct dlrt_params : dlrt::Store {
  /// What an entry with DLX_IS_PREPARE leaves; reserved at once, backed by
  /// memory when it is written. All but `version` is for who holds `preparing`.
  struct Prepared {
    dlrt::Block block;
    std::atomic<uint64_t> version{0}; // of the parameters when it was last looked at; 0: never
    dlrt::Array<uint64_t> seen;       // by read of the plan: the generation it was derived from; 0: never
    dlrt::Array<uint8_t> stale;       // by unit of the plan: it has to run
  };

  dlrt::Array<std::atomic<uint64_t>> generations;        // of each parameter, from 1
  std::atomic<uint64_t> version{1};                      // raised with every generation
  dlrt::Array<Prepared> prepared;                        // by entry
  dlrt::Mapping mapping;                                 // of the file that tensors are read in
  dlrt::Array<uint8_t> direct;                           // of each parameter: an entry other than prepare reads it
  pthread_mutex_t preparing = PTHREAD_MUTEX_INITIALIZER; // held while an entry prepares or tensors move; never
                                                         // on the steady path

  ~dlrt_params() { pthread_mutex_destroy(&preparing); }
  void changed(size_t i) {
    generations[i].fetch_add(1, std::memory_order_relaxed);
    version.fetch_add(1, std::memory_order_release);
  }
  void allChanged() {
    for (size_t i = 0; i < size(); ++i)
      changed(i);
  }
};
#endif
