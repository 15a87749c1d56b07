"""The owner reads who looked at whose answers, and that is recorded too."""

import csv
import io
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from clinic.accounts import audit, audit_reading, security_events, team
from clinic.accounts.models import AuditEntry, Role, User
from clinic.db import db
from clinic.plans import services as plans
from clinic.staff.settings.audit_wording import DEEDS
from tests.make import Make
from tests.staff.conftest import Browser
from tests.web.reading import read

PATH = "/staff/settings/access"
SignIn = Callable[[User], Browser]


@pytest.fixture
def ines(make: Make) -> User:
    make.practice()
    user: User = make.user(given_name="Inés", family_name="Moreau")
    return user


@pytest.fixture
def owner(make: Make, sign_in: SignIn, ines: User) -> Browser:
    browser = sign_in(make.user(roles=["owner"], given_name="Olive"))
    with browser.client.session_transaction() as kept:
        kept["fs_paa"] = time.time()
    return browser


def looked_at(ines: User, client: object, now: datetime) -> None:
    audit.record(
        audit.by_user(ines.id),
        "read",
        subject_type="outcomes",
        subject_id=uuid4(),
        client_id=client.id,  # type: ignore[attr-defined]
        purpose="before_visit",
        now=now,
    )
    db.session.commit()


def rows(page: str) -> list[str]:
    return [row.text for row in read(page).one("tbody").all("tr")]


def test_the_owner_reads_who_looked_at_whose_answers_and_why(
    owner: Browser, ines: User, make: Make, now: datetime
) -> None:
    looked_at(ines, make.client(given_name="Søren", family_name="Berg"), now)
    (row, *_) = rows(owner.get(f"{PATH}?kind=reads"))
    for said in ("Looked at health answers", "before the visit", "Inés Moreau", "Søren Berg"):
        assert said in row


def test_reading_the_record_is_recorded(owner: Browser, now: datetime) -> None:
    owner.get(f"{PATH}?kind=reads&client_name=Ada")
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.subject_type == "audit_entries")).one()
    assert (entry.action, entry.fields) == ("read", ["kind", "client_name"])
    assert "Looked at this record" in owner.get(PATH)


def test_the_record_is_filtered_by_person_client_kind_and_days(
    owner: Browser, ines: User, make: Make, now: datetime
) -> None:
    soren, ada = (
        make.client(given_name="Sören", search_name="soren berg"),
        make.client(given_name="Ada", search_name="ada lund"),
    )
    looked_at(ines, soren, now)
    looked_at(ines, ada, now - timedelta(days=3))
    audit.record(audit.SYSTEM, "open", subject_type="reviews", client_id=ada.id, now=now)
    audit.record(audit.by_contact(ada.contacts[0].id), "agree", ada.contacts[0], client_id=ada.id, now=now)
    db.session.commit()
    day = f"{now:%Y-%m-%d}"
    assert len(rows(owner.get(f"{PATH}?kind=reads&who={ines.id}"))) == 2
    assert len(rows(owner.get(f"{PATH}?kind=reads&client_name=soren"))) == 1
    assert len(rows(owner.get(f"{PATH}?kind=reads&who={ines.id}&first_on={day}&last_on={day}"))) == 1
    assert len(rows(owner.get(f"{PATH}?kind=changes&client_name=ada"))) == 2
    assert "Lumbar itself" in rows(owner.get(f"{PATH}?who=system&kind=changes"))[0]
    assert "Ada" in rows(owner.get(f"{PATH}?who=clients&client_name=ada"))[0]
    assert "No such entry" in owner.get(f"{PATH}?client_name=nobody%25_")
    assert "No such entry" in owner.get(f"{PATH}?client_name=%25")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("first_on=yesterday", "Enter a day"),
        ("first_on=2031-03-04&last_on=2031-03-03", "The last day is before the first"),
        ("kind=nonsense", "Choose what to show"),
        ("who=nonsense", "Choose one of the answers below"),
        ("client_name=" + "x" * 101, "100 characters"),
    ],
)
def test_filters_that_make_no_sense_are_said_and_stand_there_again(
    owner: Browser, asked: str, said: str
) -> None:
    page = owner.get(f"{PATH}?{asked}", 422)
    assert said in page
    assert not db.session.scalar(sa.select(AuditEntry).where(AuditEntry.subject_type == "audit_entries"))
    assert owner.look(f"{PATH}/entries.csv?{asked}").status_code == 303


