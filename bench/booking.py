"""Free times and bookings over HTTP on the product as shipped, compared with the least this stack can take.

Three clinics (see `dataset`) on one PostgreSQL with its shipped settings, each served by gunicorn, two sync workers, on
loopback. The calls take turns in rounds, so that other load on the machine affects all alike; only the ratios count.

    a    one day of one therapist          c1   a month of one therapist
    b    one day of any therapist          c2   a month of any therapist
    d    a whole booking: keep a time, book it
    d1   the same in one call: book a start

"cold" is served by a product without its cache. Each booking comes from its own network, because of the rate limits.
"""

import itertools
import json
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from bench import dataset, floors, guarded, load, processor
from bench.dataset import CLINICS, DEEP, ONE, TEN, Asked, Clinic, Visit
from bench.load import Load
from clinic import schema
from clinic.app import create_app
from clinic.booking.models import Appointment
from clinic.db import db, dispose
from clinic.embedded.servers import Servers, scratch_servers
from config import Environment, Settings
from secret_keys import Keys
from tests.measuring import statements
from tests.patience import eventually
from tests.stage import ROOT

ROUNDS = 5
READS = 60
"""Calls in each round, one after another; a quarter as many where a call takes long."""
AT_ONCE, CROWD = 8, 160
BOOKINGS = 120
UNITS = (
    (ONE.name, "a", 4.0),
    (ONE.name, "b", 6.0),
    (ONE.name, "c1", 5.5),
    (ONE.name, "c2", 12.0),
    (ONE.name, "c2 warm", 1.9),
    (TEN.name, "b", 15.0),
    (TEN.name, "c1", 6.0),
    (TEN.name, "c2", 60.0),
)
"""How many times an empty page's time a call may take at most, by data and call."""
SECRET = "a secret of the benchmark"
"""Each call appends its number: calls with one secret wait for each other, as those of one browser do."""


@dataclass
class Product:
    """One clinic's database, what is asked of it, and the ports it is served on."""

    clinic: Clinic
    drawn: list[Visit]
    settings: Settings
    environment: dict[str, str]
    calls: dict[str, list[Asked]]
    ports: dict[str, int] = field(default_factory=dict)
    programs: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    starts: Iterator[tuple[int, datetime]] = field(default_factory=lambda: iter(()))


def run() -> None:
    """Print the tables of docs/performance.md."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as undo:
        servers = undo.enter_context(scratch_servers(durable=True))
        monday = dataset.first_monday(datetime.now(UTC).date())
        products = {clinic.name: _furnished(clinic, servers, Path(folder), monday) for clinic in CLINICS}
        for product in products.values():
            _count_statements(product)
        for product in products.values():
            undo.enter_context(_serving(product))
        _heading(monday)
        _report_reads(products)
        _report_bookings(products)
        _report_guard(products[ONE.name], servers)


# --- setting up -----------------------------------------------------------------------------------------------------------


def _furnished(clinic: Clinic, servers: Servers, folder: Path, monday: date) -> Product:
    """A database with the clinic's appointments, and the questions about it."""
    name = f"bench_{clinic.name}"
    admin = sa.create_engine(servers.urls.superuser, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}" OWNER lumbar_owner'))

    def there(url: str) -> str:
        return sa.make_url(url).set(database=name).render_as_string(hide_password=False)

    schema.upgrade(there(servers.urls.owner))
    environment = {
        "ENVIRONMENT": Environment.PRODUCTION.value,
        "PUBLIC_URL": "https://bench.example",
        "SMTP_URL": "smtp://127.0.0.1:1",
        "MAIL_FROM": "desk@alderlane.clinic",
        "LUMBAR_KEYS": Keys.fresh().dumped(),
        "DATABASE_URL": there(servers.urls.app),
        "REDIS_URL": servers.urls.broker,
        "LUMBAR_DATA": str(folder / clinic.name),
        "TRUSTED_PROXIES": "1",
    }
    settings = Settings.read(**{key.lower(): value for key, value in environment.items()})
    drawn = dataset.checked(clinic, monday)
    with create_app(settings).app_context():
        dataset.furnish(clinic)
        db.session.remove()
        dispose()
    dataset.load(clinic, drawn, there(servers.urls.owner))
    days, months = dataset.days_asked(clinic, monday), dataset.months_asked(clinic, monday)
    calls = {"a": days, "b": dataset.anybody(days), "c1": months, "c2": dataset.anybody(months)}
    starts = iter(dataset.free_half_hours(drawn, clinic, monday))
    return Product(clinic, drawn, settings, environment, calls, starts=starts)


