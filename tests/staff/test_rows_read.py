"""What every page of staff counts is found without reading what concerns nobody who is signed in."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import Role
from clinic.accounts.permissions import granted
from clinic.booking.models import State
from clinic.db import db
from clinic.plans import queries as plans
from clinic.tasks import queries as task_queries
from clinic.tasks.kinds import TaskReader
from config import Settings
from tests.conftest import NOW
from tests.explained import copies, may_analyse, rows_read
from tests.make import Make

COLLEAGUES, EACH, FEW = 30, 100, 60


@pytest.fixture
def reader(make: Make, settings: Settings) -> TaskReader:
    """A therapist of a practice in which thirty others saw three thousand clients, the last of them two weeks ago."""
    sold, who = make.offering(), make.client()
    first = make.appointment(of=sold, who=who, starts_at=NOW - timedelta(days=15), state=State.DONE)
    person = make.user()
    make.therapist(first.location, user_id=person.id)
    copies(who, COLLEAGUES * EACH, id="md5('client' || n)::uuid")
    moved = {
        at: f"original.{at} - n * interval '2 hours'"
        for at in ("starts_at", "ends_at", "occupied_from", "occupied_until", "wall_start")
    }
    for number in range(COLLEAGUES):
        colleague = make.therapist(first.location, user_id=make.user().id)
        nth = f"(n + {number * EACH})"
        copies(
            first,
            EACH,
            id=f"md5('visit' || {nth})::uuid",
            client_id=f"md5('client' || {nth})::uuid",
            therapist_id=f"'{colleague.id}'::uuid",
            reference=f"translate(lpad(upper(to_hex({nth})), 8, '0'), '0123456789', 'GHJKLMNPQR')",
            **moved,
        )
    with may_analyse(str(settings.database_owner_url)):
        db.session.execute(sa.text("ANALYZE"))
        db.session.commit()
    roles = frozenset({Role.THERAPIST.value})
    return TaskReader(
        user_id=person.id, permissions=granted(roles), role_names=roles, backups_are_on=True, now=NOW
    )


def test_counting_what_waits_reads_little_of_a_busy_practice(reader: TaskReader) -> None:
    with rows_read() as read:
        task_queries.waiting(reader)
        plans.waiting(reader.user_id, NOW)
    assert any("appointments" in tables for tables in read.values())
    too_many = {kind: dict(tables) for kind, tables in read.items() if max(tables.values(), default=0) > FEW}
    assert too_many == {}
