"""Booking reads what concerns it, however many visits the practice has to come."""

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from clinic.booking import client_list
from clinic.booking.client_list import ClientQuestion, ListedClients
from clinic.db import db
from config import Settings
from tests.api.caller import Caller
from tests.conftest import NOW
from tests.explained import copies, may_analyse, rows_read
from tests.make import Make

TO_COME = 3000
FEW = 60
"""Far more than one therapist's day, one client's visits or one treatment's supply; far less than what is to come."""


@pytest.fixture
def busy_practice(make: Make, settings: Settings) -> None:
    """Three thousand clients, each with an address and a visit to come, an hour apart from each other with one therapist."""
    sold, who = make.offering(), make.client()
    visit = make.appointment(of=sold, who=who, starts_at=NOW.replace(year=2032))
    copies(who, TO_COME, id="md5('client' || n)::uuid")
    moved = {
        at: f"original.{at} + n * interval '2 hours'"
        for at in ("starts_at", "ends_at", "occupied_from", "occupied_until", "wall_start")
    }
    reference = "translate(lpad(upper(to_hex(n)), 8, '0'), '0123456789', 'GHJKLMNPQR')"
    copies(
        visit,
        TO_COME,
        id="md5('visit' || n)::uuid",
        client_id="md5('client' || n)::uuid",
        reference=reference,
        **moved,
    )
    db.session.execute(
        sa.text(
            "INSERT INTO contacts (id, client_id, kind, value, normalised, relation, wants_reminders, created_at)"
            " SELECT gen_random_uuid(), id, 'mail', id || '@client.example', id || '@client.example', 'self', true, created_at"
            " FROM clients"
        )
    )
    with may_analyse(str(settings.database_owner_url)):
        db.session.execute(sa.text("ANALYZE"))
        db.session.commit()


def test_a_booking_reads_no_more_of_a_busy_practice(
    busy_practice: None, make: Make, client: FlaskClient, the_clock_says: Callable[[datetime], None]
) -> None:
    the_clock_says(NOW)
    caller, sold = Caller(client), make.offering()
    with rows_read() as read:
        for day in (6, 7):
            caller.booked(sold, f"2031-03-0{day}T09:00+01:00")
    assert any("appointments" in tables for tables in read.values())
    too_many = {kind: dict(tables) for kind, tables in read.items() if max(tables.values(), default=0) > FEW}
    assert too_many == {}


@pytest.mark.parametrize(
    ("shown", "year"), [(ListedClients.COMING, 2031), (ListedClients.AWAY, 2040)], ids=str
)
def test_a_list_by_visits_reads_each_visit_once_and_the_clients_of_its_page(
    busy_practice: None, shown: ListedClients, year: int
) -> None:
    """Who was erased or joined to another record is left out by the index of these, not by looking at everybody."""
    now = NOW.replace(year=year)
    with rows_read() as read:
        page = client_list.page(ClientQuestion(shown=shown), country="DE", today=now.date(), now=now)
    assert page.count == TO_COME + 1
    (listed,) = [tables for kind, tables in read.items() if kind.startswith("WITH")]
    assert listed["appointments"] <= TO_COME + 1
    assert 0 < listed["clients"] <= FEW
