"""When a treatment can begin, as programs ask: the same times that can be booked, and never an old answer."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import OperationalError

from clinic.accounts.models import Client
from clinic.api.availability_cache import KEPT, FreeTimesQuery, KeptAnswer, KeptAnswers
from clinic.api.free_times_first import PATH
from clinic.booking import availability
from clinic.booking.locking import lock
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import NestedTransaction, asking, db, transaction
from clinic.practice import absences
from clinic.practice.models import Treatment
from clinic.practice.supply import Supply
from clinic.scheduling.hours import Days
from tests import make as makers
from tests.api.caller import Caller
from tests.conftest import NOW
from tests.make import Make
from tests.public.test_booking_pages import Statements

THURSDAY, FRIDAY = "2031-03-06", "2031-03-07"
TEN = datetime(2031, 3, 6, 9, 0, tzinfo=UTC)
"""Ten o'clock in Berlin."""
QUERY = FreeTimesQuery("massage", "any", None, Days(NOW.date(), NOW.date() + timedelta(days=1)))


def test_days_hold_wall_times_with_their_distance_from_utc(make: Make, caller: Caller) -> None:
    sold = make.offering()
    make.appointment(of=sold, starts_at=TEN, who=make.client())
    found = caller.days(sold, THURSDAY, FRIDAY)
    assert found[THURSDAY][:2] == ["09:00+01:00", "11:00+01:00"]
    assert found[THURSDAY][-1] == "16:00+01:00"


def test_after_the_clocks_changed_the_distance_is_another(make: Make, caller: Caller) -> None:
    sold = make.offering()
    found = caller.days(sold, "2031-03-28", "2031-04-01")
    assert [times[0] for times in found.values()] == ["09:00+01:00", "09:00+02:00"]
    assert list(found) == ["2031-03-28", "2031-03-31"]


def test_what_is_listed_is_what_the_pages_offer(make: Make, caller: Caller) -> None:
    make.practice(pack=True, notice_minutes=90)
    house = make.location(zone="Australia/Lord_Howe")
    people = [make.therapist(house, hours=(8, 20)) for _ in range(3)]
    sold = make.treatment(
        therapists=people, rooms=[make.room(house) for _ in range(2)], minutes=50, buffer_after_minutes=10
    )
    for hours_later in (30, 31, 55, 80):
        make.appointment(
            of=sold,
            starts_at=NOW + timedelta(hours=hours_later),
            who=make.client(),
            therapist=people[hours_later % 3],
        )
    days = Days(NOW.date(), NOW.date() + timedelta(days=60))
    pages = availability.offers(SearchCriteria(sold.id), days, NOW).offers
    listed = [
        datetime.fromisoformat(f"{day}T{time}").astimezone(UTC)
        for day, times in caller.days(sold, str(days.first_on), str(days.until_on)).items()
        for time in times
    ]
    assert listed == pages.instants()


def test_one_therapist_and_one_location_are_asked_by_their_names_in_addresses(
    make: Make, caller: Caller
) -> None:
    make.practice()
    north, south = make.location(), make.location()
    ana, ben = make.therapist(north, hours=(9, 11)), make.therapist(south, hours=(14, 16))
    sold = make.treatment(therapists=[ana, ben])
    everywhere = caller.get(
        "/availability", query_string={"treatment": sold.slug, "from": THURSDAY, "to": FRIDAY}
    ).get_json()["locations"]
    assert [(each["location"], each["days"][THURSDAY][0]) for each in everywhere] == [
        (north.slug, "09:00+01:00"),
        (south.slug, "14:00+01:00"),
    ]
    assert caller.days(sold, THURSDAY, FRIDAY, therapist=ben.slug, location=south.slug)[THURSDAY] != []
    assert caller.days(sold, THURSDAY, FRIDAY, therapist=ben.slug, location=north.slug) == {}


def test_who_caps_her_day_is_not_offered_beyond_it(make: Make, caller: Caller) -> None:
    sold = make.offering()
    sold.therapists[0].daily_cap = 1
    make.appointment(of=sold, starts_at=TEN, who=make.client())
    assert list(caller.days(sold, THURSDAY, "2031-03-08")) == [FRIDAY]


# --- answers that are kept ------------------------------------------------------------------------------------------------


