"""Tables of the practice: where it is, who works there, what is sold, and when it is open."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.db import Identified, Model
from clinic.practice.booking_rules import APPROVAL_KNOWN, CONSTRAINTS, BookingRuleColumns
from clinic.practice.own_texts import ARE_OBJECTS, HasOwnTexts

MINUTES_ARE_FIVES = "{0} >= 0 AND mod({0}, 5) = 0"


def _fives(column: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(MINUTES_ARE_FIVES.format(column), name=f"{column}_in_fives")


class OnlineBooking(StrEnum):
    """Whether clients can book online."""

    NOT_OPEN = "not_open"
    """The practice is being set up; its owner opens it."""
    OPEN = "open"
    CLOSED = "closed"


ORIGIN = r"(https://[a-z0-9.-]+(:[0-9]{1,5})?|http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?)"
"""What a browser calls an origin; `practice.websites` reads what somebody types."""
MOST_WEBSITES = 10
WEBSITES_ARE_ORIGINS = f"cardinality(websites) <= {MOST_WEBSITES} AND array_to_string(websites, ' ', '?') ~ '^({ORIGIN}( {ORIGIN})*)?$'"
ONLINE_BOOKING_KNOWN = "online_booking IN ({})".format(", ".join(f"'{state}'" for state in OnlineBooking))


class Practice(BookingRuleColumns, HasOwnTexts, Model):
    """The one practice of this database, with its booking rules (`booking_rules`)."""

    __tablename__ = "practice"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    name: Mapped[str]
    legal_name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str]
    mail: Mapped[str]
    country: Mapped[str] = mapped_column(sa.String(2))
    region: Mapped[str] = mapped_column(default="")
    """The region, for public holidays; an ISO 3166-2 code without the country."""
    currency: Mapped[str] = mapped_column(sa.String(3))
    language: Mapped[str] = mapped_column(default="en")
    emergency_number: Mapped[str]
    advice_line: Mapped[str] = mapped_column(default="")
    support_line: Mapped[str] = mapped_column(default="")
    """Shown beside a marked low mood; nobody is asked online about self-harm."""
    policy: Mapped[str] = mapped_column(default="")
    about: Mapped[str] = mapped_column(default="")

    online_booking: Mapped[str] = mapped_column(default=OnlineBooking.OPEN, server_default=sa.text("'open'"))
    """Whether clients can book online; `booking.online_booking` says what that stops. Setting up begins with *not open*."""
    closed_words: Mapped[str] = mapped_column(default="", server_default=sa.text("''"))
    """What clients read while it is closed, in the owner's words; kept for the next closure."""
    keep_notes_years: Mapped[int] = mapped_column(default=10)
    """For the previous version of the code; `maintenance.periods` has it now."""
    modalities_off: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text), default=list)
    rules_version: Mapped[int] = mapped_column(sa.BigInteger, default=1)
    """Raised with every change of a rule, so that cached answers about free times become outdated."""
    websites: Mapped[list[str]] = mapped_column(
        pg.ARRAY(sa.Text), default=list, server_default=sa.text("'{}'")
    )
    """Origins of the practice's own websites, which may show the booking pages in a frame."""
    is_demo: Mapped[bool] = mapped_column(default=False)
    lock_minutes: Mapped[int | None]
    """After so many minutes without an act a browser of staff locks by itself; NULL for never."""

    __table_args__ = (
        sa.CheckConstraint("id = 1", name="only_one"),
        sa.CheckConstraint("lock_minutes BETWEEN 1 AND 29", name="lock_minutes_before_signing_out"),
        sa.CheckConstraint(WEBSITES_ARE_ORIGINS, name="websites_are_origins"),
        *CONSTRAINTS,
        sa.CheckConstraint(ONLINE_BOOKING_KNOWN, name="online_booking_known"),
        sa.CheckConstraint(ARE_OBJECTS, name="translations_are_objects"),
    )

    @property
    def is_open(self) -> bool:
        """Whether clients can book online."""
        return self.online_booking == OnlineBooking.OPEN


