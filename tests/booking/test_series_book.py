"""A series is booked whole or not at all."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking import admission, services
from clinic.booking.models import Appointment, Series, State
from clinic.booking.series import new_series
from clinic.booking.series.new_series import Lost, NoSeries, Rhythm
from clinic.db import db
from tests.booking.series_shop import CLIENT, STAFF, THURSDAY_TEN, Shop, free, shop
from tests.conftest import NOW

__all__ = ["shop"]


def test_a_series_is_one_act(shop: Shop) -> None:
    members = shop.weekly(4)
    (whole,) = db.session.scalars(sa.select(Series))
    assert (whole.revision, whole.client_id, whole.created_at) == (1, shop.ada.id, NOW)
    assert {member.state for member in members} == {State.BOOKED}
    assert [member.series_index for member in members] == [1, 2, 3, 4]
    assert {member.booked_by for member in members} == {"staff"}
    assert new_series.of_act(whole.id, 1) == members
    together_told = sa.select(sa.func.count()).select_from(Appointment).where(new_series.TOLD_TOGETHER)
    assert db.session.scalar(together_told) == 4
    deeds = sa.select(AuditEntry.subject_id).where(AuditEntry.action == "book")
    assert set(db.session.scalars(deeds)) == {member.id for member in members}


def test_a_stale_proposal_writes_nothing_and_names_what_is_lost(shop: Shop) -> None:
    proposals = shop.proposed()
    shop.visit(datetime(2031, 3, 20, 10, 0))
    shop.visit(datetime(2031, 4, 3, 10, 30))
    with pytest.raises(Lost) as refused:
        shop.book(free(proposals))
    assert refused.value.starts == {proposals[2].slot.starts_at, proposals[4].slot.starts_at}
    assert shop.make.count(Series) == 0
    assert shop.make.count(Appointment) == 2


def test_the_same_time_twice_in_one_act_writes_nothing(shop: Shop) -> None:
    slots = free(shop.proposed(count=2))
    with pytest.raises(Lost):
        shop.book([*slots, slots[0]])
    assert shop.make.count(Appointment) == 0


def test_nothing_and_too_much_are_no_series(shop: Shop) -> None:
    with pytest.raises(NoSeries):
        shop.book([])
    for every, count in ((0, 4), (9, 4), (1, 0), (1, 53)):
        with pytest.raises(NoSeries):
            Rhythm(first=THURSDAY_TEN, every_weeks=every, count=count)


def test_staff_reach_beyond_the_horizon_and_clients_do_not(shop: Shop) -> None:
    shop.make.practice(horizon_days=21)
    assert all(one.slot for one in shop.proposed(by_staff=True))
    online = shop.proposed(by_staff=False)
    assert [one.slot is not None for one in online] == [True] * 3 + [False] * 3
    with pytest.raises(Lost):
        shop.book(free(shop.proposed(by_staff=True)), actor=CLIENT)


def test_what_a_client_may_have_open_counts_the_whole_series(shop: Shop) -> None:
    shop.make.practice(open_bookings_per_client=6)
    shop.make.appointment(of=shop.sold, who=shop.ada, starts_at=NOW + timedelta(days=1))
    slots = free(shop.proposed(count=6))
    with pytest.raises(services.TooManyOpen):
        shop.book(slots, actor=CLIENT)
    assert shop.make.count(Series) == 0
    assert len(new_series.members(shop.book(slots[:5], actor=CLIENT).id)) == 5


def test_whom_a_therapist_looks_at_first_gets_no_series(shop: Shop) -> None:
    shop.make.submission(who=shop.ada, level="therapist_review")
    for actor in (STAFF, CLIENT):
        with pytest.raises(new_series.LookFirst):
            shop.book(free(shop.proposed()), actor=actor)


@pytest.mark.parametrize(("level", "disposition"), [("refer", "doctor"), ("urgent", "emergency")])
def test_who_should_see_a_doctor_first_gets_no_series(shop: Shop, level: str, disposition: str) -> None:
    shop.make.submission(who=shop.ada, level=level, disposition=disposition)
    for actor in (STAFF, CLIENT):
        with pytest.raises(admission.NotCleared):
            shop.book(free(shop.proposed()), actor=actor)


def test_online_the_health_questions_come_first(shop: Shop) -> None:
    shop.sold.intake = "before_booking"
    db.session.commit()
    with pytest.raises(admission.IntakeNeeded):
        shop.book(free(shop.proposed()), actor=CLIENT)
    assert shop.book(free(shop.proposed()), actor=STAFF).revision == 1
