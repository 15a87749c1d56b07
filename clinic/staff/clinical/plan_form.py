"""The form of a plan: everything of it that people decide, the version it was typed over, and why it changes."""

from collections.abc import Iterable, Mapping, Sequence

from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from clinic.booking.suitability import LONGEST_REASON, Objection
from clinic.guidance.plan import PRESSURES
from clinic.plans.courses import MOST_SESSIONS
from clinic.plans.plan_changes import LONGEST_WORDS, MOST_GOALS, MOST_MINUTES
from clinic.plans.plan_content import ClientGoal, PlanContent, PlannedArea
from clinic.staff.clinical import fit_choices, plan_wording
from clinic.staff.clinical.plan_wording import RHYTHMS
from clinic.staff.forms import NOTED_REGIONS, PLACES, TYPES
from clinic.web.forms import Form, Ticks


class _Inner(Form):
    """A part of the plan's form; the token stands once, in the whole."""

    class Meta(Form.Meta):
        """Without a token of its own."""

        csrf = False


class AreaForm(_Inner):
    """One area: whether it is worked on, with which type and for how long."""

    works = BooleanField()
    modality = SelectField("Type", choices=[("", "Any type of the plan"), *TYPES], validators=[Optional()])
    minutes = IntegerField("Minutes", validators=[Optional(), NumberRange(0, MOST_MINUTES)])


class AreasForm(_Inner):
    """All areas from head to foot."""


for _code, _name in NOTED_REGIONS:
    setattr(AreasForm, _code, FormField(AreaForm, label=_name))


class GoalForm(_Inner):
    """What the client wants, in their words, and the score that shows it."""

    words = StringField("In the client’s words", validators=[Optional(), Length(max=LONGEST_WORDS)])
    measure = SelectField("Score", validators=[Optional()])


class PlanForm(Form):
    """The decided part of a plan."""

    seen = HiddenField(validators=[InputRequired("This page is not complete. Please open the plan again.")])
    back = HiddenField()
    goals = FieldList(FormField(GoalForm), min_entries=MOST_GOALS, max_entries=MOST_GOALS)
    first = SelectField("First type", validators=[InputRequired("Choose the first type.")])
    second = SelectField("Second type", validators=[Optional()])
    third = SelectField("Third type", validators=[Optional()])
    sessions = IntegerField("Number of sessions", validators=[InputRequired("Say how many sessions.")])
    every = SelectField(
        "How often", choices=[(code, words) for code, words in RHYTHMS.items() if code != "once"]
    )
    minutes = IntegerField(
        "Minutes a session", validators=[InputRequired("Say how long a session is, in minutes.")]
    )
    look_backs = StringField(
        "Review at sessions",
        description="Numbers with commas between them, such as 4, 8. Sessions that are over stay as they were.",
        validators=[Optional()],
    )
    pressure = RadioField(
        "Pressure",
        choices=[(pressure, pressure[0].upper() + pressure[1:]) for pressure in PRESSURES],
        validators=[Optional()],
    )
    areas = FormField(AreasForm)
    waived = Ticks(
        "What speaks against it and you set aside",
        description="Only if you have checked why it need not apply here. It is kept with the plan, with your reason.",
        choices=[],
        validate_choice=False,
        validators=[Optional()],
    )
    why = TextAreaField(
        "Why does the plan change?",
        description="A sentence for the record. The client does not read it.",
        validators=[Length(max=LONGEST_REASON)],
    )

    def validate_look_backs(self, field: StringField) -> None:
        """Numbers of sessions of this course, with commas between them; a course that was made shorter is the usual reason."""
        try:
            numbers = _numbers(field.data or "")
        except ValueError:
            raise ValidationError(f"Write numbers from 1 to {MOST_SESSIONS}, such as 4, 8.") from None
        if self.sessions.data and max(numbers, default=0) > self.sessions.data:
            raise ValidationError(f"Look back at sessions between 1 and {self.sessions.data}.")

    def offer(
        self, left_out: Mapping[str, Iterable[str]], activities: Sequence[str], now_is: PlanContent
    ) -> None:
        """Fill in what can be chosen: types, with the rules that leave one out, and scores of goals."""
        types = [(code, f"{name}{_against(left_out.get(code, ()))}") for code, name in TYPES]
        self.first.choices = [("", "Choose a type"), *types]
        self.second.choices = self.third.choices = [("", "None"), *types]
        offered = plan_wording.measures(activities)
        codes = {code for code, _ in offered}
        kept = dict.fromkeys(goal.measure for goal in now_is.goals if goal.measure not in codes)
        for number, entry in enumerate(self.goals, start=1):
            entry.form.words.label.text = f"Goal {number}, in the client’s words"
            entry.form.measure.label.text = f"Score of goal {number}"
            entry.form.measure.choices = [*offered, *((one, plan_wording.measure_words(one)) for one in kept)]

    def show(self, content: PlanContent, seen: int) -> None:
        """Fill the form with a plan."""
        self.seen.data = str(seen)
        for place, modality in zip(PLACES, (*content.modalities, "", "", ""), strict=False):
            getattr(self, place).data = modality
        self.sessions.data, self.minutes.data = content.sessions, content.minutes
        self.every.data = "weekly" if content.every == "once" else content.every
        self.look_backs.data = ", ".join(map(str, content.look_backs))
        self.pressure.data = content.pressure or None
        for area in content.areas:
            if area.area in self.areas.form:
                row = self.areas.form[area.area].form
                row.works.data, row.modality.data, row.minutes.data = (
                    True,
                    area.modality,
                    area.minutes or None,
                )
        for entry, goal in zip(self.goals, content.goals, strict=False):
            entry.form.words.data, entry.form.measure.data = goal.words, goal.measure

    def object_to(self, against: Sequence[Objection]) -> None:
        """Offer to set these objections aside."""
        self.waived.choices = [(fit_choices.value_of(one), fit_choices.named(one)) for one in against]

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the objections that are ticked."""
        return frozenset(key for value in self.waived.data or () for key in value.split("+"))

    @property
    def version_seen(self) -> int:
        """The version on the form's page; anything but a number counts as outdated."""
        sent = self.seen.data or ""
        return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else -1

    @property
    def content(self) -> PlanContent:
        """What was typed, once the form is valid."""
        sessions = self.sessions.data or 0
        return PlanContent(
            modalities=tuple(getattr(self, place).data for place in PLACES if getattr(self, place).data),
            sessions=sessions,
            every="once" if sessions == 1 else self.every.data,
            minutes=self.minutes.data or 0,
            pressure=self.pressure.data or "",
            areas=tuple(
                PlannedArea(area=code, modality=row.modality.data or "", minutes=row.minutes.data or 0)
                for code, _ in NOTED_REGIONS
                if (row := self.areas.form[code].form).works.data
            ),
            look_backs=_numbers(self.look_backs.data or ""),
            goals=tuple(
                ClientGoal(words=entry.form.words.data, measure=entry.form.measure.data or "")
                for entry in self.goals
                if entry.form.words.data
            ),
        )


def _against(rules: Iterable[str]) -> str:
    named = ", ".join(sorted(rules))
    return f" (left out: {named})" if named else ""


def _numbers(text: str) -> tuple[int, ...]:
    """Session numbers in order, each once. Raises ValueError."""
    found = {int(part) for part in text.replace(";", ",").replace(" and ", ",").split(",") if part.strip()}
    if not all(1 <= number <= MOST_SESSIONS for number in found):
        raise ValueError
    return tuple(sorted(found))
