"""Whose data somebody reached, which, and since when."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from clinic.accounts import affected_clients, audit
from clinic.accounts.models import AuditEntry, Client, User
from clinic.db import db
from clinic.web.spreadsheet import as_csv
from tests.make import Make

HOUR = timedelta(hours=1)


@pytest.fixture
def ines(make: Make) -> User:
    found: User = make.user(email="ines@practice.example")
    return found


@pytest.fixture
def ada(make: Make) -> Client:
    found: Client = make.client()
    return found


def reached(who: User, person: Client | None, at: datetime, action: str = "read", **columns: Any) -> None:
    audit.record(
        audit.by_user(who.id), action, client_id=person.id if person else None, now=at,
        **{"subject_type": "session_notes", **columns},
    )  # fmt: skip
    db.session.commit()


def asked(now: datetime, **which: Any) -> list[affected_clients.AffectedClient]:
    return affected_clients.affected(
        **{"user_id": None, "since": None, "until": None, **which}, actor=audit.SYSTEM, now=now
    )


def test_each_client_is_one_line_with_what_was_reached_and_since_when(
    make: Make, ines: User, ada: Client, now: datetime
) -> None:
    bob = make.client(given_name="Bob", mail="bob@client.example")
    reached(ines, bob, now - 5 * HOUR, subject_type="submissions", fields=["conditions", "medications"])
    reached(ines, ada, now - 4 * HOUR, fields=["soap"])
    reached(ines, ada, now - 2 * HOUR, fields=["soap", "areas"])
    reached(ines, ada, now - HOUR, "change", subject_type="contacts")
    first, second = asked(now)
    assert (first.name, first.reads, first.changes) == ("Bob Sample", 1, 0)
    assert (first.kinds, first.fields) == (("submissions",), ("conditions", "medications"))
    assert (second.client_id, second.reads, second.changes) == (ada.id, 2, 1)
    assert (second.first_at, second.last_at) == (now - 4 * HOUR, now - HOUR)
    assert (second.kinds, second.fields) == (("contacts", "session_notes"), ("areas", "soap"))


def test_one_member_of_staff_and_a_time_can_be_asked_for(
    make: Make, ines: User, ada: Client, now: datetime
) -> None:
    daniel = make.user(email="daniel@practice.example")
    reached(ines, ada, now - 4 * HOUR)
    reached(daniel, ada, now - 2 * HOUR)
    (line,) = asked(now, user_id=daniel.id)
    assert (line.first_at, line.reads) == (now - 2 * HOUR, 1)
    assert asked(now, user_id=daniel.id, until=now - 2 * HOUR) == []
    (line,) = asked(now, since=now - 2 * HOUR)
    assert line.reads == 1


def test_what_clients_do_themselves_and_entries_about_nobody_do_not_count(
    ines: User, ada: Client, now: datetime
) -> None:
    audit.record(audit.VISITOR, "read", subject_type="submissions", client_id=ada.id, now=now)
    reached(ines, None, now, subject_type="users")
    assert asked(now) == []


def test_the_question_is_recorded(ada: Client, now: datetime) -> None:
    asked(now)
    newest = db.session.query(AuditEntry).order_by(AuditEntry.at.desc()).first()
    assert newest is not None
    assert (newest.action, newest.purpose) == ("export", "affected clients")


def test_a_name_that_looks_like_a_formula_is_written_as_text(make: Make, ines: User, now: datetime) -> None:
    reached(ines, make.client(given_name="=HYPERLINK(1)", mail="eve@client.example"), now)
    table = as_csv(affected_clients.HEADINGS, map(affected_clients.as_row, asked(now)))
    assert table.splitlines()[0] == "client,name,first,last,reads,changes,records,fields"
    assert ",'=HYPERLINK(1) Sample," in table
