"""An invented visit, so that the practice can look at its letters without looking at anybody."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app

from clinic.booking.past_visits import TIPS_KEPT
from clinic.language import N_, gettext
from clinic.messaging.letters.staff_letters import Stop
from clinic.messaging.letters.visit_letters import LetterVisit, SafetyForm
from clinic.messaging.models import MessageKind
from clinic.practice.models import Practice

EXAMPLE = "/example"
"""Where the links of a sample lead: nowhere."""
_ZONE = "Europe/Berlin"
_AHEAD = timedelta(days=9)
_HOUR = timedelta(hours=1)
_NAME, _THERAPIST, _PLACE = N_("Robin"), N_("Alex Example"), N_("Example House")


def facts(kind: MessageKind, practice: Practice, now: datetime) -> Mapping[str, Any]:
    """What a letter of this kind would be about, in the language spoken now."""
    link = f"{current_app.config['PUBLIC_URL']}{EXAMPLE}"
    visit = _visit(practice, now, link)
    asked = {"link": link, "again": link}
    return {
        "visit": visit,
        "form": SafetyForm(link=link, opens_at=visit.starts_at - 24 * _HOUR, is_open=True),
        "by_client": True,
        "booked": [visit, _later(visit)],
        "cancelled": [],
        "takes_out": False,
        "values": {"client": visit.first_name},
        "tips_link": link,
        "days": TIPS_KEPT.days,
        "questions_link": link,
        "next_visit": _later(visit),
        "appointment": None,
        "decide_by": None,
        "offer_link": link,
        "wish_link": link,
        "kept_until": now + 24 * _HOUR,
        "minutes": practice.offer_minutes,
        "moves": None,
        "was_missed": True,
        "stops": [_stop(visit)],
        "reviews": 1,
        "undelivered": 1,
        "silent": [],
        "inviter": gettext(_THERAPIST),
        "roles": [gettext("Therapist")],
        **asked,
    }


def _later(visit: LetterVisit) -> LetterVisit:
    return replace(visit, starts_at=visit.starts_at + _AHEAD, ends_at=visit.ends_at + _AHEAD)


def _stop(visit: LetterVisit) -> Stop:
    return Stop(
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        zone=visit.zone,
        what=visit.what,
        first_name=visit.first_name,
        place=visit.place,
        room="",
        reference=visit.reference,
    )


def _visit(practice: Practice, now: datetime, link: str) -> LetterVisit:
    starts_at = (now + _AHEAD).astimezone(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    return LetterVisit(
        first_name=gettext(_NAME),
        starts_at=starts_at,
        ends_at=starts_at + _HOUR,
        zone=_ZONE,
        what="Massage",
        minutes=60,
        therapist=gettext(_THERAPIST),
        place=gettext(_PLACE),
        address="",
        getting_here="",
        price_cents=6000,
        currency=practice.currency,
        free_until=practice.free_until(starts_at),
        is_free=True,
        policy=practice.policy,
        reference="EXAMPLEX",
        link=link,
    )
