# The part of Slicer's own use file that an extension with Python only needs: its macro files, none of ours.
enable_testing()
include(ExternalData)
include(ctkFunctionExtractOptimizedLibrary)
include(ctkMacroCompilePythonScript)
include(SlicerMacroConfigureGenericPythonModuleTests)
include(SlicerMacroPythonTesting)
include(SlicerMacroBuildScriptedModule)
