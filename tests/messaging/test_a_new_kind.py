"""A new kind of message touches four files: proved by adding one to a copy of the product and sending it."""

import json
from collections.abc import Mapping
from pathlib import Path

from flask import Flask

from clinic.db import db
from config import Settings
from tests import make, scratch

QUESTION = '''
def parking(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Booked visits: where to park."""
    coming = visits(Appointment.state == State.BOOKED, Appointment.starts_at > now, ~is_told(MessageKind.PARKING))
    return _at_revision(rules, MessageKind.PARKING, coming, now)


KINDS = (
    DeclaredKind(
        kind=MessageKind.PARKING,
        label="Where to park",
        due=(parking,),
        words=Words(subject=N_("Parking at {practice}"), heading=N_("Where to park, {client}")),
        compose=visit_letter(booked),
        sample=sample_visit,
    ),
'''
TEMPLATE = '{{ p.text(_("The car park is behind the house.")) }}\n'
GERMAN = {
    "Parking at {practice}": "Parken bei {practice}",
    "Where to park, {client}": "Wo Sie parken, {client}",
    "The car park is behind the house.": "Der Parkplatz ist hinter dem Haus.",
}
SCRIPT = """
import json, sys
from datetime import datetime
from email import message_from_bytes, policy
from clinic.background import create_background_app
from clinic.messaging import delivery, kinds, queries
from clinic.messaging.kinds.sample import sample_scene
from clinic.messaging.letters import rendering
from clinic.messaging.models import MessageKind
from clinic.practice.queries import the_practice
from clinic.staff.messaging.message_log import name_of

class Post:
    def __init__(self):
        self.mails = []
    def send(self, envelope):
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
    def probe(self):
        pass

now, post = datetime.fromisoformat(sys.argv[1]), Post()
with create_background_app().app_context():
    delivery.run_pass(now, 10, post)
    declared = kinds.KINDS[MessageKind.PARKING]
    sample = rendering.render_letter(
        MessageKind.PARKING, declared.sample(sample_scene(the_practice(), now)), the_practice(), spoken="en"
    )
    print(json.dumps({
        "log": [name_of(line) for line in queries.page(now).lines if line.kind is MessageKind.PARKING],
        "sent": [
            [str(mail["Subject"]), mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()]
            for mail in post.mails
        ],
        "sample": sample.subject,
    }))
"""


def with_a_new_kind(tree: Path) -> Mapping[str, str]:
    """The files that a new kind touches, as they read afterwards."""
    models, topic = "clinic/messaging/models.py", "clinic/messaging/kinds/bookings.py"
    catalogue = "clinic/language/catalogues/de.po"
    entries = "".join(f'\nmsgid "{said}"\nmsgstr "{german}"\n' for said, german in GERMAN.items())
    member = '    REMINDER = "reminder"\n'
    return {
        models: scratch.changed(tree / models, member, f'{member}    PARKING = "parking"\n'),
        topic: scratch.changed(tree / topic, "\nKINDS = (\n", QUESTION),
        "templates/messages/parking.jinja": TEMPLATE,
        catalogue: (tree / catalogue).read_text("utf-8") + entries,
    }


def test_adding_a_kind_touches_four_files_and_it_is_sent_shown_and_named(
    race_app: Flask, race_settings: Settings, tmp_path: Path
) -> None:
    ada = make.client(language="de")
    make.appointment(of=make.offering(), who=ada)
    db.session.commit()
    tree = scratch.copied(tmp_path)
    scratch.add(tree, with_a_new_kind(tree))
    told = json.loads(scratch.run(tree, SCRIPT, make.NOW.isoformat(), settings=race_settings))
    ((subject, text, html),) = [mail for mail in told["sent"] if "Parken" in mail[0]]
    assert subject == "Parken bei Alder Lane"
    for body in (text, html):
        assert "Wo Sie parken, Ada" in body
        assert "Der Parkplatz ist hinter dem Haus." in body
    assert told["log"] == ["Where to park"]
    assert told["sample"] == "Parking at Alder Lane"
