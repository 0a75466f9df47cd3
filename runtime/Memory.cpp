// Blocks: aligned_alloc when small, mmap with huge pages when large, mmap with
// a guard page when asked.
#include "runtime/Memory.h"
#include "runtime/dlx.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace dlrt;

static constexpr uint64_t hugePage = uint64_t(2) << 20;

bool Block::allocate(uint64_t wanted, bool guard) {
  if (wanted > uint64_t(INT64_MAX) / 2)
    return false;
  uint64_t rounded = wanted ? (wanted + 63) / 64 * 64 : 64;
  if (!guard && rounded < hugePage) {
    start = static_cast<char *>(aligned_alloc(64, rounded));
    if (!start)
      return false;
    memset(start, 0, rounded);
    bytes = wanted;
    return true;
  }
  uint64_t page = uint64_t(sysconf(_SC_PAGESIZE));
  uint64_t body = (rounded + page - 1) / page * page;
  mapped = body + (guard ? page : hugePage);
  mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    mapping = nullptr;
    return false;
  }
  if (guard) {
    char *fence = static_cast<char *>(mapping) + body;
    mprotect(fence, page, PROT_NONE);
    start = fence - rounded;
  } else {
    start = reinterpret_cast<char *>((reinterpret_cast<uintptr_t>(mapping) + hugePage - 1) / hugePage * hugePage);
    madvise(start, body,
            MADV_HUGEPAGE); // a hint: EINVAL on kernels without it is fine
  }
  bytes = wanted;
  return true;
}

Block::~Block() {
  if (mapping)
    munmap(mapping, mapped);
  else
    free(start);
}

void Block::release(uint64_t from, uint64_t count) const {
  uint64_t page = uint64_t(sysconf(_SC_PAGESIZE));
  uintptr_t first = (reinterpret_cast<uintptr_t>(start) + from + page - 1) / page * page;
  uintptr_t last = (reinterpret_cast<uintptr_t>(start) + from + count) / page * page;
  if (mapping && first < last)
    madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED);
}

void Block::poison() const { fillPoison(start, bytes); }

void dlrt::fillPoison(void *data, uint64_t bytes) {
  const uint32_t pattern = DLX_POISON;
  uint64_t i = 0;
  for (; i + 4 <= bytes; i += 4)
    memcpy(static_cast<char *>(data) + i, &pattern, 4);
  memcpy(static_cast<char *>(data) + i, &pattern, bytes - i);
}
