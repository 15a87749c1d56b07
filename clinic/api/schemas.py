"""The shapes of what comes in and goes out. Their docstrings and descriptions stand in the published description."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from clinic.api import request_parsing
from clinic.web import forms


def _cleaned(text: str) -> str:
    cleaned = forms.clean(text)
    if not cleaned:
        raise ValueError("Enter a name.")
    return cleaned


_CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80),
    AfterValidator(_cleaned),
    # One line, with a character that can be seen.
    Field(json_schema_extra={"pattern": rf"^[^{_CONTROLS}]*[^{_CONTROLS}\s][^{_CONTROLS}]*$"}),
]
Slug = Annotated[
    str,
    StringConstraints(min_length=1, max_length=request_parsing.LONGEST_NAME),
    AfterValidator(request_parsing.name),
]
StartText = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(lambda text: request_parsing.start(text) and text),
    Field(
        description="A time with its distance from UTC, such as `2031-03-10T09:00+01:00`.",
        examples=["2031-03-10T09:00+01:00"],
        json_schema_extra={"pattern": request_parsing.START},
    ),
]


def _whole(number: object) -> object:
    """JSON knows one kind of number, and calls 2.0 an integer, too."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


Revision = Annotated[
    int,
    Field(ge=1, lt=10**9, description="The revision that was seen; a stale one changes nothing."),
    # Last, so that the bounds stand in the description.
    BeforeValidator(_whole),
]


class Shape(BaseModel):
    """What comes in: no member that is not described, no number for a text."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewHold(Shape):
    """A time to be kept while the caller collects who is coming."""

    treatment: Slug = Field(description="`slug` of a treatment.")
    therapist: Slug = Field(default="any", description="`slug` of a therapist, or `any`.")
    location: Slug | None = Field(default=None, description="`slug` of a location; any when left out.")
    start: StartText

    @property
    def starts_at(self) -> datetime:
        """The start as an instant."""
        return request_parsing.start(self.start)


class Visitor(Shape):
    """Who is coming."""

    given_name: Name
    family_name: Name
    mail: Annotated[str, StringConstraints(min_length=3, max_length=254)] = Field(
        description="Where the confirmation and the reminders go.", json_schema_extra={"format": "email"}
    )
    phone: Annotated[str, StringConstraints(max_length=40)] | None = None
    agreed_to_policy: Literal[True] = Field(description="The client has read how to cancel, and agrees.")
    without_health_answers: bool = Field(
        default=False,
        description="Ask for the time although the treatment wants health questions answered first: a therapist looks at "
        "the request before it is confirmed.",
    )
    therapist_decides: bool = Field(
        default=False,
        description="The client leaves the type of massage to the therapist, who is told. Length and price stay as chosen.",
    )


class NewAppointment(Visitor):
    """Who is coming at the time that is held."""

    hold: Annotated[str, StringConstraints(min_length=20, max_length=80)] = Field(
        description="The secret that keeping the time answered."
    )


class NewAppointmentAt(Visitor, NewHold):
    """Who is coming at a start that is booked without being held first."""

    secret: Annotated[str, StringConstraints(min_length=20, max_length=80)] = Field(
        description="A secret of the caller's own, made by chance: whoever sends it again with the same key reads the answer."
    )


class Move(Shape):
    """Another time for an appointment."""

    start: StartText
    therapist: Slug | None = Field(
        default=None, description="`slug` of a therapist, or `any`; the same one when left out."
    )
    revision: Revision | None = None

    @property
    def starts_at(self) -> datetime:
        """The start as an instant."""
        return request_parsing.start(self.start)


class Treatment(BaseModel):
    """What can be booked."""

    slug: str
    name: str
    description: str
    length_minutes: int
    price_cents: int
    currency: str
    questions: Literal["before_booking", "before_visit", "none"] = Field(
        description="When its health questions are asked. `before_booking` ones are answered on the practice's own page."
    )
    therapists: list[str] = Field(description="Slugs of those who give it.")


class Treatments(BaseModel):
    """Everything that can be booked, in the practice's order."""

    treatments: list[Treatment]


class Therapist(BaseModel):
    """Somebody who gives treatments."""

    slug: str
    name: str
    about: str
    treatments: list[str] = Field(description="Slugs of what they give.")


class Therapists(BaseModel):
    """Everybody who works here, in the practice's order."""

    therapists: list[Therapist]


class FreeTimes(BaseModel):
    """The free starts of one location, by local day."""

    location: str
    zone: str
    days: dict[str, list[str]] = Field(
        description="Local day to wall times with their distance from UTC, earliest first; `<day>T<time>` is a start. "
        "Days without one are left out.",
        examples=[{"2031-03-10": ["09:00+01:00", "09:15+01:00"]}],
    )


class Availability(BaseModel):
    """When a treatment can begin."""

    treatment: str
    therapist: str
    from_: str = Field(alias="from")
    to: str = Field(description="The first day that was not asked for.")
    locations: list[FreeTimes]


class Who(BaseModel):
    """A therapist."""

    slug: str
    name: str


class Where(BaseModel):
    """A location."""

    slug: str
    name: str
    street: str
    town: str


class Hold(BaseModel):
    """A time that is kept."""

    hold: str = Field(
        description="The secret that owns the hold. Send it with the booking; nobody can look it up."
    )
    held_until: str
    start: str
    end: str
    zone: str
    therapist: Who
    location: Where
    length_minutes: int
    price_cents: int
    currency: str
    questions: Literal["before_booking", "before_visit", "none"]
    policy: str = Field(description="How to cancel, as the client has to read it before booking.")


class Appointment(BaseModel):
    """An appointment as its own address shows it: when, where, with whom and for how much; nothing about health."""

    token: str = Field(description="The key of the appointment for its whole life.")
    page: str = Field(description="Its page for people.")
    reference: str
    state: Literal["requested", "booked", "arrived", "done", "missed", "cancelled", "declined"]
    revision: int
    start: str
    end: str
    zone: str
    treatment: str = Field(description="The name used in letters.")
    therapist: Who
    location: Where
    length_minutes: int
    price_cents: int
    currency: str
    free_until: str = Field(description="Until then it can be moved or cancelled free of charge.")
    decided_by: str | None = Field(description="For a request: when it is decided at the latest.")
    can_change: bool
    can_undo_until: str | None = Field(
        description="Until then its page takes the last move or cancellation back."
    )


class Fault(BaseModel):
    """A member or parameter that cannot be used."""

    pointer: str = Field(description="`/member` of the body, or `?parameter` of the address.")
    detail: str


class Problem(BaseModel):
    """A refusal (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str = Field(description="The stable name of the reason.")
    detail: str = Field(description="A sentence for people.")
    request_id: str
    errors: list[Fault] | None = None
    nearest: list[str] | None = Field(
        default=None, description="When a start is gone: the nearest free ones."
    )
    page: str | None = Field(
        default=None, description="Where a person can go on, for example with the health questions."
    )
    revision: int | None = Field(default=None, description="The present revision, when another was named.")


def dumped(value: BaseModel) -> dict[str, Any]:
    """A value as JSON-ready members."""
    return value.model_dump()
