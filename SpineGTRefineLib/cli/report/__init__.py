"""The report of a repair as one HTML page: pictures, what changed, what is still suspicious."""

from .contents import CaseResult, Report
from .page import render_report

__all__ = ["CaseResult", "Report", "render_report"]
