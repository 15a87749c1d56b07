"""Therapists may have a public page with a portrait; locations say where to park and how to come without steps, and have
pictures.

Everything is added: rows get empty texts, and nobody has a page until they choose it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0038_people_pages"
down_revision = "0037_waiting_decides"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("parking", "step_free"):
        op.add_column("locations", sa.Column(column, sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_table(
        "therapist_profiles",
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("is_shown", sa.Boolean(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("training", sa.Text(), nullable=False),
        sa.Column("likes", sa.Text(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("gender IN ('woman', 'man')", name=op.f("ck_therapist_profiles_gender_known")),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapists.id"], name=op.f("fk_therapist_profiles_therapist_id_therapists")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_therapist_profiles")),
        sa.UniqueConstraint("therapist_id", name=op.f("uq_therapist_profiles_therapist_id")),
    )
    op.create_table(
        "photos",
        sa.Column("therapist_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(therapist_id IS NULL) <> (location_id IS NULL)", name=op.f("ck_photos_one_subject")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_photos_location_id_locations")
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapists.id"], name=op.f("fk_photos_therapist_id_therapists")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
        sa.UniqueConstraint("therapist_id", name=op.f("uq_photos_therapist_id")),
    )
    op.create_index(op.f("ix_photos_location_id"), "photos", ["location_id"])
    op.create_table(
        "photo_files",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("format IN ('avif', 'webp', 'jpeg')", name=op.f("ck_photo_files_format_known")),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photos.id"], name=op.f("fk_photo_files_photo_id_photos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("photo_id", "format", "width", name=op.f("pk_photo_files")),
    )
    op.create_index(op.f("ix_photo_files_digest"), "photo_files", ["digest"])


def downgrade() -> None:
    op.drop_table("photo_files")
    op.drop_table("photos")
    op.drop_table("therapist_profiles")
    for column in ("step_free", "parking"):
        op.drop_column("locations", column)
