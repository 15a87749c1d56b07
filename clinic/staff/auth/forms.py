"""The sign-in forms: Flask-Security's, which also report whether an attempt succeeded."""

from typing import Any

from flask import session
from flask_security.forms import ChangePasswordForm, LoginForm, TwoFactorVerifyCodeForm, VerifyForm
from flask_security.recovery_codes import MfRecoveryForm
from flask_security.utils import get_message
from flask_security.webauthn import WebAuthnRegisterForm, WebAuthnSigninResponseForm

from clinic.accounts.security_events import SecurityEvent
from clinic.staff.auth import attempts, second_factor
from clinic.web import signed_in_staff


class SignInForm(LoginForm):
    """Address and password. No *remember me*: a shared desk must not stay signed in."""

    remember = None  # type: ignore[assignment]  # None makes WTForms drop the parent's field.

    def validate(self, **given: Any) -> bool:
        """Validate as Flask-Security does; a failure is a security event, a success is not counted as an attempt."""
        return _told(bool(super().validate(**given)), SecurityEvent.SIGN_IN_FAILED, self.user)


class CodeForm(TwoFactorVerifyCodeForm):
    """The code from the authenticator app."""

    def validate(self, **given: Any) -> bool:
        """Validate as Flask-Security does; a failure is a security event, a success is not counted as an attempt."""
        return _told(bool(super().validate(**given)), SecurityEvent.CODE_WRONG, self.user)


class RecoveryForm(MfRecoveryForm):
    """One of the ten recovery codes, for when the authenticator app is lost."""

    def validate(self, **given: Any) -> bool:
        """Validate as Flask-Security does; a failure is a security event, a success is not counted as an attempt."""
        return _told(bool(super().validate(**given)), SecurityEvent.CODE_WRONG, self.user)


class PasswordAgainForm(VerifyForm):
    """The password once more, before a sensitive action."""

    def validate(self, **given: Any) -> bool:
        """Validate as Flask-Security does; a failure is a security event, a success is not counted as an attempt."""
        return _told(bool(super().validate(**given)), SecurityEvent.IDENTITY_NOT_PROVEN, self.user)


class NewPasswordForm(ChangePasswordForm):
    """The old password and a new one."""

    def validate(self, **given: Any) -> bool:
        """Validate as Flask-Security does; a wrong old password is a security event, a right one is not counted."""
        holds = bool(super().validate(**given))
        if holds or get_message("INVALID_PASSWORD")[0] in self.password.errors:
            _told(holds, SecurityEvent.IDENTITY_NOT_PROVEN, signed_in_staff.signed_in_user())
        return holds


class PasskeyForm(WebAuthnRegisterForm):
    """A name for a new passkey. Every passkey is of the kind that proves both possession and identity."""

    def validate(self, **given: Any) -> bool:
        """Validate as Flask-Security does, with the kind of passkey fixed."""
        self.usage.data = "first"
        return bool(super().validate(**given))


class PasskeyAnswerForm(WebAuthnSigninResponseForm):
    """The authenticator's signed answer to this browser's challenge; each challenge can be answered only once."""

    def validate(self, **given: Any) -> bool:
        """Take the challenge out of the session, then validate as Flask-Security does."""
        if session.pop(second_factor.CHALLENGE, None) != self.challenge:
            self.credential.errors = ["Please start again: this answer belongs to another page."]
            return _told(False, SecurityEvent.SIGN_IN_FAILED, None)
        event = SecurityEvent.IDENTITY_NOT_PROVEN if self.is_verify else SecurityEvent.SIGN_IN_FAILED
        holds = _told(bool(super().validate(**given)), event, self.user)
        if (
            holds
            and self.is_verify
            and signed_in_staff.is_locked()
            and self.user == signed_in_staff.signed_in_user()
        ):
            signed_in_staff.unlock_browser(
                "passkey"
            )  # Flask-Security commits it together with the passkey's use.
        return holds


def _told(holds: bool, event: SecurityEvent, user: Any) -> bool:
    if holds:
        attempts.give_back()
    else:
        attempts.note_failure(event, user)
    return holds
