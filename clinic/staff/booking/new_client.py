"""Somebody new whom staff add while they book, and the records that may already be theirs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clinic.accounts import audit
from clinic.accounts import services as accounts
from clinic.accounts.models import Client
from clinic.booking import client_search
from clinic.booking.client_search import Caller
from clinic.practice import queries as practice
from clinic.staff import desk

TYPED = ("given_name", "family_name", "mail", "phone")


def alike(typed: Mapping[str, Any], now: datetime) -> list[Caller]:
    """The clients who may be the person whose details were typed into a form."""
    details = {name: typed[name] for name in TYPED}
    return client_search.alike(**details, country=practice.the_practice().country, now=now)


def add(typed: Mapping[str, Any], now: datetime) -> Client:
    """Add the client whose details were typed into a form; who added them is recorded. The caller commits."""
    settings = practice.the_practice()
    new = accounts.add_client(
        given_name=typed["given_name"],
        family_name=typed["family_name"],
        mail=typed["mail"] or None,
        phone=typed["phone"] or None,
        country=settings.country,
        language=settings.language,
        now=now,
    )
    added_by = audit.by_user(desk.user().id)
    audit.record(added_by, "add", new, client_id=new.id, fields=["given_name", "family_name"], now=now)
    return new
