"""Two people at the desk join the same two records at one instant, each the other way round: one of them does."""

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import merging
from clinic.accounts.models import Client, ClientMerge, User
from clinic.db import db, transaction
from config import Settings
from tests import make
from tests.conftest import NOW
from tests.races.rivals import race

RIVALS = 4
ROUNDS = 12

pytestmark = pytest.mark.race


def join(round_: int, rival: int, task: Any) -> str:
    """Keep the first record or the second, by turns."""
    by_id, *pair = (UUID(text) for text in task)
    kept, other = pair if rival % 2 else reversed(pair)
    with transaction():
        merging.merge(kept, other, by=db.session.get_one(User, by_id), now=NOW)
    return "joined"


def take_apart(round_: int, rival: int, task: Any) -> str:
    """Undo one merge."""
    by_id, merge_id = (UUID(text) for text in task)
    with transaction():
        merging.undo(merge_id, by=db.session.get_one(User, by_id), now=NOW)
    return "apart"


def test_of_several_who_join_or_take_apart_at_once_one_does(race_app: Flask, race_settings: Settings) -> None:
    clerk = make.user(roles=["front_desk"])
    pairs = [(make.client(), make.client(mail="ada@work.example")) for _ in range(ROUNDS)]
    tasks = [(str(clerk.id), *(str(person.id) for person in pair)) for pair in pairs]
    results = Counter((report.round, report.result) for report in race(race_settings, join, tasks, RIVALS))
    assert results == {
        **{(round_, "joined"): 1 for round_ in range(ROUNDS)},
        **{(round_, "NotMergeable"): RIVALS - 1 for round_ in range(ROUNDS)},
    }
    merges = db.session.scalars(sa.select(ClientMerge.id)).all()
    tasks = [(str(clerk.id), str(id_)) for id_ in merges]
    results = Counter(
        (report.round, report.result) for report in race(race_settings, take_apart, tasks, RIVALS)
    )
    assert results == {
        **{(round_, "apart"): 1 for round_ in range(ROUNDS)},
        **{(round_, "NotUndoable"): RIVALS - 1 for round_ in range(ROUNDS)},
    }
    db.session.expire_all()
    assert db.session.scalars(sa.select(Client).where(Client.merged_into_id.is_not(None))).all() == []
