"""The letter about a request to be erased: after the hour, before the erasure, once, and leaving nothing behind."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from clinic.accounts import audit, erasures
from clinic.accounts.erasures import TAKE_BACK, AlreadyDecided, Erasure, ErasureState
from clinic.accounts.models import Client
from clinic.db import db
from clinic.maintenance import erasure
from clinic.messaging import delivery, mailer
from clinic.messaging.kinds.erasures import AFTER_THE_HOUR, WAITS
from clinic.messaging.models import Message, MessageKind
from clinic.practice.models import Treatment
from tests.conftest import NOW
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox, part
from tests.messaging.owed import occasions

UNTIL = date(2041, 2, 28)
DUE = NOW + AFTER_THE_HOUR
REASON = "Two invoices are open."

Erased = Callable[[datetime], bool]


@pytest.fixture
def asked(massage: Treatment, ada: Client) -> Erasure:
    """Ada asked in her own pages a moment ago."""
    found = erasures.ask(ada.id, actor=audit.SYSTEM, by_id=None, now=NOW - timedelta(days=2))
    db.session.commit()
    return found


@pytest.fixture
def owner(make: Make) -> UUID:
    return make.user().id


@pytest.fixture
def erased(ada: Client, tmp_path: Path) -> Erased:
    """Makes the worker's step at a moment, and says whether Ada is erased."""

    def step(now: datetime) -> bool:
        erasure.carry_out_granted(now, tmp_path)
        db.session.expire_all()
        return db.session.get_one(Client, ada.id).erased_at is not None

    return step


def grant(asked: Erasure, owner: UUID, kept_until: date | None = None) -> None:
    erasures.grant(asked.id, kept_until=kept_until, by_id=owner, now=NOW)
    db.session.commit()


def test_it_leaves_after_the_hour_and_before_the_erasure(
    asked: Erasure, owner: UUID, run: Pass, postbox: Postbox, erased: Erased
) -> None:
    grant(asked, owner, UNTIL)
    run(NOW + TAKE_BACK)
    assert postbox.subjects == []
    assert not erased(DUE), "not before she was told"
    run(DUE)
    (letter,) = postbox.mails
    assert letter["To"] == "ada@client.example"
    said = part(letter, "text/plain")
    assert "1 March 2031, you asked us to erase your data" in said
    assert "until 28 February 2041, because the law obliges us to keep it" in said
    assert "our last letter" in said
    assert erased(DUE + timedelta(minutes=1))
    run(DUE + timedelta(minutes=2))
    assert len(postbox.kept) == 1
    assert db.session.scalars(sa.select(Message.id)).all() == []


def test_without_a_record_that_must_be_kept_it_speaks_of_none(
    asked: Erasure, owner: UUID, run: Pass, postbox: Postbox
) -> None:
    grant(asked, owner)
    run(DUE)
    assert "record of treatment" not in part(postbox.mails[0], "text/plain")


def test_a_refusal_is_told_at_once_with_its_reason_and_once(
    asked: Erasure, owner: UUID, run: Pass, postbox: Postbox, erased: Erased
) -> None:
    erasures.refuse(asked.id, REASON, by_id=owner, now=NOW)
    db.session.commit()
    for minutes in range(3):
        run(NOW + timedelta(minutes=minutes))
    (letter,) = postbox.mails
    assert REASON in part(letter, "text/plain")
    assert "/my/data/erase" in part(letter, "text/plain")
    assert REASON not in str(letter["Subject"])
    assert not erased(DUE + WAITS)


def test_in_german(asked: Erasure, ada: Client, owner: UUID, run: Pass, postbox: Postbox) -> None:
    ada.language = "de"
    grant(asked, owner, UNTIL)
    run(DUE)
    said = part(postbox.mails[0], "text/plain")
    assert "Ihre Behandlungsakte bleibt bis zum 28.\u00a0Februar\u00a02041" in said
    assert "you asked" not in said


def test_what_is_taken_back_within_the_hour_is_never_told(
    asked: Erasure, owner: UUID, run: Pass, postbox: Postbox, erased: Erased
) -> None:
    grant(asked, owner)
    run(NOW + timedelta(minutes=30))
    erasures.take_back(asked.id, actor=audit.SYSTEM, now=NOW + timedelta(minutes=59))
    db.session.commit()
    run(DUE)
    assert postbox.kept == []
    assert not erased(DUE + WAITS)


def test_after_the_hour_nobody_takes_back_what_a_letter_may_have_told(asked: Erasure, owner: UUID) -> None:
    grant(asked, owner)
    with pytest.raises(AlreadyDecided):
        erasures.take_back(asked.id, actor=audit.SYSTEM, now=NOW + TAKE_BACK)
    assert asked.state == ErasureState.GRANTED


def test_a_mail_server_that_is_away_holds_the_erasure_up_for_a_day_and_gets_nothing_afterwards(
    asked: Erasure, owner: UUID, run: Pass, postbox: Postbox, erased: Erased
) -> None:
    grant(asked, owner)
    postbox.away = True
    run(DUE)
    assert occasions(MessageKind.ERASURE_DECIDED) == ["granted"]
    assert not erased(DUE + WAITS - timedelta(minutes=1))
    assert erased(DUE + WAITS)
    postbox.away = False
    run(DUE + WAITS + timedelta(minutes=1))
    assert postbox.kept == []
    assert db.session.scalars(sa.select(Message.id)).all() == []


def test_a_worker_that_never_looked_for_letters_holds_it_up_no_longer(
    asked: Erasure, owner: UUID, erased: Erased
) -> None:
    grant(asked, owner)
    assert not erased(DUE + timedelta(hours=1))
    assert erased(DUE + WAITS)


def test_an_address_that_is_refused_holds_nothing_up(
    asked: Erasure, owner: UUID, run: Pass, postbox: Postbox, erased: Erased
) -> None:
    grant(asked, owner)
    postbox.faults.append(mailer.Refused("no_such_address", no_such_address=True))
    run(DUE)
    assert erased(DUE + timedelta(minutes=1))


def test_whoever_has_no_address_that_letters_reach_is_erased_after_the_hour(
    asked: Erasure, ada: Client, owner: UUID, run: Pass, postbox: Postbox, erased: Erased
) -> None:
    ada.contacts[0].bounced_at = NOW
    grant(asked, owner)
    run(DUE)
    assert postbox.kept == []
    assert erased(DUE)


def test_who_comes_back_with_a_backup_gets_no_second_letter(
    asked: Erasure, ada: Client, owner: UUID, run: Pass, postbox: Postbox, tmp_path: Path
) -> None:
    """The backup was made between the letter being due and the erasure; the ledger says that it was done."""
    grant(asked, owner)
    delivery.find(DUE)
    assert occasions(MessageKind.ERASURE_DECIDED) == ["granted"]
    erasure.erase_again({ada.id: DUE + timedelta(minutes=2)}, DUE + timedelta(days=1), tmp_path)
    run(DUE + timedelta(hours=1))
    assert postbox.kept == []
    assert db.session.scalars(sa.select(Message.id)).all() == []
