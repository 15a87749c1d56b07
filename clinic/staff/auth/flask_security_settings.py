"""Flask-Security's settings: its URLs and pages, passwords, the second factor, recovery codes, passkeys, its messages, and who
its pages are for.

Names and meanings are in Flask-Security's documentation; `sign_in` hands them over with the prefix `SECURITY_`.
"""

from datetime import timedelta
from typing import Any

from clinic import clock
from clinic.accounts import passwords
from clinic.web.access import anyone, staff

FRESH = timedelta(minutes=10)
"""How long after proving who they are somebody may do what is sensitive."""

RECOVERY_CODES = 10

OPTIONS: dict[str, Any] = {
    "URL_PREFIX": "/staff",
    "LOGIN_URL": "/sign-in",
    "LOGOUT_URL": "/sign-out",
    "VERIFY_URL": "/again",
    "CHANGE_URL": "/password",
    "TWO_FACTOR_SETUP_URL": "/second-factor",
    "TWO_FACTOR_TOKEN_VALIDATION_URL": "/code",
    "TWO_FACTOR_RESCUE_URL": "/lost-app",
    "TWO_FACTOR_SELECT_URL": "/choose-factor",
    "MULTI_FACTOR_RECOVERY_CODES_URL": "/recovery-codes",
    "MULTI_FACTOR_RECOVERY_URL": "/recovery-code",
    "WAN_REGISTER_URL": "/passkeys",
    "WAN_SIGNIN_URL": "/passkey",
    "WAN_DELETE_URL": "/passkeys-delete",
    "WAN_VERIFY_URL": "/again-passkey",
    "POST_LOGIN_VIEW": "/staff",
    "POST_LOGOUT_VIEW": "/staff/sign-in",
    "POST_CHANGE_VIEW": "/staff/account",
    "POST_VERIFY_VIEW": "/staff/account",
    "TWO_FACTOR_POST_SETUP_VIEW": "/staff/account",
    "WAN_POST_REGISTER_VIEW": "/staff/passkeys",
    "STATIC_FOLDER": None,
    "CLI_USERS_NAME": None,
    "CLI_ROLES_NAME": None,
    "PASSWORD_HASH": "argon2",
    "PASSWORD_SCHEMES": ["argon2"],
    "PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__type": "ID",
        "argon2__memory_cost": 64 * 1024,
        "argon2__time_cost": 3,
        "argon2__parallelism": 1,
    },
    "PASSWORD_LENGTH_MIN": passwords.SHORTEST,
    "PASSWORD_NORMALIZE_FORM": "NFKC",
    "CHANGEABLE": True,
    "SEND_PASSWORD_CHANGE_EMAIL": False,
    "TRACKABLE": True,
    "TWO_FACTOR": True,
    "TWO_FACTOR_REQUIRED": True,
    "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "TWO_FACTOR_IMPLEMENTATIONS": {"code": "flask_security.twofactor.CodeTfPlugin"},
    "TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,
    "TWO_FACTOR_RESCUE_EMAIL": False,
    "MULTI_FACTOR_RECOVERY_CODES": True,
    "MULTI_FACTOR_RECOVERY_CODES_N": RECOVERY_CODES,
    "WEBAUTHN": True,
    "WAN_ALLOW_AS_FIRST_FACTOR": True,
    "WAN_ALLOW_AS_MULTI_FACTOR": True,
    "WAN_ALLOW_AS_VERIFY": ["first"],
    "WAN_ALLOW_USER_HINTS": False,
    "WAN_RP_NAME": "Lumbar",
    "TOTP_ISSUER": "Lumbar",
    "FRESHNESS": FRESH,
    "FRESHNESS_GRACE_PERIOD": timedelta(),
    "API_ENABLED_METHODS": ["session"],
    "RETURN_GENERIC_RESPONSES": True,
    "DATETIME_FACTORY": clock.now,
    "LOGIN_USER_TEMPLATE": "staff/auth/sign_in.html",
    "VERIFY_TEMPLATE": "staff/auth/again.html",
    "CHANGE_PASSWORD_TEMPLATE": "staff/auth/password.html",
    "TWO_FACTOR_SETUP_TEMPLATE": "staff/auth/second_factor.html",
    "TWO_FACTOR_VERIFY_CODE_TEMPLATE": "staff/auth/code.html",
    "TWO_FACTOR_SELECT_TEMPLATE": "staff/auth/choose_factor.html",
    "MULTI_FACTOR_RECOVERY_CODES_TEMPLATE": "staff/auth/recovery_codes.html",
    "MULTI_FACTOR_RECOVERY_TEMPLATE": "staff/auth/recovery_code.html",
    "WAN_REGISTER_TEMPLATE": "staff/auth/passkeys.html",
    "WAN_SIGNIN_TEMPLATE": "staff/auth/passkey.html",
    "WAN_VERIFY_TEMPLATE": "staff/auth/again_passkey.html",
}

