# Tests that are files with RUN lines. %cc, %cxx: the compilers; %root: the source tree; %libdir: libdlrt and its kin;
# %build: what `cmake --install` takes.
# A test of bad input is called <subject>-invalid.mlir or bad-<subject>.test: these also run under the sanitizers.
import os
import shutil
import lit.formats

config.name = "dlc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".c"]
config.excludes = ["Inputs", "unit", "fuzz", "lib"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.dlc_build, "test")

config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.dlc_build, "bin"), config.llvm_tools, os.environ["PATH"]]
)
for name in ("HOME", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
config.environment["DLC_CACHE"] = ""  # every test compiles
config.environment["FILECHECK_OPTS"] = "-enable-var-scope -dump-input-filter=error"

config.substitutions += [
    ("%cc", config.cc),
    ("%cxx", config.cxx),
    ("%root", config.dlc_source),
    ("%build", config.dlc_build),
    ("%libdir", os.path.join(config.dlc_build, "lib")),
]

# REQUIRES: sanitize, static (the release preset), gpu, ptxas (which is %ptxas), avx2, avx512f
# LLVM's own code is not instrumented: what its allocators poison in our headers it does not unpoison.
if config.sanitize:
    config.environment.setdefault("ASAN_OPTIONS", "allow_user_poisoning=0")
    config.available_features.add("sanitize")
if config.static == "ON":
    config.available_features.add("static")
toolkits = [os.environ.get("CUDA_HOME", "/usr/local/cuda"), os.path.join(config.dlc_source, "build/cuda/nvidia/cuda_nvcc")]
ptxas = shutil.which("ptxas", path=os.pathsep.join([os.environ["PATH"]] + [t + "/bin" for t in toolkits]))
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))
    config.environment["CUDA_HOME"] = os.path.dirname(os.path.dirname(ptxas))
if os.path.exists("/dev/nvidia0"):
    config.available_features.add("gpu")
with open("/proc/cpuinfo") as cpuinfo:
    flags = next((line.split() for line in cpuinfo if line.startswith("flags")), [])
config.available_features.update(f for f in ("avx2", "avx512f") if f in flags)
