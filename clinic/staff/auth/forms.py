"""The forms of signing in: Flask-Security's, which also say how an attempt ended."""

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

    remember = None  # type: ignore[assignment]  # So WTForms drops a field of the parent.

    def validate(self, **given: Any) -> bool:
        """As Flask-Security; a failure is a security event, a success takes its try back."""
        return _told(bool(super().validate(**given)), SecurityEvent.SIGN_IN_FAILED, self.user)


class CodeForm(TwoFactorVerifyCodeForm):
    """The code of the authenticator app."""

    def validate(self, **given: Any) -> bool:
        """As Flask-Security; a failure is a security event, a success takes its try back."""
        return _told(bool(super().validate(**given)), SecurityEvent.CODE_WRONG, self.user)


class RecoveryForm(MfRecoveryForm):
    """One of the ten codes for the day the app is lost."""

    def validate(self, **given: Any) -> bool:
        """As Flask-Security; a failure is a security event, a success takes its try back."""
        return _told(bool(super().validate(**given)), SecurityEvent.CODE_WRONG, self.user)


class AgainForm(VerifyForm):
    """The password once more, before something sensitive."""

    def validate(self, **given: Any) -> bool:
        """As Flask-Security; a failure is a security event, a success takes its try back."""
        return _told(bool(super().validate(**given)), SecurityEvent.IDENTITY_NOT_PROVEN, self.user)


class NewPasswordForm(ChangePasswordForm):
    """The old password and a new one."""

    def validate(self, **given: Any) -> bool:
        """As Flask-Security; a wrong old password is a security event, a right one takes its try back."""
        holds = bool(super().validate(**given))
        if holds or get_message("INVALID_PASSWORD")[0] in self.password.errors:
            _told(holds, SecurityEvent.IDENTITY_NOT_PROVEN, signed_in_staff.signed_in_user())
        return holds


class PasskeyForm(WebAuthnRegisterForm):
    """A name for a new passkey; all passkeys are of the one kind that proves possession and person."""

    def validate(self, **given: Any) -> bool:
        """As Flask-Security, with the kind fixed."""
        self.usage.data = "first"
        return bool(super().validate(**given))


class PasskeyAnswerForm(WebAuthnSigninResponseForm):
    """What the authenticator signed; it must answer the challenge this browser was given, once."""

    def validate(self, **given: Any) -> bool:
        """As Flask-Security, after the challenge was taken out of the session."""
        if session.pop(second_factor.CHALLENGE, None) != self.challenge:
            self.credential.errors = ["Please start again: this answer belongs to another page."]
            return _told(False, SecurityEvent.SIGN_IN_FAILED, None)
        event = SecurityEvent.IDENTITY_NOT_PROVEN if self.is_verify else SecurityEvent.SIGN_IN_FAILED
        return _told(bool(super().validate(**given)), event, self.user)


def _told(holds: bool, event: SecurityEvent, user: Any) -> bool:
    if holds:
        attempts.give_back()
    else:
        attempts.note_failure(event, user)
    return holds