@contextmanager
def _serving(product: Product) -> Iterator[None]:
    """The product, the product without its cache, and the floors, each on its own port, until the block ends."""
    try:
        for name in ("product", "forgetful", "floor"):
            product.ports[name] = _free_port()
            product.programs[name] = _served(name, product)
        for name, path in (("product", "/health"), ("forgetful", "/health"), ("floor", "/hello")):
            if not eventually(partial(_answers, product.ports[name], path), 60):
                raise RuntimeError(f"gunicorn did not start for {name} {product.clinic.name}")
        yield
    finally:
        for program in product.programs.values():
            program.terminate()
        for program in product.programs.values():
            program.wait()


def _served(name: str, product: Product) -> "subprocess.Popen[bytes]":
    words = [
        "--bind",
        f"127.0.0.1:{product.ports[name]}",
        "--workers",
        "2",
        "--worker-class",
        "sync",
        "--preload",
        *(["--config=python:bench"] if name == "floor" else []),  # Without the product's own setup.
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *words, "--log-level", "warning", f"bench.served:{name}()"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **product.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int, path: str) -> bool:
    try:
        load.call(port, load.get(path))
    except OSError:
        return False
    return True


# --- the requests ---------------------------------------------------------------------------------------------------------


def _count_statements(product: Product) -> None:
    """Say how many statements each call takes; BEGIN, COMMIT and savepoints are not counted."""
    app = create_app(product.settings)
    browser = app.test_client()
    counted = {}
    with app.app_context():
        for name, asked in product.calls.items():
            counts = []
            for _ in range(2):
                with statements() as asked_of_database:
                    answer = browser.get(asked[0].path, base_url="https://bench.example")
                assert answer.status_code == 200, answer.get_data(as_text=True)
                counts.append(len(asked_of_database))
            counted[name] = f"{counts[0]}, again {counts[1]}"
        with statements() as of_hold:
            kept = browser.post("/api/v1/holds", json=_wanted(*next(product.starts)))
        assert kept.status_code == 201, kept.get_data(as_text=True)
        with statements() as of_booking:
            words = {**_details(0), "hold": kept.get_json()["hold"]}
            booked = browser.post(
                "/api/v1/appointments", json=words, headers={"Idempotency-Key": "statements"}
            )
        assert booked.status_code == 201, booked.get_data(as_text=True)
        counted["d"] = f"{len(of_hold)} to keep, {len(of_booking)} to book"
        with statements() as of_both:
            direct = browser.post(
                "/api/v1/appointments",
                json={**_details(1), **_wanted(*next(product.starts)), "secret": SECRET},
                headers={"Idempotency-Key": "statements at once"},
            )
        assert direct.status_code == 201, direct.get_data(as_text=True)
        counted["d1"] = str(len(of_both))
        db.session.remove()
        dispose()
    _statements[product.clinic.name] = counted


_statements: dict[str, dict[str, str]] = {}
_callers = itertools.count(1)


def _wanted(therapist: int, starts_at: datetime) -> dict[str, str]:
    return {"treatment": "massage-30", "therapist": f"thea-{therapist}", "start": starts_at.isoformat()}


def _details(number: int) -> dict[str, object]:
    return {
        "given_name": "Ada",
        "family_name": "Bench",
        "mail": f"ada-{number}@client.example",
        "agreed_to_policy": True,
    }


def _book(port: int, wanted: bytes) -> None:
    """A whole booking, from a network that nobody else uses."""
    number = next(_callers)
    network = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    kept = json.loads(load.call(port, load.post("/api/v1/holds", wanted, X_Forwarded_For=network), (201,)))
    body = json.dumps({**_details(number), "hold": kept["hold"]}).encode()
    request = load.post(
        "/api/v1/appointments", body, X_Forwarded_For=network, Idempotency_Key=f"key-{number}"
    )
    load.call(port, request, (201,))


