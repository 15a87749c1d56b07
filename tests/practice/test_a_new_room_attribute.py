"""A new attribute of a room touches at most four files: proved by adding one to a copy, migrating, and using its page."""

import json
from collections.abc import Mapping
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import Flask

from clinic import schema
from clinic.accounts.models import AuditEntry
from clinic.db import db
from config import Settings
from tests import make, scratch

REVISION = '''
"""Whether a room is reached without steps."""

import sqlalchemy as sa
from alembic import op

revision = "9999_step_free"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rooms", sa.Column("step_free", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("rooms", "step_free")
'''
SCRIPT = """
import json, re, sys
from alembic import command
from clinic import schema
from clinic.accounts.models import User
from clinic.app import create_app
from clinic.db import db
from clinic.practice.models import Room
from tests.staff.conftest import signed_in_browser
import os, sqlalchemy as sa

owner = sa.create_engine(os.environ["DATABASE_OWNER_URL"], poolclass=sa.NullPool)
command.upgrade(schema.config(owner), "head")
try:
    app = create_app()
    with app.app_context():
        browser = signed_in_browser(app, db.session.get_one(User, sys.argv[1]))
    path = f"/staff/settings/rooms/{sys.argv[2]}"
    before = browser.get(path).text
    values = dict(re.findall(r'name="(seen|csrf_token)"[^>]*value="([^"]+)"', before))
    answer = browser.post(path, data={**values, "name": "Blue", "step_free": "y"})
    assert answer.status_code == 303, answer.text
    again = browser.post(path, data={**values, "name": "Blue"})
    with app.app_context():
        saved = db.session.get(Room, sys.argv[2]).step_free
    print(json.dumps({"label": "Reached without steps" in before, "saved": saved, "outdated": again.status_code}))
finally:
    command.downgrade(schema.config(owner), "-1")
"""


def with_a_new_attribute(tree: Path) -> Mapping[str, str]:
    """The files that a new attribute of a room touches, as they read afterwards."""
    engine = db.engine
    head = ScriptDirectory.from_config(schema.config(engine)).get_current_head()
    models, premises, forms = (
        "clinic/practice/models.py",
        "clinic/practice/premises.py",
        "clinic/staff/settings/premises_forms.py",
    )
    room = '    """A room of one location; one appointment at a time."""\n\n    __tablename__ = "rooms"\n'
    details = "    name: str\n    treatments: tuple[UUID, ...]\n"
    field = '    treatments = Ticks("Treatments it suits")\n'
    return {
        "migrations/versions/2099_01_01_step_free.py": REVISION.format(head=head),
        models: scratch.changed(
            tree / models, room, f"{room}\n    step_free: Mapped[bool] = mapped_column(default=False)\n"
        ),
        premises: scratch.changed(tree / premises, details, f"{details}    step_free: bool\n"),
        forms: scratch.changed(
            tree / forms, field, f'{field}    step_free = BooleanField("Reached without steps")\n'
        ).replace("from wtforms import ", "from wtforms import BooleanField, "),
    }


def test_adding_an_attribute_touches_four_files_and_it_is_asked_saved_audited_and_compared(
    race_app: Flask, race_settings: Settings, tmp_path: Path
) -> None:
    make.practice()
    room = make.room(make.location(), name="Blue")
    owner = make.user(roles=["owner"])
    ids = (str(owner.id), str(room.id))
    tree = scratch.copied(tmp_path)
    scratch.add(tree, with_a_new_attribute(tree))
    db.session.commit()
    told = json.loads(scratch.run(tree, SCRIPT, *ids, settings=race_settings))
    assert told["label"]
    assert told["saved"] is True
    assert told["outdated"] == 409
    db.session.expire_all()
    changes = [entry.fields for entry in db.session.query(AuditEntry) if str(entry.subject_id) == ids[1]]
    assert ["step_free"] in changes
