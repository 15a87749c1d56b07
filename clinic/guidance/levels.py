"""Safety levels and dispositions: how far a booking may go, what a stop asks for, how soon, and where."""

from enum import StrEnum


class Level(StrEnum):
    """A safety level. Levels compare by severity: ok < caution < therapist_review < refer < urgent."""

    OK = "ok"
    CAUTION = "caution"
    THERAPIST_REVIEW = "therapist_review"
    REFER = "refer"
    URGENT = "urgent"

    @property
    def severity(self) -> int:
        """0 for ok up to 4 for urgent."""
        return _SEVERITY[self.value]

    @property
    def stops(self) -> bool:
        """Whether nothing may be suggested or booked at this level."""
        return self.severity >= Level.REFER.severity

    # StrEnum would compare the words by the alphabet, where "urgent" is highest only by luck.
    def __lt__(self, other: str) -> bool:
        return self.severity < Level(other).severity

    def __le__(self, other: str) -> bool:
        return self.severity <= Level(other).severity

    def __gt__(self, other: str) -> bool:
        return self.severity > Level(other).severity

    def __ge__(self, other: str) -> bool:
        return self.severity >= Level(other).severity


_SEVERITY = {"ok": 0, "caution": 1, "therapist_review": 2, "refer": 3, "urgent": 4}


class Disposition(StrEnum):
    """What a stop asks of the client: call for help, see a doctor, or come another day."""

    EMERGENCY = "emergency"
    DOCTOR = "doctor"
    POSTPONE = "postpone"


class Pressure(StrEnum):
    """A limit on pressure set for safety. Light is the stricter one."""

    LIGHT = "light"
    MEDIUM = "medium"


class HowSoon(StrEnum):
    """How soon somebody should be seen. Members stand in order, the soonest first."""

    NOW = "now"
    TODAY = "today"
    TWO_DAYS = "two_days"
    TWO_WEEKS = "two_weeks"
    ROUTINE = "routine"

    @property
    def order(self) -> int:
        """0 for now up to 4 for routine."""
        return list(HowSoon).index(self)

    @property
    def words(self) -> str:
        """As a heading ends: "See a doctor today"."""
        return _SOON[self]


_SOON = {
    HowSoon.NOW: "now",
    HowSoon.TODAY: "today",
    HowSoon.TWO_DAYS: "within two days",
    HowSoon.TWO_WEEKS: "within two weeks",
    HowSoon.ROUTINE: "before a massage",
}


class HelpPlace(StrEnum):
    """Who should be asked."""

    EMERGENCY = "emergency"
    MATERNITY = "maternity_unit"
    ADVICE_LINE = "advice_line"
    DOCTOR = "own_doctor"
    THERAPIST = "therapist_by_phone"

    @property
    def words(self) -> str:
        """The place in words, as a list shows it."""
        return _PLACES[self]


_PLACES = {
    HelpPlace.EMERGENCY: "Emergency department",
    HelpPlace.MATERNITY: "Midwife or maternity unit",
    HelpPlace.ADVICE_LINE: "Doctor or advice line",
    HelpPlace.DOCTOR: "Own doctor",
    HelpPlace.THERAPIST: "Therapist, by telephone",
}
