// This thread's error message: every failing function of the runtime ends in
// `return fail(status, ...)`.
#ifndef DLC_RUNTIME_ERROR_H
#define DLC_RUNTIME_ERROR_H
#include "runtime/dlrt.h"

namespace dlrt {

/// Writes the thread's message and gives `status` back. Neither allocates nor
/// locks.
dlrt_status fail(dlrt_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Puts text in front of the thread's message, e.g. the file that it is about;
/// gives `status` back.
dlrt_status failWithin(dlrt_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

} // namespace dlrt
#endif
