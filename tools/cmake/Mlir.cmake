# Finds LLVM, MLIR and lld 22 and offers dlc_mlir (headers and libraries), dlc_lld (the ELF linker as a library) and
# dlc_zlib, either shared or, with DLC_STATIC, as archives that leave only libc and libm to the run time.
list(PREPEND CMAKE_PREFIX_PATH /usr/lib/llvm-22)
find_package(MLIR 22.1 REQUIRED CONFIG)
find_package(ZLIB REQUIRED)
set(DLC_TBLGEN ${LLVM_TOOLS_BINARY_DIR}/mlir-tblgen)

add_library(dlc_mlir INTERFACE)
target_link_libraries(dlc_mlir INTERFACE dlc_hosted)
target_include_directories(dlc_mlir SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
separate_arguments(definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(dlc_mlir INTERFACE ${definitions} DLC_WITH_LLD=$<BOOL:${DLC_LLD}>
                           DLC_WITH_NVPTX=$<OR:$<NOT:$<BOOL:${DLC_STATIC}>>,$<IN_LIST:NVPTX,${DLC_TARGETS}>>)
target_compile_options(dlc_mlir INTERFACE -fvisibility-inlines-hidden)

add_library(dlc_zlib INTERFACE)
add_library(dlc_lld INTERFACE)
if(DLC_LLD)
  target_link_libraries(dlc_lld INTERFACE ${LLVM_LIBRARY_DIR}/liblldELF.a ${LLVM_LIBRARY_DIR}/liblldCommon.a)
endif()

if(NOT DLC_STATIC)
  target_link_libraries(dlc_mlir INTERFACE MLIR LLVM)
  target_link_libraries(dlc_zlib INTERFACE ZLIB::ZLIB)
  target_link_libraries(dlc_lld INTERFACE ZLIB::ZLIB zstd)
  return()
endif()

# Debian's export lists the shared libLLVM (and libMLIR) under each archive: drop these edges.
set(archives "")
foreach(target IN LISTS MLIR_EXPORTED_TARGETS)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL STATIC_LIBRARY)
    get_target_property(edges ${target} INTERFACE_LINK_LIBRARIES)
    if(edges)
      list(REMOVE_ITEM edges LLVM MLIR "$<LINK_ONLY:LLVM>")
      set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${edges}")
    endif()
    if(NOT target MATCHES "^MLIRCAPI|Test")
      list(APPEND archives ${target})
    endif()
  endif()
endforeach()
# The linker takes from the archives only what is called, so nobody has to keep a list of MLIR's libraries.
set(components core support passes orcjit target executionengine runtimedyld jitlink perfjitevents supportlsp
    frontendopenmp debuginfodwarf lto dtlto option x86asmparser)
foreach(target IN LISTS DLC_TARGETS)
  string(TOLOWER ${target} target)
  list(APPEND components ${target}codegen ${target}desc ${target}info)
endforeach()
llvm_map_components_to_libnames(llvm_archives ${components})
set_target_properties(LLVMExtensions PROPERTIES INTERFACE_LINK_LIBRARIES LLVMSupport) # it would ask for libPolly
set_target_properties(LLVMSupport PROPERTIES # shared libz, libzstd and libz3 otherwise
                      INTERFACE_LINK_LIBRARIES "LLVMDemangle;libz.a;libzstd.a;dl;m")

# lld initialises every target LLVM was built with, and LTO asks for Polly's plug-in: empty functions in their place.
set(stubs "")
foreach(target IN LISTS LLVM_TARGETS_TO_BUILD)
  if(NOT target IN_LIST DLC_TARGETS)
    foreach(part TargetInfo Target TargetMC AsmPrinter AsmParser)
      string(APPEND stubs "void LLVMInitialize${target}${part}(void) {}\n")
    endforeach()
  endif()
endforeach()
file(CONFIGURE OUTPUT generated/TargetStubs.c CONTENT "${stubs}")
add_library(dlc_stubs STATIC EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/generated/TargetStubs.c
            ${PROJECT_SOURCE_DIR}/tools/cmake/PollyStub.cpp)
target_include_directories(dlc_stubs SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS})
target_link_libraries(dlc_stubs PRIVATE dlc_flags)

target_link_libraries(dlc_mlir INTERFACE ${archives} dlc_stubs ${llvm_archives})
target_link_libraries(dlc_zlib INTERFACE libz.a)
target_link_libraries(dlc_lld INTERFACE dlc_stubs libz.a libzstd.a)
