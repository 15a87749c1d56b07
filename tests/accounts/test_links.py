"""Addresses that are their own key."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.accounts import signed_links

VISIT = UUID("0190a8e2-0000-7000-8000-00000000002a")
OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    before = dict(signed_links._keys)
    signed_links.use({1: OLD})
    yield
    signed_links.use(before)


def token_of(path: str) -> str:
    return path.rsplit("/", 1)[1]


def test_an_address_opens_the_appointment_it_was_made_for() -> None:
    claim = signed_links.check(token_of(signed_links.manage_path(VISIT, 1)))
    assert claim is not None
    assert claim.subject_id == VISIT
    assert claim.holds(1)


def test_raising_the_epoch_kills_the_address() -> None:
    claim = signed_links.check(token_of(signed_links.manage_path(VISIT, 1)))
    assert claim is not None
    assert not claim.holds(2)


def test_the_address_stays_the_same_for_life() -> None:
    assert signed_links.manage_path(VISIT, 1) == signed_links.manage_path(VISIT, 1)


def test_an_address_for_aftercare_does_not_manage_the_visit() -> None:
    aftercare = token_of(signed_links.aftercare_path(VISIT, 1))
    managing = signed_links.check(aftercare)
    reading = signed_links.check(aftercare, signed_links.AFTERCARE)
    assert managing is not None
    assert not managing.holds(1)
    assert reading is not None
    assert reading.holds(1)


def test_an_address_made_with_the_key_before_still_opens() -> None:
    path = signed_links.manage_path(VISIT, 1)
    signed_links.use({1: OLD, 2: NEW})
    claim = signed_links.check(token_of(path))
    assert claim is not None
    assert claim.holds(1)
    assert signed_links.manage_path(VISIT, 1) != path


def test_an_address_made_with_a_key_that_is_gone_opens_nothing() -> None:
    path = signed_links.manage_path(VISIT, 1)
    signed_links.use({2: NEW})
    claim = signed_links.check(token_of(path))
    assert claim is not None
    assert not claim.holds(1)


def test_no_other_text_opens_the_appointment() -> None:
    token = token_of(signed_links.manage_path(VISIT, 1))
    for place in range(len(token)):
        for other in "Aa0_-.":
            if other == token[place]:
                continue
            claim = signed_links.check(token[:place] + other + token[place + 1 :])
            assert claim is None or claim.subject_id != VISIT or not claim.holds(1)


def test_one_appointment_has_one_spelling_of_its_address() -> None:
    token = token_of(signed_links.manage_path(VISIT, 1))
    for spelling in (token + "=", token + "A", " " + token, token.replace(".", "=."), token + "\n"):
        claim = signed_links.check(spelling)
        assert claim is None or not claim.holds(1)


@given(st.text(max_size=80))
def test_any_text_is_read_without_an_error_and_opens_nothing(text: str) -> None:
    claim = signed_links.check(text)
    assert claim is None or not claim.holds(1)


def test_keys_of_the_wrong_size_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        signed_links.use({1: b"short"})
    with pytest.raises(ValueError, match="1 to 255"):
        signed_links.use({0: OLD})
