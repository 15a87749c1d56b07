"""A care card says how soon, whom to ask, which answers led to it, and what to say; a page for the doctor goes along."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from clinic.accounts.models import AuditEntry
from clinic.db import db
from clinic.guidance.help_lines import ADVICE_LINES, advice_line
from clinic.public import doctors_letter
from tests.make import Make
from tests.public.test_intake_pages import Visitor, heading, posted, words

pytestmark = pytest.mark.usefixtures("clock_at_now")


@pytest.fixture(autouse=True)
def practice(make: Make) -> None:
    make.practice(country="GB", advice_line="", emergency_number="999")


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


def stopped(visitor: Visitor, page: str, **changes: list[str]) -> str:
    visitor.say_yes()
    visitor.answer_until(page)
    return words(visitor.answer(**changes))


def test_a_pulsing_tummy_is_for_today_with_the_countrys_line(visitor: Visitor) -> None:
    said = stopped(visitor, "safety-5", red_flags_pulsing_abdomen=["yes"])
    assert heading(visitor.page) == "Please see a doctor today, before a massage"
    assert "Today (this applies to you)" in said
    assert 'href="tel:111"' in visitor.page.text
    assert "The answer that led here" in said
    assert "Do you feel a pulsing in your tummy, like a heartbeat? Yes" in said
    assert "“I feel a pulsing in my tummy, like a heartbeat. Can someone see me today?”" in said
    assert 'href="/intake/safety-5?change=yes#red_flags-pulsing_abdomen"' in visitor.page.text


def test_somebody_unsure_of_an_urgent_sign_reads_what_to_say_in_local_words(
    visitor: Visitor, make: Make
) -> None:
    said = stopped(visitor, "safety-1", red_flags_bladder_bowel_change=["unsure"])
    assert "“I am not sure, but since my pain began it may be harder to pass urine or to hold it" in said
    assert "If you become sure of it, or it gets worse, call 999" in said
    make.practice(country="US", advice_line="", emergency_number="911")
    assert "since my pain began it may be harder to urinate or to hold it" in words(
        visitor.go("/intake/outcome")
    )


def test_what_to_tell_the_emergency_service_is_in_local_words(visitor: Visitor, make: Make) -> None:
    make.practice(country="US", advice_line="", emergency_number="911")
    said = stopped(visitor, "safety-1", red_flags_saddle_numbness=["yes"])
    assert "Numbness or altered feeling around genitals, anus or inner thighs" in said


def test_an_own_number_goes_before_the_countrys() -> None:
    assert advice_line("GB", "555 0100") == "555 0100"
    assert advice_line("GB") == "111"
    assert advice_line("US") == ""


def test_a_countrys_line_has_a_source_and_a_country_with_regional_lines_has_none() -> None:
    for country, line in ADVICE_LINES.items():
        assert line.number.replace(" ", "").isdigit(), country
        assert "." in line.source.partition(" ")[0], country
        assert line.read_on.year >= 2026
    assert not {"BE", "CA", "FI"} & set(ADVICE_LINES)


def test_the_page_for_the_doctor_holds_the_clients_answers_and_no_advice(visitor: Visitor) -> None:
    stopped(visitor, "safety-3", red_flags_weight_loss=["yes"])
    before = db.session.query(AuditEntry).filter_by(purpose="doctor's letter").count()
    said = words(visitor.go("/intake/letter"))
    assert heading(visitor.page) == "For the doctor"
    assert "Have you lost weight without trying? Yes" in said
    assert "Age 41" in said
    assert "see a doctor" not in said
    assert "massage is fine" not in said
    assert db.session.query(AuditEntry).filter_by(purpose="doctor's letter").count() == before + 1
    assert "no-store" in visitor.page.headers["Cache-Control"]


def test_a_list_of_which_nothing_applied_is_told_without_the_list() -> None:
    led, others, _ = doctors_letter.sheet(
        {"conditions": ["asthma"], "medications": [], "limb_symptoms": ["none"], "pain_areas": []},
        ["medications"],
    )
    assert led == [("Medicines", "None of those we asked about")]
    assert others == [
        ("Where it hurts", "None"),
        ("Arm or leg feeling", "None of those we asked about"),
        ("Conditions", "Asthma"),
    ]


def test_the_page_for_the_doctor_is_dated_where_the_practice_is(
    visitor: Visitor, make: Make, the_clock_says: Callable[[datetime], None]
) -> None:
    make.location(zone="America/Toronto")
    the_clock_says(datetime(2031, 6, 12, 2, tzinfo=UTC))
    stopped(visitor, "safety-3", red_flags_weight_loss=["yes"])
    assert "11 June 2031" in words(visitor.go("/intake/letter"))


def test_there_is_no_page_for_the_doctor_without_a_stop(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-3")
    assert visitor.go("/intake/letter").status_code == 404


def test_a_cold_and_shingles_have_words_of_their_own(visitor: Visitor) -> None:
    said = stopped(visitor, "today", today=["cold"])
    assert heading(visitor.page) == "Please come another day"
    assert "when you feel well" in said
    assert "What to say" not in said
    visitor.go("/intake/where")
    visitor.answer_until("operations", today=["cold"])
    visitor.answer(skin_issues=["shingles"])
    said = words(visitor.go("/intake/outcome"))
    assert heading(visitor.page) == "Please see a doctor within two days, before a massage"
    assert "every blister has a dry crust" in said
    assert "Any skin problem today? Shingles" in said


def test_the_card_of_sent_answers_says_the_same_without_a_way_to_change(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-3")
    visitor.answer(red_flags_weight_loss=["yes"])
    visitor.go("/intake/safety-4")
    visitor.answer_until("check")
    said = words(visitor.post("/intake/check", posted("closing", {})))
    assert "Have you lost weight without trying? Yes" in said
    assert "Two days (this applies to you)" in said
    assert "change=yes" not in visitor.page.text


def test_a_look_first_says_what_to_watch_for(visitor: Visitor) -> None:
    visitor.send(radiation=["leg_below_knee"], limb_symptoms=["numbness"])
    said = words(visitor.page)
    assert heading(visitor.page) == "A therapist looks at your answers first"
    assert "You told us:" not in said
    assert "Until your visit, watch for these" in said
    assert "Numbness between your legs" in said
    assert "Call 999 or go to an emergency department at once." in said


def test_a_look_first_says_what_to_see_a_doctor_about(visitor: Visitor) -> None:
    visitor.send(red_flags_cough_sneeze_worse=["yes"])
    said = words(visitor.page)
    assert heading(visitor.page) == "A therapist looks at your answers first"
    assert (
        "You told us: Clearly worse on coughing or sneezing. Please have this looked at by a doctor soon."
        in said
    )


def test_nothing_to_watch_for_is_not_shown(visitor: Visitor) -> None:
    visitor.send()
    assert "watch for these" not in words(visitor.page)
