"""Settings, Data: how the backups stand, what was attempted lately, whether somebody has proved that one comes back, and the sheets for a day
without the server."""

from flask import current_app
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import erasures
from clinic.backup import downtime_sheet, rotation, runs, wal_archive
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.staff.settings.layout import OWNERS, page
from clinic.web.access import audience, staff


@blueprint.get("/settings/data", endpoint="settings_data")
@audience(staff, *OWNERS)
def show() -> ResponseReturnValue:
    """Backups, drills and downtime sheets. Nothing about a client is shown."""
    now = clock.now()
    storage = current_app.config["BACKUP_STORAGE"]
    found = runs.overview(
        now, are_on=bool(current_app.config["BACKUP_RECIPIENTS"]), has_storage=storage is not None
    )
    is_drill_due = found.drill is None or found.drill.began_at < now - runs.DRILL_AFTER
    return page(
        "data",
        "data",
        found=found,
        wal=wal_archive.overview(
            current_app.config["WAL_FOLDER"], now, is_on=current_app.config["BACKUP_WAL"]
        ),
        storage_host=storage.host if storage else None,
        is_drill_due=is_drill_due,
        asked=erasures.open_erasures(),
        restricted=erasures.restricted_records(),
        sheets=downtime_sheet.sheets(),
        can_make_sheets=bool(downtime_sheet.readers()),
        sheet_file=downtime_sheet.file_name,
        evening=downtime_sheet.EVENING,
        who_reads=_who_reads(len(current_app.config["BACKUP_RECIPIENTS"])),
        periods=(rotation.DAYS, rotation.WEEKS, rotation.MONTHS),
        zone=practice_zone(now),
        now=now,
    )


def _who_reads(keys: int) -> str:
    if keys == 1:
        return "Only the holder of one private key can read it."
    return f"Only the holders of {keys} private keys can read it."
