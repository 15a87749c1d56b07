"""What happened here with each rule and type of massage, in numbers that tell about no fewer than five clients."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032_experiences"
down_revision = "0031_incidents"
branch_labels = None
depends_on = None

TABLE = "experiences"
NUMBERS = ("clients", "followed", "departed", "pain_clients", "function_clients", "incident_clients")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("clients", sa.Integer(), nullable=True),
        sa.Column("followed", sa.Integer(), nullable=True),
        sa.Column("departed", sa.Integer(), nullable=True),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("pain_clients", sa.Integer(), nullable=True),
        sa.Column("pain_start", sa.Numeric(3, 1), nullable=True),
        sa.Column("pain_later", sa.Numeric(3, 1), nullable=True),
        sa.Column("function_clients", sa.Integer(), nullable=True),
        sa.Column("function_start", sa.Numeric(3, 1), nullable=True),
        sa.Column("function_later", sa.Numeric(3, 1), nullable=True),
        sa.Column("incident_clients", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('rule', 'type')", name=op.f(f"ck_{TABLE}_kind_known")),
        *(
            sa.CheckConstraint(f"{name} >= 5 AND {name} % 5 = 0", name=op.f(f"ck_{TABLE}_{name}_in_steps"))
            for name in NUMBERS
        ),
        sa.CheckConstraint(
            "COALESCE(followed, 0) + COALESCE(departed, 0) <= COALESCE(clients, 0)"
            " AND COALESCE(incident_clients, 0) <= COALESCE(clients, 0)",
            name=op.f(f"ck_{TABLE}_parts_fit"),
        ),
        sa.CheckConstraint(
            "followed IS NULL OR departed IS NOT NULL OR followed < clients",
            name=op.f(f"ck_{TABLE}_no_part_gives_away"),
        ),
        sa.CheckConstraint(
            "departed IS NULL OR followed IS NOT NULL OR departed < clients",
            name=op.f(f"ck_{TABLE}_no_rest_gives_away"),
        ),
        sa.CheckConstraint(
            "departed IS NOT NULL OR reasons = '{}'", name=op.f(f"ck_{TABLE}_reasons_of_departures")
        ),
        sa.CheckConstraint(
            "num_nulls(pain_clients, pain_start, pain_later) IN (0, 3)"
            " AND num_nulls(function_clients, function_start, function_later) IN (0, 3)",
            name=op.f(f"ck_{TABLE}_scores_whole"),
        ),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f(f"pk_{TABLE}")),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
