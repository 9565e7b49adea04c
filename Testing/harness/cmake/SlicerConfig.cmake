# What find_package(Slicer) finds where there is no build of Slicer but its sources: the variables that Slicer's own
# SlicerConfig.cmake would set for an extension with Python only. All macros are Slicer's and CTK's own; SLICER_CHECKOUT
# and CTK_CHECKOUT say where they are.

if(NOT EXISTS ${SLICER_CHECKOUT}/CMake/SlicerMacroBuildScriptedModule.cmake)
  message(FATAL_ERROR "SLICER_CHECKOUT holds no sources of Slicer: ${SLICER_CHECKOUT}")
endif()
if(NOT EXISTS ${CTK_CHECKOUT}/CMake/ctkMacroCompilePythonScript.cmake)
  message(FATAL_ERROR "CTK_CHECKOUT holds no sources of CTK: ${CTK_CHECKOUT}")
endif()

set(Slicer_CMAKE_DIR ${SLICER_CHECKOUT}/CMake)
set(CTK_CMAKE_DIR ${CTK_CHECKOUT}/CMake)
list(APPEND CMAKE_MODULE_PATH ${Slicer_CMAKE_DIR} ${CTK_CMAKE_DIR})

set(Slicer_USE_PYTHONQT ON)
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.12/qt-scripted-modules)
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR ${Slicer_QTSCRIPTEDMODULES_LIB_DIR})
set(Slicer_PYTHON_MODULE_TEST_TEMPLATES_DIR ${SLICER_CHECKOUT}/Base/QTCore/Testing/Python)
set(Slicer_ExternalData_DATA_MANAGEMENT_TARGET ExternalData)
set(Slicer_LAUNCHER_EXECUTABLE Slicer)

# The build would bring its own Python; CTK's script only byte-compiles with it.
set(PYTHONINTERP_FOUND TRUE)
set(PYTHONLIBS_FOUND TRUE)
set(PYTHON_LIBRARIES ${PYTHON_EXECUTABLE})

set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${Slicer_CMAKE_DIR}/SlicerExtensionGenerateConfig.cmake)
# Packing needs a build of Slicer with its launcher.
set(Slicer_DONT_USE_EXTENSION TRUE)
set(Slicer_EXTENSION_CPACK ${Slicer_CMAKE_DIR}/SlicerExtensionCPack.cmake)