def _book_start(port: int, wanted: bytes) -> None:
    """The same in one call."""
    number = next(_callers)
    network = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    body = json.dumps({**_details(number), **json.loads(wanted), "secret": f"{SECRET} {number}"}).encode()
    request = load.post(
        "/api/v1/appointments", body, X_Forwarded_For=network, Idempotency_Key=f"key-{number}"
    )
    load.call(port, request, (201,))


BOOKED = {"d": _book, "d1": _book_start}


# --- the report -----------------------------------------------------------------------------------------------------------


def _heading(monday: date) -> None:
    load_before = " ".join(Path("/proc/loadavg").read_text().split()[:3])
    print(f"\nMeasured {datetime.now(UTC):%F %H:%M} UTC, first Monday {monday}, {_machine()},")
    print(
        f"load before {load_before}. gunicorn sync, 2 workers, TCP loopback; PostgreSQL as shipped, fsync on."
    )
    print(
        ", ".join(f"{clinic.name}: {clinic.visits:,} appointments" for clinic in CLINICS) + "; draws checked."
    )


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} cores ({models[0] if models else platform.machine()}), Python {platform.python_version()}"


def _report_reads(products: dict[str, Product]) -> None:
    found, costs = _measured_reads(products)
    hello, row = found[ONE.name, "hello"], found[ONE.name, "row"]
    print("\n| call | data | p50 | p95 | x one row | at once 8: per second | statements |")
    print("|---|---|---|---|---|---|---|")
    crowds = {
        (ONE.name, name): _crowd(products[ONE.name], name)
        for name in ("hello", "a", "a warm", "b", "c1", "c2", "c2 warm")
    }
    for (data, name), times in found.items():
        crowd = crowds.get((data, name))
        statements = _statements[data].get(name, "")
        print(
            f"| {name} | {data} | {times.p50:.2f} ms | {times.p95:.2f} ms | {times.p50 / row.p50:.2f} "
            f"| {f'{crowd.per_second:.0f}' if crowd else ''} | {statements} |"
        )
    floor = sum(costs.values()) + hello.p50
    p50 = {key: times.p50 for key, times in found.items()}
    print("\n| goal | is | wanted |")
    print("|---|---|---|")
    for data, name, most in UNITS:
        print(f"| {data} {name}, of hello | {p50[data, name] / hello.p50:.1f} x | at most {most} |")
    parts = " + ".join(f"{name} {milliseconds:.2f}" for name, milliseconds in costs.items())
    print(
        f"| P13: cold c2, of the floor {floor:.2f} ms ({parts} + hello {hello.p50:.2f}) "
        f"| {p50[ONE.name, 'c2'] / floor:.2f} x | at most 2.5 |"
    )
    print(f"| warm c2, of one row | {p50[ONE.name, 'c2 warm'] / row.p50:.2f} x | at most 2 |")
    for name, least in (("a", 45), ("a warm", 65)):
        share = crowds[ONE.name, name].per_second / crowds[ONE.name, "hello"].per_second
        print(f"| P12: {name}, of hello's calls a second | {share:.0%} | at least {least} % |")
    for name, most in (("a", 1.15), ("c1", 1.15), ("b", 3.0), ("c2", 5.0), ("c2 warm", 1.2)):
        print(
            f"| P10: 1x to 10x, {name} | {p50[TEN.name, name] / p50[ONE.name, name]:.2f} x | at most {most} |"
        )
    for name in ("a", "b", "c1", "c2"):
        print(
            f"| P11: 1x to deep, {name} | {p50[DEEP.name, name] / p50[ONE.name, name]:.2f} x | at most 1.15 |"
        )


