"""`python -m clinic …` about the keys: list them, change one, let an older one go, lock their file."""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import datetime
from getpass import getpass
from typing import Any, Final

from flask import Flask
from pydantic import SecretStr

from clinic import clock
from clinic.background import create_background_app
from clinic.command_settings import command_settings
from clinic.db import transaction
from clinic.maintenance import key_rotation
from clinic.maintenance.key_rotation import KeyKind, KeyUse
from clinic.refusal import Refusal
from config import Settings, ask_for_passphrase
from secret_keys import Keys, is_locked, written

BATCH: Final = 500
PATIENCE_ROUNDS, PATIENCE_SECONDS = 60, 0.5
"""How often it is tried again, and after how long, while others are changing the last rows."""
SHORTEST: Final = 12
KIND: Final[dict[str, dict[str, Any]]] = {
    "kind": {"choices": [kind.value for kind in KeyKind], "help": "which kind of key"}
}
NUMBER: Final[dict[str, dict[str, Any]]] = {
    "number": {"type": int, "help": "the number of the key, as `keys` lists it"},
    "--even-so": {"action": "store_true", "help": "although people would notice"},
}


def new_keys(parsed: argparse.Namespace) -> int:
    """Print fresh secrets as JSON, for LUMBAR_KEYS; nothing is stored."""
    print(Keys.fresh(clock.now()).dumped())
    return 0


def keys(parsed: argparse.Namespace) -> int:
    """List the keys: what each kind protects, how old they are, and what still rests on each; shows no key."""
    settings, now = command_settings(), clock.now()
    with create_background_app(settings).app_context(), transaction():
        try:
            key_rotation.refuse_other_keys()
            fault = ""
        except Refusal as refusal:
            fault = refusal.sentence
        for kind in KeyKind:
            print(f"{kind}: {kind.protects}")
            made = _made(settings.keys, kind)
            for number, use in key_rotation.uses(kind, made, now).items():
                newest = ", the newest" if number == max(made) else ""
                print(f"  {number}, made {_day(made[number])}{newest}: {use.words}")
    text = settings.lumbar_keys.get_secret_value() if settings.lumbar_keys else settings.key_file.text()
    place = "LUMBAR_KEYS" if settings.lumbar_keys else str(settings.key_file.path)
    print(f"They are in {place}, {'locked with a passphrase' if is_locked(text) else 'not locked'}.")
    if fault:
        print(fault, file=sys.stderr)
    return 1 if fault else 0


def rotate_key(parsed: argparse.Namespace) -> int:
    """Make a new key of one kind and write anew what older ones hold, while Lumbar runs; may be stopped and started again."""
    settings, kind = command_settings(), KeyKind(parsed.kind)
    app = create_background_app(settings)
    if kind.is_written_anew and len(settings.keys.of(kind)) > 1:
        newest = max(settings.keys.of(kind))
        print(f"Going on with key {newest} of {kind}, made {_day(settings.keys.made_at(kind, newest))}.")
    else:
        made = _changed(settings, lambda now_there: now_there.with_another(kind, clock.now()))
        newest = max(made.of(kind))
        if settings.lumbar_keys:
            _print_for_environment(
                made, settings, f"start every service again, then run `rotate-key {kind}` again"
            )
            return 0
        print(f"Key {newest} of {kind} is in {settings.key_file.path}, and in use from now on.")
        print("Copy the file now to where the copy of your keys lies; keep the older copy too.")
    if kind.is_written_anew and not _written_anew(app, kind, newest):
        return 1
    _say_what_may_go(app, settings, kind, newest)
    return 0


def _written_anew(app: Flask, kind: KeyKind, newest: int) -> bool:
    """Write everything anew under the newest key, in steps, and say how far it is; false if the last values are in use."""
    with app.app_context(), transaction():
        total = key_rotation.held_by_older(kind, newest)
    done, left = 0, total
    for _ in range(PATIENCE_ROUNDS):
        while batch := _step(app, kind):
            done += batch
            print(f"{done} of {max(total, done)} values written anew", flush=True)
        with app.app_context(), transaction():
            left = key_rotation.held_by_older(kind, newest)
        if not left:
            print(f"Every value of {kind} is under key {newest}.")
            return True
        time.sleep(PATIENCE_SECONDS)
    print(f"Values that others are changing now: {left}. Run this command again.", file=sys.stderr)
    return False


def _step(app: Flask, kind: KeyKind) -> int:
    with app.app_context(), transaction():
        return key_rotation.write_anew(kind, BATCH)


def _say_what_may_go(app: Flask, settings: Settings, kind: KeyKind, newest: int) -> None:
    now = clock.now()
    with app.app_context(), transaction():
        made = _made(settings.key_file.read() if not settings.lumbar_keys else settings.keys, kind)
        older = {number: use for number, use in key_rotation.uses(kind, made, now).items() if number < newest}
    for number, use in older.items():
        if use.is_needed:
            print(f"Key {number} stays. On it rest {use.words}.")
            continue
        print(f"Key {number} may go: `python -m clinic let-go-key {kind} {number}`.")
        if kind.is_written_anew:
            print(f"  Not before {_let_go_from(settings, made[newest]):%Y-%m-%d %H:%M} UTC.")
        if use.cost:
            print(f"  {use.cost}")


