"""The retention table: what it promises is what the sweeps delete, and operators read the same table."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from clinic.accounts import limits
from clinic.accounts.limits import Limit
from clinic.accounts.models import LimitWindow, StaffSession
from clinic.booking.models import Appointment, State
from clinic.clock import now as the_time
from clinic.db import db
from clinic.maintenance import periods, sweeps
from clinic.maintenance.retention import RETENTION, Retention
from tests.make import Make

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"


def line(row: Retention) -> str:
    if row.keep is not None:
        return f"| {row.what} | {periods.period_of(row.keep)} | | {row.after} | {row.sweep.value} |"
    bounds = periods.bounds_of(row.kind)
    usual = bounds.period(bounds.usual) or "no end"
    span = f"{bounds.least} to {bounds.most} {bounds.unit.value}"
    return f"| {row.what} | {usual} | {span} | {row.after} | {row.sweep.value} |"


def test_the_page_for_operators_prints_the_table_as_it_is(make: Make) -> None:
    make.practice(country="DE")
    assert "\n".join(line(row) for row in RETENTION) in OPERATING.read_text()


def test_no_limit_counts_over_a_longer_time_than_its_tries_are_kept() -> None:
    (row,) = (row for row in RETENTION if row.delete is limits.delete_windows)
    named = [each for each in vars(limits).values() if isinstance(each, Limit)]
    assert named
    assert max(each.window for each in named) < (row.keep or timedelta(0))


def test_tidying_deletes_what_is_too_old_and_leaves_the_rest(make: Make) -> None:
    now, massage = the_time(), make.offering()
    make.appointment(of=massage, state=State.LAPSED, changed_at=now - timedelta(days=2))
    make.appointment(of=massage, state=State.LAPSED, changed_at=now, starts_at=now + timedelta(days=9))
    sweeps.tidy()
    assert make.count(Appointment) == 1
    assert make.count(LimitWindow) == 0


def test_tidying_deletes_each_kind_at_the_end_of_its_own_period(make: Make) -> None:
    now, user = the_time(), make.user()
    for number, age in enumerate((timedelta(days=29), timedelta(days=31))):
        seen = now - age
        db.session.add(
            StaffSession(
                digest=bytes([number]) * 32, user_id=user.id, device="", created_at=seen, seen_at=seen
            )
        )
    db.session.commit()
    sweeps.tidy()
    assert db.session.scalar(sa.select(StaffSession.seen_at)) == now - timedelta(days=29)
