"""The intake as somebody meets it in a browser without scripts: headings, labels, what a click leads to."""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.accounts import services as accounts
from clinic.accounts import sessions
from clinic.accounts.models import Client, LinkPurpose
from clinic.booking.models import Appointment
from clinic.db import Base, db, transaction
from clinic.guidance import questionnaire
from clinic.guidance.gate import suggestion_fields
from clinic.guidance.levels import Level
from clinic.guidance.questions import PAGES
from clinic.intake import drafts, path, services
from clinic.intake.models import Draft, RaisedLevel, Submission
from clinic.plans.models import Review
from clinic.public import question_time
from tests.intake import walk
from tests.make import Make
from tests.web import reading

MARKER = "zebrafish"
"""Typed where words are free; it must turn up nowhere in clear."""


@pytest.fixture(autouse=True)
def practice(make: Make) -> None:
    make.practice(country="DE", support_line="0800 1110111", advice_line="116 117")


def heading(page: TestResponse) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    assert found, page.status
    return unescape(re.sub(r"<[^>]+>", "", found[1])).strip()


def title(page: TestResponse) -> str:
    found = re.search(r"<title>(.*?)</title>", page.text, re.DOTALL)
    assert found
    return unescape(found[1])


def words(page: TestResponse) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    return found[1]


class Visitor:
    """Somebody with a browser: follows pages, fills forms, sees no scripts."""

    def __init__(self, browser: FlaskClient) -> None:
        self.browser = browser
        self.page = browser.get("/intake")

    def go(self, address: str) -> TestResponse:
        self.page = self.browser.get(address, follow_redirects=True)
        return self.page

    def post(self, address: str, fields: Mapping[str, list[str] | str]) -> TestResponse:
        self.page = self.browser.post(
            address, data={"csrf_token": token(self.page), **fields}, follow_redirects=True
        )
        return self.page

    def say_yes(self, mail: str = "") -> TestResponse:
        return self.post("/intake", {"consent_health_data": "yes", "mail": mail})

    @property
    def slug(self) -> str:
        return urlsplit(self.page.request.path).path.rsplit("/", 1)[-1]

    def answer(self, **changes: list[str]) -> TestResponse:
        """Answer the page one is on."""
        return self.post(f"/intake/{self.slug}", posted(self.slug, changes))

    def answer_until(self, stop: str, **changes: list[str]) -> TestResponse:
        """Answer page after page until the one named, or until a page asks nothing."""
        while self.slug != stop and self.slug in {page.slug for page in PAGES}:
            before = self.page.request.path
            self.answer(**changes)
            assert self.page.status_code == 200, words(self.page)
            assert self.page.request.path != before
        return self.page

    def send(self, **changes: list[str]) -> TestResponse:
        """Answer everything and send it."""
        self.say_yes()
        self.answer_until("check", **changes)
        seen = re.findall(r'name="seen" value="([^"]+)"', self.page.text)
        return self.post("/intake/check", {**posted("closing", changes), "seen": seen})


def posted(slug: str, changes: dict[str, list[str]]) -> dict[str, list[str] | str]:
    told = {name.replace("red_flags_", "red_flags.", 1): value for name, value in changes.items()}
    fields: dict[str, list[str] | str] = {}
    for question in questionnaire.page(slug).questions:
        given = walk.answer_to(question, told)
        if question.field == "psfs":
            for number, text in enumerate(given):
                part = ("activity", "score")[number % 2]
                fields[f"{part}_{number // 2 + 1}"] = text
        else:
            fields[question.field] = given
    return fields


@pytest.fixture
def visitor(client: FlaskClient, clock_at_now: None) -> Visitor:
    return Visitor(client)


def test_page_0_says_who_sees_the_answers_before_anything_is_asked(visitor: Visitor) -> None:
    assert heading(visitor.page) == "Tell us about your back"
    said = words(visitor.page)
    assert "The front desk does not see them" in said
    assert "14 days" in said
    assert "May we store these health answers for your care?" in said
    assert "112" in said


def test_page_0_wants_a_yes_or_a_no(visitor: Visitor, make: Make) -> None:
    page = visitor.post("/intake", {"mail": "ada@client.example"})
    assert page.status_code == 422
    assert title(page).startswith("Error: ")
    assert "ada@client.example" in page.text
    assert make.count(Draft) == 0


def test_a_mistyped_address_is_asked_for_again(visitor: Visitor, make: Make) -> None:
    page = visitor.say_yes("ada at client")
    assert page.status_code == 422
    assert "Enter an e-mail address" in words(page)
    assert make.count(Draft) == 0