def let_go_key(parsed: argparse.Namespace) -> int:
    """Take an older key out of the key file, once nothing rests on it that would be lost."""
    settings, kind, number, now = command_settings(), KeyKind(parsed.kind), parsed.number, clock.now()
    made = _made(settings.keys, kind)
    if number not in made:
        return _refused(f"There is no key {number} of {kind}.")
    newest = max(made)
    if number == newest:
        return _refused(f"Key {number} of {kind} is the newest. Make another first: `rotate-key {kind}`.")
    with create_background_app(settings).app_context(), transaction():
        use = key_rotation.uses(kind, made, now)[number]
    if objection := _objection(settings, kind, use, made[newest], even_so=parsed.even_so, now=now):
        return _refused(f"Key {number} of {kind} stays. {objection}")
    left = _changed(settings, lambda now_there: now_there.without(kind, number))
    if settings.lumbar_keys:
        _print_for_environment(left, settings, "start every service again")
    else:
        print(f"Key {number} of {kind} is no longer in {settings.key_file.path}.")
    if kind is KeyKind.SEALING:
        print(
            f"Backups made before {_let_go_from(settings, made[newest]):%Y-%m-%d %H:%M} UTC need it: keep the older copy of your "
            "keys for as long as you keep such backups.",
            file=sys.stderr if settings.lumbar_keys else sys.stdout,
        )
    return 0


def _objection(
    settings: Settings, kind: KeyKind, use: KeyUse, made: datetime | None, *, even_so: bool, now: datetime
) -> str:
    """What speaks against letting a key go; empty if nothing does."""
    if use.is_needed:
        again = f" Run `rotate-key {kind}` first." if kind.is_written_anew else ""
        return f"On it rest {use.words}.{again}"
    if kind.is_written_anew and now < (since := _let_go_from(settings, made)):
        return (
            f"Whoever began before the newest was made may still write with it: wait until {since:%H:%M} UTC."
        )
    return f"{use.cost} To let it go even so: --even-so." if use.cost and not even_so else ""


def lock_keys(parsed: argparse.Namespace) -> int:
    """Lock the keys with a passphrase, which every start asks for; the passphrase comes from the terminal or standard input."""
    settings = _settings_of_keys()
    word = _new_passphrase()
    if len(word) < SHORTEST:
        return _refused(f"A passphrase has {SHORTEST} characters or more. Nothing was changed.")
    return _stored_under(settings, SecretStr(word), "locked: every start needs the passphrase from now on")


def unlock_keys(parsed: argparse.Namespace) -> int:
    """Store the keys without a passphrase again."""
    return _stored_under(_settings_of_keys(), None, "no longer locked")


def _settings_of_keys() -> Settings:
    ask_for_passphrase()
    return Settings.without_servers()


def _new_passphrase() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    word = getpass("New passphrase: ")
    return word if word == getpass("The same again: ") else ""


def _stored_under(settings: Settings, passphrase: SecretStr | None, how: str) -> int:
    if settings.lumbar_keys:
        print(written(settings.keys, passphrase))
        return 0
    if not settings.key_file.path.exists():
        return _refused(f"There is no key file at {settings.key_file.path}.")
    with settings.key_file.changing():
        settings.key_file.replace(settings.key_file.read(), passphrase)
    print(f"{settings.key_file.path} is {how}. Start Lumbar again, so that it can follow the file.")
    return 0


def _changed(settings: Settings, change: Callable[[Keys], Keys]) -> Keys:
    """The changed keys; they are in the key file then, unless the environment holds them."""
    if settings.lumbar_keys:
        return change(settings.keys)
    with settings.key_file.changing():
        changed = change(settings.key_file.read())
        settings.key_file.replace(changed, settings.passphrase)
    return changed


def _print_for_environment(made: Keys, settings: Settings, then: str) -> None:
    print(
        f"The keys come from LUMBAR_KEYS, which no command can change. Set it to what follows, {then}.",
        file=sys.stderr,
    )
    print(written(made, settings.passphrase))


def _made(there: Keys, kind: KeyKind) -> dict[int, datetime | None]:
    return {number: there.made_at(kind, number) for number in sorted(there.of(kind))}


def _let_go_from(settings: Settings, made: datetime | None) -> datetime:
    """From when on nobody can still write with the key before the newest; a file that does not say when it was made has its date."""
    if made is None and not settings.lumbar_keys:
        made = datetime.fromtimestamp(settings.key_file.path.stat().st_mtime, clock.now().tzinfo)
    return (made or clock.now()) + key_rotation.SETTLED_AFTER


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else "at an unknown time"


def _refused(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1
