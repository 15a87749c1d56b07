"""Guards of the verbs that no other test holds: each of these fails when its guard is taken out."""

from datetime import datetime, timedelta

import pytest

from clinic.booking import attendance, availability, changes, services, states, waivers
from clinic.booking.models import Appointment, Series, State
from clinic.booking.placing import NotOffered
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.series import series_changes
from clinic.booking.series.new_series import Slot
from clinic.booking.series.series_changes import Pick, SeriesMove
from clinic.booking.states import NotNow
from clinic.booking.waivers import Impossible
from clinic.db import db, transaction
from clinic.guidance.levels import Level
from clinic.practice.supply import supply_of
from clinic.scheduling.hours import Days
from tests.conftest import NOW
from tests.make import Make

TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
"""10:00 in Berlin on a Thursday."""
FIVE = timedelta(minutes=5)
HOUR = timedelta(hours=1)
ONE_DAY = timedelta(days=1)
STAFF = "user:desk"


@pytest.mark.parametrize("state", [State.REQUESTED, State.CANCELLED, State.BOOKED])
def test_taking_back_an_arrival_neither_confirms_a_request_nor_revives_a_cancelled_visit(
    make: Make, state: State
) -> None:
    visit = make.appointment(of=make.offering(), who=make.client(), state=state)
    with pytest.raises(NotNow), transaction():
        attendance.unarrive(visit.id, actor=STAFF, now=NOW)
    assert make.refreshed(visit).state == state


@pytest.mark.parametrize("state", [State.ARRIVED, State.MISSED])
def test_an_arrival_or_a_missed_mark_is_taken_back(make: Make, state: State) -> None:
    visit = make.appointment(of=make.offering(), who=make.client(), state=state)
    with transaction():
        attendance.unarrive(visit.id, actor=STAFF, now=NOW)
    assert make.refreshed(visit).state == State.BOOKED


def test_a_visit_that_safety_called_off_is_not_brought_back_by_undoing_the_move_before(
    make: Make,
) -> None:
    visit = make.appointment(of=make.offering(), who=make.client())
    with transaction():
        changes.move(visit.id, TEN + ONE_DAY, revision=visit.revision, actor=STAFF, now=NOW)
    assert changes.can_undo(visit, "staff", NOW)
    with transaction():
        make.answer_seriously(visit, Level.URGENT, NOW)
    assert not changes.can_undo(visit, "staff", NOW)
    with pytest.raises(changes.UndoOver), transaction():
        changes.undo(visit.id, revision=visit.revision, actor=STAFF, now=NOW)
    assert make.refreshed(visit).state == State.CANCELLED


@pytest.mark.parametrize("safe", [True, False])
@pytest.mark.parametrize(
    ("ahead", "left"), [(timedelta(minutes=30), timedelta(minutes=30)), (HOUR, HOUR), (2 * HOUR, HOUR)]
)
def test_a_request_made_late_has_an_hour_to_be_decided_and_never_longer_than_to_its_start(
    make: Make, ahead: timedelta, left: timedelta, safe: bool
) -> None:
    make.practice()
    assert states.decide_by(NOW + ahead, NOW, safety=safe) == NOW + left


def test_a_request_that_moves_has_its_time_to_be_decided_anew(make: Make) -> None:
    sold = make.offering()
    soon = NOW + HOUR
    asked = make.appointment(of=sold, who=make.client(), state=State.REQUESTED, decide_by=soon)
    with transaction():
        changes.move(asked.id, TEN + ONE_DAY, revision=asked.revision, actor=STAFF, now=NOW)
    assert make.refreshed(asked).decide_by == NOW + timedelta(hours=48)
    with transaction():
        changes.move(asked.id, NOW + 5 * HOUR, revision=asked.revision, actor=STAFF, now=NOW)
    assert make.refreshed(asked).decide_by == NOW + HOUR, "four hours before its start"


def test_a_request_that_moves_with_its_series_has_its_time_to_be_decided_anew(make: Make) -> None:
    sold, ada = make.offering(), make.client()
    series = Series(client_id=ada.id, created_at=NOW, changed_at=NOW, revision=1)
    db.session.add(series)
    db.session.flush()
    asked = make.appointment(
        of=sold,
        who=ada,
        state=State.REQUESTED,
        decide_by=NOW + HOUR,
        series_id=series.id,
        series_index=1,
        series_revision=1,
        act_revision=1,
    )
    to = Slot(starts_at=TEN + ONE_DAY, therapist_id=asked.therapist_id)
    with transaction():
        pick = Pick(appointment_id=asked.id, revision=asked.revision)
        series_changes.move(series.id, [SeriesMove(pick=pick, slot=to)], actor=STAFF, now=NOW)
    assert make.refreshed(asked).decide_by == NOW + timedelta(hours=48)


# --- five minutes between visits -----------------------------------------------------------------------------------------


def offered(criteria: SearchCriteria) -> list[datetime]:
    days = Days(TEN.date(), TEN.date() + ONE_DAY)
    return availability.offers(criteria, days, NOW).offers.instants()


def held(criteria: SearchCriteria, at: datetime) -> Appointment:
    with transaction():
        return services.hold(criteria, at, browser=b"m" * 32, client_id=None, now=NOW)


@pytest.mark.parametrize("gap", [0, 5, 10])
def test_a_visit_begins_five_minutes_after_another_when_buffers_say_so_and_not_sooner(
    make: Make, gap: int
) -> None:
    """Ten to eleven is taken; who needs so many minutes before a visit begins exactly so many after it."""
    make.practice(step_minutes=5)
    sold = make.treatment(therapists=[make.therapist(make.location())], buffer_before_minutes=gap)
    make.appointment(of=sold, who=make.client(), buffer_before_minutes=0, occupied_from=TEN, starts_at=TEN)
    eleven, needed = TEN + HOUR, timedelta(minutes=gap)
    criteria = SearchCriteria(
        sold.id, therapist_id=sold.therapists[0].id, location_id=supply_of(sold.id).sites[0].location_id
    )
    after = [at for at in offered(criteria) if at >= TEN]
    assert after[0] == eleven + needed
    with pytest.raises(NotOffered):
        held(criteria, eleven + needed - FIVE)
    with pytest.raises(Impossible):
        waivers.broken(supply_of(sold.id), criteria, eleven + needed - FIVE, NOW)
    assert waivers.broken(supply_of(sold.id), criteria, eleven + needed, NOW) == ()
    assert held(criteria, eleven + needed).starts_at == eleven + needed


def test_a_visit_fits_into_exactly_its_time_between_two_others_and_not_into_five_minutes_less(
    make: Make,
) -> None:
    make.practice(step_minutes=5)
    sold = make.treatment(therapists=[make.therapist(make.location())], buffer_after_minutes=5)
    make.appointment(of=sold, who=make.client(), starts_at=TEN)
    free_from = TEN + HOUR + FIVE
    later = make.appointment(
        of=sold, who=make.client(mail="b@client.example"), starts_at=free_from + HOUR + FIVE
    )
    between = [at for at in offered(SearchCriteria(sold.id)) if TEN <= at < later.starts_at]
    assert between == [free_from]
    later.starts_at -= FIVE
    later.occupied_from -= FIVE
    db.session.commit()
    assert [at for at in offered(SearchCriteria(sold.id)) if TEN <= at < later.starts_at] == []
