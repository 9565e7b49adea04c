"""SpineGTRefine: repair spine MRI ground truths, headless, in 3D Slicer and in the browser.

The rooms of this package, from the ground up, are listed in CONTRIBUTING.md; a room imports only rooms below it.
"""

__version__ = "0.1.0"
