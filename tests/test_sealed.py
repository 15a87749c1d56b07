"""Health data at rest: what opens, what does not, and changing the key."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from clinic import sealed
from clinic.db import Base, db
from clinic.intake.models import Draft, Submission
from clinic.plans.models import SessionNote
from tests.make import Make

OLD, NEW = b"o" * 32, b"n" * 32
PLACE = "submissions.answers_sealed/1"
MARKER = "numb in both legs since Tuesday"


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    before = dict(sealed._keys)
    sealed.use({1: OLD})
    yield
    sealed._keys.clear()
    sealed._keys.update(before)


def draft(answers: dict[str, Any], make: Make) -> Draft:
    row = Draft(
        browser=secrets.token_bytes(32),
        consented_at=make.NOW,
        consent_version="test",
        created_at=make.NOW,
        changed_at=make.NOW,
    )
    row.answers = answers
    db.session.add(row)
    db.session.commit()
    return row


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=10,
    )
)
def test_what_was_sealed_opens_as_it_was(value: Any) -> None:
    assert sealed.unseal(sealed.seal(value, PLACE), PLACE) == value


def test_the_same_value_never_looks_the_same() -> None:
    assert len({sealed.seal(MARKER, PLACE) for _ in range(50)}) == 50


def test_a_sealed_value_shows_nothing_of_its_content() -> None:
    assert MARKER.encode() not in sealed.seal({"text": MARKER}, PLACE)


def test_a_change_of_any_byte_is_noticed() -> None:
    value = sealed.seal({"today": ["fever"]}, PLACE)
    for place in range(len(value)):
        changed = value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        with pytest.raises(sealed.Unsealable):
            sealed.unseal(changed, PLACE)


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x01" + b"0" * 12, sealed.NONCE_BYTES * b"\x01"])
def test_what_is_cut_short_does_not_open(broken: bytes) -> None:
    with pytest.raises(sealed.Unsealable):
        sealed.unseal(broken, PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    ["submissions.answers_sealed/2", "drafts.answers_sealed/1", "submissions.other_sealed/1", ""],
)
def test_a_value_copied_to_another_place_does_not_open(elsewhere: str) -> None:
    with pytest.raises(sealed.Unsealable):
        sealed.unseal(sealed.seal("x", PLACE), elsewhere)


def test_a_value_copied_to_another_row_of_the_database_does_not_open(make: Make) -> None:
    one, other = draft({"today": ["fever"]}, make), draft({"today": []}, make)
    other.answers_sealed = one.answers_sealed
    db.session.commit()
    with pytest.raises(sealed.Unsealable):
        _ = other.answers


def test_an_error_names_the_place_and_never_the_content() -> None:
    with pytest.raises(sealed.Unsealable) as failed:
        sealed.unseal(sealed.seal(MARKER, PLACE), "elsewhere")
    assert "elsewhere" in str(failed.value)
    assert MARKER not in str(failed.value)


def test_a_value_under_a_key_that_is_not_loaded_does_not_open() -> None:
    value = sealed.seal("x", PLACE)
    sealed.use({2: NEW})
    with pytest.raises(sealed.Unsealable, match="not loaded"):
        sealed.unseal(value, PLACE)


def test_a_key_that_is_not_known_yet_is_looked_for_once() -> None:
    sealed.use({1: OLD, 2: NEW})
    value = sealed.seal("x", PLACE)
    sealed.use({1: OLD}, look_for_more=lambda: sealed.use({1: OLD, 2: NEW}))
    assert sealed.unseal(value, PLACE) == "x"


def test_a_key_of_the_same_number_and_other_bytes_does_not_open() -> None:
    value = sealed.seal("x", PLACE)
    sealed.use({1: NEW})
    with pytest.raises(sealed.Unsealable):
        sealed.unseal(value, PLACE)


@pytest.mark.parametrize("keys", [{0: OLD}, {256: OLD}, {1: b"short"}])
def test_malformed_keys_are_refused(keys: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        sealed.use(keys)


def test_nothing_is_sealed_without_a_key() -> None:
    sealed.use({})
    with pytest.raises(sealed.Unsealable, match="no sealing key"):
        sealed.seal("x", PLACE)


def test_a_null_column_reads_as_none(make: Make) -> None:
    row = draft({}, make)
    assert row.mail is None
    row.mail = "ada@client.example"
    assert row.mail == "ada@client.example"
    row.mail = None
    assert row.mail_sealed is None


def test_changing_the_key_reseals_everything_in_steps_and_the_old_key_may_go(make: Make) -> None:
    rows = [draft({"number": number}, make) for number in range(5)]
    make.submission(answers={"text": MARKER})
    sealed.use({1: OLD, 2: NEW})
    newer = draft({"number": 5}, make)
    kept = newer.answers_sealed
    done = []
    while count := sealed.rotate(db.session(), Base, limit=3):
        db.session.commit()
        done.append(count)
    assert all(count <= 3 for count in done)
    assert newer.answers_sealed == kept
    sealed.use({2: NEW})
    db.session.expire_all()
    assert [row.answers for row in rows] == [{"number": number} for number in range(5)]
    assert db.session.scalars(sa.select(Submission)).one().answers == {"text": MARKER}


def test_a_signed_note_can_be_resealed_and_not_changed(make: Make) -> None:
    ada = make.client()
    author = make.user()
    visit = make.appointment(of=make.offering(), who=ada)
    note = SessionNote(
        appointment_id=visit.id,
        client_id=ada.id,
        author_id=author.id,
        written_at=make.NOW,
        signed_at=make.NOW,
    )
    note.content = {"text": MARKER}
    db.session.add(note)
    db.session.commit()
    note.content = {"text": "something else"}
    with pytest.raises(sa.exc.DBAPIError):
        db.session.commit()
    db.session.rollback()
    sealed.use({1: OLD, 2: NEW})
    while sealed.rotate(db.session(), Base, limit=10):
        db.session.commit()
    sealed.use({2: NEW})
    db.session.expire_all()
    assert note.content == {"text": MARKER}


def test_every_sealed_attribute_stands_on_a_column_of_bytes() -> None:
    found = list(sealed.sealed_attributes(Base))
    assert len(found) >= 15
    for model, attribute in found:
        column = model.__table__.c[attribute.column]
        assert isinstance(column.type, sa.LargeBinary), (model.__name__, attribute.column)
