"""What a kept time was judged by, whether staff spared it, and in which browser a visit was booked.

A hold remembers the version of the practice's rules, so that taking it looks again only when the practice changed something.
The browser's digest tells somebody's own booking from one that may be another person's, without telling a stranger anything.
Pairs of visits that staff looked at and left are remembered, so that nobody is asked about them twice.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028_kept_times"
down_revision = "0027_asked_details"
branch_labels = None
depends_on = None

PAIR = "same_person_answers"


def upgrade() -> None:
    # All of them may be missing: the code that ran before writes none, and what has none is looked at again.
    op.add_column("appointments", sa.Column("kept_under", sa.BigInteger(), nullable=True))
    op.add_column("appointments", sa.Column("spared_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("appointments", sa.Column("booked_in", sa.LargeBinary(), nullable=True))
    op.create_table(
        PAIR,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f(f"ck_{PAIR}_in_order")),
        sa.ForeignKeyConstraint(
            ["first_id"], ["appointments.id"], name=op.f(f"fk_{PAIR}_first_id_appointments")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["appointments.id"], name=op.f(f"fk_{PAIR}_second_id_appointments")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{PAIR}_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{PAIR}")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f(f"uq_{PAIR}_first_id_second_id")),
    )
    op.create_index(op.f(f"ix_{PAIR}_second_id"), PAIR, ["second_id"])


def downgrade() -> None:
    op.drop_table(PAIR)
    for column in ("booked_in", "spared_at", "kept_under"):
        op.drop_column("appointments", column)
