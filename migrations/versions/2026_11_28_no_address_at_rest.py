"""Kept answers name what was made instead of its address: a manage address opens what it names, and stood there in clear."""

import base64
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0017_no_address_at_rest"
down_revision = "0016_undo_location"
branch_labels = None
depends_on = None

BEFORE_A_TOKEN = ("/a/", "/w/", "/api/v1/appointments/")


def upgrade() -> None:
    # The column stays: the code before this one writes it until the last of its processes has ended.
    op.add_column("idempotency_keys", sa.Column("subject_id", sa.Uuid(), nullable=True))
    keys = sa.table(
        "idempotency_keys",
        sa.column("id", sa.Uuid()),
        sa.column("subject_id", sa.Uuid()),
        sa.column("location", sa.Text()),
    )
    connection = op.get_bind()
    known = connection.execute(sa.select(keys.c.id, keys.c.location).where(keys.c.location.is_not(None)))
    for key_id, location in known.all():
        connection.execute(
            sa.update(keys).where(keys.c.id == key_id).values(subject_id=_subject(location), location=None)
        )


def _subject(location: str) -> UUID | None:
    """The id in an address: the first half of a token, or the part of a staff address that is an id."""
    for start in BEFORE_A_TOKEN:
        if location.startswith(start):
            head = location.removeprefix(start).split(".")[0]
            return UUID(bytes=base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    for part in location.split("?")[0].split("/"):
        try:
            return UUID(part)
        except ValueError:
            continue
    return None


def downgrade() -> None:
    op.drop_column("idempotency_keys", "subject_id")
