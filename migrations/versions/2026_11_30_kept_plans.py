"""A plan that was being changed when its writer's session ended is kept as a note is."""

import sqlalchemy as sa
from alembic import op

revision = "0093_kept_plans"
down_revision = "0089_visit_lengths"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("kept_notes", "appointment_id", nullable=True)
    op.add_column("kept_notes", sa.Column("plan_id", sa.Uuid(), nullable=True))
    op.create_foreign_key("fk_kept_notes_plan_id_plans", "kept_notes", "plans", ["plan_id"], ["id"])
    op.create_index("ix_kept_notes_plan_id", "kept_notes", ["plan_id"])
    op.create_unique_constraint("uq_kept_notes_user_id_plan_id", "kept_notes", ["user_id", "plan_id"])
    op.create_check_constraint(
        op.f("ck_kept_notes_about_one"), "kept_notes", "num_nonnulls(appointment_id, plan_id) = 1"
    )


def downgrade() -> None:
    op.execute("DELETE FROM kept_notes WHERE appointment_id IS NULL")
    op.drop_constraint(op.f("ck_kept_notes_about_one"), "kept_notes", type_="check")
    op.drop_constraint("uq_kept_notes_user_id_plan_id", "kept_notes", type_="unique")
    op.drop_index("ix_kept_notes_plan_id", "kept_notes")
    op.drop_constraint("fk_kept_notes_plan_id_plans", "kept_notes", type_="foreignkey")
    op.drop_column("kept_notes", "plan_id")
    op.alter_column("kept_notes", "appointment_id", nullable=False)
