"""The report on overrides: which rules' suggestions therapists follow or override, and why. Numbers only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from clinic.language.reading import MONTHS
from clinic.plans import overrides
from clinic.plans.models import ReasonKind
from clinic.staff.reports.declaration import DeclaredReport

KINDS: Final = {
    ReasonKind.FINDING_ON_TOUCH: "Found by touch",
    ReasonKind.CLIENT_WISH: "The client’s wish",
    ReasonKind.SKILL_OR_EQUIPMENT: "Skill or equipment",
    ReasonKind.SAFETY: "Safety",
    ReasonKind.OTHER: "Another reason",
}


def numbers(now: datetime) -> Mapping[str, object]:
    """The numbers as the worker last counted them."""
    report = overrides.report(now)
    return {
        "report": report,
        "since": f"{MONTHS[report.since.month - 1]} {report.since.year}",
        "KINDS": KINDS,
    }


REPORT: Final = DeclaredReport(
    slug="overrides",
    title="Guidance followed or departed from",
    template="staff/reports/overrides.html",
    numbers=numbers,
    recount=overrides.ask_recount,
)
