"""Every sentence in every language: nothing forgotten, nothing misquoted, and dates, sums and zones as people write them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import jinja2.ext
import pytest
from babel.messages.extract import extract
from flask import Flask

from clinic import language
from clinic.guidance import wording
from clinic.guidance.questions import QUESTIONS
from clinic.language import LANGUAGES, health_texts, reading
from clinic.language.health_texts import health_text

ROOT = Path(__file__).parent.parent
FOREIGN = [one for one in LANGUAGES if one != language.ENGLISH]
PLACES = re.compile(r"%\((\w+)\)s|\{(\w+)\}")
VALUES = re.compile(r"\{(\w+)\}")


@cache
def sentences() -> list[tuple[str, ...]]:
    """Every marked sentence: one form, or that for one thing and that for several."""
    return list(_extracted())


def _extracted() -> Iterator[tuple[str, ...]]:
    for path in sorted([*(ROOT / "clinic").rglob("*.py"), *(ROOT / "templates").rglob("*.*")]):
        with path.open("rb") as file:
            if path.suffix == ".py":
                found = extract("python", file, keywords={"gettext": None, "N_": None, "ngettext": (1, 2)})
                marked = [
                    (message if isinstance(message, tuple) else (message,)) for _, message, _, _ in found
                ]
            else:
                options = {"trimmed": "true", "silent": "false"}
                drawn = jinja2.ext.babel_extract(file, ("_", "gettext", "ngettext"), (), options)
                marked = [
                    (message,) if isinstance(message, str) else tuple(part for part in message if part)
                    for _, _, message, _ in drawn
                ]
        yield from (forms for forms in marked if forms[0])


@pytest.mark.parametrize("spoken", FOREIGN)
def test_no_sentence_is_untranslated_and_none_is_left_over(spoken: str) -> None:
    marked = {forms[0]: forms for forms in sentences()}
    known = language.catalogue(spoken)
    assert len(marked) > 100
    assert sorted(set(marked) - set(known)) == []
    assert sorted(set(known) - set(marked)) == []
    assert [one for one, forms in marked.items() if len(known[one]) != len(forms)] == []
    assert [one for one, forms in known.items() if not all(form.strip() for form in forms)] == []


@pytest.mark.parametrize("spoken", FOREIGN)
def test_a_translation_names_the_same_things(spoken: str) -> None:
    def places(text: str) -> set[tuple[str, ...]]:
        return set(PLACES.findall(text))

    wrong = [
        one
        for one, forms in language.catalogue(spoken).items()
        if any(places(form) != places(one) for form in forms)
    ]
    assert wrong == []


@pytest.mark.parametrize("spoken", FOREIGN)
def test_every_text_of_the_guidance_that_clients_read_is_translated(spoken: str) -> None:
    known = health_texts.health_catalogue(spoken)
    assert len(wording.texts()) > 500
    assert sorted(wording.texts() - set(known)) == []
    assert sorted(set(known) - wording.texts()) == []
    assert [one for one, said in known.items() if set(VALUES.findall(one)) != set(VALUES.findall(said))] == []


@pytest.mark.parametrize("spoken", FOREIGN)
def test_no_two_texts_of_the_guidance_are_the_same_answer(spoken: str) -> None:
    """Options of one question that read alike could not be told apart."""
    with_twins = []
    for question in QUESTIONS.values():
        said = [health_texts.health_catalogue(spoken).get(option.label) for option in question.options]
        if len(set(said)) != len(said):
            with_twins.append(question.field)
    assert with_twins == []


def test_a_stored_sentence_is_recognised_by_the_words_around_its_values(app: Flask) -> None:
    with app.app_context(), language.speaking("de"):
        assert health_text("Safety check · 2") == "Sicherheitsfragen · 2"
        assert (
            health_text("Choose “None of these”, or the ones that apply, but not both.")
            == "Wählen Sie „Nichts davon“ oder das, was zutrifft, aber nicht beides."
        )
        # The client's own words are not looked up, though “Dance” is an answer elsewhere.
        assert health_text("How well does this go now: “Dance”?") == "Wie gut geht das jetzt: „Dance“?"
        assert health_text("Nobody wrote this one") == "Nobody wrote this one"
    with app.app_context():
        assert health_text("Safety check · 2") == "Safety check · 2"


def test_german_speaks_to_people_politely() -> None:
    familiar = re.compile(r"\b(du|dich|dir|dein|deine|deinen|deinem|deiner|euch|euer)\b", re.IGNORECASE)
    spoken = [form for forms in language.catalogue("de").values() for form in forms]
    spoken += health_texts.health_catalogue("de").values()
    assert [form for form in spoken if familiar.search(form)] == []


def test_german_says_only_where_it_is_so_that_something_is_in_english() -> None:
    """What is said of a language without a catalogue of health texts is the rest; German has one."""
    said = [english for english, forms in language.catalogue("de").items() if "Englisch" in "".join(forms)]
    assert [english for english in said if "English" not in english] == []
    assert len(said) == 3


INSTANT = datetime(2031, 3, 6, 9, 5, tzinfo=UTC)


def test_german_reads_dates_times_sums_and_zones_as_german(app: Flask) -> None:
    with app.app_context(), language.speaking("de"):
        assert reading.full_date(INSTANT, "Europe/Vienna") == "Donnerstag, 6.\u00a0März\u00a02031"
        assert reading.short_date(INSTANT, "Europe/Vienna") == "Do., 6.\u00a0März"
        assert (
            reading.wall_range(INSTANT, INSTANT + timedelta(hours=1), "Europe/Vienna")
            == "10:05 bis 11:05\u00a0Uhr"
        )
        assert reading.zone_name(INSTANT, "Europe/Vienna") == "MEZ (Ortszeit Wien)"
        assert reading.zone_name(INSTANT + timedelta(days=90), "Europe/Berlin") == "MESZ (Ortszeit Berlin)"
        assert reading.zone_name(INSTANT, "Asia/Kathmandu") == "Ortszeit Kathmandu"
        assert [reading.money(cents, "EUR") for cents in (6000, 5650, 123456)] == [
            "60\xa0€",
            "56,50\xa0€",
            "1.234,56\xa0€",
        ]
        assert reading.near_date(INSTANT, "Europe/Berlin", INSTANT - timedelta(days=1)) == "morgen"
        assert language.ngettext("%(num)s visit.", "%(num)s visits.", 1) == "%(num)s Termin."
        assert language.ngettext("%(num)s visit.", "%(num)s visits.", 2) == "%(num)s Termine."


def test_english_reads_as_before_and_speaking_ends_with_its_block(app: Flask) -> None:
    with app.app_context():
        with language.speaking("de"):
            assert language.current() == "de"
        assert language.current() == "en"
        assert reading.full_date(INSTANT, "Europe/Vienna") == "Thursday 6 March 2031"
        assert reading.money(5650, "EUR") == "€56.50"


def test_a_language_nobody_knows_is_english(app: Flask) -> None:
    with app.app_context(), language.speaking("xx"):
        assert language.current() == "en"
        assert language.gettext("Booked") == "Booked"
