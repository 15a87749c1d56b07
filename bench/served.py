"""What the booking benchmark lets gunicorn serve: the product, the product without kept answers, and the floors under both.

`gunicorn bench.served:product()` and so on; the settings come from the environment, as in life.
"""

import os

import psycopg
from flask import Flask

from clinic.api.availability_cache import KEPT, KeptAnswers
from clinic.app import web


def product() -> Flask:
    """The product as it is shipped."""
    return web()


def forgetful() -> Flask:
    """The product, keeping no answer: each question is read and reckoned anew."""
    app = web()
    app.extensions[KEPT] = KeptAnswers(0)
    return app


def floor() -> Flask:
    """What nothing can be quicker than on this stack: a word, and one row by the bare driver on a connection that is open."""
    app = Flask("floor")
    connections: list[psycopg.Connection] = []

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    @app.get("/row")
    def row() -> str:
        if not connections:  # Each worker its own, made after the fork.
            address = os.environ["DATABASE_URL"].replace("+psycopg", "")
            connections.append(psycopg.connect(address, autocommit=True))
        found = connections[0].execute("SELECT id::text FROM therapists ORDER BY id LIMIT 1").fetchone()
        return str(found)

    return app