def _measured_reads(products: dict[str, Product]) -> tuple[dict[tuple[str, str], Load], dict[str, float]]:
    """How long every call took, and the median milliseconds of what c2 needs at least, measured in the same rounds."""
    turns: list[tuple[str, str, int, list[bytes], int]] = []
    for data, product in products.items():
        cold, warm = product.ports["forgetful"], product.ports["product"]
        if data == ONE.name:
            turns.append((data, "hello", product.ports["floor"], [load.get("/hello")], READS))
            turns.append((data, "row", product.ports["floor"], [load.get("/row")], READS))
        for name, asked in product.calls.items():
            count = READS // 4 if data == TEN.name and name == "c2" else READS
            turns.append((data, name, cold, [load.get(each.path) for each in asked], count))
        for name in ("a", "c2"):
            few = [load.get(each.path) for each in product.calls[name][:4]]
            turns.append((data, f"{name} warm", warm, few, READS))
    found: dict[tuple[str, str], Load] = {}
    costs: dict[str, list[float]] = {}
    one = products[ONE.name]
    for number in range(ROUNDS + 1):
        for name, cost in floors.measured(ONE, one.calls["c2"], one.settings.database_url, READS).items():
            costs.setdefault(name, []).append(cost.p50)
        for data, name, port, requests, count in turns:
            begun = number * count % len(requests)
            times = load.asked(port, requests[begun:] + requests[:begun], count)
            if number:  # The first round only warms up.
                found[data, name] = found.get((data, name), load.NOTHING) + times
    return found, {name: statistics.median(each) for name, each in costs.items()}


def _crowd(product: Product, name: str) -> Load:
    if name == "hello":
        return load.asked(product.ports["floor"], [load.get("/hello")], CROWD * 4, AT_ONCE)
    asked = product.calls[name.partition(" ")[0]]
    if name.endswith("warm"):
        return load.asked(
            product.ports["product"], [load.get(each.path) for each in asked[:4]], CROWD * 4, AT_ONCE
        )
    return load.asked(product.ports["forgetful"], [load.get(each.path) for each in asked], CROWD, AT_ONCE)


def _report_bookings(products: dict[str, Product]) -> None:
    print(
        "\n| a whole booking | at once | data | p50 | x hello | p95 | per second | of hello's | Python | x hello's | statements |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    found: dict[tuple[str, str], Load] = {}
    for data in (ONE.name, TEN.name):
        product = products[data]
        for at_once in (1, AT_ONCE):
            worked_before = processor.seconds(product.programs["floor"])
            hello = load.asked(product.ports["floor"], [load.get("/hello")], BOOKINGS * 4, at_once)
            hello_worked = (processor.seconds(product.programs["floor"]) - worked_before) / (BOOKINGS * 4)
            for name, deed in BOOKED.items():
                wanted = (
                    json.dumps(_wanted(*start)).encode()
                    for start in itertools.islice(product.starts, BOOKINGS)
                )
                worked_before = processor.seconds(product.programs["product"])
                times = load.together(partial(deed, product.ports["product"]), wanted, at_once)
                worked = (processor.seconds(product.programs["product"]) - worked_before) / BOOKINGS
                if at_once == 1:
                    found[name, data] = times
                print(
                    f"| {name} | {at_once} | {data} | {times.p50:.1f} ms | {times.p50 / hello.p50:.1f} | {times.p95:.1f} ms "
                    f"| {times.per_second:.0f} | {times.per_second / hello.per_second:.1%} "
                    f"| {worked * 1000:.1f} ms | {worked / hello_worked:.0f} | {_statements[data][name]} |"
                )
        with create_app(product.settings).app_context():
            added = (
                db.session.scalar(sa.select(sa.func.count()).select_from(Appointment)) or 0
            ) - product.clinic.visits
            overlaps = dataset.count_overlaps()
            db.session.remove()
            dispose()
        # Two more than measured: the bookings whose statements were counted.
        if (added, overlaps) != (2 * len(BOOKED) * BOOKINGS + len(BOOKED), 0):
            raise RuntimeError(f"{data}: {added} rows added, {overlaps} overlaps")
    for name in BOOKED:
        print(f"Growth of {name}, 1x to 10x: {found[name, TEN.name].p50 / found[name, ONE.name].p50:.2f} x")
    print("\nEvery booking was answered with 201 and added one row; no two appointments overlap.")


def _report_guard(product: Product, servers: Servers) -> None:
    url = sa.make_url(servers.urls.superuser).set(
        database=sa.make_url(product.settings.database_url).database
    )
    rates = guarded.rates(url.render_as_string(hide_password=False))
    print(
        f"\nP16: {rates['guarded']:.0f} guarded inserts a second, {rates['plain']:.0f} plain ones "
        f"({guarded.WRITERS} writers): {rates['guarded'] / rates['plain']:.0%}; wanted at least 60 %."
    )