class Location(Identified, HasOwnTexts, Model):
    """A place where treatments happen, in one time zone."""

    __tablename__ = "locations"

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    zone: Mapped[str]
    """IANA name; opening hours, notice, steps, caps and quiet hours use this zone."""
    street: Mapped[str]
    town: Mapped[str]
    getting_here: Mapped[str] = mapped_column(default="")
    parking: Mapped[str] = mapped_column(default="", server_default=sa.text("''"))
    step_free: Mapped[str] = mapped_column(default="", server_default=sa.text("''"))
    """Steps, doors and lifts, for anybody who cannot use stairs."""
    position: Mapped[int] = mapped_column(default=0)
    closed_on: Mapped[date | None]

    __table_args__ = (sa.CheckConstraint(ARE_OBJECTS, name="translations_are_objects"),)

    @property
    def address(self) -> str:
        """Street and town."""
        return f"{self.street}, {self.town}"


class LocationPair(Model):
    """How long a therapist needs from one location to another."""

    __tablename__ = "location_pairs"

    from_id: Mapped[UUID] = mapped_column(sa.ForeignKey("locations.id"), primary_key=True)
    to_id: Mapped[UUID] = mapped_column(sa.ForeignKey("locations.id"), primary_key=True)
    travel_minutes: Mapped[int] = mapped_column(default=30)

    __table_args__ = (sa.CheckConstraint("from_id <> to_id", name="two_places"), _fives("travel_minutes"))


class Room(Identified, Model):
    """A room of one location; one appointment at a time."""

    __tablename__ = "rooms"

    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None]
    calendar_version: Mapped[int] = mapped_column(sa.BigInteger, default=1)

    location: Mapped[Location] = relationship()

    __table_args__ = (sa.UniqueConstraint("location_id", "name"), sa.UniqueConstraint("id", "location_id"))


treatment_rooms = sa.Table(
    "treatment_rooms",
    Model.metadata,
    sa.Column("treatment_id", sa.ForeignKey("treatments.id"), primary_key=True),
    sa.Column("room_id", sa.ForeignKey("rooms.id"), primary_key=True, index=True),
)

treatment_therapists = sa.Table(
    "treatment_therapists",
    Model.metadata,
    sa.Column("treatment_id", sa.ForeignKey("treatments.id"), primary_key=True),
    sa.Column("therapist_id", sa.ForeignKey("therapists.id"), primary_key=True, index=True),
)


class IntakeRule(StrEnum):
    """When a treatment asks the health questions."""

    BEFORE_BOOKING = "before_booking"
    BEFORE_VISIT = "before_visit"
    NONE = "none"


class NewClientRule(StrEnum):
    """What a new client may do with a treatment online."""

    WELCOME = "welcome"
    ASK_FIRST = "ask_first"
    """Their booking is a request, which a therapist looks at first."""
    NOT_FIRST = "not_first"
    """They have to book another treatment first."""


class Treatment(Identified, HasOwnTexts, Model):
    """A bookable treatment: one modality or a mix, with length, price and buffers."""

    __tablename__ = "treatments"

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    mail_name: Mapped[str] = mapped_column(default="Massage")
    """The only name used in emails and calendar files, because a treatment's own name may reveal health data."""
    description: Mapped[str] = mapped_column(default="")
    modalities: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text))
    """Modality ids of the guidance, the leading one first."""
    length_minutes: Mapped[int]
    buffer_before_minutes: Mapped[int] = mapped_column(default=0)
    buffer_after_minutes: Mapped[int] = mapped_column(default=15)
    price_cents: Mapped[int]
    intake: Mapped[str] = mapped_column(default=IntakeRule.BEFORE_BOOKING)
    new_clients: Mapped[str] = mapped_column(default=NewClientRule.WELCOME)
    approval: Mapped[str | None]
    """Whether clients' bookings need confirmation; None follows the practice's rule."""
    needs_room: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None]

    rooms: Mapped[list[Room]] = relationship(secondary=treatment_rooms, order_by=Room.position)
    therapists: Mapped[list["Therapist"]] = relationship(
        secondary=treatment_therapists, order_by="Therapist.position", back_populates="treatments"
    )

    __table_args__ = (
        _fives("length_minutes"),
        _fives("buffer_before_minutes"),
        _fives("buffer_after_minutes"),
        sa.CheckConstraint("length_minutes > 0", name="takes_time"),
        sa.CheckConstraint("price_cents >= 0", name="price_not_negative"),
        sa.CheckConstraint("intake IN ('before_booking', 'before_visit', 'none')", name="intake_known"),
        sa.CheckConstraint("new_clients IN ('welcome', 'ask_first', 'not_first')", name="new_clients_known"),
        sa.CheckConstraint(APPROVAL_KNOWN, name="approval_known"),
        sa.CheckConstraint(ARE_OBJECTS, name="translations_are_objects"),
    )


