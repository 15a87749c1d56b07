"""What the preview says is what the run does, for every row of the table; and every sweep follows the one period of its row."""

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.erasures import Erasure, RestrictedRecord
from clinic.accounts.models import AuditEntry, Client
from clinic.booking.models import State
from clinic.db import db, transaction
from clinic.maintenance import periods, retention, sweeps
from clinic.maintenance.periods import Period, PeriodUnit, RetentionPeriod
from clinic.maintenance.retention import RETENTION, Retention, Sweep
from clinic.plans.models import SessionNote
from clinic.practice.editing import ChangedMeanwhile
from tests import make
from tests.maintenance.kept_rows import KINDS, KeptRows

NOW = make.NOW
A_DAY = timedelta(days=1)
CHOSEN = [row.kind for row in RETENTION if periods.is_chosen(row.kind)]


@pytest.fixture
def kept(database: sa.Connection, the_clock_says: Callable[[datetime], None]) -> KeptRows:
    the_clock_says(NOW)
    made = KeptRows()
    choose(periods.UNSEEN, 10)
    db.session.execute(sa.update(Client).values(created_at=NOW))
    db.session.commit()
    return made


def choose(kind: str, length: int | None) -> None:
    with transaction():
        periods.choose(kind, length, seen_as=periods.mark(kind), actor="user:olga", now=NOW)


def run() -> dict[str, int]:
    """Every step, and the numbers that it wrote into the audit."""
    before = sa.select(AuditEntry.id).where(AuditEntry.action == "deleted_in_time")
    known = set(db.session.scalars(before))
    sweeps.tidy()
    sweeps.delete_old_drafts()
    sweeps.erase_unseen_clients()
    entries = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "deleted_in_time"))
    said = [part for entry in entries if entry.id not in known for part in entry.purpose.split("; ")]
    return {kind: int(count) for kind, count in (part.split(": ") for part in said)}


def preview() -> dict[str, int]:
    counts = {row.kind: row.count_due(NOW + timedelta(minutes=1)) for row in RETENTION}
    return {kind: count for kind, count in counts.items() if count}


def periods_end(row: Retention) -> datetime:
    """The moment at which the period of a row that is due just now began."""
    period = row.period()
    assert period is not None
    return period.before(NOW)


def test_there_is_a_row_of_each_kind_to_try() -> None:
    assert {row.kind for row in RETENTION} == set(KINDS)


def test_the_run_takes_what_the_preview_counts_and_the_audit_says_it(kept: KeptRows) -> None:
    for number, row in enumerate(RETENTION, start=1):
        for _ in range(number % 3 + 1):
            kept.makers[row.kind](periods_end(row) - A_DAY)
        kept.makers[row.kind](periods_end(row) + A_DAY)
    kept.client_sessions(NOW - timedelta(days=31))
    kept.done_to_dos(NOW - timedelta(days=181))
    for days in (3, 100, 1000):
        kept.own_pages(NOW - timedelta(days=days))
    counted = preview()
    assert set(counted) == set(KINDS)
    assert run() == counted
    assert preview() == {}
    assert run() == {}


@pytest.mark.parametrize("row", RETENTION, ids=lambda row: row.kind)
def test_each_row_goes_at_the_end_of_its_own_period_and_not_before(kept: KeptRows, row: Retention) -> None:
    kept.makers[row.kind](periods_end(row) + A_DAY)
    assert row.count_due(NOW) == 0
    kept.makers[row.kind](periods_end(row) - A_DAY)
    assert row.count_due(NOW) == 1


@pytest.mark.parametrize("kind", CHOSEN)
def test_the_sweep_follows_what_an_owner_chose(kept: KeptRows, kind: str) -> None:
    row, bounds = retention.row_of(kind), periods.bounds_of(kind)
    choose(kind, bounds.most)
    kept.makers[kind](Period(bounds.least, bounds.unit).before(NOW) - A_DAY)
    assert (preview(), run()) == ({}, {})
    if bounds.least < bounds.most:
        at = row.sweep.next_run(NOW)
        foretold = row.count_due(at, {**periods.chosen(), kind: bounds.least})
        choose(kind, bounds.least)
        assert preview() == {kind: 1} == {kind: foretold} == run()


