// Guards by page protection; touches by a handler of the two signals that protection gives.
#include "test/lib/GuardedMemory.h"
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace dlc::test {
static constexpr size_t guard = 1 << 20; // a multiple of any page

GuardedMemory::GuardedMemory(size_t bytes, Flush flush) : bytes(bytes) {
  size_t page = sysconf(_SC_PAGESIZE), inside = (bytes + page - 1) / page * page;
  mapped = 2 * guard + inside;
  map = static_cast<char *>(mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (map == MAP_FAILED || (inside && mprotect(map + guard, inside, PROT_READ | PROT_WRITE)))
    perror("guarded memory"), abort();
  first = map + guard + (flush == Flush::right ? inside - bytes : 0);
  poison();
}
GuardedMemory::~GuardedMemory() {
  if (map)
    munmap(map, mapped);
}
void GuardedMemory::poison() {
  if (bytes)
    std::memset(first, 0xff, bytes);
}
void GuardedMemory::setReadOnly() {
  if (mapped > 2 * guard && mprotect(map + guard, mapped - 2 * guard, PROT_READ))
    perror("guarded memory"), abort();
}
std::string GuardedMemory::locate(const char *address) const {
  if (address < map || address >= map + mapped)
    return "";
  if (address < first)
    return std::to_string(first - address) + " bytes before the start";
  if (address >= first + bytes)
    return std::to_string(address - first - bytes) + " bytes behind the end";
  return "a write to byte " + std::to_string(address - first);
}

static sigjmp_buf back;
static const char *volatile touched;
static void onTouch(int, siginfo_t *info, void *) {
  touched = static_cast<const char *>(info->si_addr);
  siglongjmp(back, 1);
}
const char *touchedOutside(llvm::function_ref<void()> body) {
  struct sigaction action = {}, old[2];
  action.sa_sigaction = onTouch;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, &old[0]), sigaction(SIGBUS, &action, &old[1]);
  touched = nullptr;
  if (sigsetjmp(back, 1) == 0)
    body();
  sigaction(SIGSEGV, &old[0], nullptr), sigaction(SIGBUS, &old[1], nullptr);
  return touched;
}
} // namespace dlc::test