class Therapist(Identified, HasOwnTexts, Model):
    """A person who treats clients; `user` is their account, if they have one."""

    __tablename__ = "therapists"

    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"), unique=True)
    given_name: Mapped[str]
    family_name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    licence: Mapped[str] = mapped_column(default="")
    about: Mapped[str] = mapped_column(default="")
    skills: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text), default=list)
    """Modalities this person is trained for, and other trainings (`practice.trainings`)."""
    colour: Mapped[int] = mapped_column(default=1)
    """1 to 6, from the calendar palette."""
    daily_cap: Mapped[int | None]
    """At most so many appointments on one local day."""
    position: Mapped[int] = mapped_column(default=0)
    left_on: Mapped[date | None]
    calendar_version: Mapped[int] = mapped_column(sa.BigInteger, default=1)

    treatments: Mapped[list[Treatment]] = relationship(
        secondary=treatment_therapists, back_populates="therapists"
    )
    profile: Mapped["TherapistProfile | None"] = relationship(back_populates="therapist")

    __table_args__ = (
        sa.CheckConstraint("colour BETWEEN 1 AND 6", name="colour_in_palette"),
        sa.CheckConstraint("daily_cap > 0", name="cap_positive"),
        sa.CheckConstraint(ARE_OBJECTS, name="translations_are_objects"),
    )

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}"


class Gender(StrEnum):
    """What a client may ask for, of therapists who agreed to show it."""

    WOMAN = "woman"
    MAN = "man"


class TherapistProfile(Identified, HasOwnTexts, Model):
    """What a therapist says about themself on their public page; nothing of it is shown while the page is off."""

    __tablename__ = "therapist_profiles"

    therapist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("therapists.id"), unique=True)
    is_shown: Mapped[bool] = mapped_column(default=False)
    """Whether they have a public page; it is theirs to choose."""
    languages: Mapped[str] = mapped_column(default="")
    """The languages they speak with clients, separated by commas."""
    training: Mapped[str] = mapped_column(default="")
    """One training a line."""
    likes: Mapped[str] = mapped_column(default="")
    """What they like to treat, one thing a line."""
    gender: Mapped[str | None]
    """Only if they agreed to show it."""

    therapist: Mapped[Therapist] = relationship(back_populates="profile")

    __table_args__ = (
        sa.CheckConstraint("gender IN ('woman', 'man')", name="gender_known"),
        sa.CheckConstraint(ARE_OBJECTS, name="translations_are_objects"),
    )


class Photo(Identified, HasOwnTexts, Model):
    """A therapist's portrait or a picture of a location; its files are `PhotoFile` rows."""

    __tablename__ = "photos"

    therapist_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("therapists.id"), unique=True)
    location_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    alt: Mapped[str] = mapped_column(default="")
    """What it shows, for whoever cannot see it."""
    added_at: Mapped[datetime]

    files: Mapped[list["PhotoFile"]] = relationship(
        cascade="all, delete-orphan", order_by="PhotoFile.width", passive_deletes=True
    )

    __table_args__ = (
        sa.CheckConstraint("(therapist_id IS NULL) <> (location_id IS NULL)", name="one_subject"),
        sa.CheckConstraint(ARE_OBJECTS, name="translations_are_objects"),
    )


class PhotoFile(Model):
    """A photo in one format and size, as it was encoded here: it carries nothing of the file that was sent."""

    __tablename__ = "photo_files"

    photo_id: Mapped[UUID] = mapped_column(sa.ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    """`avif`, `webp` or `jpeg`."""
    width: Mapped[int] = mapped_column(primary_key=True)
    height: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(32), index=True)
    """The first half of the content's SHA-256 in hexadecimal; part of its URL, so that a URL never changes what it shows."""
    content: Mapped[bytes] = mapped_column(deferred=True)

    __table_args__ = (sa.CheckConstraint("format IN ('avif', 'webp', 'jpeg')", name="format_known"),)


