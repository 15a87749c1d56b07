"""Tables of people: staff, clients, how to reach them, what they may open, and who looked at what."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from flask_security import AsaList
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.db import Identified, Model, new_id
from clinic.sealed import Sealed

if TYPE_CHECKING:
    # Flask-Security declares plain attributes for its columns, which conflict with the mapped ones below; these take
    # precedence.
    class SignsIn:
        """What permissions and audits need to know of a signed-in person."""

        is_authenticated: bool

    class OwnedBySignIn:
        """A means of signing in."""
else:
    from flask_security import UserMixin as SignsIn
    from flask_security import WebAuthnMixin as OwnedBySignIn


class Role(StrEnum):
    """What a member of staff does here; one person may hold several."""

    FRONT_DESK = "front_desk"
    THERAPIST = "therapist"
    OWNER = "owner"


class User(Identified, Model, SignsIn):
    """A member of staff. Clients never become users: they sign in by one-time link, in another kind of session."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(unique=True)
    given_name: Mapped[str]
    family_name: Mapped[str]
    role_names: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text), default=list)
    active: Mapped[bool] = mapped_column(default=True)
    supervisor_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    """Whoever co-signs the notes of a student; NULL for everybody else."""
    is_demo: Mapped[bool] = mapped_column(default=False)
    """Demo staff may sign in without a second factor while the environment is `demo`."""

    password: Mapped[str | None]
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Changes with the password; a session that carries the old one ends."""
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    tf_phone_number: Mapped[str | None]
    totp_counter: Mapped[int | None] = mapped_column(sa.BigInteger)
    """Time step of the last accepted code; this step and older ones are refused."""
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    last_login_at: Mapped[datetime | None]
    current_login_at: Mapped[datetime | None]
    last_login_ip: Mapped[str | None]
    current_login_ip: Mapped[str | None]
    login_count: Mapped[int | None]
    create_datetime: Mapped[datetime | None]
    update_datetime: Mapped[datetime | None]

    webauthn: Mapped[list["WebAuthn"]] = relationship(back_populates="user", cascade="all, delete-orphan")

    __table_args__ = (
        sa.CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        sa.CheckConstraint("supervisor_id <> id", name="supervised_by_another"),
        sa.CheckConstraint("role_names <@ ARRAY['front_desk', 'therapist', 'owner']", name="roles_known"),
    )

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def is_active(self) -> bool:
        """Whether this person may sign in; demo staff only in the `demo` environment, because their password is
        public."""
        return self.active and (not self.is_demo or current_app.config["ENVIRONMENT"] == "demo")

    @property
    def needs_second_factor(self) -> bool:
        """Whether a password alone is not enough: always, except for demo staff."""
        return not self.is_demo

    def check_tf_required(
        self, set_up: list[tuple[str, str]], fresh: bool
    ) -> tuple[bool, list[tuple[str, str]]]:
        """Flask-Security asks this after the password: require (or set up) a second factor now?"""
        return self.needs_second_factor or bool(set_up), set_up

    def check_tf_required_setup(self) -> bool:
        """Flask-Security asks this on the set-up page: may the second factor be switched off?"""
        return self.needs_second_factor


class WebAuthn(Identified, Model, OwnedBySignIn):
    """A passkey or security key of a member of staff; columns as Flask-Security names them."""

    __tablename__ = "webauthn"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    backup_state: Mapped[bool]
    device_type: Mapped[str]
    extensions: Mapped[str | None]
    create_datetime: Mapped[datetime]
    lastuse_datetime: Mapped[datetime]
    name: Mapped[str]
    usage: Mapped[str]

    user: Mapped[User] = relationship(back_populates="webauthn")

    def get_user_mapping(self) -> dict[str, Any]:
        """The column of User by which Flask-Security finds the owner of a passkey."""
        return {"id": self.user_id}


class Client(Identified, Model):
    """A person who comes for treatment. One address may belong to several clients; none is unique here."""

    __tablename__ = "clients"

    given_name: Mapped[str | None]
    family_name: Mapped[str | None]
    preferred_name: Mapped[str | None]
    birth_year: Mapped[int | None]
    """The year of `birth_on`, for the previous version of the code, which knew only years."""
    birth_on: Mapped[date | None]
    further_sealed: Mapped[bytes | None]
    further = Sealed[dict[str, str] | None]("further_sealed")
    """Postal address, emergency contact and family doctor, as `client_records.Further` names them."""
    search_name: Mapped[str] = mapped_column(default="")
    """Names without accents, casefolded, for search and sorting; made in Python."""
    language: Mapped[str] = mapped_column(default="en")
    created_at: Mapped[datetime]
    merged_into_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    erased_at: Mapped[datetime | None]

    contacts: Mapped[list["Contact"]] = relationship(back_populates="client", order_by="Contact.id")

    __table_args__ = (
        sa.Index(
            "ix_clients_search_name_trgm",
            "search_name",
            postgresql_using="gin",
            postgresql_ops={"search_name": "gin_trgm_ops"},
        ),
        sa.Index(
            "ix_clients_listed",
            "search_name",
            "id",
            postgresql_where=sa.text("erased_at IS NULL AND merged_into_id IS NULL"),
        ),
        # The few whom lists leave out.
        sa.Index(
            "ix_clients_gone",
            "id",
            postgresql_where=sa.text("erased_at IS NOT NULL OR merged_into_id IS NOT NULL"),
        ),
        sa.CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="not_merged_into_itself"),
        sa.CheckConstraint("birth_year BETWEEN 1900 AND 2200", name="birth_year_plausible"),
    )

    @property
    def name(self) -> str:
        """The name that staff see: given and family name."""
        return " ".join(part for part in (self.given_name, self.family_name) if part) or "Erased client"

    @property
    def first_name(self) -> str:
        """How the person is addressed."""
        return self.preferred_name or self.given_name or ""


class ContactKind(StrEnum):
    """How an address is reached."""

    MAIL = "mail"
    PHONE = "phone"


class Relation(StrEnum):
    """Whose address it is, from the client's point of view."""

    SELF = "self"
    GUARDIAN = "guardian"
    CARER = "carer"


