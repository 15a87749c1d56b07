"""Composition: settings become a Flask application; the parts of the product meet only here and in `cli`."""

import gc
import sys

from flask import Flask
from sqlalchemy.orm import configure_mappers

from clinic.api import bounces, free_times_first, health
from clinic.api import views as api
from clinic.background import refuse_other_keys, without_pages
from clinic.portal import views as portal
from clinic.public import views as public
from clinic.staff import views as staff
from clinic.staff.auth import sign_in
from clinic.web import (
    access,
    assets,
    banners,
    context,
    errors,
    headers,
    languages,
    logs,
    security_log,
    sharing,
    sign_out,
)
from clinic.web.requests_in_memory import RequestInMemory
from config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The product as a WSGI application.

    Reads the environment when no settings are given. Raises InvalidSettings for a bad environment and
    `access.Undeclared` if an endpoint does not declare who it is for.
    """
    settings = settings or Settings.read()
    app = without_pages(settings, longest_statement_ms=settings.statement_timeout_ms)
    app.request_class = RequestInMemory

    logs.init_app(app)
    access.init_app(app)
    sign_in.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    security_log.init_app(app)
    sign_out.init_app(app)
    languages.init_app(app)
    sharing.init_app(app)
    assets.init_app(app)
    context.init_app(app)
    banners.init_app(app)
    for blueprint in (
        health.blueprint,
        bounces.blueprint,
        api.blueprint,
        languages.blueprint,
        *public.blueprints,
        *portal.blueprints,
        *staff.blueprints,
    ):
        app.register_blueprint(blueprint)

    free_times_first.init_app(app)
    access.require_declared(app)
    return app


def web() -> Flask:
    """The product as a web server runs it: what it logs goes to standard error, as lines of JSON."""
    logs.write_to(sys.stderr)
    app = create_app()
    refuse_other_keys(app)
    configure_mappers()  # Once, before the server forks, not at each process's first request.
    gc.collect()
    gc.freeze()  # What exists now stays for good; scanning it for garbage would only delay requests.
    return app
