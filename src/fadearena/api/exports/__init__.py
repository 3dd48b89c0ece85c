"""
Files for other programs: everything of one kind, read in parts, written as it is read.

1. An export holds what was recorded when it began; what comes while it is read may be in it, too, or not.
2. Nothing is held but some parts of the rows, however long the history is.
3. What goes wrong midway is raised, never left out: whoever carries the bytes has to break off.
4. Windows and commands write the same bytes: this room knows neither.
"""

from fadearena.api.exports.columns import Cell, Choice, Column, Table
from fadearena.api.exports.files import MISSING, FileForm, has_parquet, written
from fadearena.api.exports.kinds import KINDS
from fadearena.api.exports.realised import REALISED, SUMMARY
from fadearena.api.exports.scope import Scope, Sources, year_of

__all__ = [
    "MISSING",
    "TABLES",
    "Cell",
    "Choice",
    "Column",
    "FileForm",
    "Scope",
    "Sources",
    "Table",
    "has_parquet",
    "written",
    "year_of",
]

TABLES = {table.name: table for table in (*KINDS, REALISED, SUMMARY)}
"""Everything that can be exported, by name."""
