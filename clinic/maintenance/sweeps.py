"""The worker's steps for every domain except messages.

Each step takes nothing, finds its work in the database, and owns its transactions: a step that is lost, doubled or late costs
nothing, because the next one finds the same rows.
"""

import logging
from contextlib import nullcontext
from typing import Final

from flask import current_app

from clinic import clock
from clinic.accounts import audit, audit_seals, unusual_reading
from clinic.booking import request_decisions
from clinic.booking.waiting import rounds
from clinic.db import db, transaction
from clinic.maintenance import erasure, erasure_ledger
from clinic.maintenance.retention import RETENTION, Sweep
from clinic.plans import overrides, preparation
from clinic.plans.rule_book import experience
from clinic.practice import queries as practice

log = logging.getLogger(__name__)


def lapse_and_decide() -> None:
    """End requests that nobody decided in time. Safe to repeat: each is checked again under the lock."""
    now = clock.now()
    for appointment_id in request_decisions.end_undecided(now):
        with transaction():
            request_decisions.end_request(appointment_id, now)


def offer_freed_times() -> None:
    """Reserve what has become free and offer it to the waiting list. Safe to repeat: a time is reserved once."""
    rounds.make(clock.now())


def hand_in_preparations() -> None:
    """Make versions of what clients answered before a visit that begins. Safe to repeat: what became one is not found again."""
    now = clock.now()
    for visit_id in preparation.waiting_to_be_handed_in(now):
        with transaction():
            preparation.hand_in(visit_id, now)


def seal_audit() -> None:
    """Seal the audit log's past minutes. Safe to repeat: the second run finds nothing to seal."""
    audit_seals.seal_as_sealer(clock.now())


def find_unusual_reading() -> None:
    """Write down what staff read unusually. Safe to repeat: the same reading is the same row."""
    now = clock.now()
    with transaction():
        unusual_reading.find(now, practice.practice_zone(now.date()))


def count_overrides() -> None:
    """Count what therapists did with suggestions. Safe to repeat: the same decisions give the same numbers."""
    with transaction():
        overrides.count(clock.now())


def count_overrides_if_asked() -> None:
    """The same if somebody has asked for it. Safe to repeat: the second run finds it counted."""
    with transaction():
        overrides.count_if_asked(clock.now())


def count_experiences() -> None:
    """Count what happened here with each rule and type. Safe to repeat: the same records give the same numbers."""
    with transaction():
        experience.count(clock.now())


def count_experiences_first() -> None:
    """The same for a practice that was never counted, so that it need not wait for the night. Safe to repeat."""
    with transaction():
        if experience.counted_at() is None:
            experience.count(clock.now())


OFTEN: Final = (
    seal_audit,
    lapse_and_decide,
    offer_freed_times,
    hand_in_preparations,
    count_overrides_if_asked,
    count_experiences_first,
)


def sweep_often() -> None:
    """The short steps, one after the other: handing each out as a task would cost more than most of them do.

    One that fails is written down and keeps none of the others back. Safe to repeat, as each of them is.
    """
    for step in OFTEN:
        try:
            step()
        except Exception as error:
            db.session.rollback()  # What it read is over too: the next begins with nothing open.
            log.error("a step failed", exc_info=error, extra={"step": step.__name__})


def erase_granted() -> None:
    """Erase the clients whose hour is over, and write that down outside the database. Safe to repeat: nobody is erased twice.

    Whoever is in the ledger and yet here came with a restore that was killed before its end, and is erased once more.
    """
    folder, mails = current_app.config["BACKUP_FOLDER"], current_app.config["MAILDIR"]
    erasure.carry_out_granted(clock.now(), mails=mails)
    erasure.erase_again(erasure_ledger.read(folder), clock.now(), mails)
    erasure_ledger.complete(folder)


def tidy() -> None:
    """The hourly deletions of the retention table. Safe to repeat."""
    _delete(Sweep.TIDY)


def delete_old_drafts() -> None:
    """The nightly deletions of the retention table. Safe to repeat."""
    _delete(Sweep.DRAFTS)


def erase_unseen_clients() -> None:
    """Erase clients who have not been here for as long as the practice chose. Safe to repeat: nobody is erased twice."""
    _delete(Sweep.UNSEEN)
    erasure_ledger.complete(current_app.config["BACKUP_FOLDER"])


def _delete(sweep: Sweep) -> None:
    now, counts = clock.now(), {}
    for row in RETENTION:
        if row.sweep is sweep:
            with nullcontext() if sweep is Sweep.UNSEEN else transaction():
                counts[row.kind] = row.delete_due(now)
    taken = "; ".join(f"{kind}: {count}" for kind, count in counts.items() if count)
    if taken:
        with transaction():
            audit.record(
                audit.SYSTEM, "deleted_in_time", subject_type="retention_periods", purpose=taken, now=now
            )