class Contact(Identified, Model):
    """An address of a client, or of somebody who looks after them."""

    __tablename__ = "contacts"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    kind: Mapped[str]
    value: Mapped[str]
    """As it was typed."""
    normalised: Mapped[str]
    """Normalised for comparison: lower-case email, E.164 telephone."""
    relation: Mapped[str] = mapped_column(default=Relation.SELF)
    verified_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    wants_reminders: Mapped[bool] = mapped_column(default=True)
    reminder_offsets_minutes: Mapped[list[int] | None] = mapped_column(pg.ARRAY(sa.Integer))
    """How long before a visit this person wants a reminder; None follows the practice's setting."""
    wants_check_ins: Mapped[bool] = mapped_column(default=True, server_default=sa.text("true"))
    sms_agreed_at: Mapped[datetime | None]
    """Since when reminders may also go to this telephone as text messages; None means not at all."""
    created_at: Mapped[datetime]

    client: Mapped[Client] = relationship(back_populates="contacts")

    __table_args__ = (
        sa.UniqueConstraint("client_id", "kind", "normalised"),
        sa.Index("ix_contacts_normalised", "kind", "normalised"),
        sa.Index(
            "ix_contacts_normalised_trgm",
            "normalised",
            postgresql_using="gin",
            postgresql_ops={"normalised": "gin_trgm_ops"},
        ),
        sa.CheckConstraint("kind IN ('mail', 'phone')", name="kind_known"),
        sa.CheckConstraint("relation IN ('self', 'guardian', 'carer')", name="relation_known"),
        sa.CheckConstraint("sms_agreed_at IS NULL OR kind = 'phone'", name="sms_to_phones"),
    )


class ReplacedAddress(Identified, Model):
    """An email address that was replaced, kept only until the note to it has certainly left."""

    __tablename__ = "replaced_addresses"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    contact_id: Mapped[UUID] = mapped_column(sa.ForeignKey("contacts.id"), index=True)
    normalised: Mapped[str]
    """The contact's previous value."""
    replaced_at: Mapped[datetime] = mapped_column(index=True)


class AddressChange(Identified, Model):
    """An email address that a client wants in place of one of theirs; it counts once a link sent there was followed."""

    __tablename__ = "address_changes"

    contact_id: Mapped[UUID] = mapped_column(sa.ForeignKey("contacts.id", ondelete="CASCADE"), unique=True)
    mail_sealed: Mapped[bytes]
    mail = Sealed[str]("mail_sealed")
    """Normalised."""
    asked_at: Mapped[datetime] = mapped_column(index=True)
    asked_revision: Mapped[int] = mapped_column(default=1)
    """How many letters were asked for; names the message's occasion."""


class ClientBar(Identified, Model):
    """A client who may not book online, or not with one therapist, until staff lift it."""

    __tablename__ = "client_bars"

    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    therapist_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("therapists.id"))
    """None bars the client from online booking altogether."""
    reason_sealed: Mapped[bytes]
    reason = Sealed[str]("reason_sealed")
    barred_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    barred_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_client_bars_standing",
            "client_id",
            "therapist_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text("lifted_at IS NULL"),
        ),
    )


class LinkPurpose(StrEnum):
    """What a one-time link is for."""

    SIGN_IN = "sign_in"
    RESUME_INTAKE = "resume_intake"
    OWN_TIPS = "own_tips"
    GUARDIAN_CONSENT = "guardian_consent"
    DOCTOR_PAGE = "doctor_page"
    PREPARATION = "preparation"
    NEW_ADDRESS = "new_address"
    STAFF_INVITATION = "staff_invitation"