def test_a_no_keeps_nothing_and_offers_the_telephone_and_a_plain_request(
    visitor: Visitor, make: Make
) -> None:
    page = visitor.post("/intake", {"consent_health_data": "no", "mail": "ada@client.example"})
    assert heading(page) == "We have kept nothing"
    assert "030 5550100" in words(page)
    assert 'href="/book"' in page.text
    for model in (Draft, Submission, RaisedLevel):
        assert make.count(model) == 0


def test_questions_come_one_page_at_a_time_and_lead_to_the_suggestion(visitor: Visitor) -> None:
    visitor.say_yes()
    assert heading(visitor.page) == "About you"
    visitor.answer_until("check")
    assert heading(visitor.page) == "Check your answers"
    assert "All No" in words(visitor.page)
    page = visitor.post("/intake/check", posted("closing", {}))
    assert heading(page).startswith("A good place to start: ")
    said = words(page)
    assert "Massage can ease low back pain in the short term." in said
    assert "Let the therapist decide" in said or "therapist reads your answers" in said
    assert "Draft course" in said


def test_every_page_has_a_back_link_and_the_place_in_words(visitor: Visitor) -> None:
    visitor.say_yes()
    assert 'href="/intake"' in visitor.page.text
    visitor.answer_until("safety-2")
    assert "Safety check · 2" in words(visitor.page)
    assert 'href="/intake/safety-1"' in visitor.page.text


def test_a_missing_answer_is_named_above_and_beside_the_question(visitor: Visitor) -> None:
    visitor.say_yes()
    page = visitor.post("/intake/you", {"age_years": "forty"})
    assert page.status_code == 422
    assert title(page).startswith("Error: ")
    assert 'href="#age_years"' in page.text
    assert words(page).lower().count("enter a whole number, using digits only.") == 2
    assert 'value="forty"' in page.text


def test_enter_answers_nothing_and_none_of_these_stands_after_the_rows(visitor: Visitor, make: Make) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-1")
    form = reading.read(visitor.page.text).one("main").one("form", method="post")
    first, none, last = form.all("button")
    # Browsers press a form's first button on Enter.
    assert (first.text, first.has("name")) == ("", False)
    assert (none.get("name"), last.text) == ("none_of_these", "Continue")
    controls = form.below()
    rows = [place for place, control in enumerate(controls) if control.attributes.get("type") == "radio"]
    assert controls.index(none) > max(rows)
    page = visitor.post("/intake/safety-1", {})
    assert page.status_code == 422
    visitor.post("/intake/safety-1", {"none_of_these": "yes"})
    assert visitor.slug == "safety-2"
    page = visitor.post(
        "/intake/safety-2", {"none_of_these": "yes", "red_flags.walking_or_hand_clumsy": "unsure"}
    )
    assert page.status_code == 422
    assert words(page).count(drafts.WHICH_IS_RIGHT) == 1
    assert 'href="#red_flags-walking_or_hand_clumsy-yes"' in page.text
    draft = make.found(Draft, db.session.scalars(sa.select(Draft.id)).one())
    assert "red_flags.walking_or_hand_clumsy" not in draft.answers


