"""The worker's step: build the copy that waits longest.

Each step counts itself in a transaction of its own, so that pages show how far it is. The file is stored by one statement
that counts only while this worker's claim stands: a copy is ready with its whole file, or not ready.
"""

import logging
from uuid import UUID

from clinic import clock
from clinic.accounts import audit, data_exports
from clinic.accounts.data_exports import DataExport
from clinic.db import transaction
from clinic.exports import archive, fhir, page
from clinic.exports import record as records

STEPS = 4
"""The record, the bundle, the page to read, the file."""

log = logging.getLogger(__name__)


def build_data_exports() -> None:
    """Build what waits, one copy after the other. Safe to repeat: a claimed copy is left to whoever claimed it."""
    while (claimed := _claim()) is not None:
        _build(*claimed)


def _claim() -> tuple[UUID, UUID, int, str] | None:
    with transaction():
        found = data_exports.claim(clock.now())
        return (found.id, found.client_id, found.attempts, found.password or "") if found else None


def _build(export_id: UUID, client_id: UUID, attempt: int, password: str) -> None:
    def count(done: int) -> None:
        with transaction():
            data_exports.step_done(export_id, attempt, done)

    now = clock.now()
    with transaction():
        record = records.read(client_id, now)
        audit.record(
            audit.SYSTEM,
            "read",
            subject_type=DataExport.__tablename__,
            subject_id=export_id,
            client_id=client_id,
            fields=sorted(record["tables"]),
            now=now,
        )
    count(1)
    documents = archive.names_of_documents(record)
    bundle = fhir.bundle(record, documents)
    count(2)
    readable = page.written(record)
    count(3)
    file = archive.zipped(record, bundle, readable, documents, password)
    with transaction():
        is_stored = data_exports.settle(export_id, attempt, file, clock.now())
    log.info("a copy of a record was built" if is_stored else "a copy was deleted while it was built")
