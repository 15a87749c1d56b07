"""Somebody who comes back answers what is new on one page, looks over the rest, and confirms."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import AuditEntry, Client
from clinic.db import db
from clinic.guidance import questionnaire
from clinic.guidance.questions import QUESTIONS
from clinic.guidance.red_flags import ASKED_FLAGS
from clinic.guidance.regional import in_local_words
from clinic.intake import drafts, returning
from clinic.intake import services as intake
from clinic.intake.models import Consent, Draft, RaisedLevel, Submission
from clinic.practice import queries as practice
from clinic.public.sign_rows import SIGN_ROWS
from clinic.web.browser import digest
from tests.conftest import NOW
from tests.intake import walk
from tests.make import Make
from tests.plans import at_the_gate
from tests.public.spoken import english_on
from tests.visitor import Visitor, as_client, token_for

pytestmark = pytest.mark.usefixtures("clock_at_now")

PAGE = "/intake/anything-new"
GROUPS = [group.slug for group in returning.SIGN_GROUPS]
SECRET = "Epilepsy"


@pytest.fixture(autouse=True)
def sold(make: Make) -> None:
    make.offering(intake="before_booking")


@pytest.fixture
def person(make: Make) -> Client:
    found: Client = make.client()
    return found


def sent(person: Client, days: int = 30, **changes: list[str]) -> Submission:
    """What a client sent some days ago."""
    then = NOW - timedelta(days=days)
    told = {"conditions": ["epilepsy"], **changes}
    row = walk.sent(then, **told)
    intake.adopt(walk.BROWSER, person.id, then)
    db.session.commit()
    return row


def signed_in(app: Flask, person: Client) -> Visitor:
    return Visitor(as_client(app, person.contacts[0], person))


def all_well(visitor: Visitor, **changes: list[str]) -> dict[str, list[str]]:
    """Nothing new: *None of these* for every group, dull answers beside."""
    names = {control.attributes.get("name") for control in visitor.page.one("main").below()}
    asked = {name for name in names if name in QUESTIONS and not name.startswith("red_flags.")}
    told = {walk.key_of(name): answer for name, answer in changes.items()}
    beside = {name: walk.answer_to(QUESTIONS[name], told) for name in asked}
    return {"none_of_these": GROUPS, **beside, **told}


def send_today(visitor: Visitor, **changes: list[str]) -> Visitor:
    return visitor.press("Continue", **all_well(visitor, **changes))  # type: ignore[arg-type]


def newest() -> Submission:
    return db.session.scalars(sa.select(Submission).order_by(Submission.submitted_at.desc()).limit(1)).one()


def the_draft() -> Draft:
    return db.session.scalars(sa.select(Draft)).one()


def confirm(visitor: Visitor) -> Visitor:
    return visitor.press("Send your answers", understood_not_diagnosis="yes", accuracy_confirmed="yes")


def test_three_pages_lead_to_an_outcome(app: Flask, person: Client, make: Make) -> None:
    before = sent(person)
    visitor = signed_in(app, person).open("/intake")
    assert (visitor.path, visitor.heading) == (PAGE, "Anything new since 1 February?")
    assert make.count(Draft) == 0, "opening a page stores nothing"
    send_today(visitor)
    assert (visitor.path, visitor.heading) == ("/intake/still-true", "Still true?")
    assert "From 1 February" in visitor.text
    assert SECRET in visitor.text
    visitor.press("Still true")
    assert visitor.path == "/intake/check"
    assert SECRET not in visitor.text
    confirm(visitor)
    assert visitor.path == "/intake/outcome"
    after = newest()
    assert after.id != before.id
    assert after.answers["conditions"] == ["epilepsy"]
    assert after.safety_from >= NOW
    assert set(after.as_group or ()) == {f"red_flags.{code}" for code in ASKED_FLAGS}


def test_who_corrects_answers_with_visits_to_come_hears_that_these_stay(
    app: Flask, person: Client, make: Make
) -> None:
    sent(person)
    make.appointment(of=make.offering(), who=person, starts_at=NOW + timedelta(days=3))
    visitor = signed_in(app, person).open("/intake")
    confirm(send_today(visitor).press("Still true"))
    assert visitor.path == "/my"
    assert "Your visits stay as they are." in visitor.text


def test_an_answer_that_a_therapist_looks_at_first_is_not_said_to_change_nothing(
    app: Flask, person: Client, make: Make
) -> None:
    sent(person)
    make.appointment(of=make.offering(), who=person, starts_at=NOW + timedelta(days=3))
    visitor = signed_in(app, person).open(PAGE)
    groups = [slug for slug in GROUPS if slug != "safety-5"]
    signs = {
        sign.field.replace(".", "_"): ["no"] for sign in returning.SIGN_GROUPS[GROUPS.index("safety-5")].signs
    }
    signs["red_flags_immunosuppressed_ivdu"] = ["unsure"]
    send_today(visitor, none_of_these=groups, **signs)
    while visitor.path == "/intake/still-true":
        visitor.press("Still true")
    confirm(visitor)
    assert visitor.path == "/intake/outcome"
    assert "stay as they are" not in visitor.text
    assert "You ask for a time" not in visitor.text
    assert "If something about your visit has to change, we call you or write to you." in visitor.text
    assert [one.get("href") for one in visitor.page.all("a") if one.text == "My visits"][-1] == "/my"


def test_who_corrects_is_asked_no_more_than_the_next_visit_needs(
    app: Flask, person: Client, make: Make
) -> None:
    """Who came the short way is not led through what only a suggestion needs."""
    at_the_gate.send(person, NOW - timedelta(hours=1))
    visit = make.appointment(of=make.offering(intake="before_booking"), who=person)
    visitor = signed_in(app, person).open("/my/answers")
    link = next(one.get("href") for one in visitor.page.all("a") if one.text == "Correct my answers")
    assert send_today(visitor.open(link)).path == "/intake/still-true"
    begun = db.session.scalars(sa.select(Draft)).one()
    assert (begun.door, begun.types) == ("chosen", visit.treatment.modalities)


def test_who_comes_for_a_suggestion_is_asked_what_it_needs_also_with_a_visit_to_come(
    app: Flask, person: Client, make: Make
) -> None:
    at_the_gate.send(person, NOW - timedelta(hours=1))
    make.appointment(of=make.offering(intake="before_booking"), who=person)
    visitor = send_today(signed_in(app, person).open("/intake"))
    assert visitor.path == "/intake/goals"
    assert db.session.scalars(sa.select(Draft)).one().door == "suggestion"


def test_the_first_consent_stands(app: Flask, person: Client) -> None:
    before = sent(person)
    visitor = signed_in(app, person).open("/intake")
    assert "consent_health_data" not in visitor.answer.get_data(as_text=True)
    confirm(send_today(visitor).press("Still true"))
    given = db.session.scalars(
        sa.select(Consent).where(Consent.submission_id == newest().id, Consent.purpose == "health_data")
    ).one()
    assert given.given_at == before.submitted_at


def test_a_withdrawn_consent_is_asked_for_and_nothing_is_filled_in(app: Flask, person: Client) -> None:
    sent(person)
    db.session.execute(sa.update(Consent).values(withdrawn_at=NOW))
    db.session.commit()
    visitor = signed_in(app, person).open("/intake")
    assert visitor.heading == "Tell us about your back"
    visitor.open(PAGE)
    assert visitor.path == "/intake"
    visitor.press("Continue", consent_health_data="yes")
    assert visitor.path == "/intake/you"
    assert the_draft().answers == {}


@pytest.mark.parametrize(("country", "read", "unread"), [
    ("GB", ("pass urine", "back passage"), ("urinate", "anus")),
    ("CA", ("urinate", "anus"), ("pass urine", "back passage")),
])  # fmt: skip
def test_signs_are_in_the_words_of_the_country_in_rows_and_questions(
    country: str, read: tuple[str, ...], unread: tuple[str, ...], app: Flask, person: Client
) -> None:
    sent(person)
    practice.the_practice().country = country
    db.session.commit()
    groups = signed_in(app, person).open(PAGE).page.all("fieldset", class_="sign-group stack-2")
    rows = " ".join(line.text for group in groups for line in group.all("li"))
    said = " ".join(group.text for group in groups)
    assert all(word in rows for word in read)
    assert not any(word in said for word in unread)


def test_every_sign_can_be_read_and_enter_answers_nothing(app: Flask, person: Client) -> None:
    sent(person)
    visitor = signed_in(app, person).open(PAGE)
    assert set(SIGN_ROWS) == set(ASKED_FLAGS)
    folded = [text for details in visitor.page.all("details") for text in [details.text]]
    lines = [line.text for group in visitor.page.all("fieldset") for line in group.all("li")]
    country = practice.the_practice().country
    assert [code for code in SIGN_ROWS if in_local_words(SIGN_ROWS[code], country) not in lines] == []
    assert len([text for text in folded if text.startswith("One fits, or I am not sure")]) == len(GROUPS)
    form, button = visitor.form_with("Continue")
    assert form.all("button")[0] is button or form.all("button")[0].text == "Continue"
    assert not button.has("name")


def test_none_of_these_is_refused_beside_a_yes_and_keeps_what_was_typed(app: Flask, person: Client) -> None:
    sent(person)
    visitor = signed_in(app, person).open(PAGE)
    send_today(visitor, red_flags_weight_loss=["yes"], pain_now_nrs=["7"])
    assert visitor.status == 422
    assert "Which is right?" in visitor.text
    ticked = checked(visitor)
    assert {("none_of_these", slug) for slug in GROUPS} <= ticked
    assert {("red_flags.weight_loss", "yes"), ("pain_now_nrs", "7")} <= ticked
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 0


@pytest.mark.parametrize("answer", ["yes", "unsure"])
def test_a_group_is_not_answered_by_leaving_it_open(app: Flask, person: Client, answer: str) -> None:
    sent(person)
    visitor = signed_in(app, person).open(PAGE)
    send_today(visitor, none_of_these=GROUPS[:-1])
    assert visitor.status == 422
    assert "Tick “None of these”, or answer each line." in visitor.text
    send_today(visitor, none_of_these=GROUPS[:-1], red_flags_cough_sneeze_worse=[answer])
    assert visitor.status == 422, "the other signs of the group are still open"
    assert ("red_flags.cough_sneeze_worse", answer) in checked(visitor)


def test_what_was_left_open_is_not_ticked_as_none_when_the_page_comes_back(
    app: Flask, person: Client
) -> None:
    sent(person)
    visitor = signed_in(app, person).open(PAGE).press("Continue")
    assert visitor.status == 422
    assert checked(visitor) == set()


def checked(visitor: Visitor) -> set[tuple[str | None, str | None]]:
    return {
        (box.attributes.get("name"), box.attributes.get("value"))
        for box in visitor.page.one("main").all("input")
        if box.has("checked")
    }


def test_an_urgent_sign_stops_at_once_and_the_page_can_be_corrected(app: Flask, person: Client) -> None:
    sent(person)
    visitor = signed_in(app, person).open(PAGE)
    visitor.press("Continue", **{"red_flags.saddle_numbness": "yes"})
    assert visitor.path == "/intake/outcome"
    assert "None of these" not in visitor.text
    row = db.session.scalars(sa.select(RaisedLevel)).one()
    assert (row.level, row.client_id) == ("urgent", person.id)
    visitor.open(PAGE)
    assert checked(visitor) == {("red_flags.saddle_numbness", "yes")}
    visitor.open("/intake/still-true")
    assert visitor.path == "/intake/outcome"
    visitor.open(PAGE)
    send_today(visitor, red_flags_saddle_numbness=["no"])
    assert visitor.path == "/intake/still-true"


def test_a_doctors_card_is_shown_once(app: Flask, person: Client) -> None:
    sent(person)
    visitor = signed_in(app, person).open(PAGE)
    rest = {
        f"red_flags.{code}": ["no"]
        for code in ("chest_pain_breathless", "leg_clot_signs", "sudden_head_neck_neuro", "cancer_ever")
    }
    send_today(
        visitor,
        none_of_these=[slug for slug in GROUPS if slug != "safety-3"],
        red_flags_weight_loss=["yes"],
        **rest,
    )
    assert visitor.path == "/intake/outcome"
    visitor.open(next(link.get("href") for link in visitor.page.all("a") if "still-true" in link.get("href")))
    assert visitor.heading == "Still true?"


def test_nobody_sees_earlier_answers_without_signing_in(app: Flask, person: Client) -> None:
    sent(person)
    stranger = Visitor(app.test_client())
    for path in ("/intake", PAGE, "/intake/still-true"):
        stranger.open(path)
        assert stranger.path == "/intake"
        assert stranger.heading == "Tell us about your back"
    assert "Sign in for fewer questions" in stranger.text


def test_a_draft_with_earlier_answers_is_closed_to_a_browser_that_is_not_signed_in(
    app: Flask, person: Client
) -> None:
    """A link to go on elsewhere goes to an address that was typed; only signing in opens what was told before."""
    sent(person)
    visitor = signed_in(app, person).open(PAGE)
    send_today(visitor)
    visitor.browser.delete_cookie(app.config["CLIENT_COOKIE_NAME"])
    with visitor.browser.session_transaction() as session:
        session.pop("client", None)
    for path in ("/intake/still-true", "/intake/conditions", "/intake/check", PAGE, "/intake/outcome"):
        visitor.open(path)
        assert visitor.path.startswith("/my/sign-in"), path
        assert SECRET not in visitor.text


def test_what_a_visitor_sent_is_not_filled_in_for_the_next_one_in_their_browser(app: Flask) -> None:
    visitor = Visitor(app.test_client()).open("/intake")
    visitor.press("Continue", consent_health_data="yes")
    with visitor.browser.session_transaction() as session:
        secret = session["browser"]
    walk.sent(NOW, browser=digest(secret), conditions=["epilepsy"])
    db.session.commit()
    visitor.open("/intake").press("Continue", consent_health_data="yes")
    assert the_draft().answers == {}


def test_reading_earlier_answers_leaves_a_row(app: Flask, person: Client) -> None:
    sent(person)
    visitor = signed_in(app, person).open(PAGE)
    send_today(visitor)
    row = db.session.scalars(
        sa.select(AuditEntry)
        .where(AuditEntry.action == "read")
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    ).first()
    assert row is not None
    assert row.client_id == person.id
    assert "conditions" in row.fields


def test_change_leads_to_the_page_and_back(app: Flask, person: Client) -> None:
    sent(person)
    visitor = send_today(signed_in(app, person).open(PAGE))
    visitor.open(change(visitor, "/intake/conditions"))
    assert visitor.heading == "Any of these, now or in the past?"
    assert visitor.page.all("a", class_="back") is not None
    visitor.press("Continue", conditions=["asthma"])  # type: ignore[arg-type]
    assert visitor.path == "/intake/still-true"
    assert "Answered today" in visitor.text
    assert "Asthma" in visitor.text
    visitor.press("Still true")
    assert "Asthma" in visitor.text, "the last page lists what was answered today"
    dates = the_draft().answered_at or {}
    assert dates["conditions"] >= NOW.isoformat()
    assert dates["swelling"] == (NOW - timedelta(days=30)).isoformat()


def change(visitor: Visitor, path: str) -> str:
    links: Iterator[str] = (link.get("href") for link in visitor.page.all("a") if link.has("href"))
    return next(link for link in links if link.startswith(path))


def test_a_new_name_for_the_problem_reopens_every_page_with_what_was_said(app: Flask, person: Client) -> None:
    sent(person)
    visitor = send_today(signed_in(app, person).open(PAGE))
    visitor.open("/intake/arms-and-legs?change=yes")
    visitor.press(
        "Continue",
        limb_symptoms=["none"],
        diagnoses=["sciatica"],
        clinician_seen=["yes_cleared"],  # type: ignore[arg-type]
    )
    assert visitor.path == "/intake/goals"
    told = [each for each in visitor.page.all() if each.text.startswith("Something has changed")]
    assert told, "it says why it asks once more"
    (header,) = visitor.page.all("header")
    assert "Something has changed" not in header.text, "beside the question, not above the page"
    assert "conditions" not in the_draft().answers
    assert {f"red_flags.{code}" for code in ASKED_FLAGS} <= set(the_draft().answers), (
        "answered today, so not again"
    )
    visited = []
    while (slug := visitor.path.rsplit("/", 1)[-1]) != "check":
        visited.append(slug)
        assert visitor.path != "/intake/still-true", "nothing is left to look over"
        said = drafts.said_before(the_draft())
        blank = [
            one for one in questionnaire.page(slug).questions if one.field not in said and not one.optional
        ]
        visitor.press("Continue", **{one.field: walk.answer_to(one, {}) for one in blank})  # type: ignore[arg-type]
    assert {"goals", "pain", "conditions"} <= set(visited)
    assert "you" not in visited
    confirm(visitor)
    assert newest().history_from is None
    assert newest().answers["diagnoses"] == ["sciatica"]


def test_an_answer_whose_period_has_passed_is_asked_before_still_true(app: Flask, person: Client) -> None:
    sent(person, days=90, recent_surgery=["lt_6w"], clinician_seen=["yes_cleared"])
    visitor = send_today(signed_in(app, person).open(PAGE))
    assert visitor.path == "/intake/pain", "how long, 6 to 12 weeks, has passed too"


def test_nothing_is_sent_before_it_was_looked_over(app: Flask, person: Client) -> None:
    before = sent(person)
    visitor = send_today(signed_in(app, person).open(PAGE))
    visitor.open("/intake/check")
    assert visitor.path == "/intake/still-true"
    posted = {"understood_not_diagnosis": "yes", "accuracy_confirmed": "yes"}
    answer = visitor.browser.post("/intake/check", data={**posted, "csrf_token": token_for(visitor.browser)})
    assert answer.headers["Location"] == "/intake/still-true"
    assert newest().id == before.id


def test_still_true_by_a_forged_post_says_nothing_before_today_is_answered(
    app: Flask, person: Client, make: Make
) -> None:
    sent(person)
    visitor = signed_in(app, person).open(PAGE)
    answer = visitor.browser.post("/intake/still-true", data={"csrf_token": token_for(visitor.browser)})
    assert answer.headers["Location"] == "/intake/outcome"
    assert make.count(Draft) == 0
    visitor.press("Continue", **{"red_flags.saddle_numbness": "yes"})
    visitor.browser.post("/intake/still-true", data={"csrf_token": token_for(visitor.browser)})
    assert the_draft().looked_over_at is None


@pytest.mark.parametrize(
    "forged", [{"today": ["plague"]}, {"pain_now_nrs": ["11"]}, {"medications": ["none", "anticoagulant"]}]
)
def test_a_forged_answer_is_refused_in_words(
    app: Flask, person: Client, forged: dict[str, list[str]]
) -> None:
    sent(person)
    visitor = signed_in(app, person).open(PAGE)
    send_today(visitor, **forged)
    assert visitor.status == 422
    assert visitor.heading == "Anything new since 1 February?"


def test_somebody_without_pain_is_asked_whether_it_hurts(app: Flask, person: Client) -> None:
    sent(person, back_pain_now=["no"])
    visitor = signed_in(app, person).open(PAGE)
    names = {control.attributes.get("name") for control in visitor.page.one("main").all("input")}
    assert "back_pain_now" in names
    assert "pain_now_nrs" not in names
    send_today(visitor, back_pain_now=["yes"])
    assert visitor.path == "/intake/where"


def test_pregnancy_is_asked_where_it_can_be(app: Flask, person: Client, make: Make) -> None:
    other = make.client(mail="other@client.example")
    sent(person)
    sent(other, sex_at_birth=["female"], age_years=["34"])
    for somebody, asked in ((person, False), (other, True)):
        visitor = signed_in(app, somebody).open(PAGE)
        names = {control.attributes.get("name") for control in visitor.page.one("main").all("input")}
        assert ("pregnancy" in names) is asked


def test_after_six_months_each_page_is_one_press_and_no_sign_is_filled_in(app: Flask, person: Client) -> None:
    sent(person, days=184)
    visitor = signed_in(app, person).open("/intake")
    assert visitor.heading == "Welcome back"
    visitor.press("Continue")
    assert visitor.path == "/intake/you"
    assert ("sex_at_birth", "male") in checked(visitor)
    assert the_draft().answers == {}
    visitor.press("Continue")
    assert visitor.path == "/intake/goals"
    assert the_draft().answers["age_years"] == 41
    visitor.press("Continue")
    assert visitor.path == "/intake/safety-1"
    assert checked(visitor) == set()


def test_who_signs_in_half_way_keeps_what_they_typed(app: Flask, person: Client) -> None:
    sent(person)
    visitor = Visitor(app.test_client()).open("/intake")
    visitor.press("Continue", consent_health_data="yes")
    visitor.press(
        "Continue", age_years="42", sex_at_birth="male", back_pain_now="yes", massage_experience="some"
    )
    assert visitor.path == "/intake/goals"
    proven = as_client(app, person.contacts[0], person).get_cookie(app.config["CLIENT_COOKIE_NAME"])
    assert proven is not None
    visitor.browser.set_cookie(app.config["CLIENT_COOKIE_NAME"], proven.value)
    visitor.open("/intake")
    assert "What you typed here stays." in visitor.text
    visitor.press("Go on")
    assert visitor.path == PAGE
    assert the_draft().answers["age_years"] == 42
    assert the_draft().client_id == person.id
    send_today(visitor)
    assert visitor.path == "/intake/still-true"
    assert "42" in visitor.text


def test_the_pages_are_german(app: Flask, person: Client) -> None:
    sent(person)
    browser = as_client(app, person.contacts[0], person)
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de-DE"
    visitor = Visitor(browser).open(PAGE)
    assert visitor.heading == "Etwas Neues seit dem 1. Februar?"
    assert english_on(visitor) == []
    visitor.press("Weiter")
    assert english_on(visitor) == []
    visitor.press("Weiter", **all_well(visitor))  # type: ignore[arg-type]
    assert visitor.heading == "Stimmt das noch?"
    assert english_on(visitor) == []
