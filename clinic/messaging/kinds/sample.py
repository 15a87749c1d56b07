"""An invented visit, so that the practice can preview its letters without a real client's data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from clinic.language import N_, gettext
from clinic.messaging.kinds.content import public_url
from clinic.messaging.kinds.visit_letter import LetterVisit
from clinic.practice import own_texts
from clinic.practice.models import Practice

EXAMPLE = "/example"
"""Where the links of a sample lead: nowhere."""
_ZONE = "Europe/Berlin"
_AHEAD = timedelta(days=9)
_HOUR = timedelta(hours=1)
_NAME, _THERAPIST, _PLACE = N_("Robin"), N_("Alex Example"), N_("Example House")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleScene:
    """What a kind's sample can tell of: two invented visits and a link, in the language spoken now."""

    practice: Practice
    now: datetime
    link: str
    visit: LetterVisit
    later_visit: LetterVisit


def sample_scene(practice: Practice, now: datetime) -> SampleScene:
    """The scene at a moment (UTC)."""
    link = public_url(EXAMPLE)
    visit = _visit(practice, now, link)
    later = replace(visit, starts_at=visit.starts_at + _AHEAD, ends_at=visit.ends_at + _AHEAD)
    return SampleScene(practice=practice, now=now, link=link, visit=visit, later_visit=later)


def sample_visit(scene: SampleScene) -> Mapping[str, Any]:
    """The facts of a letter about a visit that has no others."""
    return {"visit": scene.visit, "form": None}


def sample_link(scene: SampleScene) -> Mapping[str, Any]:
    """The facts of a letter that only carries a link."""
    return {"link": scene.link}


def _visit(practice: Practice, now: datetime, link: str) -> LetterVisit:
    starts_at = (now + _AHEAD).astimezone(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    return LetterVisit(
        first_name=gettext(_NAME),
        starts_at=starts_at,
        ends_at=starts_at + _HOUR,
        zone=_ZONE,
        town="",
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
        policy=own_texts.said(practice, "policy"),
        reference="EXAMPLEX",
        link=link,
    )
