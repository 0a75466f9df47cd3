// What runs hand on, one sequence's worth.
#ifndef DLC_RUNTIME_STATE_H
#define DLC_RUNTIME_STATE_H
#include "runtime/Error.h"
#include "runtime/Store.h"
#include <atomic>

struct dlrt_state : dlrt::Store {
  mutable std::atomic<bool> taken{false}; // by a run, or a call that changes or reads the whole
};

namespace dlrt {

/// Holds a state for the time of a call; null is fine and always held.
class StateLock {
public:
  explicit StateLock(const dlrt_state *state) : state(state) { held = !state || !state->taken.exchange(true, std::memory_order_acquire); }
  StateLock(const StateLock &) = delete;
  StateLock &operator=(const StateLock &) = delete;
  ~StateLock() {
    if (state && held)
      state->taken.store(false, std::memory_order_release);
  }
  /// Refuses where another call holds it.
  dlrt_status check() const {
    return held ? DLRT_OK
                : fail(DLRT_VALUE, "the state is in use by another run or call: let that end first, or give each run that goes on at the "
                                   "same time a state of its own (dlrt_state_copy)");
  }

private:
  const dlrt_state *state;
  bool held;
};

} // namespace dlrt
#endif