def test_pages_of_the_record_meet_without_gap_or_double(
    database: sa.Connection, make: Make, now: datetime
) -> None:
    ids = []
    for number in range(2 * audit_reading.PAGE + 3):
        # Three at a time at one instant: the order does not rest on the time alone.
        audit.record(
            "user:" + str(uuid4()), "read", subject_type="keyset", now=now + timedelta(seconds=number // 3)
        )
    db.session.flush()
    question = audit_reading.AuditQuestion(since=now, until=now + timedelta(hours=1))
    found = audit_reading.page(question)
    while True:
        ids += [line.entry.id for line in found.lines]
        if found.older is None:
            break
        found = audit_reading.page(question, before=found.older)
    wanted = db.session.scalars(sa.select(AuditEntry.id).where(AuditEntry.subject_type == "keyset")).all()
    mine = [one for one in ids if one in set(wanted)]
    assert sorted(mine) == sorted(wanted)
    assert len(ids) == len(set(ids))
    back = audit_reading.page(question, after=found.newer)
    assert [line.entry.id for line in back.lines] == ids[
        -len(found.lines) - audit_reading.PAGE : -len(found.lines)
    ]
    assert [line.entry.id for line in audit_reading.lines(question, 10_000)] == ids


def test_the_reason_of_somebody_who_opened_a_record_stands_there(
    owner: Browser, ines: User, make: Make, now: datetime
) -> None:
    plans.open_with_reason(make.client().id, reason="Daniel is away today", by=ines, now=now)
    db.session.commit()
    assert "Reason: Daniel is away today" in rows(owner.get(f"{PATH}?kind=reads"))[0]


def test_an_export_asks_for_fresh_proof_and_is_recorded(
    owner: Browser, ines: User, make: Make, now: datetime
) -> None:
    looked_at(ines, make.client(given_name="=cmd()", family_name="Berg", search_name="berg"), now)
    assert "1 entry" in owner.get(f"{PATH}/export?client_name=berg")
    answer = owner.look(f"{PATH}/entries.csv?client_name=berg")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "no-store"
    (heads, line) = csv.reader(io.StringIO(answer.get_data(as_text=True)))
    assert line[heads.index("Client")] == "'=cmd() Berg"
    assert line[heads.index("Who")] == "Inés Moreau"
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "export")).one()
    assert entry.fields == ["client_name"]
    with owner.client.session_transaction() as kept:
        kept["fs_paa"] = 0
    for path in (f"{PATH}/export", f"{PATH}/entries.csv"):
        assert "/staff/again" in owner.look(path).headers["Location"]


def test_the_reason_is_not_in_the_export(owner: Browser, ines: User, make: Make, now: datetime) -> None:
    plans.open_with_reason(make.client().id, reason="Daniel is away today", by=ines, now=now)
    db.session.commit()
    assert "Daniel" not in owner.get(f"{PATH}/entries.csv")


def test_changed_roles_are_written_down_by_name(
    owner: Browser, ines: User, make: Make, now: datetime
) -> None:
    for _twice in range(2):
        team.set_roles(ines, [Role.OWNER, Role.THERAPIST], actor=audit.SYSTEM, network="abc", now=now)
    db.session.commit()
    (row,) = [row for row in rows(owner.get(f"{PATH}?kind=sign_in")) if "Roles changed" in row]
    assert "Inés Moreau" in row
    assert "from therapist to owner and therapist" in row


def test_every_security_event_has_words() -> None:
    assert {event.value for event in security_events.SecurityEvent} <= set(DEEDS)
