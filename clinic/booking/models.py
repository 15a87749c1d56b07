"""Tables of appointments, with the two constraints that make a double booking impossible."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.accounts.models import Client
from clinic.db import Identified, Model
from clinic.practice.models import Location, Room, Therapist, Treatment
from clinic.sealed import Sealed


class State(StrEnum):
    """Where an appointment stands; the transitions are one table in `booking/services.py`."""

    HELD = "held"
    REQUESTED = "requested"
    BOOKED = "booked"
    ARRIVED = "arrived"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    LAPSED = "lapsed"


LONGEST_OCCUPATION = timedelta(hours=12)
"""A constraint of the table; lets a read of busy time start at a bounded place in the index."""
OCCUPYING = (State.HELD, State.REQUESTED, State.BOOKED, State.ARRIVED, State.DONE)
"""States that take a therapist's and a room's time."""
CAME = (State.ARRIVED, State.DONE)
"""States in which the client was there."""

_OCCUPYING_SQL = "state IN ({})".format(", ".join(f"'{state}'" for state in OCCUPYING))
_STATES_SQL = "state IN ({})".format(", ".join(f"'{state}'" for state in State))


def _never_overlapping(whose: str) -> pg.ExcludeConstraint:
    """A therapist, or a room, has one visit at a time, buffers included. Deferrable, so that two visits can swap."""
    begins: sa.ColumnElement[datetime] = sa.literal_column("occupied_from")
    ends: sa.ColumnElement[datetime] = sa.literal_column("occupied_until")
    return pg.ExcludeConstraint(
        (sa.literal_column(f"{whose}_id"), "="),
        (sa.func.tstzrange(begins, ends, sa.literal_column("'[)'")), "&&"),
        name=f"ex_appointments_{whose}",
        using="gist",
        where=sa.text(_OCCUPYING_SQL),
        deferrable=True,
        initially="IMMEDIATE",
    )


class Series(Identified, Model):
    """Appointments booked in one act; no recurrence rule."""

    __tablename__ = "series"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    """Raised by every act on several of its appointments; one letter reports each act."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    """When the last such act happened."""


class Appointment(Identified, Model):
    """A client's time with a therapist, from the first hold to the end.

    Instants are UTC, stored beside the local time and zone that were promised. Length, buffers and price are copied
    when it is made, so a later change of the treatment does not change what was agreed.
    """

    __tablename__ = "appointments"

    reference: Mapped[str] = mapped_column(sa.String(8), unique=True)
    """Eight letters that can be read out on the telephone."""
    client_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("clients.id"))
    """NULL only while held (or lapsed from a hold)."""
    therapist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("therapists.id"))
    room_id: Mapped[UUID | None]
    """NULL when the treatment needs no room."""
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    treatment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("treatments.id"), index=True)

    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    occupied_from: Mapped[datetime]
    occupied_until: Mapped[datetime]
    """With the buffers."""
    wall_start: Mapped[datetime] = mapped_column(sa.DateTime(timezone=False))
    """What was promised: the local time at the location."""
    zone: Mapped[str]
    tzdata: Mapped[str]
    """Version of the zone rules that made starts_at from wall_start."""
    length_minutes: Mapped[int]
    buffer_before_minutes: Mapped[int]
    buffer_after_minutes: Mapped[int]
    price_cents: Mapped[int]

    state: Mapped[str]
    held_until: Mapped[datetime | None]
    held_by: Mapped[bytes | None]
    """SHA-256 of the browser session or API hold that may complete the hold."""
    held_network: Mapped[bytes | None]
    """Keyed digest of the network that asked for the hold; each network may hold only so many times at once."""
    hold_extended: Mapped[bool] = mapped_column(default=False)
    kept_under: Mapped[int | None] = mapped_column(sa.BigInteger)
    """On a hold: the rules version it was made under; while that is current, the practice has changed nothing about
    it."""
    spared_at: Mapped[datetime | None]
    """On a hold: when staff spared it although the practice has since closed its time."""
    booked_in: Mapped[bytes | None]
    """SHA-256 of the browser a client booked in; distinguishes their own booking from that of somebody with the same
    name."""
    decide_by: Mapped[datetime | None]
    request_reason: Mapped[str | None]
    """Why it is a request: `approval`, `first_visit`, `level`, `excluded` (not suitable), `safety`, `plain`."""
    revision: Mapped[int] = mapped_column(default=1)
    """Raised with every change a client can see; SEQUENCE of the calendar file."""
    time_revision: Mapped[int] = mapped_column(default=1)
    """Revision of the last change of time; names the occasion of reminders."""
    time_agreed_at: Mapped[datetime | None]
    """When the present time was agreed; a reminder of offset d is due only if that was before starts_at - d."""
    untold_revision: Mapped[int | None]
    """The time's revision about which staff want no letter written; while it is the newest, only a change is not told."""
    coming_said_at: Mapped[datetime | None]
    """When the client said that they come."""
    coming_revision: Mapped[int | None]
    """The time's revision about which they said it; it counts while that is the present one (`booking.coming`)."""
    link_epoch: Mapped[int] = mapped_column(default=1)
    series_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("series.id"), index=True)
    series_index: Mapped[int | None]
    series_revision: Mapped[int | None]
    """Revision of the series in the last act on several appointments that changed this one."""
    act_revision: Mapped[int | None]
    """Own revision given by that act: while the two are equal, only the series' letter reports it."""
    series_wall_start: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=False))
    """Local time given by that act; it differs if the visit was moved by itself since."""
    series_length_minutes: Mapped[int | None]
    """Length at that act; it differs if the visit was made longer or shorter by itself since."""
    therapist_decides: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """The client leaves the type of massage to the therapist; the length is what was booked."""
    booked_by: Mapped[str] = mapped_column(default="client", server_default=sa.text("'client'"))
    """`client` or `staff`: if staff booked, the client may still have to answer the health questions."""
    booked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    arrived_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None]
    """`client`, `staff` or `system`."""
    cancel_reason: Mapped[str | None]
    """A code, never free text: `client`, `staff`, `safety`, `not_decided`, `moved`."""
    cancelled_late: Mapped[bool] = mapped_column(default=False)
    undo_until: Mapped[datetime | None]
    """Until then a move or cancellation can be undone; a hold reserves the old time (`undo_of_id`)."""
    undo_starts_at: Mapped[datetime | None]
    undo_therapist_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("therapists.id"))
    undo_room_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("rooms.id"))
    undo_location_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("locations.id"))
    undo_length_minutes: Mapped[int | None]
    undo_untold: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """After a move, where and how long it was before, and whether that was left untold, for undo."""
    undo_of_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"), index=True)
    """On a hold: the appointment whose old time it reserves."""

    client: Mapped[Client | None] = relationship()
    therapist: Mapped[Therapist] = relationship(foreign_keys="Appointment.therapist_id")
    treatment: Mapped[Treatment] = relationship()
    location: Mapped[Location] = relationship(foreign_keys="Appointment.location_id")
    room: Mapped[Room | None] = relationship(
        foreign_keys="Appointment.room_id", primaryjoin="Appointment.room_id == Room.id", viewonly=True
    )

    __table_args__ = (
        sa.ForeignKeyConstraint(["room_id", "location_id"], ["rooms.id", "rooms.location_id"]),
        sa.CheckConstraint(_STATES_SQL, name="state_known"),
        sa.CheckConstraint("starts_at < ends_at", name="takes_time"),
        # An empty range would exclude nothing.
        sa.CheckConstraint(
            "occupied_from <= starts_at AND ends_at <= occupied_until", name="buffers_outside"
        ),
        sa.CheckConstraint("client_id IS NOT NULL OR state IN ('held', 'lapsed')", name="client_known"),
        sa.CheckConstraint("(held_until IS NOT NULL) OR state <> 'held'", name="hold_ends"),
        sa.CheckConstraint("(decide_by IS NOT NULL) OR state <> 'requested'", name="request_ends"),
        sa.CheckConstraint(
            "(booked_at IS NOT NULL) OR state NOT IN ('booked', 'arrived', 'done', 'missed')",
            name="booked_at",
        ),
        sa.CheckConstraint("(cancelled_by IS NOT NULL) = (state = 'cancelled')", name="cancelled_by"),
        sa.CheckConstraint("booked_by IN ('client', 'staff')", name="booked_by_known"),
        sa.CheckConstraint("(series_id IS NULL) = (series_index IS NULL)", name="series_whole"),
        sa.CheckConstraint("price_cents >= 0", name="price_not_negative"),
        sa.CheckConstraint("(coming_said_at IS NULL) = (coming_revision IS NULL)", name="coming_whole"),
        _never_overlapping("therapist"),
        _never_overlapping("room"),
        sa.Index(
            "ix_appointments_therapist_time",
            "therapist_id",
            "occupied_from",
            postgresql_include=["occupied_until", "state", "held_until"],
        ),
        sa.Index(
            "ix_appointments_room_time",
            "room_id",
            "occupied_from",
            postgresql_include=["occupied_until", "state", "held_until"],
        ),
        sa.Index(
            "uq_appointments_one_hold",
            "held_by",
            unique=True,
            postgresql_where=sa.text("state = 'held' AND held_by IS NOT NULL"),
        ),
        # Also of holds that lapsed: their browser is told what became of them.
        sa.Index("ix_appointments_held_by", "held_by", postgresql_where=sa.text("held_by IS NOT NULL")),
        sa.Index("ix_appointments_held_until", "held_until", postgresql_where=sa.text("state = 'held'")),
        sa.Index(
            "ix_appointments_held_network",
            "held_network",
            postgresql_where=sa.text("state = 'held' AND held_network IS NOT NULL"),
        ),
        # Few at a time, and every page of staff counts them.
        sa.Index("ix_appointments_requested", "decide_by", postgresql_where=sa.text("state = 'requested'")),
        sa.Index("ix_appointments_client_time", "client_id", "starts_at", postgresql_include=["state"]),
        # For the lists of clients who come and who have stayed away, which read it alone.
        sa.Index(
            "ix_appointments_client_comes",
            "client_id",
            "starts_at",
            postgresql_where=sa.text(
                "client_id IS NOT NULL AND state IN ('requested', 'booked', 'arrived', 'done')"
            ),
        ),
        sa.Index("ix_appointments_starts_at", "starts_at"),
        sa.Index("ix_appointments_changed_at", "changed_at"),
        sa.Index("ix_appointments_series", "series_id", "series_index", unique=True),
    )

    @property
    def is_live(self) -> bool:
        """Whether the visit is still meant to happen: requested, booked or under way."""
        return self.state in (State.REQUESTED, State.BOOKED, State.ARRIVED)

    @property
    def is_coming(self) -> bool:
        """Whether the client said that they come to this booked visit, at its present time."""
        return self.state == State.BOOKED and self.coming_revision == self.time_revision


