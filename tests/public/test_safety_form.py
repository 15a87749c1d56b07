"""The short safety form before a visit: open a day before, takes answers, shows none, and acts at once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import ModuleType

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts import links
from clinic.accounts.models import AuditEntry, Client
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.intake import services
from clinic.intake.models import Submission
from clinic.plans.models import Review
from tests.intake import walk
from tests.public.test_intake_pages import heading, title, token, words

SOON = timedelta(hours=20)


@pytest.fixture(autouse=True)
def stopped_clock(now: datetime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    file = tmp_path_factory.mktemp("clock") / "offset"
    file.write_text(str((now - datetime.now(tz=now.tzinfo)).total_seconds()))
    clock.follow(file)
    yield
    clock.follow(None)


@pytest.fixture
def visit(make: ModuleType, now: datetime) -> Appointment:
    person = make.client()
    walk.sent(now, sex_at_birth=["male"], conditions=["epilepsy"])
    services.adopt(walk.BROWSER, person.id, now)
    found: Appointment = make.appointment(of=make.offering(), who=person, starts_at=now + SOON)
    return found


def address(visit: Appointment) -> str:
    return links.purpose_path("visit", "visit", visit.id, visit.link_epoch)


def plain(**changes: str) -> dict[str, str]:
    fields = {question.field: "no" for question in services.questions_before_visit({"back_pain_now": "yes"})}
    fields |= {"today": "none", "medications": "none", "pain_now_nrs": "3", "pain_avg_nrs": "4"}
    return fields | {name.replace("red_flags_", "red_flags."): value for name, value in changes.items()}


def test_the_appointments_page_leads_to_the_form_from_a_day_before(
    client: FlaskClient, visit: Appointment, make: ModuleType, now: datetime
) -> None:
    manage = links.manage_path(visit.id, visit.link_epoch)
    assert address(visit) in client.get(manage).text
    later = make.appointment(
        of=visit.treatment, who=visit.client, starts_at=now + timedelta(days=2), state=visit.state
    )
    assert "/visit/" not in client.get(links.manage_path(later.id, later.link_epoch)).text


def test_the_form_shows_nothing_that_is_stored(client: FlaskClient, visit: Appointment) -> None:
    page = client.get(address(visit))
    assert heading(page) == "Before your visit"
    assert " checked>" not in page.text
    said = words(page)
    assert "pregnant" in said
    assert "Does any of this apply today?" in said
    assert "pilepsy" not in said


def test_good_answers_are_thanked_for_and_stored_beside_the_visit(
    client: FlaskClient, visit: Appointment, make: ModuleType
) -> None:
    page = client.get(address(visit))
    page = client.post(address(visit), data={"csrf_token": token(page), **plain()})
    assert heading(page) == "Thank you"
    short = db.session.scalars(sa.select(Submission).where(Submission.kind == "day_of_visit")).one()
    assert short.client_id == visit.client_id
    assert short.answers["pain_now_nrs"] == 3
    assert "conditions" not in short.answers
    assert short.outcome.level == "caution"
    assert make.found(Appointment, visit.id).state == "booked"
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "before_visit")).one()
    assert entry.actor == f"link:{visit.id}"
    assert "pain_now_nrs" in entry.fields


@pytest.mark.parametrize(
    ("changes", "seen", "state"),
    [
        ({"red_flags_chest_pain_breathless": "yes"}, "Call 112", "cancelled"),
        ({"today": "fever"}, "Please see a doctor", "requested"),
        ({"today": "contagious_illness"}, "Please come another day", "requested"),
        ({"medications": "anticoagulant"}, "Thank you", "booked"),
    ],
)
def test_what_has_changed_acts_on_the_visit_at_once(
    client: FlaskClient,
    visit: Appointment,
    make: ModuleType,
    changes: dict[str, str],
    seen: str,
    state: str,
) -> None:
    page = client.get(address(visit))
    page = client.post(address(visit), data={"csrf_token": token(page), **plain(**changes)})
    assert heading(page).startswith(seen)
    assert make.found(Appointment, visit.id).state == state
    assert db.session.scalars(sa.select(Review.appointment_id)).all() == [visit.id]


def test_an_unanswered_sign_is_asked_for_again(client: FlaskClient, visit: Appointment) -> None:
    fields = plain()
    del fields["red_flags.weight_loss"]
    page = client.get(address(visit))
    page = client.post(address(visit), data={"csrf_token": token(page), **fields})
    assert page.status_code == 422
    assert title(page).startswith("Error: ")
    assert 'href="#red_flags-weight_loss-yes"' in page.text
    assert client.get(address(visit)).text.count(" checked>") == 0


def test_only_its_own_address_opens_the_form(
    client: FlaskClient, visit: Appointment, make: ModuleType, now: datetime
) -> None:
    manage = links.token(links.MANAGE, visit.id, visit.link_epoch)
    old = links.token("visit", visit.id, visit.link_epoch + 1)
    for wrong in (manage, old, "nonsense", f"{address(visit)[7:]}x"):
        assert client.get(f"/visit/{wrong}").status_code == 404, wrong
        assert client.post(f"/visit/{wrong}").status_code in (400, 404), wrong


@pytest.mark.parametrize(("hours", "state"), [(25, "booked"), (-3, "booked"), (20, "cancelled")])
def test_the_form_is_closed_too_early_afterwards_and_when_called_off(
    client: FlaskClient, visit: Appointment, make: ModuleType, now: datetime, hours: int, state: str
) -> None:
    person: Client | None = visit.client
    other = make.appointment(
        of=visit.treatment,
        who=person,
        starts_at=now + timedelta(days=9, hours=hours),
        state=state,
    )
    other.starts_at = now + timedelta(hours=hours, minutes=90)
    other.ends_at = other.starts_at + timedelta(minutes=30)
    other.occupied_from, other.occupied_until = other.starts_at, other.ends_at
    db.session.commit()
    page = client.get(address(other))
    assert page.status_code == 410
    assert "open from a day before your visit" in words(page)