def test_an_urgent_answer_shows_the_card_on_the_very_next_page(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-1")
    page = visitor.answer(red_flags_bladder_bowel_change=["yes"])
    assert heading(page) == "Call 112 or go to an emergency department now"
    assert 'href="tel:112"' in page.text
    said = words(page)
    assert "We have not booked an appointment" in said
    assert "/book" not in page.text
    assert "Massage" not in heading(page)


def test_behind_the_card_no_page_goes_on(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-1")
    visitor.answer(red_flags_both_legs_new=["yes"])
    for address in ("/intake/safety-2", "/intake/check", "/intake/outcome", "/intake/closing"):
        assert heading(visitor.go(address)).startswith("Call 112"), address
    visitor.go("/intake")
    assert heading(visitor.page) == "Go on where you stopped"
    assert heading(visitor.post("/intake/check", posted("closing", {}))).startswith("Call 112")


def test_a_wrong_answer_can_be_taken_back_from_the_card(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-1")
    page = visitor.answer(red_flags_both_legs_new=["yes"])
    assert 'href="/intake/safety-1"' in page.text
    visitor.go("/intake/safety-1")
    visitor.answer()
    assert visitor.slug == "safety-2"
    visitor.answer_until("check")
    page = visitor.post("/intake/check", posted("closing", {}))
    assert heading(page) == "A therapist looks at your answers first"


def test_a_doctors_card_is_shown_once_and_the_questions_may_be_finished(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-3")
    page = visitor.answer(red_flags_weight_loss=["yes"])
    assert heading(page) == "Please see a doctor within two days, before a massage"
    assert "116 117" in words(page)
    visitor.go("/intake/safety-4")
    visitor.answer_until("check", red_flags_weight_loss=["yes"])
    page = visitor.post("/intake/check", posted("closing", {}))
    assert heading(page) == "Please see a doctor within two days, before a massage"
    assert "/book" not in page.text


def test_an_illness_today_asks_for_another_day_and_not_for_a_doctor(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("today")
    card = visitor.answer(today=["contagious_illness"])
    assert heading(card) == "Please come another day"
    assert "see a doctor" not in words(card)
    visitor.go("/intake/where")
    visitor.answer_until("check", today=["contagious_illness"])
    card = visitor.post("/intake/check", posted("closing", {}))
    assert heading(card) == "Please come another day"
    assert "You can choose a time from" in words(card)
    assert "No hurry" not in words(card)  # How soon to see a doctor is no question here.


def test_what_is_over_by_tomorrow_opens_the_day_and_not_midnight(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("today")
    visitor.answer(today=["alcohol_or_drugs"])
    visitor.go("/intake/where")
    visitor.answer_until("check", today=["alcohol_or_drugs"])
    card = words(visitor.post("/intake/check", posted("closing", {})))
    assert "You can choose a time from" in card
    assert "00:00" not in card


def test_a_therapist_looks_first_and_no_types_are_named(visitor: Visitor) -> None:
    page = visitor.send(medications=["anticoagulant"])
    assert heading(page) == "A therapist looks at your answers first"
    assert not re.search(r"swedish|trigger|deep tissue|relaxation", page.text, re.IGNORECASE)


def test_the_suggestion_cites_its_reasons_and_says_what_safety_changes(visitor: Visitor, make: Make) -> None:
    make.treatment(name="Trigger point, 60 min", slug="trigger-60", modalities=["trigger_point"])
    page = visitor.send(
        conditions=["hypertension_controlled"],
        muscle_findings=["tender_points_refer", "deep_chronic_tension"],
        onset_triggers=["repetitive_motion"],
        pain_areas=["neck"],
        modalities_liked=["deep_tissue"],
        mood=["marked"],
    )
    assert heading(page) == "A good place to start: trigger point therapy"
    said = words(page)
    assert (
        "pressing one spot hurts somewhere else. Trigger point therapy is held pressure on a tender spot"
        in said
    )
    assert not re.search(r"\bG\d|\bIII\b|[Ll]ook back|product default|\b[Tt]ie\b", said)
    assert said.count("The evidence for that is weak") == 1
    assert "What we change for your safety" in said
    assert "Medium pressure at most." in said
    assert "Left out: deep tissue massage" in said
    assert 'href="/book/trigger-60"' in page.text
    assert "0800 1110111" in said
    assert not re.search(r"\d ?%|proven|most effective|cures|heals", said)


def test_a_type_the_practice_does_not_sell_leads_to_the_next_that_it_does(
    visitor: Visitor, make: Make
) -> None:
    make.treatment(name="Swedish, 60 min", slug="swedish-60", modalities=["swedish"])
    page = visitor.send(muscle_findings=["tender_points_refer"])
    assert heading(page) == "A good place to start: Swedish massage"
    assert "Trigger point therapy is closer to your answers, but not offered here." in words(page)
    assert 'href="/book/swedish-60"' in page.text
    assert 'href="/guidance#swedish"' in page.text
    assert re.search(r'href="/guidance#G\d+-\w+"', page.text)


def test_changing_one_answer_leads_back_to_the_list(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("check")
    assert 'href="/intake/stress?change=yes#stress_level"' in visitor.page.text
    visitor.go("/intake/stress?change=yes")
    page = visitor.post("/intake/stress", {**posted("stress", {"mood": ["mild"]}), "change": "yes"})
    assert heading(page) == "Check your answers"
    assert "A little" in words(page)


def test_changing_an_answer_asks_what_the_new_branch_needs(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("check", back_pain_now=["no"])
    visitor.go("/intake/you?change=yes")
    visitor.post("/intake/you", {**posted("you", {}), "change": "yes"})
    asked = []
    while visitor.slug != "check":
        asked.append(visitor.slug)
        visitor.post(f"/intake/{visitor.slug}", {**posted(visitor.slug, {}), "change": "yes"})
    assert asked == ["where", "pain", "feel"]


def test_answers_that_do_not_fit_are_shown_before_they_can_be_sent(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("check", limb_symptoms=["weakness"], clinician_seen=["yes_cleared"])
    assert "Please look at these again." in words(visitor.page)
    assert 'href="/intake/pain?change=yes#radiation"' in visitor.page.text
    page = visitor.post("/intake/check", posted("closing", {}))
    assert page.status_code == 422
    assert "Please look at these again." in words(page)
    page = visitor.post("/intake/check", {**posted("closing", {}), "seen": ["X02"]})
    assert heading(page) == "A therapist looks at your answers first"


def test_the_list_of_answers_has_one_way_to_change_for_each_page_of_questions(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("check", red_flags_cough_sneeze_worse=["unsure"])
    page = reading.read(visitor.page.text)
    # Beside the one stop of the Tab key, each of several answers has a link of its own in its name.
    said = [
        (group.one("dl"), next(link for link in group.all("a") if not link.has("tabindex")))
        for group in page.all("div", class_="said")
    ]
    ways = [urlsplit(way.get("href")).path for _, way in said]
    assert len(set(ways)) == len(ways) > 5
    about_you, way = said[0]
    assert [(term.text, about_you.all("dd")[at].text) for at, term in enumerate(about_you.all("dt"))] == [
        ("Age", "41"), ("Sex registered at birth", "Male"), ("Back pain now", "Yes"), ("Massage before", "A few times"),
    ]  # fmt: skip
    assert way.text == "Change: Age, Sex registered at birth, Back pain now, Massage before"
    visitor.go(way.get("href"))
    visitor.post("/intake/you", {**posted("you", {"age_years": ["42"]}), "change": "yes"})
    assert visitor.slug == "check"
    assert "Age 42" in words(visitor.page)


def test_without_the_confirmations_nothing_is_sent(visitor: Visitor, make: Make) -> None:
    visitor.say_yes()
    visitor.answer_until("check")
    page = visitor.post("/intake/check", {"understood_not_diagnosis": "yes"})
    assert page.status_code == 422
    assert title(page).startswith("Error: ")
    assert 'href="#accuracy_confirmed"' in page.text
    assert make.count(Submission) == 0


def test_skipping_ahead_leads_to_the_first_open_question(visitor: Visitor) -> None:
    visitor.say_yes()
    for address in ("/intake/conditions", "/intake/check", "/intake/closing", "/intake/outcome"):
        assert heading(visitor.go(address)) == "About you", address
    visitor.post("/intake/closing", posted("closing", {}))
    assert heading(visitor.page) == "About you"
    visitor.post("/intake/check", posted("closing", {}))
    assert heading(visitor.page) == "About you"


def test_an_unknown_page_is_not_found(visitor: Visitor) -> None:
    visitor.say_yes()
    assert visitor.go("/intake/horoscope").status_code == 404
    assert visitor.go("/intake/Age").status_code == 404


def test_without_answers_under_way_one_begins_at_the_beginning(visitor: Visitor) -> None:
    for address in ("/intake/you", "/intake/check", "/intake/outcome", "/intake/resume"):
        assert heading(visitor.go(address)) == "Tell us about your back", address


def test_after_sending_the_pages_lead_to_the_outcome(visitor: Visitor) -> None:
    visitor.send()
    assert heading(visitor.go("/intake/check")).startswith("A good place to start")


def test_beginning_again_deletes_what_was_there(visitor: Visitor, make: Make) -> None:
    visitor.say_yes()
    visitor.answer()
    visitor.go("/intake")
    assert heading(visitor.page) == "Go on where you stopped"
    page = visitor.post("/intake/again", {})
    assert heading(page) == "Tell us about your back"
    assert make.count(Draft) == 0


def test_another_browser_sees_nothing_of_it(visitor: Visitor, client: FlaskClient) -> None:
    visitor.say_yes()
    visitor.answer()
    stranger = Visitor(client.application.test_client())
    assert heading(stranger.page) == "Tell us about your back"
    assert heading(stranger.go("/intake/usual-day")) == "Tell us about your back"


def test_a_returning_answer_is_shown_as_it_was_given(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("today", visit_goals=["sleep"])
    page = visitor.go("/intake/goals")
    assert re.search(r'value="sleep"[^>]* checked', page.text)
    page = visitor.go("/intake/safety-1")
    assert len(re.findall(r'value="no"[^>]* checked', page.text)) == 4


def test_after_going_back_one_goes_on_where_one_was(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-2")
    visitor.go("/intake/goals")
    visitor.answer(visit_goals=["sleep"])
    assert visitor.slug == "safety-2"


def test_nothing_is_chosen_beforehand(visitor: Visitor) -> None:
    visitor.say_yes()
    while visitor.slug != "check":
        if visitor.slug != "scores":
            assert not re.search(r"<input[^>]* checked", visitor.page.text), visitor.slug
        visitor.answer()


@pytest.mark.parametrize(
    "fields",
    [
        {"age_years": "\x00"},
        {"age_years": "41\x00"},
        {"age_years": ["41", "42"]},
        {"age_years[]": "41"},
        {"age_years": "٤١"},
        {"age_years": "1" * 100_000},
        {"age_years": "\u202e14"},
        {"age_years": '"><script>alert(1)</script>'},
        {"age_years": "4\ud83d1".encode("utf-8", "surrogatepass").decode("utf-8", "replace")},
        {},
    ],
)
def test_garbage_is_answered_with_a_sentence(visitor: Visitor, fields: dict[str, str]) -> None:
    visitor.say_yes()
    page = visitor.post("/intake/you", fields)
    assert page.status_code == 422
    assert "<script>alert" not in page.text
    assert heading(page) == "About you"


def test_garbage_on_every_page_is_refused_and_changes_nothing(visitor: Visitor) -> None:
    visitor.say_yes()
    while visitor.slug != "check":
        slug = visitor.slug
        questions = questionnaire.page(slug).questions
        junk: dict[str, list[str] | str] = {question.field: ["\x00", "zz", "-1"] for question in questions}
        junk |= {"activity_1": "\x00", "score_1": "99"}
        assert visitor.post(f"/intake/{slug}", junk).status_code == 422, slug
        visitor.go(f"/intake/{slug}")
        visitor.answer()
        assert visitor.slug != slug


def test_a_form_without_its_token_is_refused(visitor: Visitor) -> None:
    visitor.say_yes()
    assert visitor.browser.post("/intake/you", data={"age_years": "41"}).status_code == 400


def test_finishing_later_asks_for_an_address_when_there_is_none(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.go("/intake/resume")
    page = visitor.post("/intake/resume", {"mail": ""})
    assert page.status_code == 422
    page = visitor.post("/intake/resume", {"mail": "ada@client.example"})
    assert heading(page) == "Please look at your mail"
    draft = db.session.scalars(sa.select(Draft)).one()
    assert draft.mail == "ada@client.example"
    assert draft.resume_revision == 1
    assert draft.resume_asked_at is not None


def asked_link(visitor: Visitor, now: datetime) -> str:
    """The secret of the link a letter would carry."""
    visitor.go("/intake/resume")
    visitor.post("/intake/resume", {"mail": "ada@client.example"})
    draft = db.session.scalars(sa.select(Draft)).one()
    raw = accounts.mint_link(purpose=LinkPurpose.RESUME_INTAKE, subject_id=draft.id, now=now)
    db.session.commit()
    return raw


def test_the_link_moves_the_answers_to_another_browser_once(
    visitor: Visitor, client: FlaskClient, now: datetime
) -> None:
    visitor.say_yes()
    visitor.answer_until("goals")
    address = f"/intake/resume/{asked_link(visitor, now)}"
    elsewhere = Visitor(client.application.test_client())
    assert heading(elsewhere.go(address)) == "Go on with your answers"
    assert heading(elsewhere.go(address)) == "Go on with your answers"
    assert heading(elsewhere.post(address, {})) == "What would you like from this visit?"
    assert heading(visitor.go("/intake/goals")) == "Tell us about your back"
    third = Visitor(client.application.test_client())
    assert third.go(address).status_code == 410
    third.go("/intake")
    assert third.post(address, {}).status_code == 410
    assert heading(elsewhere.go("/intake/goals")) == "What would you like from this visit?"


def test_what_was_answered_elsewhere_still_counts_after_the_link(
    visitor: Visitor, client: FlaskClient, now: datetime
) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-1")
    visitor.answer(red_flags_both_legs_new=["yes"])
    visitor.go("/intake/safety-1")
    visitor.answer()
    elsewhere = Visitor(client.application.test_client())
    address = f"/intake/resume/{asked_link(visitor, now)}"
    elsewhere.go(address)
    elsewhere.post(address, {})
    elsewhere.answer_until("check")
    page = elsewhere.post("/intake/check", posted("closing", {}))
    assert heading(page) == "A therapist looks at your answers first"


def test_a_link_runs_out_after_ten_minutes(visitor: Visitor, now: datetime) -> None:
    visitor.say_yes()
    raw = asked_link(visitor, now - timedelta(minutes=11))
    assert visitor.go(f"/intake/resume/{raw}").status_code == 410


def test_the_address_in_a_letter_opens_nothing_and_tells_nothing(
    visitor: Visitor, client: FlaskClient, now: datetime
) -> None:
    visitor.say_yes("ada@client.example")
    visitor.answer()
    draft = db.session.scalars(sa.select(Draft)).one()
    stranger = Visitor(client.application.test_client())
    known = stranger.go(f"/intake/go-on/{draft.id}")
    assert heading(known) == "Go on with your answers"
    assert "ada@" not in known.text
    answered = stranger.post(f"/intake/go-on/{draft.id}", {})
    assert heading(answered) == "Please look at your mail"
    db.session.expire_all()
    assert db.session.scalars(sa.select(Draft.resume_revision)).one() == 1
    unknown = "01890a5d-ac96-774b-bcce-b302099a8057"
    stranger.go(f"/intake/go-on/{unknown}")
    assert words(stranger.post(f"/intake/go-on/{unknown}", {})) == words(answered)


def test_asking_for_links_is_limited(visitor: Visitor) -> None:
    visitor.say_yes("ada@client.example")
    statuses = []
    for _ in range(4):
        visitor.go("/intake/resume")
        statuses.append(visitor.post("/intake/resume", {"mail": ""}).status_code)
    assert statuses == [200, 200, 200, 429]


def test_no_answer_is_found_in_clear_in_the_database_the_log_or_an_address(
    visitor: Visitor, caplog: pytest.LogCaptureFixture, database: sa.Connection
) -> None:
    caplog.set_level(logging.DEBUG)
    addresses: list[str] = []
    visitor.say_yes(f"{MARKER}@client.example")
    while visitor.slug != "check":
        words_of = {"own_words.conditions": [MARKER]}
        visitor.answer(**words_of, conditions=["epilepsy"], visit_goals=["sport_recovery"])
        addresses.append(visitor.page.request.url)
    assert MARKER in visitor.page.text
    tables(database, [MARKER, "epilepsy", "sport_recovery"])
    visitor.post("/intake/check", posted("closing", {}))
    addresses.append(visitor.page.request.url)
    tables(database, [MARKER, "epilepsy", "sport_recovery"])
    for secret in (MARKER, "epilepsy", "sport_recovery"):
        assert secret not in " ".join(addresses)
        assert secret not in caplog.text


def tables(database: sa.Connection, secrets: list[str]) -> None:
    """Assert that no column of any table holds one of these texts."""
    for table in Base.metadata.sorted_tables:
        for row in database.execute(
            sa.select(sa.cast(sa.literal_column(f'"{table.name}"'), sa.Text)).select_from(table)
        ):
            for secret in secrets:
                assert secret not in str(row[0]), table.name
                assert secret.encode().hex() not in str(row[0]), table.name


def test_every_page_can_be_reached_by_somebody(visitor: Visitor) -> None:
    """One person who opens every branch meets every page that is asked before a suggestion."""
    changes = {
        "age_years": ["17"],
        "sex_at_birth": ["female"],
        "activity_level": ["regular"],
        "red_flags.major_trauma": ["yes"],
        "accident_checked": ["yes"],
        "red_flags.cancer_ever": ["yes"],
        "cancer_pain_changed": ["no"],
        "limb_symptoms": ["tingling"],
        "radiation": ["leg_below_knee"],
        "diagnoses": ["sciatica"],
        "diagnoses_past": ["none"],
        "pregnancy": ["t1"],
        "skin_issues": ["bruise"],
        "clinician_seen": ["yes_cleared"],
    }
    visitor.say_yes()
    met = []
    while visitor.slug != "check":
        met.append(visitor.slug)
        visitor.answer(**changes)
    before = suggestion_fields()
    asked = [page.slug for page in PAGES if any(question.field in before for question in page.questions)]
    assert met == [slug for slug in asked if slug != path.CLOSING]


def signed_in(visitor: Visitor, person: Client, now: datetime) -> None:
    """Let the visitor's browser be the proven browser of this client."""
    raw = sessions.open_client(person.contacts[0], person.id, now)
    db.session.commit()
    visitor.browser.set_cookie("lumbar-client", raw)


def booked_client(make: Make, now: datetime) -> tuple[Client, Appointment]:
    person = make.client()
    visit = make.appointment(of=make.offering(), who=person, starts_at=now + timedelta(days=2))
    return person, visit


def test_an_urgent_answer_of_a_client_cancels_the_visit_at_once(
    visitor: Visitor, make: Make, now: datetime
) -> None:
    person, visit = booked_client(make, now)
    signed_in(visitor, person, now)
    visitor.say_yes()
    visitor.answer_until("safety-1")
    page = visitor.answer(red_flags_both_legs_new=["yes"])
    assert heading(page).startswith("Call 112")
    found = make.found(Appointment, visit.id)
    assert (found.state, found.cancelled_by, found.cancel_reason) == ("cancelled", "system", "safety")


def test_a_doctors_answer_of_a_client_turns_the_visit_into_a_request(
    visitor: Visitor, make: Make, now: datetime
) -> None:
    person, visit = booked_client(make, now)
    signed_in(visitor, person, now)
    visitor.say_yes()
    visitor.answer_until("safety-3")
    visitor.answer(red_flags_weight_loss=["yes"])
    found = make.found(Appointment, visit.id)
    assert (found.state, found.request_reason) == ("requested", "safety")


def test_what_was_answered_before_signing_in_reaches_the_visit_when_it_is_sent(
    visitor: Visitor, make: Make, now: datetime
) -> None:
    person, visit = booked_client(make, now)
    visitor.say_yes()
    visitor.answer_until("safety-3")
    visitor.answer(red_flags_weight_loss=["yes"])
    visitor.go("/intake/check")
    visitor.answer_until("check")
    assert make.found(Appointment, visit.id).state == "booked"
    signed_in(visitor, person, now)
    visitor.post("/intake/check", posted(path.CLOSING, {}))
    found = make.found(Appointment, visit.id)
    assert (found.state, found.request_reason) == ("requested", "safety")


def test_answers_that_a_booking_gave_to_a_client_go_on_to_count_for_the_visit(
    visitor: Visitor, make: Make, now: datetime
) -> None:
    """Booked meanwhile in the same browser: the draft is theirs from then on, though nobody signed in."""
    person, visit = booked_client(make, now)
    visitor.say_yes()
    visitor.answer_until("safety-3")
    draft = db.session.scalars(sa.select(Draft)).one()
    services.adopt(draft.browser, person.id, now)
    db.session.commit()
    visitor.answer(red_flags_weight_loss=["yes"])
    assert make.found(Appointment, visit.id).state == "requested"


def test_a_second_serious_answer_leaves_no_more_time_to_decide(
    visitor: Visitor, make: Make, now: datetime
) -> None:
    person, visit = booked_client(make, now)
    signed_in(visitor, person, now)
    visitor.say_yes()
    visitor.answer_until("safety-3")
    visitor.answer(red_flags_weight_loss=["yes"])
    first = make.found(Appointment, visit.id)
    deadline = first.decide_by
    with transaction():
        make.answer_seriously(visit, Level.REFER, now + timedelta(hours=5))
    assert make.found(Appointment, visit.id).decide_by == deadline


@pytest.mark.parametrize(("days", "state"), [(1, "requested"), (4, "booked")])
def test_an_illness_touches_only_the_visits_within_48_hours(
    visitor: Visitor, make: Make, now: datetime, days: int, state: str
) -> None:
    person = make.client()
    visit = make.appointment(of=make.offering(), who=person, starts_at=now + timedelta(days=days))
    signed_in(visitor, person, now)
    visitor.say_yes()
    visitor.answer_until("today")
    visitor.answer(today=["contagious_illness"])
    assert make.found(Appointment, visit.id).state == state


def test_a_visitor_touches_nobodys_visit(visitor: Visitor, make: Make, now: datetime) -> None:
    _, visit = booked_client(make, now)
    visitor.say_yes()
    visitor.answer_until("safety-1")
    visitor.answer(red_flags_both_legs_new=["yes"])
    assert make.found(Appointment, visit.id).state == "booked"


def test_new_answers_of_a_client_who_is_coming_wait_for_the_therapist(
    visitor: Visitor, make: Make, now: datetime
) -> None:
    person, visit = booked_client(make, now)
    signed_in(visitor, person, now)
    visitor.send(medications=["anticoagulant"])
    review = db.session.scalars(sa.select(Review)).one()
    assert (review.client_id, review.appointment_id) == (person.id, visit.id)
    assert make.found(Appointment, visit.id).state == "booked"
    assert db.session.scalars(sa.select(Submission)).one().client_id == person.id


def test_with_a_time_kept_the_suggestion_leads_on_to_the_details(visitor: Visitor, make: Make) -> None:
    sold = make.offering(intake="before_booking", modalities=["swedish"])
    page = visitor.go(f"/book/{sold.slug}")
    start = re.search(r'name="start" value="([^"]+)"', page.text)
    assert start, words(page)
    page = visitor.post(f"/book/{sold.slug}", {"start": start[1]})
    assert heading(page) == "Tell us about your back"
    page = visitor.send()
    assert 'href="/book/details"' in page.text
    assert f'href="/book/{sold.slug}"' not in page.text


def test_who_chose_a_time_first_reads_that_it_is_kept_and_what_comes(visitor: Visitor, make: Make) -> None:
    assert "held for you" not in words(visitor.go("/intake"))
    sold = make.offering(intake="before_booking")
    page = visitor.go(f"/book/{sold.slug}")
    start = re.search(r'name="start" value="([^"]+)"', page.text)
    assert start, words(page)
    page = visitor.post(f"/book/{sold.slug}", {"start": start[1]})
    assert heading(page) == "Tell us about your back"
    assert "held for you until" in words(page)
    assert f"About {question_time.MINUTES['chosen']} minutes. We ask only what can change" in words(page)
    assert re.search(rf'class="back" href="/book/{sold.slug}\?day=2031-03-\d\d"', page.text), (
        "Back leads to the day chosen"
    )
    visitor.say_yes()
    assert "held for you until" in words(visitor.go("/intake"))


def test_a_page_offers_to_keep_a_time_that_will_soon_be_let_go(
    visitor: Visitor, make: Make, now: datetime, the_clock_says: Callable[[datetime], None]
) -> None:
    sold = make.offering(intake="before_booking")
    page = visitor.go(f"/book/{sold.slug}")
    start = re.search(r'name="start" value="([^"]+)"', page.text)
    assert start, words(page)
    visitor.post(f"/book/{sold.slug}", {"start": start[1]})
    visitor.say_yes()
    assert "Keep it for me longer" not in words(visitor.page)
    the_clock_says(now + timedelta(minutes=12))
    visitor.go(f"/intake/{visitor.slug}")
    assert "Keep it for me longer" in words(visitor.page)
    assert f'formaction="/intake/{visitor.slug}#kept"' in visitor.page.text, (
        "the page comes back where it was left"
    )
    page = visitor.post(f"/intake/{visitor.slug}", {**posted(visitor.slug, {}), "keep_longer": "yes"})
    assert page.status_code == 200
    assert "Keep it for me longer" not in words(page)
    assert re.search(r'id="kept" tabindex="-1"><span>[^<]+ held for you until', page.text)
    held = db.session.scalars(sa.select(Appointment)).one()
    assert held.held_until is not None
    assert held.held_until > now + timedelta(minutes=31)
    draft = db.session.scalars(sa.select(Draft)).one()
    assert draft.answers == {}, "what was typed stands on the page and is saved with the page"
    assert re.search(r'value="41"', page.text) or " checked" in page.text


def test_after_a_no_a_time_can_be_asked_for_without_health_answers(visitor: Visitor, make: Make) -> None:
    sold = make.offering(intake="before_booking")
    visitor.post("/intake", {"consent_health_data": "no"})
    page = visitor.go(f"/book/{sold.slug}")
    start = re.search(r'name="start" value="([^"]+)"', page.text)
    assert start, words(page)
    page = visitor.post(f"/book/{sold.slug}", {"start": start[1]})
    assert "Ask for this session" in words(page)
    hidden = re.search(r'name="key"[^>]* value="([^"]+)"', page.text)
    assert hidden
    details = {
        "given_name": "Ada",
        "family_name": "Sample",
        "mail": "ada@client.example",
        "phone": "+49 30 5550199",
        "agree": "y",
        "plain": "yes",
        "key": hidden[1],
    }
    page = visitor.post("/book/details", details)
    assert page.status_code == 200, words(page)
    visit = db.session.scalars(sa.select(Appointment).where(Appointment.state == "requested")).one()
    assert visit.request_reason == "plain"
    assert make.count(Submission) == 0
