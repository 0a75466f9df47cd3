// Debian's LLVM is built with Polly, whose plug-in LLVMLTO (and so lld) names; a static dlc leaves Polly out.
#include "llvm/Plugins/PassPlugin.h"

llvm::PassPluginLibraryInfo getPollyPluginInfo();
llvm::PassPluginLibraryInfo getPollyPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "polly", "absent", [](llvm::PassBuilder &) {}, nullptr};
}
