"""Which passwords staff may choose."""

import re

import pytest
from flask import Flask
from flask_security import hash_password, verify_password

from clinic.accounts import passwords

OWN = ["Inés Moreau", "Alder Lane", "ines@alderlane.example"]


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "velvet thumb ocean 9",
        "xkqzjvbtrwpl",
        "zwölf graue Kähne im Nebel",
        "Tr0ub4dor&3xyz",
        "x" + "".join(chr(0x4E00 + n * n % 997) for n in range(255)),
    ],
)
def test_long_passwords_that_nobody_tries_first_will_do(password: str) -> None:
    assert passwords.objection(password, OWN) is None


@pytest.mark.parametrize("password", ["", "short", "elevenchars"])
def test_a_password_of_fewer_than_twelve_characters_is_too_short(password: str) -> None:
    assert "at least 12 characters" in (passwords.objection(password, OWN) or "")


def test_a_password_of_more_than_256_characters_is_too_long() -> None:
    assert "at most 256" in (passwords.objection("velvet ocean " * 20, OWN) or "")


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password!2031",
        "p4ssw0rdp4ssw0rd",
        "Massage2024!!",
        "qwertyuiop1234567890",
        "0987654321zyxwvuts",
        "aaaaaaaaaaaaaaaa",
        "ababababababab",
        "summerwinterautumn",
        "ines.moreau.2031",
        "ines moreau therapist",
        "Inés Moreau, front desk",
        "Ines-Moreau-Owner-2031!",
        "moreau receptionist 20311128",
        "Alder Lane Alder Lane",
        "ines@alderlane.example",
        "wElCoMeWelcome1",
        "Ｐａｓｓｗｏｒｄ１２３４",
    ],
)
def test_words_names_years_and_patterns_alone_make_no_password(password: str) -> None:
    assert "tried first" in (passwords.objection(password, OWN) or "")


def test_the_name_of_another_practice_is_no_reason_to_refuse() -> None:
    assert passwords.objection("alder lane alder lane", ["Birch Hill"]) is None


def test_in_production_a_password_costs_whoever_tries_it_64_megabytes_and_three_passes(
    proxied_app: Flask,
) -> None:
    with proxied_app.app_context():
        kept = hash_password("velvet thumb ocean 9")
        costs = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$", kept)
        assert costs is not None
        assert [int(cost) for cost in costs.groups()] == [64 * 1024, 3, 1]
        assert verify_password("velvet thumb ocean 9", kept)
        assert not verify_password("velvet thumb ocean 8", kept)