def test_an_unchanged_answer_is_not_sent_again(make: Make, caller: Caller) -> None:
    words = {"treatment": make.offering().slug, "from": THURSDAY, "to": FRIDAY}
    first = caller.get("/availability", query_string=words)
    again = caller.get("/availability", query_string=words, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["ETag"]) == (304, first.headers["ETag"])
    assert first.headers["Cache-Control"] == "no-cache"


def test_a_repeated_question_takes_one_statement_and_a_new_one_two(
    app: Flask, make: Make, caller: Caller
) -> None:
    make.practice()
    house = make.location()
    sold = make.treatment(
        therapists=[make.therapist(house) for _ in range(6)], rooms=[make.room(house) for _ in range(6)]
    )
    words = {"treatment": sold.slug, "from": "2031-03-01", "to": "2031-04-01"}
    counts = []
    for changed in ({}, {}, {"from": "2031-03-02"}):
        with Statements(db.engine) as statements:
            caller.get("/availability", query_string=words | changed)
        counts.append(len(statements.seen))
    assert counts == [3, 1, 2], "the first one reads the hours of the practice, too"


def test_what_changed_is_read_once_though_two_look_for_it(make: Make, caller: Caller) -> None:
    """What was read to judge the kept answer is not read again to make the new one."""
    sold = make.offering()
    caller.days(sold, THURSDAY, FRIDAY)
    make.appointment(of=sold, starts_at=TEN, who=make.client())
    lock([sold.therapists[0].id], [])
    with Statements(db.engine) as statements:
        caller.days(sold, THURSDAY, FRIDAY)
    assert len(statements.seen) == 2


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("conditional", [False, True])
def test_a_kept_answer_is_told_from_a_new_one_by_nothing(
    app: Flask,
    make: Make,
    caller: Caller,
    caplog: pytest.LogCaptureFixture,
    method: str,
    conditional: bool,
) -> None:
    words = {"treatment": make.offering().slug, "from": THURSDAY, "to": FRIDAY}
    etag = caller.get("/availability", query_string=words).headers["ETag"]
    asked = {"If-None-Match": f'W/"other", W/{etag}'} if conditional else {}
    seen = []
    for bytes_kept in (10**6, 0):
        if not bytes_kept:
            app.extensions[KEPT] = KeptAnswers(bytes_kept)
        caplog.clear()
        with caplog.at_level("INFO", "clinic.requests"), Statements(db.engine) as statements:
            answer = caller.browser.open(PATH, method=method, query_string=words, headers=asked)
        carried = {name: value for name, value in answer.headers if name != "X-Request-ID"}
        assert len(answer.headers.getlist("X-Request-ID")[0]) == 16
        line = {name: getattr(caplog.records[-1], name) for name in ("message", "method", "route", "status")}
        seen.append((answer.status, answer.data, carried, line))
        assert len(statements.seen) == (1 if bytes_kept else 2)
    app.extensions[KEPT] = KeptAnswers(10**6)
    assert seen[0] == seen[1]
    assert seen[0][0] == ("304 NOT MODIFIED" if conditional else "200 OK")
    assert bool(seen[0][1]) == (method == "GET" and not conditional)


def test_a_kept_answer_does_not_outlive_its_treatment(make: Make, caller: Caller) -> None:
    sold = make.offering()
    caller.days(sold, THURSDAY, FRIDAY)
    sold.retired_at = NOW
    db.session.commit()
    words = {"treatment": sold.slug, "from": THURSDAY, "to": FRIDAY}
    answer = caller.get("/availability", query_string=words)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_kept_answer_is_worth_nothing_while_the_database_is_away(race_app: Flask) -> None:
    sold = make_a_shop()
    browser = race_app.test_client()
    asked = f"{PATH}?treatment={sold.slug}&from={THURSDAY}&to={FRIDAY}"
    assert browser.get(asked).status_code == 200
    with unreachable(db.engine) as waited_for:
        assert browser.get(asked).status_code == 503
    assert len(waited_for) == 1, "who waited for a silent database is not made to wait again"
    assert browser.get(asked).status_code == 200


