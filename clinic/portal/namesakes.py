"""People of one name on one address: what each reads beside it, so that they find themselves."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from clinic.accounts.models import Client
from clinic.booking import queries as booking
from clinic.language import gettext
from clinic.language.reading import and_year, local, local_date, local_time


def told_apart(people: Sequence[Client], zone: str) -> dict[UUID, str]:
    """Words for each who shares the first name with another of these: the year of birth where all are known and differ, else when
    they first came, else since when they are known. Days are those of the zone; nobody else has words."""
    alike: dict[str, list[Client]] = defaultdict(list)
    for person in people:
        alike[person.first_name.casefold()].append(person)
    groups = [namesakes for namesakes in alike.values() if len(namesakes) > 1]
    if not groups:
        return {}
    first_came = booking.first_came_at([person.id for namesakes in groups for person in namesakes])
    found: dict[UUID, str] = {}
    for namesakes in groups:
        found |= _words(namesakes, first_came, zone)
    return found


def _words(namesakes: Sequence[Client], first_came: Mapping[UUID, datetime], zone: str) -> Mapping[UUID, str]:
    ways: tuple[Callable[[Client], str], ...] = (_born, lambda who: _first_here(first_came.get(who.id), zone))
    for way in ways:
        words = {who.id: way(who) for who in namesakes}
        if "" not in words.values() and len(set(words.values())) == len(namesakes):
            return words
    return {who.id: _known(who, zone) for who in namesakes}


def _born(who: Client) -> str:
    return gettext("born in %(year)s") % {"year": who.birth_on.year} if who.birth_on else ""


def _first_here(first: datetime | None, zone: str) -> str:
    if first is None:
        return gettext("not here yet")
    return gettext("first here on %(day)s") % {
        "day": and_year(local_date(first, zone), local(first, zone).year)
    }


def _known(who: Client, zone: str) -> str:
    day = and_year(local_date(who.created_at, zone), local(who.created_at, zone).year)
    return gettext("known here since %(day)s, %(time)s") % {
        "day": day,
        "time": local_time(who.created_at, zone),
    }
