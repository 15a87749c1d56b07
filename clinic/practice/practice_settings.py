"""The practice itself: its name and texts, and the rules by which clients book."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from clinic.accounts import audit, sessions
from clinic.db import db, violates
from clinic.language import ENGLISH
from clinic.practice import calendars, own_texts
from clinic.practice.booking_rules import BookingRules, rules_of
from clinic.practice.editing import ChangedMeanwhile, print_of, require_unchanged
from clinic.practice.models import OnlineBooking, Practice
from clinic.practice.own_texts import OF_CLOSING, OF_PRACTICE, Translations


@dataclass(frozen=True, kw_only=True)
class Details:
    """What clients read about the practice, and its country and region."""

    name: str
    legal_name: str
    phone: str
    mail: str
    country: str
    region: str
    currency: str
    emergency_number: str
    advice_line: str
    support_line: str
    policy: str
    about: str
    language: str = ENGLISH
    """The main language, in which the texts above are typed."""
    translations: Translations = field(default_factory=dict)


def details_of(practice: Practice) -> Details:
    """The current details."""
    return Details(**{name: getattr(practice, name) for name in Details.__dataclass_fields__})


def page_mark(part: Details | BookingRules | None) -> str:
    """The mark of a page made from these, including one made before there was a practice."""
    return print_of(*asdict(part).items()) if part is not None else print_of(None)


def describe(details: Details, *, seen_as: str, actor: str, now: datetime) -> Practice:
    """Set up the practice, or change its details. Raises ChangedMeanwhile."""
    practice = _locked()
    require_unchanged(seen_as, page_mark(details_of(practice) if practice else None))
    if practice is None:
        practice = Practice(**asdict(details), online_booking=OnlineBooking.NOT_OPEN)
        with violates("pk_practice", ChangedMeanwhile()):
            db.session.add(practice)
        audit.record(actor, "create", practice, fields=sorted(asdict(details)), now=now)
        return practice
    standing = own_texts.replaced(practice.translations, OF_PRACTICE, details.translations)
    _amend(practice, replace(details, translations=standing), actor, now)
    db.session.flush()
    return practice


def set_rules(rules: BookingRules, *, seen_as: str, actor: str, now: datetime) -> None:
    """Change the booking rules; existing bookings stay as they are. Raises ChangedMeanwhile."""
    with calendars.changing():
        practice = _locked()
        if practice is None:
            raise LookupError("rules are set once there is a practice")
        require_unchanged(seen_as, page_mark(rules_of(practice)))
        _amend(practice, rules, actor, now)


def open_for_booking(*, actor: str, now: datetime) -> None:
    """Let clients book online from now on. Safe to repeat."""
    _set_online_booking(OnlineBooking.OPEN, None, None, actor, now)


def close_for_booking(words: str, translations: Translations, *, actor: str, now: datetime) -> None:
    """Close online booking until it is opened again; clients read these words, in their language if they are translated.

    Existing bookings stay.
    """
    _set_online_booking(OnlineBooking.CLOSED, words, translations, actor, now)


def lock_after(minutes: int | None, *, actor: str, now: datetime) -> None:
    """Let browsers of staff lock by themselves after so many minutes without an act, also those signed in now; None for never."""
    practice = _locked()
    if practice is None:
        raise LookupError("browsers lock by themselves once there is a practice")
    if practice.lock_minutes == minutes:
        return
    practice.lock_minutes = minutes
    sessions.lock_all_after(minutes)
    audit.record(actor, "change", practice, fields=["lock_minutes"], now=now)


def _set_online_booking(
    state: OnlineBooking, words: str | None, translations: Translations | None, actor: str, now: datetime
) -> None:
    with calendars.changing():
        practice = _locked()
        if practice is None:
            raise LookupError("booking is opened once there is a practice")
        words = practice.closed_words if words is None else words
        if translations is None:
            standing = practice.translations
        else:
            standing = own_texts.replaced(practice.translations, OF_CLOSING, translations)
        before = (practice.online_booking, practice.closed_words, practice.translations)
        if before == (state, words, standing):
            return
        practice.online_booking, practice.closed_words, practice.translations = state, words, standing
        audit.record(actor, "change", practice, fields=["online_booking"], purpose=state.value, now=now)


def _locked() -> Practice | None:
    return db.session.get(Practice, 1, with_for_update=True, populate_existing=True)


def _amend(practice: Practice, part: Details | BookingRules, actor: str, now: datetime) -> None:
    values = asdict(part)
    changed = sorted(name for name, value in values.items() if getattr(practice, name) != value)
    for name in changed:
        setattr(practice, name, values[name])
    if changed:
        audit.record(actor, "change", practice, fields=changed, now=now)
