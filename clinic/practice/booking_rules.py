"""The practice's booking rules: each rule's default and bounds, and until when a client may cancel free of charge.

They are columns of the table `practice`; owners change them under Settings. `supply` reads those that decide what is free.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

if TYPE_CHECKING:
    from clinic.practice.models import Practice

BOUNDS: Final = {
    "horizon_days": (1, 730),
    "hold_minutes": (5, 60),
    "late_cancel_hours": (0, 336),
    "open_bookings_per_client": (1, 100),
    "decide_hours": (1, 168),
    "offer_people": (1, 20),
    "offer_minutes": (5, 240),
    "quiet_from_hour": (0, 23),
    "quiet_until_hour": (0, 23),
    "rebooking_after_days": (1, 730),
}
"""The lowest and highest value of a rule; the form in Settings and the database both refuse what is outside, so a change
needs a migration."""

ASKABLE: Final = {
    "birth_date": ("birth_on",),
    "address": ("street", "postcode", "town"),
    "emergency": ("emergency_name", "emergency_phone"),
    "doctor": ("doctor",),
}
"""What a practice may ask its clients for, and the fields of a client's record that hold it."""


class Approval(StrEnum):
    """Whether an online booking that nothing else makes a request is confirmed at once."""

    AT_ONCE = "at_once"
    ASK_FIRST = "ask_first"
    """The booking is a request, which the practice confirms or declines."""


APPROVAL_KNOWN: Final = "approval IN ({})".format(", ".join(f"'{rule}'" for rule in Approval))


class BookingRuleColumns:
    """Mixin of `Practice`: the columns of the booking rules, with the defaults of a new practice."""

    step_minutes: Mapped[int] = mapped_column(default=15)
    """Visits begin every so many minutes."""
    pack: Mapped[bool] = mapped_column(default=True)
    """Also offer the first and the last start that fit a free stretch, even off the step."""
    notice_minutes: Mapped[int] = mapped_column(default=120)
    """How long before a visit it can still be booked online."""
    horizon_days: Mapped[int] = mapped_column(default=120)
    """How far ahead clients can book."""
    hold_minutes: Mapped[int] = mapped_column(default=20)
    """How long a chosen time stays reserved while the form is filled in."""
    late_cancel_hours: Mapped[int] = mapped_column(default=24)
    """How many hours before a visit a cancellation becomes late; see `free_until`."""
    open_bookings_per_client: Mapped[int] = mapped_column(default=12)
    approval: Mapped[str] = mapped_column(default=Approval.AT_ONCE, server_default=sa.text("'at_once'"))
    """Whether clients' bookings need confirmation; a treatment can override it."""
    decide_hours: Mapped[int] = mapped_column(default=48)
    """How long a therapist has to decide on a request."""
    offer_people: Mapped[int] = mapped_column(default=3)
    """To how many people on the waiting list a freed time is offered at once."""
    offer_minutes: Mapped[int] = mapped_column(default=30)
    """How long they have to answer."""
    settle_seconds: Mapped[int] = mapped_column(default=120)
    """How long after a change its letter waits, so that a change that is undone at once is never announced."""
    quiet_from_hour: Mapped[int] = mapped_column(default=21)
    quiet_until_hour: Mapped[int] = mapped_column(default=8)
    reminder_offsets_minutes: Mapped[list[int]] = mapped_column(
        pg.ARRAY(sa.Integer), default=lambda: [2880, 120]
    )
    asked_details: Mapped[list[str]] = mapped_column(
        pg.ARRAY(sa.Text), default=list, server_default=sa.text("'{}'")
    )
    """What clients are asked for besides name and contacts; see `ASKABLE`."""
    rebooking_after_days: Mapped[int] = mapped_column(default=28, server_default=sa.text("28"))
    """How long after their last visit clients who asked for it are invited to come again."""

    def free_until(self, starts_at: datetime) -> datetime:
        """Until when (UTC) a client may move or cancel a visit that starts then without it being late."""
        return starts_at - timedelta(hours=self.late_cancel_hours)


def _within_bounds(*rules: str) -> str:
    return " AND ".join(f"{rule} BETWEEN {BOUNDS[rule][0]} AND {BOUNDS[rule][1]}" for rule in rules)


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=name)


CONSTRAINTS: Final = (
    _check("asked_details_known", f"asked_details <@ ARRAY{list(ASKABLE)}"),
    _check("step_in_fives", "step_minutes > 0 AND mod(step_minutes, 5) = 0"),
    _check("window_plausible", f"notice_minutes >= 0 AND {_within_bounds('horizon_days')}"),
    _check("times_plausible", _within_bounds("hold_minutes", "late_cancel_hours")),
    _check("limits_plausible", _within_bounds("open_bookings_per_client", "decide_hours")),
    _check("offers_plausible", _within_bounds("offer_people", "offer_minutes")),
    _check("quiet_hours", _within_bounds("quiet_from_hour", "quiet_until_hour")),
    _check("rebooking_plausible", _within_bounds("rebooking_after_days")),
    _check("approval_known", APPROVAL_KNOWN),
)
"""The database's checks of the rules."""


@dataclass(frozen=True, kw_only=True)
class BookingRules:
    """The rules that the form in Settings shows and sets; the names include the units."""

    notice_minutes: int
    horizon_days: int
    step_minutes: int
    pack: bool
    hold_minutes: int
    open_bookings_per_client: int
    late_cancel_hours: int
    approval: str
    decide_hours: int
    offer_people: int
    offer_minutes: int
    quiet_from_hour: int
    quiet_until_hour: int
    reminder_offsets_minutes: list[int]
    asked_details: list[str]


def rules_of(practice: "Practice") -> BookingRules:
    """The current rules."""
    return BookingRules(**{name: getattr(practice, name) for name in BookingRules.__dataclass_fields__})
