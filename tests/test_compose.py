"""The container files, held against the product they start: there is no engine here to try them on."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from clinic.cli import COMMANDS
from config import Environment, Settings
from secret_keys import Keys

ROOT = Path(__file__).parents[1]
OURS = {"migrate", "web", "worker", "beat"}
RECEIVER = "wal"
"""Ours as well, with settings of its own, and only where its profile asks for it."""
SECRETS = {
    "HEALTH_TOKEN": "health-secret-of-thirty-two-letters",
    "LUMBAR_APP_PASSWORD": "app-secret",
    "LUMBAR_SEALER_PASSWORD": "sealer-secret",
    "LUMBAR_OWNER_PASSWORD": "owner-secret",
    "POSTGRES_PASSWORD": "postgres-secret",
    "REDIS_PASSWORD": "redis-secret",
    "LUMBAR_KEYS": Keys.fresh().dumped(),
}
OTHERS = {
    "SMTP_URL": "smtps://user:word@mail.example:465",
    "PUBLIC_URL": "https://practice.example",
    "MAIL_FROM": "Practice <desk@alderlane.clinic>",
}
VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?::([?-])([^}]*))?\})")


def interpolated(value: Any, variables: dict[str, str]) -> Any:
    """The value with its ${VARIABLES} put in, as compose does it; KeyError names a demanded one that is missing."""
    if isinstance(value, dict):
        return {key: interpolated(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolated(each, variables) for each in value]
    if not isinstance(value, str):
        return value

    def put_in(found: re.Match[str]) -> str:
        name, kind, default = found.groups()
        if name is None:
            return "$"
        return variables.get(name, default) if kind == "-" else variables[name]

    return VARIABLE.sub(put_in, value)


def text() -> str:
    return (ROOT / "docker-compose.yml").read_text()


@pytest.fixture
def file() -> dict[str, Any]:
    return dict(interpolated(yaml.safe_load(text()), SECRETS | OTHERS))


@pytest.fixture
def services(file: dict[str, Any]) -> dict[str, Any]:
    return dict(file["services"])


def instructions() -> list[tuple[str, str]]:
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    split = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return [(word.upper(), rest) for word, rest in split]


def the_last(word: str) -> str:
    return [rest for each, rest in instructions() if each == word][-1]


def test_every_part_of_the_product_is_a_service(services: dict[str, Any]) -> None:
    assert set(services) == OURS | {RECEIVER, "postgres", "redis", "mail"}
    profiles = {name: service["profiles"] for name, service in services.items() if "profiles" in service}
    assert profiles == {"mail": ["dev"], RECEIVER: ["wal"]}


def test_no_image_floats(services: dict[str, Any]) -> None:
    images = [service["image"] for service in services.values()]
    images += [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    for image in images:
        if image.startswith("lumbar:"):
            continue  # Our own, made here.
        name, _, tag = image.partition("@")[0].partition(":")
        digits = r"\d+\.\d+" if name == "postgres" else r"v?\d+\.\d+\.\d+"
        assert re.match(rf"{digits}(-|$)", tag), f"{name} names no exact version: {tag}"


TELLS = "#!/bin/sh\necho sha256:$(echo \"$*\" | sha256sum | cut -d ' ' -f 1)\n"
FAILS = "#!/bin/sh\n[ $2 = version ] && exit 0\necho no such host >&2\nexit 1\n"


@pytest.mark.parametrize(
    ("docker", "says"),
    [
        (TELLS, "postgres:18"),
        (FAILS, "Nothing was changed: .*no such host"),
        (None, "neither docker with buildx nor skopeo"),
    ],
)
def test_digests_are_written_for_every_base_image_or_it_says_why_not(
    tmp_path: Path, docker: str | None, says: str
) -> None:
    """`docker` is what stands in for the client of the registry."""
    for name in ("Dockerfile", "docker-compose.yml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/image_digests.py", tmp_path / "tools")
    before = {name: (tmp_path / name).read_text() for name in ("Dockerfile", "docker-compose.yml")}
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "sha256sum", "cut"):
        (programs / name).symlink_to(str(shutil.which(name)))
    if docker is not None:
        (programs / "docker").write_text(docker)
        (programs / "docker").chmod(0o755)

    def run() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "tools/image_digests.py"]
        return subprocess.run(
            words, cwd=tmp_path, env={"PATH": str(programs)}, capture_output=True, text=True
        )

    answer = run()
    assert re.search(says, answer.stdout + answer.stderr)
    after = {name: (tmp_path / name).read_text() for name in before}
    if docker != TELLS:
        assert answer.returncode == 1
        assert after == before
        return
    assert answer.returncode == 0, answer.stderr
    pinned = re.findall(r"(?m)^(?:FROM| +image:) (\S+)", "".join(after.values()))
    assert all("@sha256:" in image or image.startswith("lumbar:") for image in pinned)
    assert sum("@sha256:" in image for image in pinned) == 5
    assert run().returncode == 0
    assert {name: (tmp_path / name).read_text() for name in before} == after, "a second run changes nothing"


def test_every_part_has_a_limit_of_memory_and_of_processes(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"]), name
        assert 0 < service["pids_limit"] <= 200, name


def test_nothing_runs_as_root(services: dict[str, Any]) -> None:
    assert the_last("USER") not in ("root", "0")
    assert all(
        service.get("user") not in (None, "root", "0")
        for name, service in services.items()
        if name not in OURS | {RECEIVER}
    )
    for name in OURS | {RECEIVER}:
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["read_only"] is True
        assert "user" not in services[name]


def test_every_service_that_stays_says_whether_it_is_well(services: dict[str, Any]) -> None:
    assert "/health" in the_last("HEALTHCHECK")
    for name, service in services.items():
        if name == "migrate":
            assert service["healthcheck"] == {"disable": True}
        elif name != "web":  # Its image brings its own.
            assert service["healthcheck"]["test"][0] == "CMD"


def test_the_worker_and_the_timetable_ask_health_for_a_part_it_reports(services: dict[str, Any]) -> None:
    from clinic.messaging.heartbeat import DeliveryPart

    for name in ("worker", "beat"):
        (asked,) = re.findall(r"\)\)\['(\w+)'\]", services[name]["healthcheck"]["test"][-1])
        assert asked == name
        assert asked in {part.value for part in DeliveryPart}
        compile(services[name]["healthcheck"]["test"][-1], name, "exec")


def test_everything_waits_for_a_healthy_database_and_the_migrations(services: dict[str, Any]) -> None:
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["migrate"]["restart"] == "no"
    for name in (OURS | {RECEIVER}) - {"migrate"}:
        waits = {other: wait["condition"] for other, wait in services[name]["depends_on"].items()}
        assert waits == {"postgres": "service_healthy", "migrate": "service_completed_successfully"}


def test_the_data_of_each_server_lie_in_a_named_volume(file: dict[str, Any]) -> None:
    mounts = {
        mount.split(":")[0] for service in file["services"].values() for mount in service.get("volumes", ())
    }
    named = {mount for mount in mounts if not mount.startswith(".")}
    assert named == set(file["volumes"]) == {"data", "database", "broker"}
    assert all((ROOT / mount).exists() for mount in mounts - named)


@pytest.mark.parametrize("name", [*SECRETS, *OTHERS])
def test_a_missing_variable_stops_compose_with_its_name(name: str) -> None:
    given = {other: value for other, value in (SECRETS | OTHERS).items() if other != name}
    with pytest.raises(KeyError, match=name):
        interpolated(yaml.safe_load(text()), given)


def test_no_secret_is_written_down() -> None:
    for key, value in re.findall(r"(\w*(?:PASSWORD|KEYS|AUTH)\w*): (\S+)", text()):
        assert re.fullmatch(r"\$\{\w+:[?-]\}", value), key
    assert re.findall(r"://[^\s$]*:[^\s$/]+@", text()) == []


@pytest.mark.parametrize("name", sorted(OURS))
def test_production_accepts_the_settings_of(
    name: str, services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in services[name]["environment"].items():
        monkeypatch.setenv(variable, str(value))
    found = Settings.read()
    assert found.environment is Environment.PRODUCTION
    assert "app-secret" in found.database_url
    assert found.redis_url == "redis://:redis-secret@redis:6379/0"
    assert found.keys.sealing_bytes
    assert found.base_url == OTHERS["PUBLIC_URL"]
    assert (found.database_owner_url is not None) == (name == "migrate")


def test_whatever_a_practice_may_set_reaches_its_containers(services: dict[str, Any]) -> None:
    fixed = {
        "PORT",
        "LUMBAR_DATA",
        "DATABASE_OWNER_URL",
        "DATABASE_SEAL_URL",
        "DATABASE_REPLICATION_URL",
        "CLOCK_FILE",
    }
    tuned = {"DATABASE_POOL", "STATEMENT_TIMEOUT_MS", "BACKGROUND_TIMEOUT_MS", "WORKER_CONCURRENCY"}
    known = {name.upper() for name in Settings.model_fields}
    assert set(services["web"]["environment"]) == known - fixed - tuned


def test_the_owner_of_the_tables_is_known_to_the_migrations_and_the_database_alone(
    services: dict[str, Any],
) -> None:
    knowing = {name for name, service in services.items() if "owner-secret" in json.dumps(service)}
    assert knowing == {"migrate", "postgres"}


def test_the_role_that_seals_the_audit_is_known_to_the_worker_and_the_database_alone(
    services: dict[str, Any],
) -> None:
    knowing = {name for name, service in services.items() if "sealer-secret" in json.dumps(service)}
    assert knowing == {"worker", "postgres"}


def test_wal_is_received_only_where_a_profile_asks_for_it_by_a_role_that_nobody_else_knows() -> None:
    given = SECRETS | OTHERS | {"LUMBAR_RECEIVER_PASSWORD": "receiver-secret", "ARCHIVE_TIMEOUT": "50s"}
    services = interpolated(yaml.safe_load(text()), given)["services"]
    receiver = services[RECEIVER]
    assert receiver["profiles"] == ["wal"]
    assert receiver["command"] == ["python", "-m", "clinic", "receive-wal"]
    assert set(receiver["environment"]) == {
        "BACKUP_RECIPIENTS", "BACKUP_FOLDER", "HEALTH_TOKEN", "DATABASE_REPLICATION_URL",
    }  # fmt: skip
    knowing = {name for name, service in services.items() if "receiver-secret" in json.dumps(service)}
    assert knowing == {RECEIVER, "postgres"}
    others = {value for name, value in SECRETS.items() if name != "HEALTH_TOKEN"}
    assert not any(value in json.dumps(receiver) for value in others)
    assert "max_slot_wal_keep_size=4GB" in services["postgres"]["command"]
    assert "archive_timeout=50s" in services["postgres"]["command"]
    compile(receiver["healthcheck"]["test"][-1], RECEIVER, "exec")
    assert "['backup_wal'] == 'ok'" in receiver["healthcheck"]["test"][-1]
    script = (ROOT / "tools/postgres/roles.sh").read_text()
    assert "CREATE ROLE lumbar_receiver LOGIN REPLICATION" in script
    assert "host replication lumbar_receiver all scram-sha-256" in script


def test_the_service_of_the_receiver_has_settings_of_its_own() -> None:
    files = [
        re.findall(r"(?m)^EnvironmentFile=(\S+)$", (ROOT / "docs/service" / name).read_text())
        for name in ("lumbar.service", "lumbar-wal.service")
    ]
    assert files == [["/etc/lumbar.env"], ["/etc/lumbar-wal.env"]]
    named = re.findall(r"(?m)^#   ([A-Z_]+)=", (ROOT / "docs/service/lumbar-wal.service").read_text())
    assert named == ["LUMBAR_DATA", "BACKUP_RECIPIENTS", "DATABASE_REPLICATION_URL"]


def test_each_command_is_one_the_product_has(services: dict[str, Any], tmp_path: Path) -> None:
    def runs(name: str, *words: str) -> None:
        variables = {key: str(value) for key, value in services[name]["environment"].items()}
        answer = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**os.environ, **variables, "LUMBAR_DATA": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert answer.returncode == 0, answer.stderr

    migrate = services["migrate"]["command"]
    assert migrate[:3] == ["python", "-m", "clinic"]
    assert migrate[3] in COMMANDS
    for name in ("worker", "beat"):
        command = services[name]["command"]
        assert command[:4] == ["celery", "-A", "worker:celery", name]
        runs(name, "-c", "import worker; assert worker.celery.conf.beat_schedule")
    web = json.loads(the_last("CMD"))
    assert web[0] == "gunicorn"
    runs("web", "-m", "gunicorn", "--check-config", *web[1:])


def test_the_web_listens_where_compose_and_the_health_check_look(services: dict[str, Any]) -> None:
    port = the_last("EXPOSE")
    assert f"--bind=0.0.0.0:{port}" in json.loads(the_last("CMD"))
    assert f"127.0.0.1:{port}/health" in the_last("HEALTHCHECK")
    assert services["web"]["ports"] == [f"127.0.0.1:8000:{port}"]


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            *sources, _ = shlex.split(rest)
            for source in sources:
                assert (ROOT / source).exists(), source
                assert source in kept, source


def test_the_image_holds_every_module_the_product_imports() -> None:
    copied = {source for word, rest in instructions() if word == "COPY" for source in shlex.split(rest)[:-1]}
    ours = {path.name for path in ROOT.glob("*.py")} | {"clinic", "migrations", "templates"}
    assert ours <= copied


def test_the_database_image_is_prepared_as_the_laptops_is() -> None:
    from clinic.embedded.cluster import APP, DATABASE, EXTENSIONS, OWNER

    script = (ROOT / "tools/postgres/roles.sh").read_text()
    assert f"CREATE ROLE {OWNER} LOGIN" in script
    assert f"CREATE ROLE {APP} LOGIN" in script
    assert f"CREATE DATABASE {DATABASE} OWNER {OWNER}" in script
    assert set(re.findall(r"CREATE EXTENSION (\w+)", script)) == set(EXTENSIONS)