def test_no_sweep_has_a_period_of_its_own() -> None:
    for row in RETENTION:
        for one in (*row.due, row.delete):
            source = inspect.getsource(one) if one else ""
            assert "timedelta" not in source, row.kind
            assert not (row.kind in CHOSEN and "KEPT" in source), row.kind
    assert "timedelta" not in inspect.getsource(sweeps)


@pytest.mark.parametrize("kind", CHOSEN)
def test_the_database_takes_the_bounds_and_nothing_outside(kept: KeptRows, kind: str) -> None:
    bounds = periods.bounds_of(kind)
    least = 1 if kind == periods.NOTES else bounds.least
    for length in (least, bounds.most):
        db.session.merge(RetentionPeriod(kind=kind, length=length, chosen_at=NOW))
        db.session.commit()
    for length in (least - 1, bounds.most + 1):
        db.session.merge(RetentionPeriod(kind=kind, length=length, chosen_at=NOW))
        with pytest.raises(sa.exc.IntegrityError, match="length_allowed"):
            db.session.flush()
        db.session.rollback()
    with pytest.raises(periods.PeriodNotAllowed):
        choose(kind, bounds.most + 1)
    with pytest.raises(periods.PeriodNotAllowed):
        choose(kind, bounds.least - 1)


def test_a_fixed_period_is_not_stored(kept: KeptRows) -> None:
    db.session.add(RetentionPeriod(kind="drafts", length=14, chosen_at=NOW))
    with pytest.raises(sa.exc.IntegrityError, match="length_allowed"):
        db.session.flush()
    db.session.rollback()


def test_a_change_is_in_the_audit_with_both_values_and_can_be_taken_back(kept: KeptRows) -> None:
    choose("waiting_list", 30)
    choose("waiting_list", 30)
    choose("waiting_list", None)
    wrote = sa.select(AuditEntry.purpose).where(AuditEntry.subject_type == "retention_periods")
    said = db.session.scalars(wrote.order_by(AuditEntry.id)).all()
    assert said == [
        "unseen_clients: no end → 10 years",
        "waiting_list: 90 days → 30 days",
        "waiting_list: 30 days → 90 days",
    ]


def test_who_saw_an_older_period_changes_nothing(kept: KeptRows) -> None:
    seen = periods.mark("waiting_list")
    choose("waiting_list", 30)
    with pytest.raises(ChangedMeanwhile), transaction():
        periods.choose("waiting_list", 60, seen_as=seen, actor="user:olga", now=NOW)


@pytest.mark.parametrize(("country", "least"), [("DE", 10), ("NL", 20), ("AU", 7), ("US", 1)])
def test_the_country_says_how_long_notes_stay_at_least(
    database: sa.Connection, country: str, least: int
) -> None:
    practice = make.practice(country=country)
    practice.country = country
    db.session.add(RetentionPeriod(kind=periods.NOTES, length=5, chosen_at=NOW))
    db.session.commit()
    assert periods.bounds_of(periods.NOTES).least == least
    assert periods.notes_years() == max(5, least)


def test_records_that_the_law_keeps_move_with_the_period_of_notes(kept: KeptRows) -> None:
    kept.notes(NOW)
    (row,) = db.session.scalars(sa.select(RestrictedRecord))
    before = row.kept_until
    choose(periods.NOTES, 12)
    assert make.refreshed(row).kept_until == before.replace(year=before.year + 2)
    choose(periods.NOTES, None)
    assert make.refreshed(row).kept_until == before


def test_a_period_in_years_ends_on_the_last_of_february_where_there_is_no_29th() -> None:
    leap_day = datetime.fromisoformat("2028-02-29T10:00:00+00:00")
    assert Period(3, PeriodUnit.YEARS).before(leap_day) == datetime.fromisoformat("2025-02-28T10:00:00+00:00")


