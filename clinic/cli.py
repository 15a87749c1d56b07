"""`python -m clinic …`: what an owner or operator does from a command line. Each command is one function below."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from psycopg import Error as DriverError
from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy.exc import OperationalError, ProgrammingError

from clinic import clock, key_commands, schema, sealed
from clinic.accounts import affected_clients, audit, audit_seals, security_events, team
from clinic.accounts.models import Role, User
from clinic.background import backup_storage, create_background_app
from clinic.backup import (
    archive,
    before_upgrade,
    drill,
    making,
    object_storage,
    point_in_time,
    restoring,
    runs,
    sending,
    server_renewal,
    wal_archive,
    wal_receiving,
)
from clinic.backup.object_storage import StorageAddress
from clinic.backup.runs import BackupState
from clinic.booking import zone_changes
from clinic.command_settings import command_settings
from clinic.db import db, transaction
from clinic.embedded import running, supervisor
from clinic.embedded.process import AlreadyRunning, disk_refusal, lock_folder
from clinic.embedded.servers import Servers, ServersWanted
from clinic.guidance import suggest as suggestion
from clinic.maintenance import erasure, erasure_ledger, key_rotation
from clinic.plans import replay
from clinic.practice.queries import find_practice
from clinic.refusal import Refusal
from clinic.web.spreadsheet import as_csv
from config import (
    STARTED_HERE_BROKER,
    Environment,
    Settings,
    Start,
)
from secret_keys import key_file

NEWEST = "newest"
NO_REPLICATION = "DATABASE_REPLICATION_URL is not set: it names the role that may receive the database's WAL."
Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; exits with its status."""
    parser = argparse.ArgumentParser(prog="python -m clinic", description="Lumbar, practice software.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, (run, arguments_of) in COMMANDS.items():
        command = commands.add_parser(name, help=_first_line(run), description=run.__doc__)
        for argument, options in arguments_of.items():
            command.add_argument(argument, **options)
        command.set_defaults(run=run)
    parsed = parser.parse_args(arguments)
    chosen: Command = parsed.run
    sys.exit(_run(chosen, parsed))


def _run(command: Command, parsed: argparse.Namespace) -> int:
    """The command's status; a database that is away or was never prepared, and a disk that refuses, are said in a sentence."""
    try:
        return command(parsed)
    except OperationalError as error:
        print(_unanswered(error), file=sys.stderr)
    except ProgrammingError as error:
        if not isinstance(error.orig, UndefinedTable | UndefinedColumn):
            raise
        print("The database is not at the newest revision: run `python -m clinic migrate`.", file=sys.stderr)
    except OSError as error:
        print(disk_refusal(error), file=sys.stderr)
    return 1


def _unanswered(error: OperationalError) -> str:
    """Why a statement was not answered, in the server's or the driver's words, which name no value of a row."""
    reason = error.orig.diag.message_primary if isinstance(error.orig, DriverError) else None
    reason = reason or str(error.orig).partition("\n")[0]
    return f"The database does not answer ({reason}). What the command had not finished was undone."


def up(parsed: argparse.Namespace) -> int:
    """Start everything: database, broker, web, worker and beat, until Ctrl-C."""
    return supervisor.up(Start.with_keys())


def migrate(parsed: argparse.Namespace) -> int:
    """Bring the database to the newest revision, as the role that owns it."""
    settings = command_settings()
    owner_url = settings.database_owner_url or settings.database_url
    try:
        if parsed.copy_first and schema.is_behind(owner_url):
            _copy_first(settings, owner_url)
        schema.upgrade(owner_url)
        with create_background_app(settings).app_context():
            key_rotation.refuse_other_keys()
    except Refusal as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 1
    print("The database is at the newest revision.")
    return 0


def _copy_first(settings: Settings, owner_url: str) -> None:
    """Copy a database that is about to be migrated, and say how to come back."""
    sealed.use(settings.keys.sealing_bytes)
    copy, key = before_upgrade.copy(owner_url, settings.lumbar_data, settings.backup_recipients.split())
    print(f"Before the upgrade everything was copied to {copy}.")
    print(
        "To go back: put the data folder's servers aside, and with the version before run "
        f"`python -m clinic restore {copy} --key {key or 'FILE'}`."
    )


def load_demo(parsed: argparse.Namespace) -> int:
    """Make the fictional demo practice, unless the database holds a practice already."""
    settings = command_settings()
    if settings.environment is Environment.PRODUCTION:
        print("The demo practice is refused: this is production.", file=sys.stderr)
        return 2
    # Only here: the demo signs people in, with passwords, and so needs the pages; no other command does.
    from clinic import demo
    from clinic.app import create_app

    with create_app(settings).app_context(), transaction():
        if find_practice() is not None:
            print("There is a practice already; nothing was changed.")
            return 0
        demo.load(clock.now())
    print(f"The demo practice is ready. Staff sign in with the password “{demo.PASSWORD}” as:")
    for person in demo.STAFF:
        print(f"  {person.mail}  ({', '.join(role.value.replace('_', ' ') for role in person.roles)})")
    return 0


def create_owner(parsed: argparse.Namespace) -> int:
    """Make the first owner and print the address at which they choose a password."""

    def owner(now: datetime) -> User:
        made = team.add_user(
            mail=parsed.mail, given_name=parsed.given, family_name=parsed.family, roles=[Role.OWNER], now=now
        )
        security_events.record_roles(made, (), actor=audit.SYSTEM, network="", now=now)
        return made

    return _invited(owner)


def reset_password(parsed: argparse.Namespace) -> int:
    """Print a one-time address at which a member of staff chooses a new password."""
    return _invited(lambda now: team.find_user(parsed.mail))


def _invited(person: Callable[[datetime], User]) -> int:
    """Print a set-up address for somebody; what speaks against it is printed instead, and nothing is changed."""
    settings, now = command_settings(), clock.now()
    try:
        with create_background_app(settings).app_context(), transaction():
            path = team.set_up_path(team.mint_set_up_link(person(now), now))
    except Refusal as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 2
    print(f"Open this address within a day; it works once:\n  {settings.base_url}{path}")
    return 0


def suggest(parsed: argparse.Namespace) -> int:
    """Read facts as JSON from a file or standard input (-) and print what the guidance makes of them."""
    return suggestion.from_file(parsed.file)


def replay_reviews(parsed: argparse.Namespace) -> int:
    """List the open reviews that would come out differently under the current rule set; changes nothing."""
    with create_background_app(command_settings()).app_context(), transaction():
        found = replay.open_reviews(clock.now())
        lines = replay.table(found)
    differing = len(lines) - 1
    if differing:
        print("\n".join(lines))
    print(f"{differing} of {len(found)} open reviews would come out differently.")
    return 0


def repair_zones(parsed: argparse.Namespace) -> int:
    """List the visits whose promised time new zone rules would change, and move them to keep it, all in one step."""
    with create_background_app(command_settings()).app_context():
        now = clock.now()
        try:
            with transaction():
                found = (
                    zone_changes.drifted(now)
                    if parsed.list
                    else zone_changes.repair(actor=audit.SYSTEM, now=now)
                )
                lines = [zone_changes.describe_shift(shift) for shift in found]
        except Refusal as refusal:
            print(refusal.sentence, file=sys.stderr)
            return 2
    if lines:
        print("\n".join(lines))
    done = "would move" if parsed.list else "moved"
    print(f"{len(lines)} {done}; every visit to come keeps the time on the clock it was promised.")
    return 0


def affected(parsed: argparse.Namespace) -> int:
    """Print as CSV whose data staff reached, which, and since when: for whoever has to report a breach."""
    with create_background_app(command_settings()).app_context(), transaction():
        try:
            user_id = team.find_user(parsed.by).id if parsed.by else None
        except Refusal as refusal:
            print(refusal.sentence, file=sys.stderr)
            return 2
        found = affected_clients.affected(
            user_id=user_id, since=parsed.since, until=parsed.until, actor=audit.SYSTEM, now=clock.now()
        )
        print(as_csv(affected_clients.HEADINGS, map(affected_clients.as_row, found)), end="")
    print(f"{len(found)} clients. Times are UTC.", file=sys.stderr)
    return 0


def _moment(text: str) -> datetime | str:
    """The same, or `newest`."""
    return NEWEST if text == NEWEST else _instant(text)


def _instant(text: str) -> datetime:
    """A day or an instant of ISO 8601, in UTC unless it names a zone. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def renew_server(parsed: argparse.Namespace) -> int:
    """Bring everything into a new database server, as a new major version of PostgreSQL needs, and put the old one aside."""
    given = Start.read()
    if given.database_url is not None:
        print(
            "DATABASE_URL is set: whoever runs that server renews it. Nothing was changed.", file=sys.stderr
        )
        return 2
    data = given.lumbar_data.resolve()
    if not (data / "servers").is_dir():
        print(server_renewal.NothingToRenew.sentence, file=sys.stderr)
        return 1
    try:
        with lock_folder(data):
            sealed.use(Settings.without_servers().keys.sealing_bytes)
            found = server_renewal.renew(data / "servers", parsed.old_programs, clock.now())
    except AlreadyRunning:
        print("Lumbar is running on this data folder: stop it first. Nothing was changed.", file=sys.stderr)
        return 2
    except Refusal as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 1
    print(
        f"{found.rows} rows came from PostgreSQL {found.before} into PostgreSQL {found.after}, each table as it was."
    )
    print(f"The old server lies in {found.kept}. When all is well: `python -m clinic let-go-old-server`.")
    print("No message leaves until an owner has read what waits, under Messages.")
    return 0


def let_go_old_server(parsed: argparse.Namespace) -> int:
    """Delete the old database server that `renew-server` put aside."""
    data = Start.read().lumbar_data.resolve()
    try:
        gone = server_renewal.let_go(data / "servers")
    except Refusal as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 1
    for folder in gone:
        print(f"{folder} is deleted.")
    if not gone:
        print("No old server lies here.")
    return 0


def backup_key(parsed: argparse.Namespace) -> int:
    """Print a new key pair for backups, to be kept away from the machine that makes them; nothing is stored."""
    private, public = archive.fresh_identity()
    print("# The key that opens Lumbar's backups. Keep this file away from the server, and in two places.")
    print(f"# Set on the server: BACKUP_RECIPIENTS={public}")
    print(private)
    return 0


def back_up(parsed: argparse.Namespace) -> int:
    """Make an encrypted backup of the database now, as happens each night."""
    settings = command_settings()
    storage = backup_storage(settings)
    with create_background_app(settings).app_context():
        try:
            made = making.make(settings.database_url, settings.backups, settings.backup_recipients.split())
            print(f"{made} ({made.stat().st_size / 1e6:.1f} MB)", flush=True)
            if storage is not None:
                sent = sending.send_newest(settings.backups, storage)
                print(
                    f"Sent to {storage.host}, read back and found whole."
                    if sent
                    else "Another process sends it at this moment."
                )
        except Refusal as refusal:
            print(refusal.sentence, file=sys.stderr)
            return 1
    return 0


def list_backups(parsed: argparse.Namespace) -> int:
    """List the backups here and in the object storage, oldest first."""
    settings = Settings.without_servers()
    for file in making.backups(settings.backups):
        print(f"{file.name}  {file.stat().st_size / 1e6:.1f} MB  {settings.backups}")
    _tell_of_wal(settings.wal)
    storage = backup_storage(settings)
    if storage is None:
        return 0
    try:
        with object_storage.connected(storage) as stored:
            for backup in stored.backups():
                print(f"{backup.name}  {backup.file_bytes / 1e6:.1f} MB  {storage.host}")
    except Refusal as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 1
    return 0


def _tell_of_wal(folder: Path) -> None:
    """Which moments can be brought back, and how much room that takes."""
    found = wal_archive.sizes(folder)
    reach = wal_archive.overview(folder, clock.now(), is_on=True)
    if not found.bases or reach.since is None:
        return
    until = f" to {point_in_time.said(reach.until)}" if reach.until else ""
    print(f"Any moment from {point_in_time.said(reach.since)}{until}  {folder}")
    print(f"  {found.bases} base backups, {found.base_bytes / 1e6:.1f} MB", end="")
    print(f"; {found.segments} segments of WAL, {found.segment_bytes / 1e6:.1f} MB", end="")
    print(
        f", {found.bytes_a_day / 1e6:.0f} MB a day at the rate of the last day" if found.bytes_a_day else ""
    )


def receive_wal(parsed: argparse.Namespace) -> int:
    """Receive and encrypt what the database writes, and copy the whole server once a week, until it is stopped."""
    settings = _receiver_settings()
    if settings.database_replication_url is None:
        print(NO_REPLICATION, file=sys.stderr)
        return 2
    asked_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_stop.set())
    clock.follow(settings.clock_file)
    _use_keys_if_any(settings)
    try:
        wal_receiving.receive(
            settings.database_replication_url,
            settings.wal,
            settings.lumbar_data.absolute() / wal_receiving.WORK,
            settings.backup_recipients.split(),
            asked_to_stop,
            unlimited=parsed.unlimited,
        )
    except Refusal as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 1
    return 0


def _receiver_settings() -> Settings:
    """The settings of the receiver: with an address of its own it needs no other server's."""
    return Settings.without_servers() if os.environ.get("DATABASE_REPLICATION_URL") else command_settings()


def _use_keys_if_any(settings: Settings) -> None:
    """Load the keys whose fingerprints a base backup bears; where there are none it bears none, and none are made."""
    if settings.lumbar_keys is not None or settings.key_file.path.exists():
        sealed.use(settings.keys.sealing_bytes)


def base_backup(parsed: argparse.Namespace) -> int:
    """Copy the whole server now, as happens each week, while its WAL is received."""
    settings = _receiver_settings()
    if settings.database_replication_url is None:
        print(NO_REPLICATION, file=sys.stderr)
        return 2
    _use_keys_if_any(settings)
    try:
        made = wal_receiving.make_base(
            settings.database_replication_url,
            settings.wal,
            settings.lumbar_data.absolute() / wal_receiving.WORK,
            settings.backup_recipients.split(),
        )
    except Refusal as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 1
    print(f"{made.file} ({made.file.stat().st_size / 1e6:.1f} MB)")
    return 0


def restore(parsed: argparse.Namespace) -> int:
    """Bring a backup, or any moment, back into an empty database; where no address is set, into an empty data folder."""
    given = Start.read()
    if not (os.environ.get("LUMBAR_KEYS") or key_file(given.lumbar_data).exists()):
        print(
            f"There are no keys: set LUMBAR_KEYS, or put the practice's key file at {key_file(given.lumbar_data)}.",
            file=sys.stderr,
        )
        return 2
    if running.running_environment(given.lumbar_data.resolve()):
        print("Lumbar is running on this data folder: stop it first. Nothing was changed.", file=sys.stderr)
        return 2
    if parsed.at is not None:
        return _restore_moment(parsed, given)
    if parsed.file is None and not parsed.from_storage:
        print("Name the file of a backup, or say --from-storage.", file=sys.stderr)
        return 2
    with ExitStack() as undo:
        if parsed.from_storage:
            try:
                parsed.file = _fetched(
                    parsed.file, Path(undo.enter_context(TemporaryDirectory(prefix="lumbar-fetch-")))
                )
            except Refusal as refusal:
                print(refusal.sentence, file=sys.stderr)
                return 1
        if given.database_url is None:
            wanted = ServersWanted(broker=False)
            pair = undo.enter_context(Servers(given.lumbar_data.resolve() / "servers", wanted=wanted))
            settings = Settings.read(database_url=pair.urls.owner, redis_url=STARTED_HERE_BROKER)
        else:
            settings = Settings.read(redis_url=given.redis_url or STARTED_HERE_BROKER)
        sealed.use(settings.keys.sealing_bytes)
        try:
            # Read before anything is restored: whoever cannot read it must not bring anybody back.
            done = {
                **erasure_ledger.read(settings.backups),
                **erasure_ledger.read(parsed.file.resolve().parent),
            }
            found = restoring.restore(
                parsed.file,
                parsed.key,
                settings.database_owner_url or settings.database_url,
                before_writing=lambda: erasure_ledger.keep(settings.backups, done),
            )
            erased = _erase_again(settings, done)
        except Refusal as refusal:
            print(refusal.sentence, file=sys.stderr)
            return 1
    print(f"{found.rows} rows are back as they were at {found.manifest.made_at:%Y-%m-%d %H:%M} UTC.")
    _tell_erased(erased)
    return 0


def _restore_moment(parsed: argparse.Namespace, given: Start) -> int:
    if given.database_url is not None or parsed.from_storage:
        print(
            "A moment is brought back from the folder of the WAL into an empty data folder, as a server of its own: take "
            "DATABASE_URL away, and --from-storage. Nothing was changed.",
            file=sys.stderr,
        )
        return 2
    at = None if parsed.at == NEWEST else parsed.at
    servers = given.lumbar_data.resolve() / "servers"
    settings = Settings.without_servers()
    folder = parsed.file or settings.wal
    sealed.use(settings.keys.sealing_bytes)
    try:
        done = {**erasure_ledger.read(settings.backups), **erasure_ledger.read(folder.resolve().parent)}
        found = point_in_time.restore(
            folder,
            parsed.key,
            at,
            servers,
            before_writing=lambda: erasure_ledger.keep(settings.backups, done),
        )
        with Servers(servers, wanted=ServersWanted(broker=False)) as pair:
            schema.upgrade(pair.urls.owner)
            erased = _erase_again(
                Settings.read(database_url=pair.urls.owner, redis_url=STARTED_HERE_BROKER), done
            )
    except Refusal as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 1
    when = point_in_time.said(at) if at else "the end of the WAL"
    last = f"; its last change is of {point_in_time.said(found.last_at)}" if found.last_at else ""
    print(f"The database is as it was at {when}{last}.")
    _tell_erased(erased)
    return 0


def _tell_erased(erased: int) -> None:
    if erased:
        print(f"Erased again, as they had been since: {erased}.")
    print("No message leaves until an owner has read what waits, under Messages.")


def _fetched(name: Path | None, folder: Path) -> Path:
    """A backup from the object storage, the newest if none is named, and the ledger of erasures beside it. Raises StorageRefusal."""
    storage = _storage_or_refuse(Settings.without_servers())
    with object_storage.connected(storage) as stored:
        stored.fetch_lines(erasure_ledger.FILE, folder)
        return stored.fetch(name.name if name else None, folder)


def _storage_or_refuse(settings: Settings) -> StorageAddress:
    storage = backup_storage(settings)
    if storage is None:
        raise object_storage.StorageRefusal("No object storage is set: BACKUP_S3_URL says where it is.")
    return storage


def _erase_again(settings: Settings, done: Mapping[UUID, datetime]) -> int:
    """Erase whoever the backup brought back although the ledger says that they are erased; returns how many."""
    app = create_background_app(settings)
    with app.app_context():
        erased = erasure.erase_again(done, clock.now(), app.config["MAILDIR"])
        erasure_ledger.complete(app.config["BACKUP_FOLDER"])
    return len(erased)


def rehearse(parsed: argparse.Namespace) -> int:
    """Restore the newest backup, and the newest moment where WAL is received, into servers of their own, look, and say how long it took."""
    settings = command_settings()

    @contextmanager
    def product(servers: Servers) -> Iterator[None]:
        there = {
            "database_url": servers.urls.app,
            "database_owner_url": servers.urls.owner,
            "database_seal_url": servers.urls.sealer,
        }
        with create_background_app(settings.model_copy(update=there)).app_context():
            yield

    with create_background_app(settings).app_context():
        try:
            storage = _storage_or_refuse(settings) if parsed.from_storage else None
            wal = settings.wal if settings.backup_wal else None
            found = drill.rehearse(settings.backups, parsed.key, product, storage, wal)
        except Refusal as refusal:
            print(refusal.sentence, file=sys.stderr)
            return 1
    print(f"{found.file_name}: {found.restored.rows} rows came back, each table as it was.")
    print(
        f"{found.opened} sealed values opened, {found.seals} seals of the audit hold, nothing would be sent."
    )
    print(f"Back after {found.took.total_seconds():.0f} s (recovery time).")
    print(f"Lost would be the last {found.lost.total_seconds() / 3600:.1f} hours (recovery point).")
    if (moment := found.moment) is not None:
        print(f"{moment.base.file.name}: with {moment.segments} segments of WAL the newest moment came back.")
        print(f"{moment.opened} sealed values opened, {moment.seals} seals of the audit hold.")
        print(f"Back after {moment.took.total_seconds():.0f} s (recovery time).")
        print(f"Lost would be the last {moment.lost.total_seconds():.0f} seconds (recovery point).")
    return 0


def doctor(parsed: argparse.Namespace) -> int:
    """Check the database, its durability, the keys and the audit's seals; status 1 when something is wrong."""
    faults, settings = [], command_settings()
    with create_background_app(settings).app_context():
        with db.engine.connect() as connection:
            is_current = schema.is_current(connection)
            if not is_current:
                faults.append("The database is not at the newest revision: run `python -m clinic migrate`.")
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                if connection.execute(sa.text(f"SHOW {setting}")).scalar() == "off":
                    faults.append(f"PostgreSQL runs with {setting} off: a crash may lose bookings.")
        drifted = len(zone_changes.drifted(clock.now())) if is_current else 0
        if drifted:
            faults.append(
                f"Visits that miss their promised time: {drifted}; run `python -m clinic repair-zones`."
            )
        seals = 0
        if is_current and settings.environment is Environment.PRODUCTION:
            standing = runs.state(clock.now(), are_on=bool(settings.backup_recipients))
            if standing is BackupState.OFF:
                faults.append("No backups are made: see `python -m clinic backup-key`.")
            elif standing is BackupState.LATE:
                faults.append("There is no good backup of the last 26 hours: see Settings, Data.")
            has_storage = standing is not BackupState.OFF and backup_storage(settings) is not None
            if runs.storage_state(clock.now(), is_on=has_storage) is BackupState.LATE:
                faults.append("No backup of the last 26 hours is in the object storage: see Settings, Data.")
        wal = wal_archive.overview(settings.wal, clock.now(), is_on=settings.backup_wal)
        if wal.state.is_ill:
            about_base = wal.state in (BackupState.NO_ROOM, BackupState.NO_BASE)
            said = wal.trouble if about_base else None
            faults.append(said or "The database's WAL is not received: see Settings, Data.")
        if is_current:  # Before the newest revision there may be nothing to look at.
            verification = audit_seals.verify()
            seals = verification.seals
            if not verification.holds:
                faults.append(f"The audit does not hold: seal {verification.broken}, {verification.why}.")
            if (sealing := audit_seals.state(clock.now())) != "ok":
                faults.append(
                    f"The seals of the audit are {sealing}: does the worker run, and as which role does it seal?"
                )
            if settings.environment is Environment.PRODUCTION and audit_seals.may_be_forged():
                faults.append(
                    "The role that serves pages may add seals to the audit: give sealing a role of its own."
                )
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"All is well; {seals} seals of the audit hold.")
    return 1 if faults else 0


