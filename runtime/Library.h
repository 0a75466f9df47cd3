// An artefact's file, checked byte by byte and then loaded by the very descriptor that was checked.
#ifndef DLC_RUNTIME_LIBRARY_H
#define DLC_RUNTIME_LIBRARY_H
#include "runtime/dlrt.h"
#include "runtime/dlx.h"

namespace dlrt {

/// A shared library that this process has loaded from an artefact.
class Library {
public:
  Library() = default;
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;
  ~Library();
  /// DLRT_FILE and DLRT_FORMAT with the reason otherwise.
  dlrt_status load(const char *path);
  const dlx_descriptor *descriptor() const { return found; }

private:
  void *handle = nullptr; // from dlopen
  const dlx_descriptor *found = nullptr;
  uint64_t checksum = 0;   // of the file as it was checked
  Library *next = nullptr; // among all that are loaded

  bool differsFromLoaded();
};

} // namespace dlrt
#endif
