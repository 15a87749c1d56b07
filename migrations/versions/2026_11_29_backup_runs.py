"""Each attempt to make a backup or to prove one."""

import sqlalchemy as sa
from alembic import op

revision = "0040_backup_runs"
down_revision = "0039_legal_texts"
branch_labels = None
depends_on = None

RUNS = "backup_runs"


def upgrade() -> None:
    op.create_table(
        RUNS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint("deed IN ('backup', 'drill')", name=op.f(f"ck_{RUNS}_deed_known")),
        sa.CheckConstraint("ended_at >= began_at", name=op.f(f"ck_{RUNS}_ends_after_it_began")),
        sa.CheckConstraint(
            "NOT is_good OR (ended_at IS NOT NULL AND problem IS NULL AND file_name IS NOT NULL)",
            name=op.f(f"ck_{RUNS}_good_means_ended_well"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{RUNS}")),
    )
    op.create_index(op.f(f"ix_{RUNS}_began_at"), RUNS, ["began_at"])


def downgrade() -> None:
    op.drop_table(RUNS)
