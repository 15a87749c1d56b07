"""A booked visit to write letters about, and what every test of messaging does: let a pass run."""

from collections.abc import Callable
from datetime import datetime

import pytest

from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.messaging import delivery
from clinic.messaging.delivery import PassTally, PassTerms
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.mailers import Postbox

Pass = Callable[[datetime], PassTally]


@pytest.fixture
def postbox() -> Postbox:
    """Where mails go."""
    return Postbox()


@pytest.fixture
def run(postbox: Postbox) -> Pass:
    """One pass at a moment, into the postbox."""
    return lambda moment: delivery.run_pass(moment, 100, postbox, PassTerms(pause=lambda seconds: None))


@pytest.fixture
def massage(make: Make) -> Treatment:
    """What is sold; its own name must never be read in a mail."""
    return make.offering(name="Lumbar pain relief", mail_name="Massage")


@pytest.fixture
def ada(make: Make) -> Client:
    """A client with one address."""
    return make.client()


@pytest.fixture
def visit(make: Make, massage: Treatment, ada: Client) -> Appointment:
    """Ada's visit: booked at `now` for Thursday, 10:00 in Berlin."""
    return make.appointment(of=massage, who=ada)
