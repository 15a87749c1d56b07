"""Rules an owner sets: the region for holidays, time to decide, new clients; plausible numbers; no special day twice."""

import sqlalchemy as sa
from alembic import op

revision = "0006_practice_rules"
down_revision = "0005_guardian_consents"
branch_labels = None
depends_on = None

CHECKS = {
    "practice": {
        "times_plausible": "hold_minutes BETWEEN 5 AND 60 AND late_cancel_hours BETWEEN 0 AND 336",
        "limits_plausible": "open_bookings_per_client BETWEEN 1 AND 100 AND decide_hours BETWEEN 1 AND 168",
    },
    "treatments": {"new_clients_known": "new_clients IN ('welcome', 'ask_first', 'not_first')"},
    "time_off": {"part_within_day": "from_minute IS NULL OR (from_minute >= 0 AND until_minute <= 1440)"},
}


def upgrade() -> None:
    # The defaults serve the code that ran before, which does not name these columns.
    op.add_column("practice", sa.Column("region", sa.Text(), nullable=False, server_default=""))
    op.add_column("practice", sa.Column("decide_hours", sa.Integer(), nullable=False, server_default="48"))
    op.add_column("treatments", sa.Column("new_clients", sa.Text(), nullable=False, server_default="welcome"))
    for table, checks in CHECKS.items():
        for name, condition in checks.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    op.execute(
        "ALTER TABLE special_days ADD CONSTRAINT ex_special_days_therapist EXCLUDE USING gist"
        ' (therapist_id WITH =, "on" WITH =, int4range(from_minute, until_minute) WITH &&)'
    )


def downgrade() -> None:
    op.drop_constraint("ex_special_days_therapist", "special_days")
    for table, checks in CHECKS.items():
        for name in checks:
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.drop_column("treatments", "new_clients")
    op.drop_column("practice", "decide_hours")
    op.drop_column("practice", "region")