class WeeklyHours(Identified, Model):
    """A therapist's working hours on one weekday at one location, in its local time."""

    __tablename__ = "weekly_hours"

    therapist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("therapists.id"))
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    weekday: Mapped[int] = mapped_column(sa.SmallInteger)
    """0 is Monday."""
    from_minute: Mapped[int] = mapped_column(sa.SmallInteger)
    until_minute: Mapped[int] = mapped_column(sa.SmallInteger)
    """Minutes after local midnight; 1440 is the end of the day."""
    valid_from: Mapped[date] = mapped_column(default=date.min)
    valid_until: Mapped[date | None]
    """Exclusive; None is open-ended."""

    __table_args__ = (
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_known"),
        sa.CheckConstraint(
            "0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440", name="within_day"
        ),
        sa.CheckConstraint("mod(from_minute, 5) = 0 AND mod(until_minute, 5) = 0", name="in_fives"),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_from < valid_until", name="valid_range_runs_forward"
        ),
        pg.ExcludeConstraint(
            (sa.literal_column("therapist_id"), "="),
            (sa.literal_column("weekday"), "="),
            (sa.func.int4range(sa.literal_column("from_minute"), sa.literal_column("until_minute")), "&&"),
            (sa.func.daterange(sa.literal_column("valid_from"), sa.literal_column("valid_until")), "&&"),
            name="ex_weekly_hours_therapist",
            using="gist",
        ),
    )


class SpecialDay(Identified, Model):
    """Hours of one therapist on one date at one location; the rows of a date replace the weekly hours of that day."""

    __tablename__ = "special_days"

    therapist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("therapists.id"))
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    on: Mapped[date]
    from_minute: Mapped[int] = mapped_column(sa.SmallInteger)
    until_minute: Mapped[int] = mapped_column(sa.SmallInteger)

    __table_args__ = (
        sa.Index("ix_special_days_therapist_id_on", "therapist_id", "on"),
        sa.CheckConstraint(
            "0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440", name="within_day"
        ),
        sa.CheckConstraint("mod(from_minute, 5) = 0 AND mod(until_minute, 5) = 0", name="in_fives"),
        pg.ExcludeConstraint(
            (sa.literal_column("therapist_id"), "="),
            (sa.literal_column('"on"'), "="),
            (sa.func.int4range(sa.literal_column("from_minute"), sa.literal_column("until_minute")), "&&"),
            name="ex_special_days_therapist",
            using="gist",
        ),
    )


class TimeOff(Identified, Model):
    """Local days, or part of each, on which a therapist does not work; always overrides hours."""

    __tablename__ = "time_off"

    therapist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("therapists.id"))
    from_on: Mapped[date]
    until_on: Mapped[date]
    """Exclusive."""
    from_minute: Mapped[int | None] = mapped_column(sa.SmallInteger)
    until_minute: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """If both are set, only this part of each day."""
    note: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        sa.Index("ix_time_off_therapist_id_from_on", "therapist_id", "from_on"),
        sa.CheckConstraint("from_on < until_on", name="range_runs_forward"),
        sa.CheckConstraint("(from_minute IS NULL) = (until_minute IS NULL)", name="whole_part"),
        sa.CheckConstraint("from_minute IS NULL OR from_minute < until_minute", name="part_runs_forward"),
        sa.CheckConstraint(
            "from_minute IS NULL OR (from_minute >= 0 AND until_minute <= 1440)", name="part_within_day"
        ),
    )


class Closure(Identified, Model):
    """Local days on which a location, or the whole practice if none is set, is closed; always overrides hours."""

    __tablename__ = "closures"

    location_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    from_on: Mapped[date] = mapped_column(index=True)
    until_on: Mapped[date]
    """Exclusive."""
    name: Mapped[str]

    __table_args__ = (sa.CheckConstraint("from_on < until_on", name="range_runs_forward"),)