class LoginLink(Model):
    """A one-time link, stored only as the SHA-256 of its secret; GET shows a button, POST uses it up."""

    __tablename__ = "login_links"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"), index=True)
    subject_id: Mapped[UUID | None]
    """For a resume link the draft, for a guardian's link the consent request, for a doctor's page and a new
    address its row, for the questions before a visit the appointment, for a new member of staff the invitation."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("(contact_id IS NULL) <> (subject_id IS NULL)", name="one_subject"),)


class ClientSession(Model):
    """A client's signed-in browser: it proves an address, and names the chosen client among those with that
    address."""

    __tablename__ = "client_sessions"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(sa.ForeignKey("contacts.id"), index=True)
    client_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class StaffSession(Model):
    """A signed-in browser of a member of staff: the cookie alone is worth nothing once this row has ended."""

    __tablename__ = "staff_sessions"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True, default=new_id, server_default=sa.text("gen_random_uuid()"))
    """The session's public id on pages; it opens nothing."""
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    device: Mapped[str] = mapped_column(default="", server_default=sa.text("''"))
    """Kind of browser and machine in a few words, so that people know their own: `Firefox on Linux`."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    spent_proof: Mapped[float | None]
    """A proof of identity that no longer counts, because the browser was handed to a client; only a newer proof is
    accepted."""
    locked_at: Mapped[datetime | None]
    """Since when the browser is locked; NULL while it is open."""
    voided_proof: Mapped[float | None]
    """Proofs of identity up to this one are no longer fresh: the browser was locked since, and a PIN proves nothing anew."""
    pin_hash: Mapped[str | None]
    """The PIN that unlocks this session and no other."""
    pin_tries: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    """Tries since the PIN was last right; each is counted before it is checked."""
    lock_minutes: Mapped[int | None]
    """After so many minutes without an act the browser locks by itself, as the practice says; NULL for never."""

    user: Mapped[User] = relationship()

    __table_args__ = (sa.CheckConstraint("pin_tries BETWEEN 0 AND 5", name="pin_tries_at_most_five"),)


class SetUpLink(Model):
    """A one-time link, made on the command line, with which a member of staff chooses a password; stored as a
    digest."""

    __tablename__ = "set_up_links"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasswordReset(Identified, Model):
    """An owner's request that a member of staff choose a new password; the letter with the one-time link follows from
    this row."""

    __tablename__ = "password_resets"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    asked_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """When a password was chosen, or a newer reset replaced this one."""


class HealthGrant(Identified, Model):
    """*Open with reason*: a therapist reads one client's health record for 24 hours, and the owner is told."""

    __tablename__ = "health_grants"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    granted_at: Mapped[datetime]
    until: Mapped[datetime]
    reason_sealed: Mapped[bytes]
    reason = Sealed[str]("reason_sealed")


class ClientMerge(Identified, Model):
    """A merge of two records of one person; it remembers which rows moved, so that it can be undone for 30 days."""

    __tablename__ = "client_merges"

    kept_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    other_id: Mapped[UUID] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    moved: Mapped[dict[str, Any]] = mapped_column(pg.JSONB)
    """Table name to the ids of the rows that moved."""
    merged_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    merged_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class AuditEntry(Identified, Model):
    """One act or look. Append-only: the product's database role may insert and select, nothing else."""

    __tablename__ = "audit_entries"
    is_only_added = True

    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]
    """`user:<id>`, `contact:<id>`, `link:<appointment id>`, `visitor` or `system`."""
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID | None]
    """No foreign key: the entry outlives what it refers to."""
    client_id: Mapped[UUID | None]
    purpose: Mapped[str] = mapped_column(default="")
    fields: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text), default=list)
    """Names of the fields that changed or were read; never values."""
    network: Mapped[str | None]
    """A keyed hash of the network, for sign-in events."""

    __table_args__ = (
        sa.Index("ix_audit_entries_client_id_at", "client_id", "at"),
        sa.Index("ix_audit_entries_actor_at", "actor", "at"),
    )


class AuditSeal(Model):
    """A minute of audit entries made tamper-evident: the keyed hash over them and the seal before."""

    __tablename__ = "audit_seals"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime] = mapped_column(unique=True)
    entries: Mapped[int]
    digest: Mapped[bytes]
    key_id: Mapped[int | None]
    """The id of its key; None for a plain hash made before there were keys."""
    sealed_at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("from_at < until_at", name="range_runs_forward"),)


class TypedDetails(Identified, Model):
    """Name and contacts of a visitor who could not finish a booking; kept for an hour, for that browser only."""

    __tablename__ = "typed_details"

    browser: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256 of the browser's id, as in drafts and holds."""
    typed_at: Mapped[datetime] = mapped_column(index=True)
    details_sealed: Mapped[bytes]
    details = Sealed[dict[str, str]]("details_sealed")


class LimitWindow(Model):
    """How often something was tried within one window; unlogged, because losing it in a crash does no harm."""

    __tablename__ = "limits"

    name: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """HMAC of the address or account, so that the table names nobody."""
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]

    __table_args__ = ({"prefixes": ["UNLOGGED"]},)
