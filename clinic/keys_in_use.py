"""The keys that a process works with, and how it learns of new ones while it runs.

1. `rotate-key` and `let-go-key` replace the key file in one piece. Nobody is told.
2. Every request, task and command begins with a look at the file's date, and reads it if it was replaced.
3. Whoever meets a value that is sealed with an unknown key looks once more, because another process may be ahead.

Keys in `LUMBAR_KEYS` cannot change while a process runs: it is started again.
"""

import logging
import threading
from collections.abc import Mapping
from typing import Any, Protocol

from flask import Flask, appcontext_pushed
from pydantic import SecretStr

from clinic import sealed
from clinic.accounts import audit_seals, signed_links

log = logging.getLogger(__name__)
FOLLOWER = "keys_in_use"


class LoadedKeys(Protocol):
    """The secrets of one practice."""

    @property
    def sealing_bytes(self) -> Mapping[int, bytes]: ...
    @property
    def link_bytes(self) -> Mapping[int, bytes]: ...
    @property
    def audit_bytes(self) -> Mapping[int, bytes]: ...
    def of(self, kind: str) -> Mapping[int, SecretStr]: ...


class KeySource(Protocol):
    """A file that holds them."""

    def mark(self) -> object: ...
    def read(self) -> LoadedKeys: ...


def init_app(app: Flask, keys: LoadedKeys, source: KeySource | None) -> None:
    """Take these keys for the process and this application, and follow their file if there is one."""
    if source is None:
        _take(app, keys, None)
        return
    follower = _Follower(app, source)
    _take(app, keys, follower)
    app.extensions[FOLLOWER] = follower  # A signal alone would not keep it.
    appcontext_pushed.connect(follower.look, app)


class _Follower:
    """Looks whether the key file was replaced, and takes what is in it then."""

    def __init__(self, app: Flask, source: KeySource) -> None:
        self.app, self.source = app, source
        self.mark: object = None  # The file may have been replaced since the keys were read.

        self.reading = threading.Lock()

    def look(self, *_: Any, **__: Any) -> None:
        """Take the file's keys if it was replaced; keys that cannot be read are left alone, and the log says so."""
        found = self.source.mark()
        if found in (self.mark, None):
            return
        with self.reading:
            if found == self.mark:
                return
            self.mark = found
            try:
                keys = self.source.read()
            except ValueError:
                log.error("The key file was replaced and cannot be read: the keys from before stay in use.")
                return
            _take(self.app, keys, self)


def _take(app: Flask, keys: LoadedKeys, follower: _Follower | None) -> None:
    sealed.use(keys.sealing_bytes, follower.look if follower else None)
    signed_links.use(keys.link_bytes)
    audit_seals.use(keys.audit_bytes)
    use_totp_secrets(
        app, {str(number): key.get_secret_value() for number, key in keys.of("totp_secrets").items()}
    )


def use_totp_secrets(app: Flask, secrets: dict[str, str]) -> None:
    """Take other keys, by number, for the second factors of staff; only an application with pages asks for codes."""
    app.config["SECURITY_TOTP_SECRETS"] = secrets
    if (security := app.extensions.get("security")) is not None:
        security.totp_factory.use(secrets)
