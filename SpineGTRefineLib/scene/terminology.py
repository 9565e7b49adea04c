"""Standard terms (SNOMED CT ...) of a label, in the form that Slicer stores on a segment."""

from __future__ import annotations

from ..anatomy import LabelEntry

CONTEXT = "SpineGTRefine"


def terminology_entry(entry: LabelEntry) -> str:
    """Return Slicer's terminology text of a scheme entry, empty if the scheme gives no category and type.

    The text is ``context~category~type~type modifier~region context~region~region modifier``, each term being
    ``coding scheme^code^meaning``.
    """
    columns = dict(entry.terminology)

    def term(prefix: str) -> str:
        return "^".join(columns.get(f"{prefix}_{part}", "") for part in ("CodingScheme", "CodeValue", "CodeMeaning"))

    if "Category_CodeValue" not in columns or "Type_CodeValue" not in columns:
        return ""
    region_context = CONTEXT if "Region_CodeValue" in columns else ""
    parts = (CONTEXT, term("Category"), term("Type"), term("TypeModifier"), region_context)
    return "~".join((*parts, term("Region"), term("RegionModifier")))
