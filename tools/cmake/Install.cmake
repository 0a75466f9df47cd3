# What `cmake --install` puts under a prefix, which may then be moved: libraries, headers, what find_package(dlrt) and
# pkg-config read, docs. Components: runtime (libdlrt.so alone), development, tools (with libdlc), passes (what those who change
# dlc use), docs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON) # for tools that link LLVM's shared libraries

set(headers ${CMAKE_INSTALL_INCLUDEDIR}/dlc)
foreach(pair dlrt:dlrt dlrt-static:dlrt_static dldata:data dltrain:train)
  string(REGEX MATCH "(.*):(.*)" _ ${pair})
  set_target_properties(${CMAKE_MATCH_1} PROPERTIES EXPORT_NAME ${CMAKE_MATCH_2})
  target_include_directories(${CMAKE_MATCH_1} INTERFACE $<INSTALL_INTERFACE:${headers}>)
  install(TARGETS ${CMAKE_MATCH_1} EXPORT dlrt
          LIBRARY COMPONENT runtime NAMELINK_COMPONENT development ARCHIVE COMPONENT development)
endforeach()
target_link_libraries(dltrain INTERFACE $<INSTALL_INTERFACE:dlrt::dlrt>)
target_compile_features(dldata INTERFACE cxx_std_20)
if(DLC_ZLIB)
  target_link_libraries(dldata INTERFACE $<INSTALL_INTERFACE:ZLIB::ZLIB>)
endif()
if(DLC_IMAGES)
  target_link_libraries(dldata INTERFACE $<INSTALL_INTERFACE:PNG::PNG> $<INSTALL_INTERFACE:JPEG::JPEG>)
endif()

install(FILES runtime/dlrt.h runtime/dlrt.hpp DESTINATION ${headers} COMPONENT development)
install(FILES runtime/data/Array.h runtime/data/Csv.h runtime/data/Dataset.h runtime/data/Images.h runtime/data/Result.h runtime/data/Tensors.h DESTINATION ${headers}/data COMPONENT development)
install(FILES runtime/train/Metrics.h runtime/train/Schedule.h runtime/train/Trainer.h DESTINATION ${headers}/train COMPONENT development)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT docs)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT docs FILES_MATCHING PATTERN *.md)
install(DIRECTORY frontend/examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT docs)

set(config ${CMAKE_INSTALL_LIBDIR}/cmake/dlrt)
install(EXPORT dlrt NAMESPACE dlrt:: FILE dlrtTargets.cmake DESTINATION ${config} COMPONENT development)
configure_package_config_file(tools/cmake/dlrtConfig.cmake.in install/dlrtConfig.cmake INSTALL_DESTINATION ${config}
                              NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(install/dlrtConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/install/dlrtConfig.cmake ${PROJECT_BINARY_DIR}/install/dlrtConfigVersion.cmake DESTINATION ${config}
        COMPONENT development)
file(RELATIVE_PATH up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
function(_dlc_install_pc name component)
  configure_file(tools/cmake/${name}.pc.in install/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/install/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT ${component})
endfunction()
_dlc_install_pc(dlrt development)

# The compiler as a library, which goes with the tools.
function(dlc_install_compiler target)
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${headers}>)
  target_link_libraries(${target} INTERFACE $<INSTALL_INTERFACE:dlrt::dlrt>)
  install(TARGETS ${target} EXPORT dlc LIBRARY COMPONENT tools)
  install(FILES frontend/embed/dlc.h frontend/embed/dlc.hpp DESTINATION ${headers} COMPONENT tools)
  install(EXPORT dlc NAMESPACE dlrt:: FILE dlcTargets.cmake DESTINATION ${config} COMPONENT tools)
  _dlc_install_pc(dlc tools)
endfunction()

# The manual page and the shells' completions, which the tool prints itself.
function(dlc_install_manual tool)
  set(made)
  foreach(item "dlc.1:man1:man" "dlc:bash-completion/completions:completion bash" "_dlc:zsh/site-functions:completion zsh"
               "dlc.fish:fish/vendor_completions.d:completion fish")
    string(REGEX MATCH "(.*):(.*):(.*)" _ ${item})
    set(file ${PROJECT_BINARY_DIR}/install/${CMAKE_MATCH_2}/${CMAKE_MATCH_1})
    set(folder ${CMAKE_INSTALL_DATADIR}/${CMAKE_MATCH_2})
    if(CMAKE_MATCH_2 STREQUAL man1)
      set(folder ${CMAKE_INSTALL_MANDIR}/man1)
    endif()
    separate_arguments(arguments UNIX_COMMAND "${CMAKE_MATCH_3}")
    add_custom_command(OUTPUT ${file} COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/install/${CMAKE_MATCH_2}
                       COMMAND ${tool} ${arguments} > ${file} DEPENDS ${tool} VERBATIM)
    list(APPEND made ${file})
    install(FILES ${file} DESTINATION ${folder} COMPONENT tools)
  endforeach()
  add_custom_target(manual ALL DEPENDS ${made})
endfunction()

# tools/dev package: one Debian package and one archive of what users of dlc need.
set(CPACK_GENERATOR DEB TZST)
set(CPACK_INSTALL_CMAKE_PROJECTS "")
foreach(component runtime development tools docs) # a package of all of them, without passes
  list(APPEND CPACK_INSTALL_CMAKE_PROJECTS ${PROJECT_BINARY_DIR} dlc ${component} /)
endforeach()
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)
set(CPACK_PACKAGE_NAME dlc)
set(CPACK_PACKAGE_CONTACT "the dlc developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "compiler of neural networks, their gradients and optimisers")
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
include(CPack)
