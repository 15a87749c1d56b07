"""Health data at rest: JSON sealed with AES-256-GCM, bound to its table, column and row.

A sealed value is `key id (1 byte) | nonce (12 bytes) | ciphertext and tag`. The associated data name the table, the
column and the row's id, so a value copied to another row, column or table does not open. Keys live outside the database
and its dumps; several may be known at once, the highest id seals, `python -m clinic rotate-key sealing` re-seals the rest.
"""

import hmac
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from clinic.db import Base

KEY_BYTES = 32
NONCE_BYTES = 12
LARGE_BYTES = 100_000
"""A sealed value from this size on, such as a file, is not held for the rest of a batch."""

PRINTED = b"fingerprint of a sealing key"

_keys: dict[int, AESGCM] = {}
_prints: dict[int, str] = {}
_look_for_more: Callable[[], object] | None = None


class Unsealable(Exception):
    """A sealed value that does not open: wrong key, wrong row, or changed bytes. Names the place, never the content."""


def use(keys: Mapping[int, bytes], look_for_more: Callable[[], object] | None = None) -> None:
    """Take these keys (id 1..255 to 32 bytes) for the whole process; raises ValueError when one is malformed.

    `look_for_more` is called when a value names a key that is not loaded: it may call `use` again.
    """
    global _keys, _prints, _look_for_more
    for key_id, key in keys.items():
        if not 1 <= key_id <= 255 or len(key) != KEY_BYTES:
            raise ValueError(f"sealing key {key_id} must have an id from 1 to 255 and {KEY_BYTES} bytes")
    # Each is replaced in one step: other threads are sealing meanwhile.
    _prints = {key_id: hmac.digest(key, PRINTED, "sha256")[:8].hex() for key_id, key in keys.items()}
    _keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
    _look_for_more = look_for_more


def current_key_id() -> int:
    """The id of the key that seals new values; raises Unsealable when no key is known."""
    if not _keys:
        raise Unsealable("no sealing key is loaded")
    return max(_keys)


def fingerprints() -> dict[int, str]:
    """The loaded keys by id, each as 16 hexadecimal digits that tell keys apart and say nothing of them."""
    return dict(_prints)


def are_known(prints: Mapping[int, str]) -> bool:
    """Whether all keys with these fingerprints are loaded."""
    return prints.items() <= fingerprints().items()


def seal(value: Any, place: str) -> bytes:
    """Seal a JSON value for one place, `table.column/row id`."""
    keys = _keys
    if not keys:
        raise Unsealable("no sealing key is loaded")
    key_id = max(keys)
    nonce = os.urandom(NONCE_BYTES)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return bytes([key_id]) + nonce + keys[key_id].encrypt(nonce, text, place.encode())


def unseal(sealed: bytes, place: str) -> Any:
    """Open a value sealed for this place; raises Unsealable for any other place, key or content."""
    key = _keys.get(sealed[0]) if sealed else None
    if key is None and sealed and _look_for_more is not None:
        _look_for_more()  # Whoever changes the key may be ahead of this process.
        key = _keys.get(sealed[0])
    if key is None:
        raise Unsealable(f"{place}: sealed with a key that is not loaded")
    try:
        text = key.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], place.encode())
    except (InvalidTag, ValueError):  # ValueError: cut so short that not even a nonce is left.
        raise Unsealable(f"{place}: does not open") from None
    return json.loads(text)


V = TypeVar("V")


class Sealed(Generic[V]):
    """Attribute of a model that reads and writes a sealed column.

        answers_sealed: Mapped[bytes]
        answers = Sealed[dict[str, Any]]("answers_sealed")

    The value is opened at each access and never kept in clear. A NULL column reads as None. Change a value by assigning
    it anew: what is opened is a copy. The model needs an `id` that is set before the value (see `db.Identified`).
    """

    def __init__(self, column: str) -> None:
        self.column = column

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: object, owner: type) -> V: ...
    def __get__(self, row: Any, owner: type) -> Any:
        if row is None:
            return self
        sealed = getattr(row, self.column)
        return None if sealed is None else unseal(sealed, self.place(row))

    def __set__(self, row: Any, value: V | None) -> None:
        setattr(row, self.column, None if value is None else seal(value, self.place(row)))

    def place(self, row: Any) -> str:
        """Where this row's value belongs: `table.column/row id`."""
        return f"{row.__tablename__}.{self.column}/{row.id}"


def sealed_attributes(base: "type[Base]") -> Iterator[tuple[type[Any], Sealed[Any]]]:
    """Every (model, sealed attribute) below `base`, for rotation and for the tests that look for clear text."""
    for mapper in sorted(base.registry.mappers, key=lambda mapper: mapper.class_.__name__):
        for name in sorted(vars(mapper.class_)):
            attribute = vars(mapper.class_)[name]
            if isinstance(attribute, Sealed):
                yield mapper.class_, attribute


def counts(session: "sa.orm.Session", base: "type[Base]") -> dict[str, dict[int, int]]:
    """How many values each key holds: by table and column, then by the key's id. Columns without a value are left out."""
    found: dict[str, dict[int, int]] = {}
    for model, attribute in sealed_attributes(base):
        column = getattr(model, attribute.column)
        key = sa.func.get_byte(column, 0)
        rows = session.execute(sa.select(key, sa.func.count()).where(column.is_not(None)).group_by(key))
        if by_key := {int(key_id): int(count) for key_id, count in rows}:
            found[f"{model.__tablename__}.{attribute.column}"] = by_key
    return found


def unreadable(session: "sa.orm.Session", base: "type[Base]") -> list[str]:
    """The columns, each after its table and a point, in which something is sealed with a key that is not loaded, or is not this one.

    Of values under keys that are loaded, one in each column is opened; no value is returned.
    """
    found = []
    loaded = [bytes([key_id]) for key_id in _keys]
    for model, attribute in sealed_attributes(base):
        column = getattr(model, attribute.column)
        any_value = sa.select(model.id, column).where(column.is_not(None)).limit(1)
        other_key = any_value.where(sa.func.substring(column, 1, 1).not_in(loaded))
        place = f"{model.__tablename__}.{attribute.column}"
        asked = sa.union_all(sa.select(other_key.subquery()), sa.select(any_value.subquery()))
        if not all(_opens(value, f"{place}/{row_id}") for row_id, value in session.execute(asked)):
            found.append(place)
    return found


def _opens(value: bytes, place: str) -> bool:
    try:
        unseal(value, place)
    except Unsealable:
        return False
    return True


def rotate(session: "sa.orm.Session", base: "type[Base]", limit: int) -> int:
    """Re-seal up to `limit` values that an older key holds; returns how many, zero when all are done."""
    newest = bytes([current_key_id()])
    done = 0
    for model, attribute in sealed_attributes(base):
        column = getattr(model, attribute.column)
        old = (
            sa.select(model)
            .where(column.is_not(None), sa.func.substring(column, 1, 1) != newest)
            .limit(limit - done)
        )
        for row in session.scalars(old.with_for_update(skip_locked=True)):
            attribute.__set__(row, attribute.__get__(row, model))
            done += 1
            if len(getattr(row, attribute.column)) > LARGE_BYTES:
                session.flush()
                session.expire(row)  # A batch of files would not fit into memory.
        if done >= limit:
            break
    session.flush()
    return done
