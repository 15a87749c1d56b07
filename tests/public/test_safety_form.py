"""The short safety form before a visit: open a day before, takes answers, shows none, and acts at once."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import signed_links
from clinic.accounts.models import AuditEntry, Client
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.intake import services
from clinic.intake.models import Submission
from clinic.plans import services as plans
from clinic.plans.models import Decision, OutcomeEntry, Review
from tests.intake import walk
from tests.make import Make
from tests.public.test_intake_pages import heading, title, token, words
from tests.visitor import as_client

pytestmark = pytest.mark.usefixtures("clock_at_now")

SOON = timedelta(hours=20)


@pytest.fixture
def visit(make: Make, now: datetime) -> Appointment:
    person = make.client()
    walk.sent(now, sex_at_birth=["male"], conditions=["epilepsy"])
    services.adopt(walk.BROWSER, person.id, now)
    found: Appointment = make.appointment(of=make.offering(), who=person, starts_at=now + SOON)
    return found


def address(visit: Appointment) -> str:
    return signed_links.purpose_path("visit", "visit", visit.id, visit.link_epoch)


def plain(**changes: str) -> dict[str, str]:
    fields = {question.field: "no" for question in services.questions_before_visit({"back_pain_now": "yes"})}
    fields |= {"today": "none", "medications": "none", "pain_now_nrs": "3", "pain_avg_nrs": "4"}
    return fields | {name.replace("red_flags_", "red_flags."): value for name, value in changes.items()}


def test_the_appointments_page_leads_to_the_form_from_a_day_before(
    client: FlaskClient, visit: Appointment, make: Make, now: datetime
) -> None:
    manage = signed_links.manage_path(visit.id, visit.link_epoch)
    assert address(visit) in client.get(manage).text
    later = make.appointment(
        of=visit.treatment, who=visit.client, starts_at=now + timedelta(days=2), state=visit.state
    )
    assert "/visit/" not in client.get(signed_links.manage_path(later.id, later.link_epoch)).text


def test_the_form_shows_nothing_that_is_stored(client: FlaskClient, visit: Appointment) -> None:
    page = client.get(address(visit))
    assert heading(page) == "A short safety check"
    assert " checked>" not in page.text
    said = words(page)
    assert "pregnant" in said
    assert "Do any of these apply today?" in said
    assert "pilepsy" not in said


def test_good_answers_are_thanked_for_and_stored_beside_the_visit(
    client: FlaskClient, visit: Appointment, make: Make
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
    make: Make,
    changes: dict[str, str],
    seen: str,
    state: str,
) -> None:
    page = client.get(address(visit))
    page = client.post(address(visit), data={"csrf_token": token(page), **plain(**changes)})
    assert heading(page).startswith(seen)
    assert make.found(Appointment, visit.id).state == state
    assert db.session.scalars(sa.select(Review.appointment_id)).all() == [visit.id]


def test_an_urgent_answer_before_one_visit_calls_off_the_clients_other_visits_too(
    client: FlaskClient, visit: Appointment, make: Make, now: datetime
) -> None:
    other = make.appointment(of=visit.treatment, who=visit.client, starts_at=now + timedelta(days=6))
    of_somebody = make.appointment(
        of=visit.treatment, who=make.client(mail="bob@client.example"), starts_at=now + timedelta(days=7)
    )
    page = client.get(address(visit))
    client.post(
        address(visit), data={"csrf_token": token(page), **plain(red_flags_chest_pain_breathless="yes")}
    )
    assert make.found(Appointment, other.id).state == "cancelled"
    assert make.found(Appointment, of_somebody.id).state == "booked"


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
    client: FlaskClient, visit: Appointment, make: Make, now: datetime
) -> None:
    manage = signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)
    old = signed_links.token("visit", visit.id, visit.link_epoch + 1)
    for wrong in (manage, old, "nonsense", f"{address(visit)[7:]}x"):
        assert client.get(f"/visit/{wrong}").status_code == 404, wrong
        assert client.post(f"/visit/{wrong}").status_code in (400, 404), wrong


@pytest.mark.parametrize(("hours", "state"), [(25, "booked"), (-3, "booked"), (20, "cancelled")])
def test_the_form_is_closed_too_early_afterwards_and_when_called_off(
    client: FlaskClient, visit: Appointment, make: Make, now: datetime, hours: int, state: str
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


ACTIVITY = "lifting my marker child"


@pytest.fixture
def fourth(make: Make, now: datetime) -> Appointment:
    """The fourth visit of a weekly course, tomorrow morning; the client named one activity when it began."""
    person, sold, user = make.client(), make.offering(), make.user()
    begun = now - timedelta(weeks=3) + SOON
    walk.sent(begun - timedelta(days=2), pain_duration=["gt_12w"], psfs=[ACTIVITY, "3"])
    services.adopt(walk.BROWSER, person.id, begun - timedelta(days=2))
    visits: list[Appointment] = [
        make.appointment(
            of=sold,
            who=person,
            starts_at=begun + timedelta(weeks=week),
            state="done" if week < 3 else "booked",
        )
        for week in range(4)
    ]
    sent = db.session.scalars(sa.select(Submission)).one()
    review = plans.open_review(sent.outcome, person.id, visits[0], begun - timedelta(days=2))
    plans.decide(review, decision=Decision.ACCEPT, revision=1, by=user, now=begun - timedelta(days=1))
    db.session.commit()
    return visits[3]


def entries(visit: Appointment) -> dict[str, object]:
    rows = db.session.scalars(sa.select(OutcomeEntry).where(OutcomeEntry.appointment_id == visit.id))
    return {entry.instrument: entry.scores for entry in rows}


def test_before_an_early_visit_only_pain_is_asked(client: FlaskClient, visit: Appointment) -> None:
    said = words(client.get(address(visit)))
    assert "Pain right now" in said
    for later in ("Compared with before the course", "activity you named", "After your last session"):
        assert later not in said


def test_before_the_fourth_session_the_longer_scores_are_asked_and_kept(
    client: FlaskClient, fourth: Appointment
) -> None:
    page = client.get(address(fourth))
    assert "Compared with before the course" in words(page)
    assert "How did you feel after your last session?" in words(page)
    assert 'name="peg_pain"' not in page.text, "average pain is asked once on a page"
    scores = {
        "peg_enjoyment": "1",
        "peg_activity": "3",
        "activity_now_1": "7",
        "activity_now_2": "9",
        "global_change": "much_better",
        "reaction": "sore_1_2_days",
    }
    page = client.post(address(fourth), data={"csrf_token": token(page), **plain(), **scores})
    assert heading(page) == "Thank you"
    assert entries(fourth) == {
        "nrs": {"now": 3, "average": 4},
        "peg": {"pain": 4, "enjoyment": 1, "activity": 3},
        "psfs": {"activities": [{"activity": ACTIVITY, "score": 7}]},
        "global_change": {"global_change": "much_better"},
        "reaction": {"reaction": "sore_1_2_days"},
    }


def test_a_score_left_blank_stays_missing_and_holds_nothing_up(
    client: FlaskClient, fourth: Appointment
) -> None:
    fields = plain()
    del fields["pain_now_nrs"], fields["pain_avg_nrs"]
    page = client.get(address(fourth))
    page = client.post(address(fourth), data={"csrf_token": token(page), **fields})
    assert heading(page) == "Thank you"
    assert entries(fourth) == {}


def test_an_unreadable_score_is_asked_for_again_with_everything_kept(
    client: FlaskClient, fourth: Appointment
) -> None:
    page = client.get(address(fourth))
    page = client.post(
        address(fourth),
        data={"csrf_token": token(page), **plain(), "peg_activity": "11", "global_change": "fine"},
    )
    assert page.status_code == 422
    assert 'href="#peg_activity-0"' in page.text
    assert 'href="#global_change-very_much_better"' in page.text
    assert entries(fourth) == {}
    assert db.session.scalars(sa.select(Submission).where(Submission.kind == "day_of_visit")).all() == []


def test_the_link_never_shows_the_activities_in_the_clients_words(
    client: FlaskClient, fourth: Appointment
) -> None:
    page = client.get(address(fourth))
    assert "marker" not in page.text
    for number in ("first", "second", "third"):
        assert f"The {number} everyday activity you named when you began" in words(page)
    bad = client.post(address(fourth), data={"csrf_token": token(page), "activity_now_1": "7"})
    assert bad.status_code == 422
    assert "marker" not in bad.text


def test_somebody_signed_in_as_this_client_sees_their_own_words_and_the_look_is_recorded(
    app: Flask, fourth: Appointment, make: Make
) -> None:
    assert fourth.client is not None
    mine = as_client(app, fourth.client.contacts[0], fourth.client)
    said = words(mine.get(address(fourth)))
    assert ACTIVITY in said
    assert "second everyday activity" not in said
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "before_visit")).one()
    assert (entry.action, entry.fields, entry.client_id) == ("read", ["psfs"], fourth.client_id)
    other = make.client(given_name="Bob", mail="bob@client.example")
    assert "marker" not in as_client(app, other.contacts[0], other).get(address(fourth)).text


def test_the_form_leads_to_a_sign_in_that_comes_back_to_it(client: FlaskClient, fourth: Appointment) -> None:
    page = client.get(address(fourth))
    assert f"/my/sign-in?next={address(fourth)}" in page.text
