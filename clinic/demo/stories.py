"""What each client did until now. A story continues at each instant it yields, and stops at the present.

All stories run in one order of time, so that each step finds the calendar as it was then.
"""

import hashlib
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts import services as accounts
from clinic.accounts.models import Client, User
from clinic.booking import attendance, availability, changes, request_decisions
from clinic.booking import services as booking
from clinic.booking.models import Appointment
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db
from clinic.demo import answers
from clinic.demo.people import CASES, Case, DemoDay
from clinic.demo.practice import ZONE
from clinic.intake import services as intake
from clinic.plans import notes
from clinic.plans import services as plans
from clinic.plans.models import Review
from clinic.practice import queries as practice
from clinic.practice.models import Therapist, Treatment, WeeklyHours
from clinic.scheduling import hours
from clinic.scheduling.hours import Days

Story = Iterator[datetime]
"""Yields the instants at which it continues."""

FILLING_IN = timedelta(minutes=4)
LOOKING = timedelta(hours=2)
"""How long after a booking the therapist decides; the rest of a course is booked at the same time."""
EVENING = timedelta(hours=13)
EARLY = timedelta(minutes=4)
WRITING = timedelta(minutes=8)
WAITED = timedelta(minutes=20)
A_DAY = timedelta(days=1)


def play(now: datetime, *, after_each: Callable[[datetime], None], rounds: Story) -> None:
    """Play every story up to now in the order of time, and also `rounds`, which does nothing itself.

    `after_each` is called with the instant of each step.
    """
    queue: list[tuple[datetime, int, Story]] = []
    for number, story in enumerate((*(_story(_cast(case), now) for case in CASES), rounds)):
        _go_on(queue, number, story)
    while queue and queue[0][0] <= now:
        at, number, story = heapq.heappop(queue)
        _go_on(queue, number, story)
        db.session.flush()
        after_each(at)


def _go_on(queue: list[tuple[datetime, int, Story]], number: int, story: Story) -> None:
    at = next(story, None)
    if at is not None:
        heapq.heappush(queue, (at, number, story))


@dataclass(frozen=True)
class _Cast:
    """A case with the therapist, their sign-in and the treatment it names."""

    case: Case
    therapist: Therapist
    user: User
    treatment: Treatment

    @property
    def browser(self) -> bytes:
        return hashlib.sha256(self.case.mail.encode()).digest()

    @property
    def staff(self) -> str:
        return audit.by_user(self.user.id)


def _cast(case: Case) -> _Cast:
    therapist = db.session.scalars(sa.select(Therapist).where(Therapist.slug == case.therapist)).one()
    return _Cast(
        case,
        therapist,
        db.session.get_one(User, therapist.user_id),
        db.session.scalars(sa.select(Treatment).where(Treatment.slug == case.treatment)).one(),
    )


def _story(cast: _Cast, now: datetime) -> Story:
    case = cast.case
    days = _days(cast, now)
    at = now - case.ago if case.ahead is None else _wished(case, days[0]) - case.ahead
    yield at
    client = accounts.add_client(
        given_name=case.given,
        family_name=case.family,
        mail=case.mail,
        phone=case.phone,
        country=practice.the_practice().country,
        now=at,
    )
    review = None
    if case.answers is not None:
        submission = answers.send(case.answers, cast.browser, at - FILLING_IN)
        intake.adopt(cast.browser, client.id, at)
        visits = [_book(cast, client, days[0], at)]
        review = plans.open_review(submission.outcome, client.id, visits[0], at)
    else:
        visits = [_book(cast, client, days[0], at)]
    if case.verdict is not None or case.granted:
        yield (at := at + LOOKING)
        _look(cast, review, visits[0], at)
        visits += [_book(cast, client, day, at) for day in days[1:]]
    if case.cancels_ago is not None:
        yield (at := now - case.cancels_ago)
        changes.cancel(visits[0].id, revision=visits[0].revision, actor=audit.by_link(visits[0].id), now=at)
        return
    for number, visit in enumerate(visits):
        pain = case.pains[number] if number < len(case.pains) else None
        yield from _visit(cast, visit, case.remarks[number % len(case.remarks)], pain)


def _days(cast: _Cast, now: datetime) -> list[date]:
    """The local dates of a case's visits, in order."""
    weekdays = set(
        db.session.scalars(
            sa.select(WeeklyHours.weekday).where(WeeklyHours.therapist_id == cast.therapist.id)
        )
    )
    first = hours.local_day(now, ZoneInfo(ZONE))
    while first.weekday() not in weekdays:
        first += A_DAY
    return [_stepped(first, day, weekdays) for day in cast.case.days]


def _stepped(on: date, day: DemoDay, weekdays: set[int]) -> date:
    on += timedelta(weeks=day.weeks)
    for _ in range(abs(day.step)):
        on += A_DAY if day.step > 0 else -A_DAY
        while on.weekday() not in weekdays:
            on += A_DAY if day.step > 0 else -A_DAY
    return on


def _wished(case: Case, on: date) -> datetime:
    return datetime.combine(on, time.fromisoformat(case.at), ZoneInfo(ZONE)).astimezone(UTC)


def _book(cast: _Cast, client: Client, on: date, at: datetime) -> Appointment:
    """Hold and book the first offered start at or after the wanted time of day."""
    criteria = SearchCriteria(cast.treatment.id, therapist_id=cast.therapist.id)
    offered = availability.offers(criteria, Days(on, on + A_DAY), at).offers.starts(on)
    wished = _wished(cast.case, on)
    start = next((start for start in offered if start.starts_at >= wished), offered[-1])
    held = booking.hold(criteria, start.starts_at, browser=cast.browser, client_id=None, now=at)
    return booking.book(
        held.id,
        browser=cast.browser,
        client=client,
        actor=audit.VISITOR,
        now=at,
        plain=cast.case.answers is None,
    )


def _look(cast: _Cast, review: Review | None, visit: Appointment, at: datetime) -> None:
    """What the therapist decides: about the answers, or about a plain request."""
    verdict = cast.case.verdict
    if review is None or verdict is None:
        request_decisions.confirm(visit.id, actor=cast.staff, now=at)
        return
    plans.decide(
        review,
        decision=verdict.decision,
        modalities=verdict.types,
        reason_kind=verdict.kind,
        reason=verdict.reason,
        revision=review.revision,
        by=cast.user,
        now=at,
    )


def _visit(cast: _Cast, visit: Appointment, remark: str, pain: int | None) -> Story:
    """One visit from the questions of the day to the signed note, as far as it got."""
    if pain is not None:
        yield (at := visit.starts_at - EVENING)
        answers.before_visit(visit, cast.case.answers or {}, pain, at)
    if not cast.case.comes:
        yield (at := visit.starts_at + WAITED)
        attendance.mark_missed(visit.id, actor=cast.staff, now=at)
        return
    yield (at := visit.starts_at - EARLY)
    attendance.arrive(visit.id, actor=cast.staff, now=at)
    yield (at := visit.ends_at + WRITING)
    content = replace(notes.planned(visit, by=cast.user, now=at), text=remark)
    if cast.case.signs:
        notes.sign_note(visit, content, by=cast.user, now=at)
        return
    notes.write_note(visit, content, by=cast.user, now=at)
    attendance.complete(visit.id, actor=cast.staff, now=at)
