// How many processors this process may keep busy.
#ifndef DLC_RUNTIME_CPU_PROCESSORS_H
#define DLC_RUNTIME_CPU_PROCESSORS_H

namespace dlrt {

/// Those of the affinity mask, or fewer where a control group allows less time: at least 1.
int availableProcessors();

/// The processors' time that the control groups of this process allow, rounded up, or 0 for as much as there is. `root` stands
/// before all paths: "" but in tests.
int quotaProcessors(const char *root);

} // namespace dlrt
#endif