def _first_line(run: Command) -> str:
    return (run.__doc__ or "").partition("\n")[0]


_PERSON = {"mail": {"help": "their e-mail address"}}
_KEY: dict[str, dict[str, Any]] = {
    "--key": {
        "metavar": "FILE",
        "type": Path,
        "required": True,
        "help": "the private key, as backup-key printed it",
    }
}
_REACHED: dict[str, dict[str, Any]] = {
    "--by": {"metavar": "MAIL", "help": "one member of staff; without it everybody"},
    "--since": {"type": _instant, "metavar": "WHEN", "help": "a day or an instant (ISO 8601, UTC), included"},
    "--until": {"type": _instant, "metavar": "WHEN", "help": "the same, not included"},
}
_FROM_STORAGE: dict[str, dict[str, Any]] = {
    "--from-storage": {"action": "store_true", "help": "take it from the object storage of BACKUP_S3_URL"}
}
COMMANDS: dict[str, tuple[Command, dict[str, dict[str, Any]]]] = {
    "up": (up, {}),
    "migrate": (
        migrate,
        {
            "--copy-first": {
                "action": "store_true",
                "help": "copy a database that an older Lumbar made before it is changed",
            }
        },
    ),
    "load-demo": (load_demo, {}),
    "create-owner": (
        create_owner,
        {**_PERSON, "given": {"help": "given name"}, "family": {"help": "family name"}},
    ),
    "reset-password": (reset_password, _PERSON),
    "suggest": (suggest, {"file": {"metavar": "FILE", "help": "a JSON file, or - for standard input"}}),
    "replay": (replay_reviews, {}),
    "new-keys": (key_commands.new_keys, {}),
    "keys": (key_commands.keys, {}),
    "rotate-key": (key_commands.rotate_key, key_commands.KIND),
    "let-go-key": (key_commands.let_go_key, {**key_commands.KIND, **key_commands.NUMBER}),
    "lock-keys": (key_commands.lock_keys, {}),
    "unlock-keys": (key_commands.unlock_keys, {}),
    "repair-zones": (
        repair_zones,
        {"--list": {"action": "store_true", "help": "only list what would move; change nothing"}},
    ),
    "affected": (affected, _REACHED),
    "doctor": (doctor, {}),
    "renew-server": (
        renew_server,
        {
            "--old-programs": {
                "metavar": "FOLDER",
                "type": Path,
                "help": "the programs of the old PostgreSQL, without which those that are installed are taken",
            }
        },
    ),
    "let-go-old-server": (let_go_old_server, {}),
    "backup-key": (backup_key, {}),
    "backup": (back_up, {}),
    "backups": (list_backups, {}),
    "receive-wal": (
        receive_wal,
        {
            "--unlimited": {
                "action": "store_true",
                "help": "the server may keep WAL for a receiver that is away until its disk is full",
            }
        },
    ),
    "base-backup": (base_backup, {}),
    "restore": (
        restore,
        {
            "file": {
                "metavar": "FILE",
                "type": Path,
                "nargs": "?",
                "help": "a backup; with --from-storage its name there, or nothing for the newest; "
                "with --at the folder of the WAL, if it is another than that of the settings",
            },
            **_KEY,
            **_FROM_STORAGE,
            "--at": {
                "metavar": "WHEN",
                "type": _moment,
                "help": "any moment whose WAL was received (ISO 8601, UTC unless it names a zone), or newest",
            },
        },
    ),
    "drill": (rehearse, {**_KEY, **_FROM_STORAGE}),
}