@contextmanager
def unreachable(engine: sa.Engine) -> Iterator[list[str]]:
    """No statement of the engine reaches its database until the block ends; those that were tried."""
    tried: list[str] = []

    def fail(_connection: object, _cursor: object, statement: str, *_said: object) -> None:
        tried.append(statement)
        raise OperationalError("(not sent)", None, ConnectionError())

    sa.event.listen(engine, "before_cursor_execute", fail)
    yield tried
    sa.event.remove(engine, "before_cursor_execute", fail)


def test_a_question_that_brings_more_is_refused_though_its_answer_is_kept(make: Make, caller: Caller) -> None:
    words = {"treatment": make.offering().slug, "from": THURSDAY, "to": FRIDAY}
    assert caller.get("/availability", query_string=words).status_code == 200
    sent = {"file": (io.BytesIO(b"x"), "x.txt")}
    assert caller.browser.get(PATH, query_string=words, data=sent).status_code == 415


def booking(make: Make, caller: Caller, sold: Any) -> None:
    caller.booked(sold, f"{THURSDAY}T09:00+01:00")


def hold(make: Make, caller: Caller, sold: Any) -> None:
    assert caller.keep(sold, f"{THURSDAY}T09:00+01:00").status_code == 201


def moving_here(make: Make, caller: Caller, sold: Any) -> None:
    visit = make.appointment(of=sold, starts_at=TEN + timedelta(days=1), who=make.client())
    token = token_of(visit)
    answer = caller.call(
        "PATCH", f"/appointments/{token}", json={"start": f"{THURSDAY}T09:00+01:00", "revision": 1}
    )
    assert answer.status_code == 200


def token_of(visit: Appointment) -> str:
    from clinic.accounts import signed_links

    return signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)


def time_off(make: Make, caller: Caller, sold: Any) -> None:
    away = absences.Away(from_on=make.day(3), until_on=make.day(4))
    absences.take_off(sold.therapists[0].id, away, actor="user:desk", now=NOW)
    db.session.commit()


def later_opening(make: Make, caller: Caller, sold: Any) -> None:
    make.practice(notice_minutes=3 * 24 * 60, rules_version=2)


@pytest.mark.parametrize("change", [booking, hold, moving_here, time_off, later_opening])
def test_a_kept_answer_shows_every_change_at_once(
    make: Make, caller: Caller, change: Callable[[Make, Caller, Any], None]
) -> None:
    sold = make.offering()
    before = caller.days(sold, THURSDAY, FRIDAY)
    assert before == caller.days(sold, THURSDAY, FRIDAY)
    change(make, caller, sold)
    after = caller.days(sold, THURSDAY, FRIDAY)
    assert "09:00+01:00" in before[THURSDAY]
    assert "09:00+01:00" not in after.get(THURSDAY, [])


def test_a_cancelled_time_comes_back_when_it_can_no_longer_be_undone(
    make: Make, caller: Caller, the_clock_says: Callable[[datetime], None]
) -> None:
    sold = make.offering()
    booked = caller.booked(sold, f"{THURSDAY}T09:00+01:00")
    caller.call("DELETE", f"/appointments/{booked['token']}?revision=1")
    assert "09:00+01:00" not in caller.days(sold, THURSDAY, FRIDAY)[THURSDAY]
    the_clock_says(NOW + timedelta(minutes=3))
    assert "09:00+01:00" in caller.days(sold, THURSDAY, FRIDAY)[THURSDAY]


def test_a_hold_that_runs_out_gives_its_time_back_though_nobody_writes_a_row(
    make: Make, caller: Caller, the_clock_says: Callable[[datetime], None]
) -> None:
    make.practice(hold_minutes=20)
    sold = make.treatment(therapists=[make.therapist(make.location())])
    caller.keep(sold, f"{THURSDAY}T09:00+01:00")
    seen = []
    for minutes in (0, 19, 21):
        the_clock_says(NOW + timedelta(minutes=minutes))
        seen.append("09:00+01:00" in caller.days(sold, THURSDAY, FRIDAY)[THURSDAY])
    assert seen == [False, False, True]


