// The end of the process where a library has no memory or thread or cannot go on: a message and the status Fault, never a signal.
#include "tools/dlc/Commands.h"
#include "llvm/Support/ErrorHandling.h"
#include <cstdlib>
#include <cstring>
#include <new>
#include <unistd.h>

namespace dlc::tools {

/// Ends the process without allocating.
[[noreturn]] static void end(std::initializer_list<const char *> message) {
  for (const char *part : message)
    (void)!::write(STDERR_FILENO, part, std::strlen(part));
  ::_exit(Fault);
}
[[noreturn]] static void endWithoutMemory() { end({"dlc: error: out of memory: raise its limit (ulimit -v), or take a smaller model\n"}); }

[[gnu::noinline]] void touchStack() {
  volatile char stack[1 << 19];
  for (size_t i = 0; i < sizeof stack; i += 4096)
    stack[i] = 0;
}

/// Before the libraries' own objects are made, for which memory may not suffice either.
[[gnu::constructor(101)]] static void installFailureHandlers() {
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { endWithoutMemory(); });
  std::set_new_handler(endWithoutMemory);
  llvm::install_fatal_error_handler([](void *, const char *reason, bool) { end({"dlc: error: ", reason, "\n"}); });
  std::set_terminate([] {
    try {
      std::rethrow_exception(std::current_exception());
    } catch (const std::exception &e) {
      end({"dlc: error: ", e.what(), ": are memory or threads limited (ulimit)?\n"});
    } catch (...) {
      end({"dlc: error: an unknown exception: this is a fault of dlc\n"});
    }
  });
}

} // namespace dlc::tools

#if defined(__GLIBC__) && !__has_feature(address_sanitizer)
/// MLIR makes its ops by malloc and does not look at what it gives. What is large is asked for by code that does, which can say more.
extern "C" {
void *__libc_malloc(size_t);
void *malloc(size_t bytes) {
  void *memory = __libc_malloc(bytes);
  if (!memory && bytes < (size_t(1) << 20))
    dlc::tools::endWithoutMemory();
  return memory;
}
}
#endif
