"""A waiting-list entry as a form and in words, for the pages of clients and staff."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from wtforms import BooleanField, DateField, SelectField
from wtforms.validators import InputRequired, ValidationError

from clinic.booking.waiting import entries
from clinic.language import N_, gettext, joined
from clinic.language.reading import and_year, long_date, wall_time, weekday_name
from clinic.practice import profiles
from clinic.practice import queries as practice
from clinic.practice.models import Gender, Location, Treatment
from clinic.scheduling import hours
from clinic.web import gender_preference
from clinic.web.forms import Form, Ticks

USUAL_WAIT = timedelta(days=28)
LONGEST_WAIT = timedelta(days=366)
ANY = ""
PARTS = (
    ("0", N_("Morning, before %(noon)s")),
    ("1", N_("Afternoon, %(noon)s to %(evening)s")),
    ("2", N_("Evening, from %(evening)s")),
)
"""The parts of the day of `entries.PARTS`, in its order."""
DAYS_OF_WEEK = (
    *(N_("Mondays"), N_("Tuesdays"), N_("Wednesdays"), N_("Thursdays"), N_("Fridays")),
    *(N_("Saturdays"), N_("Sundays")),
)
GENDERS: dict[str, str] = {Gender.WOMAN: N_("A woman"), Gender.MAN: N_("A man")}
PARTS_OF_DAY = (N_("mornings"), N_("afternoons"), N_("evenings"))


THERAPIST_DECIDES = N_("Let the therapist decide which type of massage suits me")
THERAPIST_DECIDES_MEANS = N_("You talk about it at the visit. Length and price stay as chosen.")


class WaitingDateField(DateField):
    """A day, with a plain sentence for invalid input."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was sent; raises ValueError with a sentence."""
        self.data = None
        text = str(valuelist[0]).strip() if valuelist else ""
        if text:
            try:
                self.data = date.fromisoformat(text)
            except ValueError:
                raise ValueError(N_("Enter a day like 2026-11-30")) from None


class WhenForm(Form):
    """The days and times of day that suit."""

    days = Ticks(
        N_("Which days suit you?"),
        choices=lambda: [(str(number), weekday_name(number)) for number in range(7)],
        validators=[InputRequired(N_("Choose at least one day"))],
    )
    parts = Ticks(
        N_("Which time of day?"),
        choices=lambda: [
            (value, gettext(words) % {"noon": wall_time(time(12)), "evening": wall_time(time(17))})
            for value, words in PARTS
        ],
        validators=[InputRequired(N_("Choose at least one time of day"))],
    )

    @property
    def times(self) -> list[int]:
        """What was ticked, as an entry stores it."""
        return entries.times(map(int, self.days.data or ()), map(int, self.parts.data or ()))

    def show_times(self, kept: Iterable[int]) -> None:
        """Tick what an entry stores."""
        times = list(kept)
        self.days.data = [str(day) for day in entries.weekdays_of(times)]
        self.parts.data = [str(part) for part in entries.parts_of(times)]


class WaitingListForm(WhenForm):
    """With whom, where, when and until when."""

    therapist = SelectField(N_("Therapist"), default=ANY)
    location = SelectField(N_("Where"), default=ANY)
    last_on = WaitingDateField(
        N_("Last day that suits you"),
        validators=[InputRequired(N_("Enter the last day that suits you"))],
    )
    decide = BooleanField(THERAPIST_DECIDES, description=THERAPIST_DECIDES_MEANS)

    today: date
    is_anybody_left: bool
    """Whether any therapist can be offered to this client; set by `offer`."""

    def offer(
        self,
        sold: Treatment,
        places: Sequence[Location],
        now: datetime,
        left_out: Collection[UUID] = (),
    ) -> None:
        """Fill in what can be chosen for a treatment; `left_out` are therapists who cannot be offered to this client."""
        profiles.read_pages(sold.therapists)
        offered = [person for person in sold.therapists if person.id not in left_out]
        self.therapist.choices = [
            (ANY, gettext("Any therapist")),
            *((gender, gettext(GENDERS[gender])) for gender in gender_preference.choices(offered)),
            *((str(person.id), person.name) for person in offered),
        ]
        self.is_anybody_left = bool(offered)
        self.location.choices = [
            (ANY, gettext("Anywhere")),
            *((str(place.id), place.name) for place in places),
        ]
        self.today = hours.local_day(now, ZoneInfo(places[0].zone)) if places else now.date()

    def can_be_with(self, therapist_id: str) -> bool:
        """Whether this therapist, by the id that the form sends, is among those that can be chosen."""
        return therapist_id in {choice[0] for choice in self.therapist.choices or ()}

    def begin(self, sold: Treatment, now: datetime) -> None:
        """The initial choice: the days on which the treatment is given, all day, for four weeks."""
        self.days.data = [str(day) for day in practice.weekdays_of(sold.therapists, now.date())]
        self.parts.data = [value for value, _ in PARTS]
        self.last_on.data = self.today + USUAL_WAIT

    def validate_last_on(self, field: WaitingDateField) -> None:
        """A future day, within a year."""
        last_on = self.today + LONGEST_WAIT
        if field.data and not self.today <= field.data <= last_on:
            until = and_year(long_date(last_on), last_on.year)
            raise ValidationError(gettext("Enter a day from today to %(day)s") % {"day": until})

    @property
    def until(self) -> date:
        """The last day; set once the form is valid."""
        assert self.last_on.data is not None
        return self.last_on.data

    @property
    def therapist_id(self) -> UUID | None:
        """Who was chosen; None for any, and for a woman or a man."""
        return UUID(self.therapist.data) if self.therapist.data and not self.therapist_gender else None

    @property
    def therapist_gender(self) -> str | None:
        """Whether a woman or a man was chosen; None for neither."""
        return self.therapist.data if self.therapist.data in GENDERS else None

    @property
    def location_id(self) -> UUID | None:
        """Which location was chosen; None for any."""
        return UUID(self.location.data) if self.location.data else None


def in_words(times: Iterable[int]) -> str:
    """`Mondays to Wednesdays and Fridays, mornings and evenings`."""
    kept = list(times)
    days, parts = entries.weekdays_of(kept), entries.parts_of(kept)
    which = gettext("Any day") if len(days) == len(DAYS_OF_WEEK) else joined(map(_days, _runs(days)))
    at_any_time = gettext("any time of day") if len(parts) == len(PARTS_OF_DAY) else ""
    return f"{which}, {at_any_time or joined(gettext(PARTS_OF_DAY[part]) for part in parts)}"


def _runs(days: Sequence[int]) -> list[list[int]]:
    """Consecutive days joined to ranges; two days stay separate."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [part for run in runs for part in ([run] if len(run) > 2 else [[day] for day in run])]


def _days(run: Sequence[int]) -> str:
    names = [gettext(DAYS_OF_WEEK[day]) for day in run]
    if len(run) == 1:
        return names[0]
    return gettext("%(first)s to %(last)s") % {"first": names[0], "last": names[-1]}