@pytest.mark.parametrize("notice_minutes", [0, 60, 61, 119])
def test_a_kept_answer_is_the_fresh_one_at_every_minute(
    app: Flask,
    make: Make,
    caller: Caller,
    the_clock_says: Callable[[datetime], None],
    notice_minutes: int,
) -> None:
    make.practice(pack=True, notice_minutes=notice_minutes, horizon_days=1)
    sold = make.treatment(therapists=[make.therapist(make.location())], minutes=35)
    for minute in range(0, 50, 3):
        now = NOW + timedelta(minutes=minute)
        the_clock_says(now)
        kept = caller.days(sold, "2031-03-03", "2031-03-05")
        app.extensions[KEPT] = KeptAnswers(0)
        assert kept == caller.days(sold, "2031-03-03", "2031-03-05"), minute
        app.extensions[KEPT] = KeptAnswers(10**6)


def test_what_only_asks_opens_no_transaction_and_leaves_the_next_one_whole(race_app: Flask) -> None:
    """On true connections: a booking after a question in one session is undone as a whole when it fails."""
    make_a_shop()
    with pytest.raises(NestedTransaction), availability.without_transaction(), transaction():
        raise AssertionError("nothing is written in here")
    with availability.without_transaction():
        db.session.scalar(sa.select(Client.id))
        status = db.session.connection().connection.driver_connection.info.transaction_status  # type: ignore[union-attr]
        assert status == TransactionStatus.IDLE
    with pytest.raises(ZeroDivisionError), transaction():
        add_and_fail()
    assert db.session.query(Client).count() == 0


def add_and_fail() -> None:
    db.session.add(Client(given_name="A", family_name="B", search_name="a b", created_at=NOW))
    db.session.flush()
    raise ZeroDivisionError


def make_a_shop() -> Treatment:
    makers.practice()
    sold = makers.treatment(therapists=[makers.therapist(makers.location())])
    db.session.rollback()
    return sold


def test_a_treatment_that_takes_over_an_address_part_is_answered_for_itself(
    make: Make, caller: Caller
) -> None:
    old = make.offering(slug="back")
    caller.days(old, THURSDAY, FRIDAY)
    old.slug, old.retired_at = "back-before", NOW
    db.session.commit()
    new = make.treatment(therapists=[make.therapist(make.location(), hours=(14, 16))], slug="back")
    assert caller.days(new, THURSDAY, FRIDAY)[THURSDAY][0] == "14:00+01:00"


def basis_of(sold: Treatment) -> tuple[availability.Basis, Supply]:
    with asking() as ask:
        return availability.basis(sold.slug, NOW, None, ask)


def test_kept_answers_take_no_more_than_their_share_of_memory(app: Flask, make: Make, caller: Caller) -> None:
    sold = make.offering()
    basis, supply = basis_of(sold)
    answers = [KeptAnswer.of(QUERY, basis, supply, b"x" * 98) for _ in range(100)]
    each = answers[0].size + 2
    kept = KeptAnswers(10 * each)
    for number, answer in enumerate(answers):
        kept.put(f"{number:02}", answer)
    assert [number for number in range(100) if kept.get(f"{number:02}")] == list(range(90, 100))
    kept.get("90")
    kept.put("long", KeptAnswer.of(QUERY, basis, supply, b"x" * (9 * each - answers[0].size + 98 - 4)))
    assert [number for number in range(100) if kept.get(f"{number:02}")] == [90]
    kept.put("longer than all", KeptAnswer.of(QUERY, basis, supply, b"x" * (10 * each)))
    assert kept.get("longer than all") is None


def test_what_an_answer_rests_on_counts_with_its_bytes(make: Make, caller: Caller) -> None:
    """Short answers about many people would otherwise fill the memory many times over."""
    make.practice()
    house = make.location()
    sizes = []
    for count in (1, 6):
        sold = make.treatment(
            therapists=[make.therapist(house) for _ in range(count)],
            rooms=[make.room(house) for _ in range(count)],
        )
        basis, supply = basis_of(sold)
        sizes.append(KeptAnswer.of(QUERY, basis, supply, b"").size)
    assert sizes == [4096 + 2 * 256, 4096 + 12 * 256]


def test_holds_that_ran_out_long_ago_do_not_count_as_the_next_to_end(make: Make, caller: Caller) -> None:
    sold = make.offering()
    make.appointment(of=sold, starts_at=TEN, state=State.HELD, held_until=NOW - timedelta(hours=1))
    assert basis_of(sold)[0].next_release is None
    make.appointment(of=sold, starts_at=TEN + timedelta(hours=2), state=State.HELD)
    assert basis_of(sold)[0].next_release == NOW + timedelta(minutes=20)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Appointment)) == 2
