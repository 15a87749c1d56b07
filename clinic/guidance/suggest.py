"""The command `python -m clinic suggest FILE|-`: facts in as JSON, what the guidance makes of them out as JSON.

In: one object of facts, or a list of them, with the field names and option codes of the questionnaire; a missing field is
unanswered, and a missing red flag counts as no. Out: a list with one result for each input, in order. At urgent and refer
nothing was scored: `top` and `plan` are null, `ranked` is empty and every score is 0.
"""

import json
import sys
from typing import Final, TextIO

from clinic.guidance.facts import Facts, InvalidFacts
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.matching import suggest
from clinic.guidance.outcome import SafetyOutcome
from clinic.guidance.plain import Json, record
from clinic.guidance.plan import DraftPlan, draft
from clinic.guidance.screening import screen
from clinic.guidance.suggestion import Match, Reason

OK: Final = 0
REFUSED: Final = 2


# Python refuses to read a number of thousands of digits before its field is known; this one is out of every range.
_TOO_LONG: Final = 20
_OUT_OF_RANGE: Final = 10**_TOO_LONG


class _Refused(ValueError):
    """The input cannot be read; the text says where and why, in one line."""


def from_file(name: str) -> int:
    """`run` on a file, or on standard input for `-`, with the process's own streams."""
    if name == "-":
        return run(sys.stdin, sys.stdout, sys.stderr)
    try:
        with open(name, encoding="utf-8") as facts:
            return run(facts, sys.stdout, sys.stderr)
    except OSError as error:
        sys.stderr.write(f"{name}: {error.strerror}\n")
        return REFUSED


def run(stream_in: TextIO, stream_out: TextIO, stream_err: TextIO) -> int:
    """Read facts, write results, and return the exit status: 0, or 2 with one line on `stream_err` and no output."""
    try:
        clients = _read(stream_in)
    except _Refused as refused:
        stream_err.write(f"{refused}\n")
        return REFUSED
    # One result on each line: readable enough, and without indentation the encoder stays in C.
    lines = ",\n".join(json.dumps(result_of(facts)) for facts in clients)
    stream_out.write(f"[\n{lines}\n]\n")
    return OK


def _read(stream: TextIO) -> list[Facts]:
    try:
        given = json.load(stream, object_pairs_hook=_object, parse_int=_whole)
    except (ValueError, RecursionError) as broken:
        raise _Refused(f"The input is not JSON: {_line(str(broken))}") from broken
    clients = given if isinstance(given, list) else [given]
    return [_facts(client, number) for number, client in enumerate(clients, start=1)]


def _whole(digits: str) -> int:
    return int(digits) if len(digits) <= _TOO_LONG else _OUT_OF_RANGE


def _object(pairs: list[tuple[str, object]]) -> Json:
    read: Json = {}
    for name, value in pairs:
        if name in read:
            raise ValueError(f"the field {name!r} stands twice in one object")
        read[name] = value
    return read


def _facts(client: object, number: int) -> Facts:
    if not isinstance(client, dict):
        raise _Refused(f"client {number}: must be an object of facts")
    for name, value in client.items():
        if value is None:
            raise _Refused(_line(f"client {number}: {name}: is null; leave out what is unanswered"))
    try:
        return Facts.of(client)
    except InvalidFacts as invalid:
        value = "" if invalid.value is None else f": {invalid.value!r}"
        raise _Refused(_line(f"client {number}: {invalid}{value}")) from invalid


def _line(text: str) -> str:
    return " ".join(text.split())


def result_of(facts: Facts) -> Json:
    """What the guidance makes of one client's facts, as plain JSON."""
    outcome = screen(facts)
    suggestion = suggest(facts, outcome)
    ranked = suggestion.ranked if suggestion else ()
    plan = draft(facts, outcome, suggestion) if suggestion else None
    return {
        "safety": outcome.level.value,
        "disposition": outcome.disposition.value if outcome.disposition else None,
        "safety_rules": list(outcome.rules),
        "top": ranked[0].modality if ranked else None,
        "ranked": [_match(match) for match in ranked],
        "scores": suggestion.scores if suggestion else dict.fromkeys(MODALITIES, 0),
        "excluded": _excluded(outcome),
        "confidence": suggestion.confidence if suggestion else None,
        "plan": _plan(plan) if plan else None,
        "rule_set": outcome.rule_set,
    }


def _match(match: Match) -> Json:
    return {
        "modality": match.modality,
        "score": match.score,
        "reasons": [_reason(reason) for reason in (*match.reasons, *match.against)],
    }


def _reason(reason: Reason) -> Json:
    return {
        "rule": reason.rule,
        "points": reason.points,
        "text": reason.text,
        "sections": [section.code for section in reason.sections],
        "answers": reason.answers,
    }


def _excluded(outcome: SafetyOutcome) -> list[Json]:
    return [record(exclusion) for exclusion in outcome.exclusions]


def _plan(plan: DraftPlan) -> Json:
    return {
        "areas": list(plan.areas),
        "pressure": plan.pressure,
        "techniques": [
            {"technique": item.technique, "modality": item.modality, "aim": item.aim}
            for item in plan.techniques
        ],
        "minutes": plan.minutes,
        "course": {
            "sessions": plan.course.sessions,
            "every": plan.course.every,
            "text": plan.course.text,
        },
        "reassess": {"after": list(plan.reassess.after), "text": plan.reassess.text},
    }
