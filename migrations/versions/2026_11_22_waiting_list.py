"""The waiting list: wishes, freed times that are kept, offers, and what was free at the last look."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010_waiting_list"
down_revision = "0009_letters"
branch_labels = None
depends_on = None

ENDED_WHOLE = '(ended_at IS NULL) = ("end" IS NULL)'
LIVE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    # The defaults serve the code that ran before, which does not name these columns.
    op.add_column("practice", sa.Column("offer_people", sa.Integer(), nullable=False, server_default="3"))
    op.add_column("practice", sa.Column("offer_minutes", sa.Integer(), nullable=False, server_default="30"))
    op.create_check_constraint(
        op.f("ck_practice_offers_plausible"),
        "practice",
        "offer_people BETWEEN 1 AND 20 AND offer_minutes BETWEEN 5 AND 240",
    )
    _wishes()
    _offerings()
    _offers()
    _known()


def _wishes() -> None:
    op.create_table(
        "waiting_wishes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("treatment_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("times", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end", sa.Text(), nullable=True),
        sa.Column("link_epoch", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "cardinality(times) > 0 AND times <@"
            " '{0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20}'::smallint[]",
            name=op.f("ck_waiting_wishes_times_known"),
        ),
        sa.CheckConstraint(ENDED_WHOLE, name=op.f("ck_waiting_wishes_ended_whole")),
        sa.CheckConstraint(
            "\"end\" IN ('fulfilled', 'withdrawn', 'over', 'settled')",
            name=op.f("ck_waiting_wishes_end_known"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_waiting_wishes_client_id_clients"),
        sa.ForeignKeyConstraint(
            ["treatment_id"], ["treatments.id"], name="fk_waiting_wishes_treatment_id_treatments"
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapists.id"], name="fk_waiting_wishes_therapist_id_therapists"
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name="fk_waiting_wishes_location_id_locations"
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["appointments.id"], name="fk_waiting_wishes_replaces_id_appointments"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_waiting_wishes"),
    )
    for column in ("client_id", "treatment_id", "therapist_id", "location_id"):
        op.create_index(f"ix_waiting_wishes_{column}", "waiting_wishes", [column])
    op.create_index(
        "uq_waiting_wishes_replaces_id",
        "waiting_wishes",
        ["replaces_id"],
        unique=True,
        postgresql_where=LIVE,
    )
    op.create_index("ix_waiting_wishes_live", "waiting_wishes", ["created_at"], postgresql_where=LIVE)


def _offerings() -> None:
    op.create_table(
        "waiting_offerings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end", sa.Text(), nullable=True),
        sa.CheckConstraint("round BETWEEN 1 AND 2", name=op.f("ck_waiting_offerings_two_rounds")),
        sa.CheckConstraint("created_at < expires_at", name=op.f("ck_waiting_offerings_range_runs_forward")),
        sa.CheckConstraint(ENDED_WHOLE, name=op.f("ck_waiting_offerings_ended_whole")),
        sa.CheckConstraint(
            "\"end\" IN ('taken', 'public', 'stopped')", name=op.f("ck_waiting_offerings_end_known")
        ),
        sa.ForeignKeyConstraint(
            ["hold_id"], ["appointments.id"], name="fk_waiting_offerings_hold_id_appointments"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name="fk_waiting_offerings_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_waiting_offerings"),
        sa.UniqueConstraint("hold_id", name="uq_waiting_offerings_hold_id"),
    )
    op.create_index("ix_waiting_offerings_live", "waiting_offerings", ["expires_at"], postgresql_where=LIVE)


def _offers() -> None:
    op.create_table(
        "waiting_offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offering_id", sa.Uuid(), nullable=False),
        sa.Column("wish_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end", sa.Text(), nullable=True),
        sa.CheckConstraint("offered_at < expires_at", name=op.f("ck_waiting_offers_range_runs_forward")),
        sa.CheckConstraint(ENDED_WHOLE, name=op.f("ck_waiting_offers_ended_whole")),
        sa.CheckConstraint(
            "\"end\" IN ('accepted', 'declined', 'passed', 'missed', 'stopped')",
            name=op.f("ck_waiting_offers_end_known"),
        ),
        sa.ForeignKeyConstraint(
            ["offering_id"], ["waiting_offerings.id"], name="fk_waiting_offers_offering_id_waiting_offerings"
        ),
        sa.ForeignKeyConstraint(
            ["wish_id"], ["waiting_wishes.id"], name="fk_waiting_offers_wish_id_waiting_wishes"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_waiting_offers"),
        sa.UniqueConstraint("offering_id", "wish_id", name="uq_waiting_offers_offering_id_wish_id"),
    )
    op.create_index("ix_waiting_offers_wish_id", "waiting_offers", ["wish_id"])
    op.create_index("ix_waiting_offers_ended_at", "waiting_offers", ["ended_at"])
    op.create_index(
        "uq_waiting_offers_one_open", "waiting_offers", ["wish_id"], unique=True, postgresql_where=LIVE
    )
    op.create_index(
        "uq_waiting_offers_one_accepted",
        "waiting_offers",
        ["offering_id"],
        unique=True,
        postgresql_where=sa.text("\"end\" = 'accepted'"),
    )


def _known() -> None:
    op.create_table(
        "waiting_known",
        sa.Column("treatment_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("from_at < until_at", name=op.f("ck_waiting_known_range_runs_forward")),
        sa.ForeignKeyConstraint(
            ["treatment_id"], ["treatments.id"], name="fk_waiting_known_treatment_id_treatments"
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapists.id"], name="fk_waiting_known_therapist_id_therapists"
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name="fk_waiting_known_location_id_locations"
        ),
        sa.PrimaryKeyConstraint("treatment_id", "therapist_id", "location_id", name="pk_waiting_known"),
    )


def downgrade() -> None:
    for table in ("waiting_known", "waiting_offers", "waiting_offerings", "waiting_wishes"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_practice_offers_plausible"), "practice", type_="check")
    op.drop_column("practice", "offer_minutes")
    op.drop_column("practice", "offer_people")
