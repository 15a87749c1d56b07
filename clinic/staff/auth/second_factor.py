"""The parts of Flask-Security that we replace: codes that work once, passkeys with user verification, password rules.

Flask-Security checks and records a code in two steps, a race between two requests; here it is one UPDATE.
"""

import hashlib
import hmac
import unicodedata
from typing import Any, cast

import sqlalchemy as sa
from flask import current_app, g, session
from flask_security import (
    MailUtil,
    MfRecoveryCodesUtil,
    PasswordUtil,
    SQLAlchemyUserDatastore,
    Totp,
    UserMixin,
    WebauthnUtil,
)
from flask_security.mail_util import EmailValidateException
from passlib.totp import TOTP, TokenError
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from clinic import clock
from clinic.accounts import passwords
from clinic.accounts.models import User
from clinic.accounts.services import UnreadableAddress, normalise_mail
from clinic.db import db
from clinic.practice import queries

CHALLENGE = "passkey_challenge"


class Staff(SQLAlchemyUserDatastore):
    """Where Flask-Security finds people and keeps their passkeys: our own tables."""

    def find_user(self, case_insensitive: bool = False, **named: Any) -> UserMixin | None:
        """The person with these values. Nobody is read twice: a signed-in person came with their session."""
        read = g.get("user_of_session")
        if read is not None and named == {"fs_uniquifier": read.fs_uniquifier}:
            return cast(UserMixin, read)
        return super().find_user(case_insensitive=case_insensitive, **named)

    def create_webauthn(self, *args: Any, **columns: Any) -> None:
        """Keep a new passkey, with the time it was made."""
        super().create_webauthn(*args, create_datetime=clock.now(), **columns)


class OneTimeTotp(Totp):
    """Codes of an authenticator app, each accepted once, even if it comes twice at the same moment."""

    def use(self, secrets: dict[str, str]) -> None:
        """Take other keys for the secrets of people's apps; the highest number is used for new ones."""
        self._totp = TOTP.using(issuer=self._totp.issuer, secrets=secrets)

    def verify_totp(self, token: str, totp_secret: str, user: UserMixin, window: int = 0) -> bool:
        """Whether the code is right and newer than the last accepted one; accepting and noting it is one statement."""
        try:
            found = self._totp.verify(token, totp_secret, window=window)
        except TokenError:
            return False
        noted = (
            sa.update(User)
            .where(User.id == user.id, sa.func.coalesce(User.totp_counter, -1) < found.counter)
            .values(totp_counter=found.counter)
            .returning(User.id)
        )
        return db.session.scalar(noted) is not None


class RecoveryCodes(MfRecoveryCodesUtil):
    """Ten codes for the day the app is lost: shown once, kept as HMACs, each used once."""

    def create_recovery_codes(self, user: UserMixin) -> list[str]:
        """New codes in clear; the old ones stop working."""
        return super().create_recovery_codes(user)

    def get_recovery_codes(self, user: UserMixin) -> list[str]:
        """Nothing: codes can be replaced, but not looked up."""
        return []

    def check_recovery_code(self, user: UserMixin, code: str) -> bool:
        """Whether this is an unused code. The person's row stays locked until the end of the request, so one use wins."""
        locked = sa.select(User).where(User.id == user.id).with_for_update()
        db.session.scalars(locked.execution_options(populate_existing=True)).one()
        return self._kept(user, code) is not None

    def delete_recovery_code(self, user: UserMixin, code: str) -> bool:
        """Use a code up."""
        kept = self._kept(user, code)
        if kept is None:
            return False
        user.mf_recovery_codes = [other for other in user.mf_recovery_codes or [] if other != kept]
        return True

    def _encrypt_codes(self, codes: list[str]) -> list[str]:
        number, pepper = _peppers()[0]
        return [f"{number}:{_blinded(code, pepper)}" for code in codes]

    def _kept(self, user: UserMixin, code: str) -> str | None:
        typed = code.strip().lower()
        blinded = [(number, _blinded(typed, pepper)) for number, pepper in _peppers()]
        # Codes that were made before they named their key stand there without its number.
        candidates = {kept for number, each in blinded for kept in (f"{number}:{each}", each)}
        return next((kept for kept in user.mf_recovery_codes or [] if kept in candidates), None)


def _peppers() -> list[tuple[str, bytes]]:
    """The keys that blind recovery codes with their numbers, the newest first."""
    secrets: dict[str, str] = current_app.config["SECURITY_TOTP_SECRETS"]
    return [(number, secrets[number].encode()) for number in sorted(secrets, key=int, reverse=True)]


def _blinded(code: str, pepper: bytes) -> str:
    return hmac.new(pepper, b"recovery\0" + code.encode(), hashlib.sha256).hexdigest()


class Passkeys(WebauthnUtil):
    """Passkeys count as both factors, so each must verify its user, and is bound to our origin."""

    def origin(self) -> str:
        """Our public URL, never what a request claims."""
        address: str = current_app.config["PUBLIC_URL"]
        return address

    def generate_challenge(self, nbytes: int | None = None) -> str:
        """A fresh challenge, remembered in this browser's session so that no other browser can answer it."""
        challenge: str = super().generate_challenge(nbytes)
        session[CHALLENGE] = challenge
        return challenge

    def authenticator_selection(self, user: UserMixin, usage: str) -> AuthenticatorSelectionCriteria:
        """Any kind of authenticator that verifies the person and can be found without typing a name first."""
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )

    def user_verification(self, user: UserMixin | None, usage: list[str]) -> UserVerificationRequirement:
        """Always required."""
        return UserVerificationRequirement.REQUIRED


class StaffPasswords(PasswordUtil):
    """Our own rules for a new password instead of lengths and characters."""

    def validate(self, password: str, is_register: bool, **given: Any) -> tuple[list[str] | None, str]:
        """The objections, if any, and the password as it will be compared."""
        found = objection(password, given["user"])
        return ([found] if found else None), compared(password)


def compared(password: str) -> str:
    """A password as it is hashed: two ways of typing one character count as the same (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def objection(password: str, user: User) -> str | None:
    """Why this password is refused for this person; None if it is accepted."""
    return passwords.objection(compared(password), own_words(user))


def own_words(user: User) -> list[str]:
    """What a stranger could guess about this person and this place."""
    place = queries.find_practice()
    about_place = [place.name, place.legal_name, place.mail] if place else []
    return [user.given_name, user.family_name, user.email, *about_place]


class OurMail(MailUtil):
    """Email addresses are parsed as in our records. Nothing is sent here: `messaging` delivers all mail."""

    def normalize(self, email: str) -> str:
        """The address as it is stored, compared and counted; raises EmailValidateException."""
        try:
            return normalise_mail(email)
        except UnreadableAddress as unreadable:
            raise EmailValidateException(unreadable.sentence) from None

    def send_mail(self, *args: Any, **named: Any) -> None:
        """Send nothing; the pages say whom to ask instead."""