class Waiver(Identified, Model):
    """Rules that a member of staff set aside to book or move one appointment, and why."""

    __tablename__ = "waivers"

    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), index=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    rules: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text))
    """Names of `booking.waivers.Rule`."""
    reason_sealed: Mapped[bytes]
    reason = Sealed[str]("reason_sealed")
    made_at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("cardinality(rules) > 0", name="names_a_rule"),)


class SafetyWaiver(Identified, Model):
    """What a therapist set aside although a client's answers speak against it, and why (`booking.suitability`).

    It holds for one visit, or with `whole_course` for every visit while the same answers stand.
    """

    __tablename__ = "safety_waivers"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"), index=True)
    submission_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("submissions.id"), index=True)
    """The answers it was decided on."""
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    whole_course: Mapped[bool]
    content_sealed: Mapped[bytes]
    content = Sealed[dict[str, Any]]("content_sealed")
    """`keys`, the `sentences` they stand for, and the `reason`: together they tell about health."""
    made_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint(
            "CASE WHEN whole_course THEN submission_id IS NOT NULL ELSE appointment_id IS NOT NULL END",
            name="about_something",
        ),
    )


class SamePersonAnswer(Identified, Model):
    """Two visits at the same time that seem to be one person's; staff looked and left both."""

    __tablename__ = "same_person_answers"

    first_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"))
    second_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"), index=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    answered_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("first_id < second_id", name="in_order"),
        sa.UniqueConstraint("first_id", "second_id"),
    )


class IdempotencyKey(Identified, Model):
    """The answer to a form or API call that was sent with a key; sending it again gives the same answer."""

    __tablename__ = "idempotency_keys"

    scope: Mapped[bytes]
    """SHA-256 of the browser session or API hold the key belongs to."""
    key: Mapped[str]
    content_sha256: Mapped[bytes]
    status: Mapped[int]
    subject_id: Mapped[UUID | None]
    """What was made: an appointment, a series or a waiting-list entry. Its URL is derived when needed."""
    location: Mapped[str | None]
    """No longer written, because a manage link is a secret. The nightly sweep empties what older code wrote."""
    body_sealed: Mapped[bytes | None]
    body = Sealed[Any]("body_sealed")
    created_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (sa.UniqueConstraint("scope", "key"),)
