"""Tables for a spreadsheet, as CSV (RFC 4180)."""

import csv
import io
from collections.abc import Iterable
from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of something to run."""


def as_csv(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """The rows under their headings; a cell that looks like a formula is written as text, because people can type one as a name."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(headings)
    for row in rows:
        table.writerow(f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row)
    return out.getvalue()
