// Thread-local message buffer behind dlrt_error().
#include "runtime/Error.h"
#include "runtime/dlx.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

namespace {
constexpr size_t messageBytes = 1024;
thread_local char message[messageBytes];
} // namespace

dlrt_status dlrt::fail(dlrt_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, messageBytes, format, arguments);
  va_end(arguments);
  return status;
}

dlrt_status dlrt::failWithin(dlrt_status status, const char *format, ...) {
  char inner[messageBytes];
  memcpy(inner, message, messageBytes);
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(message, messageBytes, format, arguments);
  va_end(arguments);
  if (written >= 0 && size_t(written) < messageBytes)
    snprintf(message + written, messageBytes - size_t(written), "%s", inner);
  return status;
}

const char *dlrt_error(void) { return message; }

const char *dlrt_version(void) { return "dlrt " DLRT_VERSION " (dlx 3)"; }
static_assert(DLX_VERSION == 3, "dlrt_version names it");
