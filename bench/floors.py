"""The least a month of any therapist needs: fetching its busy rows, computing its times, writing them as JSON.

Each is the plainest code that does only that, with the bare driver and without the product's rules: no buffers, rooms,
zones, notice or absences. Our own call is measured against them.
"""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import psycopg

from bench.dataset import Asked, Clinic, id_of, opened
from bench.timing import Cost, interleaved

FETCH = """
SELECT therapist_id, occupied_from, occupied_until FROM appointments
 WHERE therapist_id = ANY(%s) AND occupied_from >= %s AND occupied_from < %s
   AND state IN ('held', 'requested', 'booked', 'arrived', 'done')
 ORDER BY therapist_id, occupied_from
"""
Rows = list[tuple[UUID, datetime, datetime]]


def fetch(cursor: psycopg.Cursor[Any], therapists: list[UUID], asked: Asked) -> Rows:
    """The busy rows of the month: one prepared statement, in binary, through the covering index."""
    begins, ends = (datetime.combine(day, time(), UTC) for day in (asked.first_on, asked.until_on))
    found: Rows = cursor.execute(FETCH, (therapists, begins, ends), prepare=True).fetchall()
    return found


def busy_minutes(rows: Rows) -> dict[UUID, dict[date, list[tuple[int, int]]]]:
    """The rows as minutes of days: part of fetching, since computing cannot begin without it."""
    found: dict[UUID, dict[date, list[tuple[int, int]]]] = {}
    for who, begins, ends in rows:
        minute = begins.hour * 60 + begins.minute
        span = (minute, minute + (ends - begins).seconds // 60)
        found.setdefault(who, {}).setdefault(begins.date(), []).append(span)
    return found


def reckon(
    busy: dict[UUID, dict[date, list[tuple[int, int]]]],
    therapists: Iterable[UUID],
    days: list[date],
    minutes: int,
) -> dict[str, list[str]]:
    """Every quarter of an hour at which somebody is free for that long: one walk over each day's sorted intervals."""
    found = {}
    for day in days:
        free: set[int] = set()
        for who in therapists:
            taken = busy.get(who, {}).get(day, ())
            for opens, closes in opened(day):
                at = opens
                for begins, ends in taken:
                    if opens <= begins < closes:
                        free.update(range(at, begins - minutes + 1, 15))
                        at = -(-ends // 15) * 15
                free.update(range(at, closes - minutes + 1, 15))
        if free:
            found[day.isoformat()] = [f"{minute // 60:02}:{minute % 60:02}" for minute in sorted(free)]
    return found


def measured(clinic: Clinic, asked: list[Asked], address: str, rounds: int) -> dict[str, Cost]:
    """Fetching, computing and writing the same months that are requested over HTTP, in turn."""
    therapists = [id_of("therapist", number) for number in range(clinic.therapists)]
    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.cursor(binary=True)
        step = -1

        def month() -> Asked:
            return asked[step % len(asked)]

        def fetched() -> None:
            nonlocal step
            step += 1
            fetch(cursor, therapists, month())

        rows = {id(each): busy_minutes(fetch(cursor, therapists, each)) for each in asked}
        spans = {id(each): _days(each) for each in asked}
        minutes = (30, 45, 60, 75, 90)
        answers = {
            id(each): reckon(rows[id(each)], therapists, spans[id(each)], minutes[each.kind])
            for each in asked
        }
        return interleaved(
            {
                "fetch": fetched,
                "reckon": lambda: reckon(
                    rows[id(month())], therapists, spans[id(month())], minutes[month().kind]
                ),
                "write": lambda: json.dumps(answers[id(month())]).encode(),
            },
            rounds,
        )


def _days(asked: Asked) -> list[date]:
    return [
        asked.first_on + timedelta(days=number) for number in range((asked.until_on - asked.first_on).days)
    ]