_WRONG = "That e-mail address and password do not belong together, or the sign-in is closed."
_CODE = "That code is not right, or it was used before. Wait for the next one in your app."
_PASSKEY = "That passkey was not accepted. Please try again, or use your password."

MESSAGES: dict[str, tuple[str, str]] = {
    "GENERIC_AUTHN_FAILED": (_WRONG, "caution"),
    "INVALID_PASSWORD": ("That is not your password.", "caution"),
    "PASSWORD_NOT_PROVIDED": ("Enter a password.", "caution"),
    "EMAIL_NOT_PROVIDED": ("Enter your e-mail address.", "caution"),
    "PASSWORD_IS_THE_SAME": ("This is the password you have now. Choose another.", "caution"),
    "RETYPE_PASSWORD_MISMATCH": ("The two passwords differ.", "caution"),
    "PASSWORD_CHANGE": ("Your password is changed; other devices are signed out.", "ok"),
    "TWO_FACTOR_INVALID_TOKEN": (_CODE, "caution"),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": ("You are signed in.", "ok"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": ("Your app is set up.", "ok"),
    "TWO_FACTOR_DISABLED": ("The second factor is switched off.", "ok"),
    "TWO_FACTOR_PERMISSION_DENIED": ("Please sign in from the start.", "caution"),
    "TWO_FACTOR_SETUP_EXPIRED": ("That took too long. Please start again.", "caution"),
    "INVALID_RECOVERY_CODE": ("That code is not one of yours, or it was used before.", "caution"),
    "REAUTHENTICATION_REQUIRED": ("Please show once more that it is you.", "plain"),
    "REAUTHENTICATION_SUCCESSFUL": ("Thank you. You can go on.", "ok"),
    "API_ERROR": (_PASSKEY, "caution"),
    "WEBAUTHN_EXPIRED": ("That took too long. Please start again.", "caution"),
    "WEBAUTHN_NO_VERIFY": (_PASSKEY, "caution"),
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": (_PASSKEY, "caution"),
    "WEBAUTHN_MISMATCH_USER_HANDLE": (_PASSKEY, "caution"),
    "WEBAUTHN_ORPHAN_CREDENTIAL_ID": (_PASSKEY, "caution"),
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": (_PASSKEY, "caution"),
    "WEBAUTHN_CREDENTIAL_ID_INUSE": ("This passkey is registered already.", "caution"),
    "WEBAUTHN_NAME_REQUIRED": ("Give the passkey a name.", "caution"),
    "WEBAUTHN_NAME_INUSE": ("You have a passkey of this name.", "caution"),
    "WEBAUTHN_NAME_NOT_FOUND": ("You have no passkey of this name.", "caution"),
    "WEBAUTHN_REGISTER_SUCCESSFUL": ("Your passkey is ready.", "ok"),
    "WEBAUTHN_CREDENTIAL_DELETED": ("The passkey is deleted.", "ok"),
    "DISABLED_ACCOUNT": (_WRONG, "caution"),
    "USER_DOES_NOT_EXIST": (_WRONG, "caution"),
    "INVALID_EMAIL_ADDRESS": (_WRONG, "caution"),
}

POLICIES = {
    "security.login": anyone,
    "security.logout": staff,
    "security.verify": staff,
    "security.change_password": staff,
    "security.two_factor_setup": anyone,
    "security.two_factor_setup_validate": staff,
    "security.two_factor_token_validation": anyone,
    "security.two_factor_rescue": anyone,
    "security.tf_select": anyone,
    "security.mf_recovery_codes": staff,
    "security.mf_recovery": anyone,
    "security.wan_register": staff,
    "security.wan_register_response": staff,
    "security.wan_signin": anyone,
    "security.wan_signin_response": anyone,
    "security.wan_delete": staff,
    "security.wan_verify": staff,
    "security.wan_verify_response": staff,
}
"""Endpoints open to anyone check the half-finished sign-in in the session themselves."""
