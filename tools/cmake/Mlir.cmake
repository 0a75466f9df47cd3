# Finds LLVM, MLIR and lld 22 and offers dlc_mlir (headers and libraries) and dlc_lld (the ELF linker as a library), either
# shared or, with DLC_STATIC, as archives that leave only libc and libm to the run time.
list(PREPEND CMAKE_PREFIX_PATH /usr/lib/llvm-22)
find_package(MLIR 22.1 REQUIRED CONFIG)
set(DLC_TBLGEN ${LLVM_TOOLS_BINARY_DIR}/mlir-tblgen)

add_library(dlc_mlir INTERFACE)
target_link_libraries(dlc_mlir INTERFACE dlc_hosted)
target_include_directories(dlc_mlir SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
separate_arguments(definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(dlc_mlir INTERFACE ${definitions} DLC_WITH_LLD=$<BOOL:${DLC_LLD}>)
target_compile_options(dlc_mlir INTERFACE -fvisibility-inlines-hidden)

add_library(dlc_lld INTERFACE)
if(DLC_LLD)
  target_link_libraries(dlc_lld INTERFACE ${LLVM_LIBRARY_DIR}/liblldELF.a ${LLVM_LIBRARY_DIR}/liblldCommon.a)
endif()

if(NOT DLC_STATIC)
  target_link_libraries(dlc_mlir INTERFACE MLIR LLVM)
  target_link_libraries(dlc_lld INTERFACE ZLIB::ZLIB zstd)
  return()
endif()

# One linker script names every archive of MLIR and LLVM but the code generators left out: the linker takes what is
# called, nobody keeps a list. (The exported targets will not do: Debian's lead to libLLVM.so, libz3 and libPolly.)
file(GLOB archives ${LLVM_LIBRARY_DIR}/libMLIR*.a ${LLVM_LIBRARY_DIR}/libLLVM*.a)
set(left_out ${LLVM_TARGETS_TO_BUILD})
list(REMOVE_ITEM left_out X86 AArch64 NVPTX ${DLC_TARGETS})
list(JOIN left_out "|" pattern)
list(FILTER archives EXCLUDE REGEX "/libLLVM(${pattern})[A-Z]|/libMLIRCAPI|Test")
list(JOIN archives "\n" archives)
file(CONFIGURE OUTPUT generated/archives.ld CONTENT "GROUP(\n${archives}\n)\n")

# lld initialises every target LLVM was built with, and LTO asks for Polly's plug-in: empty functions in their place.
set(stubs "")
foreach(target IN LISTS left_out)
  foreach(part TargetInfo Target TargetMC AsmPrinter AsmParser)
    string(APPEND stubs "void LLVMInitialize${target}${part}(void) {}\n")
  endforeach()
endforeach()
file(CONFIGURE OUTPUT generated/TargetStubs.c CONTENT "${stubs}")
add_library(dlc_stubs STATIC ${PROJECT_BINARY_DIR}/generated/TargetStubs.c
            ${PROJECT_SOURCE_DIR}/tools/cmake/PollyStub.cpp)
target_include_directories(dlc_stubs SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS})
target_link_libraries(dlc_stubs PRIVATE dlc_flags)
set_target_properties(dlc_stubs PROPERTIES ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/archives)

target_link_libraries(dlc_lld INTERFACE dlc_mlir)
target_link_libraries(dlc_mlir INTERFACE dlc_stubs ${PROJECT_BINARY_DIR}/generated/archives.ld libz.a libzstd.a
                      ${CMAKE_DL_LIBS} m)
