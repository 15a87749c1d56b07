"""What a report declares; its page, its address and its tab follow from that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class DeclaredReport:
    """A report under its `slug`. `numbers` gives what its template shows, at an instant.

    `recount` asks the worker to count again; None if the numbers are read as they are. The caller commits.
    """

    slug: str
    title: str
    template: str
    numbers: Callable[[datetime], Mapping[str, object]]
    recount: Callable[[datetime], None] | None = None
