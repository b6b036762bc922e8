"""Report files to texts.

`find_reports` turns the paths of a command line into a list of files in a fixed order, each with the id its
rows will carry; `read_report` reads one of them. Neither needs spaCy.
"""

from sequela.reading.discover import Found, ReportFile, find_reports, printable
from sequela.reading.report import MAX_CHARACTERS, Report, read_report

__all__ = [
    "MAX_CHARACTERS",
    "Found",
    "Report",
    "ReportFile",
    "find_reports",
    "printable",
    "read_report",
]
