"""The worker's steps: a backup each night, and its way to the object storage each hour until it is there.

Two steps, because the broker gives out a task again that took long: a backup that is on its way is sent by one process, but a
second backup would be made.
"""

import logging

from flask import current_app

from clinic.backup import making, sending
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


def send_backup() -> None:
    """Send the newest backup to the object storage, if there is one and it lacks it. Safe to repeat: what is there is not sent again."""
    address = current_app.config["BACKUP_STORAGE"]
    if address is None or not current_app.config["BACKUP_RECIPIENTS"]:
        return
    try:
        sending.send_newest(current_app.config["BACKUP_FOLDER"], address)
    except Refusal as refusal:
        log.error("the backup was not sent to the object storage: %s", refusal.sentence)
