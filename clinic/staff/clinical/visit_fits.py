"""How one visit fits its client's answers, as its own page shows it to the therapist."""

from dataclasses import dataclass
from datetime import datetime

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking import suitability
from clinic.booking.models import Appointment, SafetyWaiver, State
from clinic.db import db
from clinic.staff.clinical import fit_choices

AHEAD = (State.REQUESTED, State.BOOKED)


@dataclass(frozen=True)
class SetAside:
    """What a therapist set aside for a visit, and why."""

    sentences: tuple[str, ...]
    reason: str
    who: str
    made_at: datetime


@dataclass(frozen=True)
class VisitFit:
    """What still speaks against a visit, as sentences, and what was set aside for it."""

    objections: tuple[str, ...]
    waived: tuple[SetAside, ...]


def fit_of(visit: Appointment, *, reader: User, now: datetime) -> VisitFit:
    """How a visit fits; reading it is recorded, and the caller commits."""
    ahead = visit.state in AHEAD and visit.starts_at > now
    against = suitability.objections_to(visit, now) if ahead else ()
    found = VisitFit(
        objections=tuple(fit_choices.named(one) for one in against),
        waived=tuple(_opened(row) for row in suitability.waivers_of(visit.id)),
    )
    if found.objections or found.waived:
        audit.record(
            audit.by_user(reader.id),
            "read",
            visit,
            client_id=visit.client_id,
            purpose="fit",
            fields=("rules", "set_aside"),
            now=now,
        )
    return found


def _opened(row: SafetyWaiver) -> SetAside:
    by = db.session.get_one(User, row.user_id)
    content = row.content
    return SetAside(
        tuple(content["sentences"]), content["reason"], f"{by.given_name} {by.family_name}", row.made_at
    )
