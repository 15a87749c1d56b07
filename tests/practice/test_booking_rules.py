"""The bounds of the booking rules: the form in Settings reads them, and the database keeps the same."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clinic.db import db
from clinic.practice.booking_rules import BOUNDS
from clinic.practice.models import Practice
from tests.make import Make


@pytest.mark.parametrize("rule", BOUNDS)
def test_the_database_keeps_the_bounds_of_a_rule(make: Make, rule: str) -> None:
    make.practice()
    lowest, highest = BOUNDS[rule]
    for value in (lowest, highest):
        db.session.execute(sa.update(Practice).values({rule: value}))
    for value in (lowest - 1, highest + 1):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.execute(sa.update(Practice).values({rule: value}))
