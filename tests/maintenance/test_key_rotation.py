"""What rests on each kind of key, and what changing it does to what people have in their hands."""

import json
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask

from clinic import keys_in_use
from clinic.accounts import signed_links
from clinic.maintenance import key_rotation
from clinic.maintenance.key_rotation import KeyKind
from clinic.staff.auth import second_factor
from tests.make import Make

OLD, NEW = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
BOTH = {"1": OLD, "2": NEW}


@pytest.fixture
def factors(app: Flask) -> Iterator[second_factor.OneTimeTotp]:
    """The second factors of an application that knows one key; its own come back afterwards."""
    before = app.config["SECURITY_TOTP_SECRETS"]
    keys_in_use.use_totp_secrets(app, {"1": OLD})
    yield app.extensions["security"].totp_factory
    keys_in_use.use_totp_secrets(app, before)


def test_an_app_works_before_while_and_after_its_key_is_changed(
    app: Flask, make: Make, factors: second_factor.OneTimeTotp
) -> None:
    secret = factors.generate_totp_secret()
    ines = make.user(tf_primary_method="authenticator", tf_totp_secret=secret)
    shown = factors.get_totp_pretty_key(secret)
    keys_in_use.use_totp_secrets(app, BOTH)
    assert factors.get_totp_pretty_key(ines.tf_totp_secret) == shown
    assert key_rotation.held_by_older(KeyKind.TOTP_SECRETS, 2) == 1
    assert key_rotation.write_anew(KeyKind.TOTP_SECRETS, 10) == 1
    assert key_rotation.write_anew(KeyKind.TOTP_SECRETS, 10) == 0
    assert key_rotation.held_by_older(KeyKind.TOTP_SECRETS, 2) == 0
    assert json.loads(ines.tf_totp_secret)["enckey"]["t"] == "2"
    keys_in_use.use_totp_secrets(app, {"2": NEW})
    assert factors.get_totp_pretty_key(ines.tf_totp_secret) == shown


def test_recovery_codes_name_their_key_and_are_what_letting_it_go_costs(
    app: Flask, make: Make, factors: second_factor.OneTimeTotp, now: datetime
) -> None:
    util = app.extensions["security"].mf_recovery_codes_util
    ines, olga = make.user(), make.user()
    with app.test_request_context("/"):
        code = util.create_recovery_codes(ines)[0]
        ines.mf_recovery_codes = [kept.removeprefix("1:") for kept in ines.mf_recovery_codes or []]
        keys_in_use.use_totp_secrets(app, BOTH)
        util.create_recovery_codes(olga)
        assert util.check_recovery_code(ines, code)
        uses = key_rotation.uses(KeyKind.TOTP_SECRETS, {1: None, 2: None}, now)
        assert uses[1].cost.startswith("Recovery codes would stop working, of people: 1.")
        assert not uses[1].is_needed
        keys_in_use.use_totp_secrets(app, {"2": NEW})
        assert not util.check_recovery_code(ines, code)


def test_a_link_key_costs_the_links_about_visits_that_were_booked_before_it_was_replaced(
    make: Make, now: datetime
) -> None:
    offering = make.offering()
    visit = make.appointment(of=offering, who=make.client(), created_at=now - timedelta(days=2))
    made = {1: None, 2: visit.created_at + timedelta(days=1)}
    uses = key_rotation.uses(KeyKind.LINKS, made, now)
    assert uses[1].cost == "Links in letters would stop working, about visits to come: 1."
    assert not uses[1].is_needed
    after = key_rotation.uses(KeyKind.LINKS, made, visit.starts_at)
    assert after[1].cost == ""


def test_a_code_that_was_sent_before_the_link_key_changed_is_known_after_it() -> None:
    before = dict(signed_links._keys)
    try:
        signed_links.use({1: b"o" * 32})
        (stored,) = signed_links.keyed_digests("scores code", "123456")
        signed_links.use({1: b"o" * 32, 2: b"n" * 32})
        newest, older = signed_links.keyed_digests("scores code", "123456")
        assert (newest != stored, older == stored) == (True, True)
    finally:
        signed_links.use(before)
