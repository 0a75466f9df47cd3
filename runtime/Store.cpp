// Storage of named tensors: find, view, set.
#include "runtime/Store.h"
#include "runtime/Error.h"
#include "runtime/Tensor.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

using namespace dlrt;

dlrt_status Store::allocate(const dlrt_model &owner, const Names &listed) {
  model = &owner, names = &listed;
  if (!offsets.allocate(listed.tensors.count) || !referred.allocate(listed.tensors.count) || !viewed.allocate(listed.tensors.count))
    return fail(DLRT_MEMORY, "no memory for %" PRIu64 " %ss", listed.tensors.count, listed.what);
  uint64_t total = 0;
  for (size_t i = 0; i < size(); ++i) {
    offsets[i] = total;
    // Each is below 2^63; the sum is checked at every step.
    if (__builtin_add_overflow(total, (bytes(i) + 63) / 64 * 64, &total))
      return fail(DLRT_MEMORY, "the %ss are larger than memory", listed.what);
  }
  return storage.allocate(total) ? DLRT_OK : fail(DLRT_MEMORY, "no memory for %" PRIu64 " bytes of %ss", total, listed.what);
}

int64_t Store::find(const char *name) const {
  int64_t index = name ? model->find(*names, name, strlen(name)) : -1;
  if (index >= 0)
    return index;
  char known[256] = "none";
  size_t used = 0;
  for (size_t i = 0; i < size() && used < 200; ++i)
    used += size_t(snprintf(known + used, sizeof known - used, i ? ", %.60s" : "%.60s", info(names->sorted[i]).name));
  fail(DLRT_NAME, "no %s '%s' in model '%s': it has %zu: %s", names->what, name ? name : "(null)", dlrt_model_name(model), size(), known);
  return -1;
}

void Store::refer(size_t i, const char *bytes) {
  referred[i] = bytes;
  placed.fetch_add(1, std::memory_order_release);
}
void Store::giveBack() const {
  for (size_t i = 0, next; i < size(); i = next) { // neighbours together: their pages are
    for (next = i; next < size() && referred[next]; ++next)
      ;
    if (next > i)
      storage.release(offsets[i], (next < size() ? offsets[next] : storage.size()) - offsets[i]);
    next += next == i;
  }
}
char *Store::overwrite(size_t i) {
  if (referred[i])
    refer(i, nullptr);
  return own(i);
}

dlrt_status Store::get(const char *name, dlrt_tensor *view) {
  int64_t i = find(name);
  if (i < 0)
    return DLRT_NAME;
  *view = this->view(size_t(i));
  return DLRT_OK;
}
dlrt_tensor Store::view(size_t i) {
  if (const char *elsewhere = referred[i])
    memcpy(overwrite(i), elsewhere, bytes(i));
  viewed[i] = 1;
  return {own(i), {1, 0}, info(i).ndim, info(i).dtype, const_cast<int64_t *>(info(i).dims), nullptr, 0};
}

dlrt_status Store::set(size_t i, const dlrt_tensor &value) {
  const dlrt_tensor_info &declared = info(i);
  if (dlrt_status status = checkTensor(names->what, declared, value))
    return status;
  for (int32_t d = 0; d < declared.ndim; ++d)
    if (value.shape[d] != declared.dims[d])
      return fail(DLRT_SHAPE, "%s '%s' has shape %s, expected %s", names->what, declared.name, ShapeText(value.shape, declared.ndim).text,
                  ShapeText(declared).text);
  if (bytes(i))
    memmove(overwrite(i), dataOf(value), bytes(i));
  return DLRT_OK;
}

int64_t Store::overlapping(const void *other, uint64_t count) const {
  uintptr_t begin = reinterpret_cast<uintptr_t>(other), end = begin + count;
  auto overlaps = [&](const char *from, uint64_t size) {
    uintptr_t first = reinterpret_cast<uintptr_t>(from);
    return count && size && begin < first + size && first < end;
  };
  if (!overlaps(storage.data(), storage.size()))
    return -1;
  for (size_t i = 0; i < size(); ++i)
    if (overlaps(own(i), bytes(i)))
      return int64_t(i);
  return -1;
}