class TestUnseenClients:
    """Who counts as not seen for ten years, and what becomes of them."""

    AGO = NOW.replace(year=NOW.year - 11)

    def due(self) -> int:
        return retention.row_of(periods.UNSEEN).count_due(NOW)

    def test_nobody_is_erased_by_itself_until_an_owner_says_after_how_long(self, kept: KeptRows) -> None:
        kept.unseen_clients(self.AGO)
        choose(periods.UNSEEN, None)
        assert (preview(), run()) == ({}, {})
        assert make.count(Erasure) == 0

    @pytest.mark.parametrize("seen", ["visit", "coming", "answers", "waits", "page", "session"])
    def test_who_was_here_in_between_stays(self, kept: KeptRows, seen: str) -> None:
        person = make.client(mail="eve@client.example", created_at=self.AGO)
        contact_id, lately = person.contacts[0].id, NOW - timedelta(days=700)
        assert self.due() == 1
        if seen in ("visit", "coming"):
            at = lately if seen == "visit" else NOW + A_DAY
            make.appointment(of=kept.massage, who=person, starts_at=at, created_at=self.AGO)
        elif seen == "answers":
            make.submission(who=person, submitted_at=lately)
        elif seen == "waits":
            kept.waiting_list(lately)
            db.session.execute(sa.text("UPDATE waiting_wishes SET client_id = :id"), {"id": person.id})
        elif seen == "page":
            kept.add(AuditEntry(at=lately, actor=f"contact:{contact_id}", action="read", subject_type="plans", client_id=person.id))  # fmt: skip
        else:
            kept.client_sessions(lately)
            db.session.execute(sa.text("UPDATE client_sessions SET client_id = :id"), {"id": person.id})
        db.session.commit()
        assert self.due() == 0

    def test_what_staff_read_does_not_count_as_having_been_here(self, kept: KeptRows) -> None:
        person = make.client(mail="eve@client.example", created_at=self.AGO)
        kept.add(AuditEntry(at=NOW, actor=f"user:{kept.user.id}", action="read", subject_type="clients", client_id=person.id))  # fmt: skip
        assert self.due() == 1

    def test_somebody_joined_into_another_counts_with_them(self, kept: KeptRows) -> None:
        person = make.client(mail="eve@client.example", created_at=self.AGO)
        older = make.client(mail="eva@client.example", created_at=self.AGO, merged_into_id=person.id)
        assert self.due() == 1
        make.submission(who=older, submitted_at=NOW - A_DAY)
        assert self.due() == 0

    def test_as_long_as_notes_must_be_kept_the_client_stays(self, kept: KeptRows) -> None:
        choose(periods.UNSEEN, 3)
        person = make.client(mail="eve@client.example", created_at=self.AGO)
        visit = make.appointment(
            of=kept.massage, who=person, starts_at=NOW - timedelta(days=9 * 365), state=State.DONE
        )
        db.session.execute(sa.text("UPDATE appointments SET created_at = starts_at"))
        db.session.add(SessionNote(appointment_id=visit.id, client_id=person.id, author_id=kept.user.id, content={}, written_at=visit.starts_at))  # fmt: skip
        db.session.commit()
        assert self.due() == 0
        visit.starts_at -= timedelta(days=2 * 365)
        visit.ends_at -= timedelta(days=2 * 365)
        visit.occupied_from -= timedelta(days=2 * 365)
        visit.occupied_until -= timedelta(days=2 * 365)
        visit.wall_start -= timedelta(days=2 * 365)
        db.session.commit()
        assert self.due() == 1
        person.birth_on = NOW.date().replace(year=NOW.year - 20)
        db.session.commit()
        assert self.due() == 0, "a child's notes stay until ten years after the eighteenth birthday"

    def test_they_are_erased_as_if_they_had_asked_and_their_visits_stay(self, kept: KeptRows) -> None:
        person = make.client(mail="eve@client.example", created_at=self.AGO)
        visit = make.appointment(of=kept.massage, who=person, starts_at=self.AGO, created_at=self.AGO)
        assert run() == {periods.UNSEEN: 1}
        assert make.refreshed(person).erased_at is not None
        assert person.given_name is None
        assert make.refreshed(visit).client_id == person.id
        (erased,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "erased"))
        assert (erased.client_id, erased.purpose) == (person.id, "not_seen")
        assert make.count(RestrictedRecord) == 0
        assert Sweep.UNSEEN.next_run(NOW) > NOW
