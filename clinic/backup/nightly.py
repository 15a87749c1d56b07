"""The worker's step: a backup each night."""

import logging

from flask import current_app

from clinic.backup import making
from clinic.refusal import Refusal

log = logging.getLogger(__name__)


def back_up() -> None:
    """Make a backup, if public keys are set. Safe to repeat: a second one is a newer backup of the same night."""
    readers = current_app.config["BACKUP_RECIPIENTS"]
    if not readers:
        return
    url = current_app.config["SQLALCHEMY_DATABASE_URI"]
    try:
        making.make(url, current_app.config["BACKUP_FOLDER"], readers)
    except Refusal as refusal:
        log.error("no backup was made: %s", refusal.sentence)
