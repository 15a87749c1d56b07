"""Names as they are searched and compared."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.accounts.name_search import search_name

MIGRATION = Path(__file__).parents[2] / "migrations/versions/2026_11_28_names_folded.py"


@pytest.mark.parametrize(
    ("names", "searched"),
    [
        (("Zoë", "Müller"), "zo muller"),
        (("  Ana  María ", None), "ana maria"),
        (("Straße", "O'Neill"), "strasse oneill"),
        ((None, None), ""),
        (("Ａｄａ", "Łuk"), "ada luk"),
        (("Jean-Pierre", "Đặng"), "jean pierre dang"),
        (("Юлия", "Щукина"), "yuliya shchukina"),
        (("Γιώργος", "Παπαδόπουλος"), "giorgos papadopoulos"),
        (("Ευάγγελος", None), "evangelos"),
    ],
)
def test_a_name_is_folded_into_small_latin_letters(names: tuple[str | None, ...], searched: str) -> None:
    assert search_name(*names) == searched


@pytest.mark.parametrize(
    "spellings",
    [
        ("Søren", "Soren", "Soeren", "SØREN"),
        ("Müller", "Mueller", "Muller", "MÜLLER", "Mu\u0308ller"),
        ("Håkon", "Haakon", "Hakon"),
        ("Björn", "Bjørn", "Bjorn", "Bjoern"),
        ("Bäcker", "Baecker", "Backer"),
        ("O'Neill", "O’Neill", "O`Neill", "ONeill"),
        ("Işık", "Isik"),
        ("Þór", "Thor"),
        ("Œuvre", "Oeuvre"),
    ],
    ids=lambda spellings: spellings[0],
)
def test_spellings_of_one_name_are_one(spellings: tuple[str, ...]) -> None:
    assert len({search_name(spelling) for spelling in spellings}) == 1


LETTERS = st.characters(min_codepoint=0x41, max_codepoint=0x52F, categories=["Lu", "Ll", "Lt"])


@given(LETTERS)
def test_every_letter_of_latin_greek_and_cyrillic_can_be_typed_in_plain_ones(letter: str) -> None:
    folded = search_name(f"x{letter}x")
    assert folded.isascii()
    assert folded.startswith("x")


@given(st.text(max_size=40))
def test_a_search_name_is_its_own_search_name(name: str) -> None:
    once = search_name(name)
    assert search_name(once) == once


@given(st.text(max_size=20), st.text(max_size=20))
def test_the_rows_that_stood_were_folded_alike(given_name: str, family_name: str) -> None:
    spec = importlib.util.spec_from_file_location("names_folded", MIGRATION)
    assert spec is not None
    assert spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    assert migration.fold(given_name, family_name) == search_name(given_name, family_name)
