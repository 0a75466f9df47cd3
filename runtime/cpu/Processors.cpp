// The affinity mask, and the quotas of control groups, version 1 and 2: containers limit time (`--cpus 2`), not processors.
#include "runtime/cpu/Processors.h"
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Processors of the affinity mask.
static int affineProcessors() {
  for (size_t processors = 1024; processors <= size_t(1) << 20; processors *= 2) {
    cpu_set_t *set = CPU_ALLOC(processors);
    if (!set)
      return 1;
    size_t bytes = CPU_ALLOC_SIZE(processors);
    int result = sched_getaffinity(0, bytes, set), error = errno;
    int count = result == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (result == 0)
      return count > 0 ? count : 1;
    if (error != EINVAL)
      break;
  }
  return 1;
}

namespace {
/// The lines of a file; none where there is no such file.
class Lines {
public:
  Lines(const char *root, const char *name) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s%s", root, name) < int(sizeof path))
      file = fopen(path, "re");
  }
  Lines(const Lines &) = delete;
  Lines &operator=(const Lines &) = delete;
  ~Lines() {
    free(line);
    if (file)
      fclose(file);
  }
  /// Without its newline, or null behind the last.
  char *next() {
    ssize_t length = file ? getline(&line, &room, file) : -1;
    if (length > 0 && line[length - 1] == '\n')
      line[length - 1] = 0;
    return length < 0 ? nullptr : line;
  }

private:
  FILE *file = nullptr;
  char *line = nullptr;
  size_t room = 0;
};
} // namespace

/// Whether the comma list has "cpu".
static bool listsCpu(const char *list) {
  for (const char *at = list; at; at = strchr(at, ',')) {
    at += *at == ',';
    if (!strncmp(at, "cpu", 3) && (at[3] == 0 || at[3] == ','))
      return true;
  }
  return false;
}

/// What one group's files allow: "200000 100000" in cpu.max, or quota and period apart.
static int quotaOf(const char *root, const char *group, bool second) {
  char name[PATH_MAX];
  long long quota = -1, period = 0;
  auto read = [&](const char *file, const char *format) {
    if (snprintf(name, sizeof name, "%s/%s", group, file) >= int(sizeof name))
      return;
    Lines lines(root, name);
    if (const char *line = lines.next())
      sscanf(line, format, strstr(file, "period") ? &period : &quota, &period); // "max": no quota
  };
  if (second) {
    read("cpu.max", "%lld %lld");
  } else {
    read("cpu.cfs_quota_us", "%lld");
    read("cpu.cfs_period_us", "%lld");
  }
  if (quota <= 0 || period <= 0)
    return 0;
  long long processors = quota / period + (quota % period != 0);
  return processors < INT_MAX ? int(processors) : INT_MAX;
}

/// The least quota of a group and those above it, as far as the mount shows them.
static int quotaUpwards(const char *root, const char *mount, const char *group, bool second) {
  char path[PATH_MAX];
  int least = 0;
  size_t base = strlen(mount);
  if (snprintf(path, sizeof path, "%s%s", mount, group) >= int(sizeof path))
    return 0;
  for (;;) {
    int here = quotaOf(root, path, second);
    least = here && (!least || here < least) ? here : least;
    char *slash = strrchr(path, '/');
    if (!slash || strlen(path) <= base || size_t(slash - path) < base)
      return least;
    *slash = 0;
  }
}

/// The same at every place where the hierarchy of the group is mounted.
static int quotaOfMounts(const char *root, const char *group, bool second) {
  Lines mounts(root, "/proc/self/mountinfo");
  int least = 0;
  while (char *line = mounts.next()) { // number, parent, device, root, mount point, options ... - type, source, options
    char *type = strstr(line, " - "), top[PATH_MAX], at[PATH_MAX], kind[16], options[1024];
    static_assert(PATH_MAX == 4096, "the widths below");
    if (!type || sscanf(line, "%*s %*s %*s %4095s %4095s", top, at) != 2 || sscanf(type + 3, "%15s %*s %1023s", kind, options) != 2)
      continue;
    if (strcmp(kind, second ? "cgroup2" : "cgroup") != 0 || (!second && !listsCpu(options)))
      continue;
    // A container may see its own group as the mount's root, and the path from outside.
    size_t length = strcmp(top, "/") ? strlen(top) : 0;
    bool below = !strncmp(group, top, length) && (group[length] == '/' || group[length] == 0);
    int here = quotaUpwards(root, at, below ? group + length : "", second);
    least = here && (!least || here < least) ? here : least;
  }
  return least;
}

int dlrt::quotaProcessors(const char *root) {
  Lines groups(root, "/proc/self/cgroup");
  int least = 0;
  while (char *line = groups.next()) { // hierarchy:controllers:path
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : nullptr;
    if (!group)
      continue;
    *controllers++ = *group++ = 0;
    bool second = !*controllers;
    if (!second && !listsCpu(controllers))
      continue;
    int here = quotaOfMounts(root, strcmp(group, "/") ? group : "", second);
    least = here && (!least || here < least) ? here : least;
  }
  return least;
}

int dlrt::availableProcessors() {
  int affine = affineProcessors(), quota = quotaProcessors("");
  return quota && quota < affine ? quota : affine;
}
