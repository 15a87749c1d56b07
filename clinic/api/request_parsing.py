"""Parses requests strictly: each name is known and given once, and a body is one JSON object of the described schema.

Invalid input is refused before anything is looked up. No message repeats what was sent.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug import Request

from clinic import language
from clinic.api.problems import BodyTooLong, Invalid, Malformed, WrongKind
from clinic.practice import queries as practice
from clinic.scheduling.hours import Days

BODY_BYTES = 16 * 1024
LONGEST_NAME = 100
LONGEST_RANGE_DAYS = 93
LONGEST_KEY = 255
KEY = f"^[!-~][ -~]{{0,{LONGEST_KEY - 1}}}$"
MOST_FAULTS = 20
"""How many faults are listed at once; a thousand faults do not get a thousand entries."""

# As described: in the twenty-first or twenty-second century, and in one notation only.
DAY = "^2[01][0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
START = f"{DAY[:-1]}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{{1,6}})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"

Shape = TypeVar("Shape", bound=BaseModel)


def language_wanted(main: str | None = None) -> str:
    """The language in which an answer tells what the practice typed: the first of ours that is accepted, else its main one.

    `main` is that of the practice, if it was read already.
    """
    accepted = request.accept_languages.best_match(language.LANGUAGES)
    return accepted or main or practice.the_practice().language


def query(known: Iterable[str], asked: Request | None = None) -> dict[str, str]:
    """The query parameters of a request, by default Flask's.

    Raises Malformed if one is given twice, Invalid for an unknown one.
    """
    given = (asked or request).args.to_dict(flat=False)
    if any(len(values) > 1 for values in given.values()):
        raise Malformed("Give each parameter once.")
    if unknown := given.keys() - set(known):
        named = (f"?{name}"[:LONGEST_NAME] for name in sorted(unknown)[:MOST_FAULTS])
        raise Invalid(dict.fromkeys(named, "Not known here."))
    return {name: values[0] for name, values in given.items()}


def body(shape: type[Shape]) -> Shape:
    """The body as a value of the schema. Raises WrongKind, BodyTooLong, Malformed and Invalid."""
    return fitted(sent(), shape)


def sent() -> dict[str, Any]:
    """The body as a JSON object. Raises WrongKind, BodyTooLong and Malformed."""
    if request.mimetype != "application/json":
        raise WrongKind
    content = request.get_data() if (request.content_length or 0) <= BODY_BYTES else b""
    if max(request.content_length or 0, len(content)) > BODY_BYTES:
        raise BodyTooLong
    try:
        found = json.loads(content.decode(), object_pairs_hook=_without_duplicates, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Malformed("The body is not JSON in UTF-8, or holds a member twice.") from None
    if not isinstance(found, dict):
        raise Malformed("The body has to be one JSON object.")
    return found


def fitted(content: dict[str, Any], shape: type[Shape]) -> Shape:
    """A JSON object as a value of the schema. Raises Invalid."""
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[:MOST_FAULTS]
        raise Invalid(dict(map(_fault, found))) from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_number(_constant: str) -> float:
    raise ValueError


def _fault(error: Mapping[str, Any]) -> tuple[str, str]:
    pointer = "".join(f"/{part}" for part in error["loc"]) or "/"
    message = error["msg"].removeprefix("Value error, ")
    return pointer[:LONGEST_NAME], message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")


def name(text: str) -> str:
    """The slug of a treatment, therapist or location; empty for an impossible one, which names nothing."""
    return text if 0 < len(text) <= LONGEST_NAME and text.isprintable() else ""


def days(asked: Mapping[str, str]) -> Days:
    """The half-open range of days from `from` to `to`. Raises Invalid for an invalid or too long range."""
    faults = {}
    found: dict[str, date] = {}
    for parameter in ("from", "to"):
        day = _day(asked.get(parameter, ""))
        if day is None:
            faults[f"?{parameter}"] = "Give a day, such as 2031-03-10."
        else:
            found[parameter] = day
    if faults:
        raise Invalid(faults)
    length = (found["to"] - found["from"]).days
    if not 0 < length <= LONGEST_RANGE_DAYS:
        raise Invalid(
            {"?to": f"Ask for at least one day and at most {LONGEST_RANGE_DAYS}; `to` is not included."}
        )
    return Days(found["from"], found["to"])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(DAY, text) else None
    except ValueError:
        return None


def start(text: str) -> datetime:
    """A UTC instant from a time with its UTC offset; raises ValueError with a sentence for anything else."""
    try:
        if re.fullmatch(START, text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        pass
    raise ValueError("Give a time with its offset, such as 2031-03-10T09:00+01:00.")


def idempotency_key() -> str:
    """The key a booking is sent with. Raises Malformed without a plausible one."""
    key = request.headers.get("Idempotency-Key", "")
    if not re.fullmatch(KEY, key):
        raise Malformed(
            "Send an Idempotency-Key header: sent again with the same key, a booking is made once."
        )
    return key


def if_match() -> int | None:
    """The revision in the If-Match header; None without one, -1 for an impossible one."""
    given = request.headers.get("If-Match")
    if given is None:
        return None
    number = given.strip().strip('"')
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else -1
