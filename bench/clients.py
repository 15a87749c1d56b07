"""The list of clients among fifty thousand: each way to search, filter and sort it, beside one row."""

from datetime import timedelta

import psycopg
import sqlalchemy as sa

from bench.timing import interleaved, show
from clinic import schema
from clinic.app import create_app
from clinic.booking import client_list
from clinic.booking.client_list import ClientOrder, ClientQuestion, ListedClients
from clinic.db import db, dispose
from clinic.embedded.servers import scratch_servers
from config import Environment, Settings
from tests import make

CLIENTS = 50_000

QUESTIONS = {
    "everybody": ClientQuestion(),
    "the last page": ClientQuestion(page=CLIENTS),
    "the newest": ClientQuestion(order=ClientOrder.NEWEST),
    "two letters": ClientQuestion(text="ma"),
    "a name": ClientQuestion(text="kowalski ines"),
    "a name that one has": ClientQuestion(text="garcia 4711"),
    "a name with a slip": ClientQuestion(text="garzia 4711"),
    "a name that nobody has": ClientQuestion(text="wintergreen"),
    "an address": ClientQuestion(text="p4711@"),
    "a number": ClientQuestion(text="4711 23"),
    "a reference": ClientQuestion(text="ABCDEFGH"),
    "new": ClientQuestion(shown=ListedClients.NEW),
    "coming": ClientQuestion(shown=ListedClients.COMING),
    "not seen for eight weeks": ClientQuestion(shown=ListedClients.AWAY),
    "birthday": ClientQuestion(shown=ListedClients.BIRTHDAY),
}

PEOPLE = """
INSERT INTO clients (id, given_name, family_name, search_name, language, created_at, birth_on)
SELECT gen_random_uuid(), given, family || ' ' || n, given || ' ' || family || ' ' || n, 'en',
  %(now)s::timestamptz - n * interval '1 hour', date '1950-01-01' + n %% 20000
FROM generate_series(1, %(count)s) n,
  LATERAL (SELECT (ARRAY['maria','john','anna','peter','soren','yuliya','thomas','ines','omar'])[1 + n %% 9] AS given,
    (ARRAY['muller','smith','kowalski','garcia','nguyen','haddad','okafor'])[1 + n / 9 %% 7] AS family) AS named
"""
CONTACTS = """
INSERT INTO contacts (id, client_id, kind, value, normalised, relation, wants_reminders, created_at)
SELECT gen_random_uuid(), c.id, k.kind, normalised, normalised, 'self', true, c.created_at
FROM clients c, (VALUES ('mail'), ('phone')) k(kind),
  LATERAL (SELECT split_part(c.search_name, ' ', 3) AS n) AS numbered,
  LATERAL (SELECT CASE k.kind WHEN 'mail' THEN 'p' || n || '@client.example' ELSE '+49' || lpad(n, 6, '3') || '23456' END
    AS normalised) AS written
WHERE c.family_name <> 'Sample'
"""


def run() -> None:
    """Print what a page of the list costs beside reading one row."""
    with scratch_servers() as servers:
        schema.upgrade(servers.urls.owner)
        settings = Settings.read(
            environment=Environment.TEST,
            database_url=servers.urls.app,
            redis_url=servers.urls.broker,
            lumbar_data=servers.directory / "bench",
        )
        with create_app(settings).app_context():
            _load(servers.urls.owner)
            _measure()
            db.session.remove()
            dispose()


def _load(owner: str) -> None:
    """Fifty thousand clients, two addresses and two visits each, an hour and a half apart, a quarter of them to come."""
    make.practice()
    place = make.location()
    sold = make.treatment(therapists=[make.therapist(place)])
    begins_at = make.NOW - timedelta(minutes=90) * CLIENTS * 1.5
    visit = make.appointment(of=sold, who=make.client(), starts_at=begins_at)
    columns = [column.name for column in sa.inspect(type(visit)).columns]
    made = {
        "id": "gen_random_uuid()",
        "reference": "translate(upper(lpad(to_hex(row_number() OVER (ORDER BY v.n, c.id)), 8, '0')), '0123456789', 'GHJKLMNPQR')",
        "client_id": "c.id",
        **{
            at: f"a.{at} + (row_number() OVER (ORDER BY v.n, c.id)) * interval '90 minutes'"
            for at in ("starts_at", "ends_at", "occupied_from", "occupied_until", "wall_start")
        },
    }
    chosen = ", ".join(made.get(name, f"a.{name}") for name in columns)
    with psycopg.connect(owner.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute(PEOPLE, {"now": make.NOW, "count": CLIENTS})
        connection.execute(CONTACTS)
        connection.execute(
            f"INSERT INTO appointments ({', '.join(columns)}) SELECT {chosen}"
            " FROM appointments a, clients c, generate_series(1, 2) v(n) WHERE c.family_name <> 'Sample'"
        )
        # What an open transaction could still see is not marked as visible to everybody, and an index alone does not answer.
        db.session.rollback()
        connection.execute("VACUUM ANALYZE clients, contacts, appointments")


def _measure() -> None:
    def asked(question: ClientQuestion) -> None:
        db.session.rollback()
        client_list.page(question, country="DE", today=make.NOW.date(), now=make.NOW)

    calls = {name: (lambda question=question: asked(question)) for name, question in QUESTIONS.items()}
    costs = interleaved(
        {"one row": lambda: db.session.execute(sa.text("SELECT 1")).all(), **calls}, rounds=15
    )
    show(f"A page of the list of {CLIENTS:,} clients", costs, "one row")
