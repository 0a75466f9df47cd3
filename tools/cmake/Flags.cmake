# Compiler and linker flags of all our code: the interface targets dlc_flags (everything) and dlc_hosted (what may use
# libstdc++: everything but libdlrt).
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

add_library(dlc_flags INTERFACE)
target_include_directories(dlc_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_include_directories(dlc_flags SYSTEM INTERFACE ${PROJECT_BINARY_DIR}/generated)
target_compile_options(dlc_flags INTERFACE -Wall -Wextra -Wno-unused-parameter -ffunction-sections -fdata-sections)
target_link_options(dlc_flags INTERFACE -fuse-ld=lld -Wl,--gc-sections -Wl,--as-needed -Wl,--build-id=sha1)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # Without the timestamp ccache can reuse objects after the precompiled header was rebuilt.
  target_compile_options(dlc_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp" -fcolor-diagnostics)
  # CMake's own value names the header a second time, by a path that ccache cannot share between work trees.
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)
endif()
if(DLC_SANITIZE)
  # The function check reads in front of the callee, which JIT-compiled code does not have.
  target_compile_options(dlc_flags INTERFACE -fsanitize=${DLC_SANITIZE} -fno-sanitize=function
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(dlc_flags INTERFACE -fsanitize=${DLC_SANITIZE})
endif()
if(DLC_FUZZ)
  target_compile_options(dlc_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(DLC_COVERAGE)
  target_compile_options(dlc_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(dlc_flags INTERFACE -fprofile-instr-generate)
endif()

add_library(dlc_hosted INTERFACE)
target_link_libraries(dlc_hosted INTERFACE dlc_flags)
if(DLC_STATIC)
  target_link_options(dlc_hosted INTERFACE -static-libstdc++ -static-libgcc -Wl,-s)
else()
  target_compile_definitions(dlc_hosted INTERFACE _GLIBCXX_ASSERTIONS)
endif()
