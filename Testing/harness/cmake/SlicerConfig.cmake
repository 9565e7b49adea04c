# A stand-in for a build of Slicer, enough to configure the extension and to install its files where Slicer would.
# Like Slicer's own macro it refuses files that do not exist, and keeps their paths relative to the calling folder.

set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/nothing.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/nothing.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/nothing.cmake)

macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MODULE "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MODULE_UNPARSED_ARGUMENTS OR NOT MODULE_NAME)
    message(FATAL_ERROR "slicerMacroBuildScriptedModule called wrongly: ${ARGN}")
  endif()
  foreach(file ${MODULE_SCRIPTS} ${MODULE_RESOURCES})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
      message(FATAL_ERROR "${MODULE_NAME} names ${file}, which does not exist")
    endif()
    get_filename_component(folder ${file} DIRECTORY)
    install(FILES ${file} DESTINATION qt-scripted-modules/${folder})
  endforeach()
endmacro()

function(slicer_add_python_unittest)
endfunction()
