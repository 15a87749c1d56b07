"""The questions about health in German: every page that a client can reach, with what is refused, and no English left."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.guidance import questionnaire
from clinic.guidance.fields import FieldKind
from clinic.guidance.questions import PAGES
from tests.intake.walk import DULL
from tests.make import Make
from tests.public.spoken import english_on
from tests.visitor import Visitor
from tests.web.reading import Element

SLUGS = {page.slug for page in PAGES}
WIDE = {
    "sex_at_birth": ["female"],
    "pregnancy": ["t2"],
    "activity_level": ["regular"],
    "limb_symptoms": ["numbness"],
    "diagnoses": ["sciatica"],
    "medications": ["long_term_steroid"],
    "skin_issues": ["bruise"],
    "clinician_seen": ["yes_cleared"],
    "red_flags.cough_sneeze_worse": ["unsure"],
    "red_flags.wakes_late_at_night": ["yes"],
    "red_flags.cancer_ever": ["yes"],
    "cancer_pain_changed": ["no"],
    "pain_duration": ["gt_12w"],
    "onset_triggers": ["sport_training"],
    "eases_with_movement": ["no"],
    "began_before_45": ["no"],
}
"""Answers after which most pages are asked, and which stop nothing."""


@pytest.fixture
def browser(app: Flask, make: Make) -> FlaskClient:
    """A browser whose owner reads German, at a German practice."""
    make.practice(name="Praxis Erle", country="DE", language="de", emergency_number="112", is_demo=False)
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de-DE,de;q=0.9,en;q=0.4"
    return client


def begun(browser: FlaskClient) -> Visitor:
    page = Visitor(browser).open("/intake")
    assert page.heading == "Erzählen Sie uns von Ihrem Rücken"
    assert english_on(page) == []
    refused = page.press("Weiter")
    assert "Wählen Sie, ob wir diese Antworten speichern dürfen." in refused.text
    assert english_on(refused) == []
    return page.press("Weiter", consent_health_data="yes")


def answers_for(slug: str) -> dict[str, object]:
    fields: dict[str, object] = {}
    for question in questionnaire.page(slug).questions:
        if question.field in WIDE:
            fields[question.field] = WIDE[question.field]
        elif question.field in DULL:
            fields[question.field] = DULL[question.field]
        elif question.kind is FieldKind.RED_FLAG:
            fields[question.field] = ["no"]
        elif question.kind not in (FieldKind.PSFS, FieldKind.OWN_WORDS) and not question.optional:
            codes = [option.code for option in question.options]
            fields[question.field] = ["none" if "none" in codes else codes[0]]
    return fields


def answer_all(page: Visitor) -> tuple[Visitor, list[str]]:
    """Answer page after page, each first with nothing; the page after the last, and the pages that were seen."""
    wrong = {where: english_on(page) for where, _ in answer_all_seen(page)}
    assert {where: said for where, said in wrong.items() if said} == {}
    return page, [where for where in wrong if not where.endswith("refused")]


def answer_all_seen(page: Visitor, button: str = "Weiter") -> Iterator[tuple[str, Element]]:
    """Answer page after page, each first with nothing; every page as it is seen, and as it is refused."""
    while (slug := page.path.rsplit("/", 1)[-1].split("?")[0]) in SLUGS:
        yield slug, page.page
        page.press(button)
        if page.status != 422:
            continue  # Nothing on it has to be answered.
        yield f"{slug} refused", page.page
        page.press(button, **answers_for(slug))  # type: ignore[arg-type]
        assert page.path.rsplit("/", 1)[-1] != slug, (slug, page.text)


def test_every_question_and_every_refusal_is_german(browser: FlaskClient) -> None:
    page, seen = answer_all(begun(browser))
    assert len(seen) > 20
    assert page.heading == "Prüfen Sie Ihre Antworten"
    assert english_on(page) == []


def test_what_is_under_way_and_what_was_withheld_is_german(browser: FlaskClient) -> None:
    page = begun(browser)
    again = page.open("/intake")
    assert again.heading == "Machen Sie weiter, wo Sie aufgehört haben"
    assert english_on(again) == []
    withheld = again.press("Löschen und neu beginnen").press("Weiter", consent_health_data="no")
    assert withheld.heading == "Wir haben nichts gespeichert"
    assert english_on(withheld) == []


def outcome_after(browser: FlaskClient, changes: dict[str, list[str]]) -> Visitor:
    """The outcome of answers, each page with these changes."""
    page = begun(browser)
    while (slug := page.path.rsplit("/", 1)[-1].split("?")[0]) in SLUGS:
        asked = {question.field for question in questionnaire.page(slug).questions}
        told = {field: value for field, value in changes.items() if field in asked}
        page.press("Weiter", **{**answers_for(slug), **told})  # type: ignore[arg-type]
    if page.path.endswith("/check"):
        boxes = dict.fromkeys(("understood_not_diagnosis", "accuracy_confirmed"), "yes")
        page.press("Antworten absenden", **boxes)
    return page


def test_the_urgent_card_is_german_and_names_the_number_of_the_practice(browser: FlaskClient) -> None:
    card = outcome_after(browser, {"red_flags.saddle_numbness": ["yes"]})
    assert card.heading == "Rufen Sie jetzt 112 an oder gehen Sie in eine Notaufnahme"
    assert "im Intimbereich, am After oder an den Innenseiten der Oberschenkel" in card.text
    assert english_on(card) == []


def test_a_doctors_card_is_german_and_names_the_line_of_the_country(browser: FlaskClient) -> None:
    card = outcome_after(browser, {"red_flags.bladder_bowel_change": ["unsure"]})
    assert card.heading == "Bitte suchen Sie heute ärztlichen Rat, vor einer Massage"
    assert "116117" in card.text
    assert "Ich bin nicht sicher, aber seit Beginn meiner Schmerzen" in card.text
    assert english_on(card) == []


def test_another_day_is_german(browser: FlaskClient) -> None:
    card = outcome_after(browser, {"today": ["cold"]})
    assert card.heading == "Bitte kommen Sie an einem anderen Tag"
    assert english_on(card) == []


def test_a_look_first_is_german_with_what_to_watch_for(browser: FlaskClient) -> None:
    page = outcome_after(browser, {})
    assert page.heading == "Ihre Antworten werden zuerst angesehen"
    assert "Achten Sie bis zu Ihrem Termin auf diese Anzeichen" in page.text
    assert english_on(page) == []


PLAIN = {
    "pregnancy": ["no"],
    "limb_symptoms": ["none"],
    "diagnoses": ["none"],
    "medications": ["none"],
    "skin_issues": ["rash_or_eczema"],
    "skin_areas": ["legs"],
    "conditions": ["hypertension_controlled", "asthma"],
    "muscle_findings": ["knots", "general_tightness"],
    "modalities_liked": ["deep_tissue"],
    "red_flags.cough_sneeze_worse": ["no"],
    "red_flags.wakes_late_at_night": ["no"],
    "red_flags.cancer_ever": ["no"],
}


def test_a_suggestion_is_german_with_reasons_changes_and_course(browser: FlaskClient) -> None:
    page = outcome_after(browser, PLAIN)
    assert page.heading.startswith("Ein guter Anfang: ")
    assert "Wöchentlich, 8 bis 10 Behandlungen." in page.text
    assert english_on(page) == []
