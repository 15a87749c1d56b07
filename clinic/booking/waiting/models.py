"""Tables of the waiting list: entries, offerings of freed times, offers, and what was free at the last look."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.db import Identified, Model
from clinic.practice.models import Gender, Location, Therapist, Treatment

PARTS_OF_DAY = 3
TIMES = 7 * PARTS_OF_DAY
"""Weekdays times parts of the day: `weekday * 3 + part`, Monday morning is 0, Sunday evening 20."""


class EntryEnd(StrEnum):
    """Why an entry ended."""

    FULFILLED = "fulfilled"
    WITHDRAWN = "withdrawn"
    OVER = "over"
    """Its last day has passed."""
    SETTLED = "settled"
    """The visit that should have been earlier has begun or was cancelled, or staff took the entry off the list."""


class OfferEnd(StrEnum):
    """How an offer ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    PASSED = "passed"
    """Nobody answered in time."""
    MISSED = "missed"
    """Somebody else was quicker."""
    STOPPED = "stopped"
    """The practice withdrew it, or the time is no longer available."""


class OfferingEnd(StrEnum):
    """How an offering ended."""

    TAKEN = "taken"
    PUBLIC = "public"
    STOPPED = "stopped"


def _one_of(kind: type[StrEnum]) -> str:
    return "IN ({})".format(", ".join(f"'{each}'" for each in kind))


class WaitingListEntry(Identified, Model):
    """What somebody is waiting for; with `replaces`, an earlier time for a visit they have."""

    __tablename__ = "waiting_wishes"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    treatment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("treatments.id"), index=True)
    therapist_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("therapists.id"), index=True)
    therapist_gender: Mapped[str | None]
    """Whether a woman or a man is preferred, as `Gender`; None where a therapist was chosen, or nobody in particular."""
    location_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    times: Mapped[list[int]] = mapped_column(pg.ARRAY(sa.SmallInteger))
    """Parts of the week that suit, as `weekday * 3 + part` in the location's time."""
    last_on: Mapped[date]
    """The last local day that suits."""
    replaces_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"))
    therapist_decides: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """The client leaves the type of massage to the therapist; the visit that comes of it carries it."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end: Mapped[str | None]
    link_epoch: Mapped[int] = mapped_column(default=1)

    client: Mapped[Client] = relationship()
    treatment: Mapped[Treatment] = relationship()
    therapist: Mapped[Therapist | None] = relationship()
    location: Mapped[Location | None] = relationship()
    replaces: Mapped[Appointment | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint(
            "cardinality(times) > 0 AND times <@ '{{{}}}'::smallint[]".format(
                ",".join(str(time) for time in range(TIMES))
            ),
            name="times_known",
        ),
        sa.CheckConstraint('(ended_at IS NULL) = ("end" IS NULL)', name="ended_whole"),
        sa.CheckConstraint(f'"end" {_one_of(EntryEnd)}', name="end_known"),
        sa.CheckConstraint(f"therapist_gender {_one_of(Gender)}", name="therapist_gender_known"),
        sa.CheckConstraint("therapist_id IS NULL OR therapist_gender IS NULL", name="therapist_or_gender"),
        # A visit has at most one entry for an earlier time.
        sa.Index(
            "uq_waiting_wishes_replaces_id",
            "replaces_id",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_waiting_wishes_live", "created_at", postgresql_where=sa.text("ended_at IS NULL")),
    )

    @property
    def is_live(self) -> bool:
        """Whether the entry is still live."""
        return self.ended_at is None


class Offering(Identified, Model):
    """A freed time, reserved by one hold while it is offered; the hold becomes the visit of the first to accept."""

    __tablename__ = "waiting_offerings"

    hold_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), unique=True)
    round: Mapped[int] = mapped_column(sa.SmallInteger, default=1)
    expires_at: Mapped[datetime]
    """The end of this round, exclusive."""
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    """Who offered it by hand; None if the worker found it."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end: Mapped[str | None]

    hold: Mapped[Appointment] = relationship()
    offers: Mapped[list["Offer"]] = relationship(back_populates="offering", order_by="Offer.id")

    __table_args__ = (
        sa.CheckConstraint("round BETWEEN 1 AND 2", name="two_rounds"),
        sa.CheckConstraint("created_at < expires_at", name="range_runs_forward"),
        sa.CheckConstraint('(ended_at IS NULL) = ("end" IS NULL)', name="ended_whole"),
        sa.CheckConstraint(f'"end" {_one_of(OfferingEnd)}', name="end_known"),
        sa.Index("ix_waiting_offerings_live", "expires_at", postgresql_where=sa.text("ended_at IS NULL")),
    )


class Offer(Identified, Model):
    """A freed time as offered to one entry: until `expires_at`, or until somebody else takes it."""

    __tablename__ = "waiting_offers"

    offering_id: Mapped[UUID] = mapped_column(sa.ForeignKey("waiting_offerings.id"))
    entry_id: Mapped[UUID] = mapped_column("wish_id", sa.ForeignKey("waiting_wishes.id"), index=True)
    round: Mapped[int] = mapped_column(sa.SmallInteger)
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end: Mapped[str | None]

    offering: Mapped[Offering] = relationship(back_populates="offers")
    entry: Mapped[WaitingListEntry] = relationship()

    __table_args__ = (
        # Nobody is offered the same reserved time twice.
        sa.UniqueConstraint("offering_id", "wish_id"),
        sa.CheckConstraint("offered_at < expires_at", name="range_runs_forward"),
        sa.CheckConstraint('(ended_at IS NULL) = ("end" IS NULL)', name="ended_whole"),
        sa.CheckConstraint(f'"end" {_one_of(OfferEnd)}', name="end_known"),
        sa.Index(
            "uq_waiting_offers_one_open",
            "wish_id",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index(
            "uq_waiting_offers_one_accepted",
            "offering_id",
            unique=True,
            postgresql_where=sa.text("\"end\" = 'accepted'"),
        ),
        sa.Index("ix_waiting_offers_ended_at", "ended_at"),
    )


class Known(Model):
    """The free starts of one therapist for a treatment at a location at the worker's last look: a mask of five-minute
    cells."""

    __tablename__ = "waiting_known"

    treatment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("treatments.id"), primary_key=True)
    therapist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("therapists.id"), primary_key=True)
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("locations.id"), primary_key=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    """Nothing is known outside, so nothing there has become free."""
    starts: Mapped[bytes]
    """Little-endian; bit k stands for the k-th five minutes after `from_at`."""

    __table_args__ = (sa.CheckConstraint("from_at < until_at", name="range_runs_forward"),)
