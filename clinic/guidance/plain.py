"""Results as plain JSON values, so that what is stored can be read without this code."""

from dataclasses import fields, is_dataclass
from enum import Enum

Json = dict[str, object]


def plain(value: object) -> object:
    """The value as JSON knows it: records as objects, sequences as lists, enumerations as their value."""
    if value is None or type(value) in (str, int, bool, float):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, frozenset | set):
        return sorted(plain(item) for item in value)  # type: ignore[type-var]  # sets hold codes or numbers
    return record(value)


def record(value: object) -> Json:
    """A dataclass value as a JSON object."""
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} has no plain form")
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
