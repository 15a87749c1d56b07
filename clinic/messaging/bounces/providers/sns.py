"""What the worker fetches from Amazon SNS: certificates of signatures, and the confirmation of a subscription.

No request fetches anything. It queues a path here, on the one host that belongs to the topic in the settings; the
worker fetches it within seconds, and SNS calls again after about twenty.
"""

import http.client
import logging
import re
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Model, db, transaction
from clinic.refusal import Refusal

log = logging.getLogger(__name__)

TOPIC = re.compile(r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}", re.ASCII)
WAITING_AT_MOST = 8
"""Anyone who knows the topic's name can ask for certificates that do not exist, but only for so many at a time."""
WORTH = timedelta(hours=1)
LONGEST_ANSWER = 64 * 1024
TIMEOUT_SECONDS = 8.0

Fetch = Callable[[str, str], str | None]
"""Fetches a path from a host; None if that failed."""


class SnsErrand(Model):
    """A path that the worker was asked to fetch from the topic's host, and the answer."""

    __tablename__ = "sns_errands"

    path: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    """The certificate; None for the confirmation of a subscription."""


class NotFetchedYet(Refusal):
    """The certificate is being fetched; the same notification can be checked in a few seconds."""

    status = 503
    code = "not-fetched-yet"
    sentence = "Please send that again in half a minute."


def host(topic: str) -> str:
    """The host that signs for a topic. Raises ValueError for an invalid topic name."""
    found = TOPIC.fullmatch(topic)
    if found is None:
        raise ValueError("not the ARN of an SNS topic")
    return f"sns.{found[2]}.amazonaws.com" + (".cn" if found[1] == "aws-cn" else "")


def fetched(path: str, now: datetime) -> str:
    """What the worker fetched from a path. Raises NotFetchedYet, and asks the worker for it. The caller commits either
    way."""
    answer = db.session.scalar(sa.select(SnsErrand.answer).where(SnsErrand.path == path))
    if answer is None:
        ask(path, now)
        raise NotFetchedYet
    return answer


def ask(path: str, now: datetime, *, proven: bool = False) -> None:
    """Ask the worker to fetch a path. Safe to repeat; only a limited number of paths that are not `proven` wait. The
    caller commits."""
    waiting = sa.select(sa.func.count()).where(
        SnsErrand.fetched_at.is_(None), SnsErrand.asked_at > now - WORTH
    )
    if proven or (db.session.scalar(waiting) or 0) < WAITING_AT_MOST:
        db.session.execute(pg.insert(SnsErrand).values(path=path, asked_at=now).on_conflict_do_nothing())


def run_errands(topic: str, now: datetime, fetch: Fetch) -> int:
    """Fetch the queued paths, and delete those that cannot be fetched; returns how many were fetched.

    Running twice at once is harmless: both fetch the same. Owns its transactions; none is open during a network call.
    """
    with transaction():
        db.session.execute(
            sa.delete(SnsErrand).where(SnsErrand.answer.is_(None), SnsErrand.asked_at <= now - WORTH)
        )
        waiting = db.session.scalars(
            sa.select(SnsErrand.path).where(SnsErrand.fetched_at.is_(None)).order_by(SnsErrand.asked_at)
        ).all()
    done = 0
    for path in waiting:
        answer = fetch(host(topic), path)
        if answer is None:
            log.warning("nothing fetched from SNS")
            continue
        with transaction():
            db.session.execute(
                sa.update(SnsErrand)
                .where(SnsErrand.path == path)
                .values(fetched_at=now, answer=answer if path.endswith(".pem") else None)
                .execution_options(synchronize_session=False)
            )
        done += 1
    return done


def over_https(server: str, path: str, *, trust: ssl.SSLContext | None = None) -> str | None:
    """Fetch a path of a host over TLS, without following redirects."""
    context = trust or ssl.create_default_context()
    connection = http.client.HTTPSConnection(server, timeout=TIMEOUT_SECONDS, context=context)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(LONGEST_ANSWER)
        return body.decode("utf-8", "replace") if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
