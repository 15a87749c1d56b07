"""A process that goes on sealing and opening health data, as the web does, until its input ends: `python -m tests.faults.keys_at_work`.

It says a line for each value: the key that sealed it. Whatever does not open ends it with an error.
"""

import random
import secrets
import select
import sys

import sqlalchemy as sa

from clinic import clock
from clinic.app import create_app
from clinic.db import db, transaction
from clinic.intake.models import Draft


def new_draft(number: int) -> Draft:
    """A draft that holds a number."""
    now = clock.now()
    row = Draft(
        browser=secrets.token_bytes(32),
        consented_at=now,
        consent_version="test",
        created_at=now,
        changed_at=now,
    )
    row.answers = {"number": number}
    return row


def main() -> None:
    app, known = create_app(), {}
    while not select.select([sys.stdin], [], [], 0.01)[0]:
        with app.app_context(), transaction():
            row = new_draft(number := random.randrange(10**6))
            db.session.add(row)
            db.session.flush()
            known[row.id] = number
            told = row.answers_sealed[0]
        with app.app_context(), transaction():
            chosen = random.choice(list(known))
            found = db.session.scalars(sa.select(Draft).where(Draft.id == chosen).with_for_update()).one()
            assert found.answers == {"number": known[chosen]}
            if random.random() < 0.3:
                known[chosen] = random.randrange(10**6)
                found.answers = {"number": known[chosen]}
        print(told, flush=True)


if __name__ == "__main__":
    main()
