"""What staff type and tick; shape only, the services decide what may be."""

from collections.abc import Sequence

from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.rules.kinds import REGIONS
from clinic.intake.explanation import Explanation
from clinic.plans.courses import DraftChanges
from clinic.plans.models import DeclineReason, ReasonKind
from clinic.plans.note_content import PRESSURES
from clinic.web.forms import Form, Ticks

NOTE_LENGTH = 8000
REASON_LENGTH = 1000
PLACES = ("first", "second", "third")

REASON_KINDS = (
    (ReasonKind.FINDING_ON_TOUCH, "What I found by touch"),
    (ReasonKind.CLIENT_WISH, "The client's wish"),
    (ReasonKind.SKILL_OR_EQUIPMENT, "Skill or equipment"),
    (ReasonKind.SAFETY, "Safety"),
    (ReasonKind.OTHER, "Another reason"),
)
DECLINE_REASONS = (
    (DeclineReason.NOBODY_TRAINED, "Nobody here is trained for it"),
    (DeclineReason.SAFETY, "Massage is not safe now"),
    (DeclineReason.OTHER, "Another reason"),
)
TYPES = tuple((modality.id, modality.name) for modality in MODALITIES.values())
NOTED_REGIONS = tuple(
    (code, name[0].upper() + name[1:]) for code, name in REGIONS.items() if not code.startswith("whole_")
)


def _revision(sent: str | None) -> int:
    return int(sent) if sent and sent.isascii() and sent.isdigit() and len(sent) < 10 else -1


class OpenForm(Form):
    """Why a record of somebody else's client is opened."""

    reason = TextAreaField(
        "Why do you need to open this record?",
        description="For example: you stand in for a colleague today.",
        validators=[InputRequired("Say why you need to open this record."), Length(max=REASON_LENGTH)],
    )


class DecisionForm(Form):
    """What every decision on a review has: the revision it was made from, and perhaps a reason."""

    revision = HiddenField(
        validators=[InputRequired("This page is not complete. Please open the review again.")]
    )
    reason = TextAreaField(
        "In your words", validators=[Optional(), Length(max=REASON_LENGTH)], render_kw={"rows": 2}
    )

    @property
    def seen(self) -> int:
        """The revision of the review on the form's page; anything but a number counts as outdated."""
        return _revision(self.revision.data)


class ClearingForm(DecisionForm):
    """A decision that may also change the visit, and clear the rules that asked for a therapist first."""

    becomes = RadioField("What the visit becomes", choices=[], validators=[Optional()])
    waived = Ticks(
        "What speaks against it and you set aside",
        description="Only if you have checked why it need not apply here. It stays on the visit, with your reason.",
        choices=[],
        validators=[Optional()],
    )
    clears = BooleanField(
        "Let further visits be booked without asking first",
        description="For 30 days these answers then need no look by a therapist first. Say why below.",
    )


class AcceptForm(ClearingForm):
    """The suggestion as it stands."""


class DeclineForm(DecisionForm):
    """A request that is declined, or a review that is closed."""

    reason_kind = RadioField(
        "Why?",
        choices=[(kind.value, words) for kind, words in DECLINE_REASONS],
        validators=[InputRequired("Choose why you decline.")],
    )


class DoctorFirstForm(DecisionForm):
    """A doctor's or midwife's word is wanted before any visit."""

    tells = BooleanField(
        "Tell the client so",
        description="The page of their visit says it. The letter only leads there, because a letter names nothing about health.",
        default=True,
    )


class CallForm(Form):
    """An act of a call before a decision, and what the client said in it."""

    revision = HiddenField()
    words = StringField("What they said", validators=[Optional(), Length(max=REASON_LENGTH)])

    @property
    def seen(self) -> int:
        """The revision of the review on the form's page; anything but a number counts as outdated."""
        return _revision(self.revision.data)


class DepartForm(DecisionForm):
    """A decision that overrides the suggestion needs a reason."""

    reason_kind = RadioField(
        "Why?",
        choices=[(kind.value, words) for kind, words in REASON_KINDS],
        validators=[InputRequired("Choose why you depart from the suggestion.")],
    )


class ChooseForm(DepartForm, ClearingForm):
    """One to three types in order, and the safety rules that are deliberately set aside."""

    first = SelectField("First type", validators=[InputRequired("Choose the first type.")])
    second = SelectField("Second type", validators=[Optional()])
    third = SelectField("Third type", validators=[Optional()])
    set_aside = Ticks("Safety rules you set aside", validators=[Optional()])
    keeps = BooleanField("The visit stays as it is, although its type is not among those I chose")
    areas = Ticks("Areas", choices=list(NOTED_REGIONS))
    pressure = RadioField("Pressure", choices=[], validators=[Optional()])
    sessions = IntegerField("Number of sessions", validators=[Optional()])

    def offer_course(self, explained: Explanation) -> None:
        """Fill in what can be altered of the draft course; areas that are to be left alone are not offered."""
        alone = explained.plan.avoid if explained.plan else ()
        self.areas.choices = [(code, name) for code, name in NOTED_REGIONS if code not in alone]
        self.pressure.choices = [(pressure, pressure[0].upper() + pressure[1:]) for pressure in PRESSURES]

    def show_course(self, explained: Explanation) -> None:
        """Show the draft course as it is suggested."""
        if explained.plan:
            self.areas.data = list(explained.plan.areas)
            self.pressure.data = explained.plan.pressure or None
            self.sessions.data = explained.plan.course.sessions

    def changes(self, explained: Explanation) -> DraftChanges:
        """What was altered of the course that the form showed; the rest is drafted anew for the types chosen."""
        shown = explained.plan
        areas, pressure, sessions = tuple(self.areas.data or ()), self.pressure.data, self.sessions.data
        return DraftChanges(
            areas=areas if areas and (shown is None or areas != shown.areas) else None,
            pressure=pressure if pressure and (shown is None or pressure != shown.pressure) else None,
            sessions=sessions if shown is None or sessions != shown.course.sessions else None,
        )

    def offer(self, types: Sequence[tuple[str, str]], rules: Sequence[tuple[str, str]]) -> None:
        """Fill in what can be chosen here: types as (id, name), rules as (id, sentence)."""
        none = ("", "None")
        self.first.choices = [("", "Choose a type"), *types]
        self.second.choices = [none, *types]
        self.third.choices = [none, *types]
        self.set_aside.choices = list(rules)

    @property
    def modalities(self) -> list[str]:
        """The types chosen, in order."""
        return [getattr(self, place).data for place in PLACES if getattr(self, place).data]


class CheckInSeenForm(Form):
    """A check-in that a therapist has dealt with."""

    done = TextAreaField(
        "What you did",
        description="For example: called, and agreed to wait until Thursday.",
        validators=[Optional(), Length(max=REASON_LENGTH)],
    )


class AddendumForm(Form):
    """An addition to a signed note."""

    text = TextAreaField(
        "Add to this note", validators=[InputRequired("Write what you want to add."), Length(max=NOTE_LENGTH)]
    )
