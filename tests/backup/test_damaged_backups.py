"""More than thirty ways in which a backup is not what it should be: `restore` refuses each in a sentence and changes nothing."""

import gzip
import io
import os
import secrets
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from clinic.backup import archive, making, postgres, restoring, rotation
from clinic.cli import main
from tests.stage import Stage

KeyPair = tuple[Path, str]
Members = dict[str, bytes]


@dataclass(frozen=True)
class Given:
    """What somebody gives to `restore`, and what the cases are made of."""

    text: bytes
    name: str
    key: bytes
    clear: Members
    """The backup's files, opened."""
    public: str

    def shut(self, **other: bytes | None) -> "Given":
        """The same backup with other files in it, as somebody with the public key alone could make it; None leaves one out."""
        names = {"manifest": archive.MANIFEST, "dump": archive.DUMP}
        given = {names[name]: content for name, content in other.items()}
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w") as tar:
            for name, content in {**self.clear, **given}.items():
                if content is not None:
                    head = tarfile.TarInfo(name)
                    head.size = len(content)
                    tar.addfile(head, io.BytesIO(content))
        return self.sealed(written.getvalue())

    def sealed(self, clear: bytes) -> "Given":
        """Something else, encrypted to the same key."""
        return replace(self, text=pyrage.encrypt(clear, archive.recipients([self.public])))

    def cut(self, length: int) -> "Given":
        return replace(self, text=self.text[:length])

    def flipped(self, at: int) -> "Given":
        return replace(self, text=self.text[:at] + bytes([self.text[at] ^ 1]) + self.text[at + 1 :])

    def spelled_otherwise(self, at: int) -> "Given":
        """With another letter of the header's alphabet there: a bit alone may make none of it."""
        return replace(
            self,
            text=self.text[:at] + (b"B" if self.text[at : at + 1] == b"A" else b"A") + self.text[at + 1 :],
        )

    def told_otherwise(self, old: str, new: str) -> "Given":
        """With a manifest that says something else."""
        manifest = self.clear[archive.MANIFEST].decode()
        assert manifest.count(old) == 1
        return self.shut(manifest=manifest.replace(old, new).encode())


NO_BACKUP = "This is not a backup of Lumbar."
WRONG_KEY = (
    "This key does not open this backup. If it is the right one, the beginning of the file is damaged."
)
APART = "The backup is damaged: its parts do not belong together."
NO_KEY = "holds no private key: one begins with AGE-SECRET-KEY-1."

Case = tuple[str, Callable[[Given], Given], str]


def share(given: Given, percent: int) -> int:
    return len(given.text) * percent // 100


CASES: list[Case] = [
    ("empty", lambda one: one.cut(0), NO_BACKUP),
    ("a plain text", lambda one: replace(one, text=b"Dear Ines, the backup is in the other folder.\n"), NO_BACKUP),
    ("noise", lambda one: replace(one, text=secrets.token_bytes(4096)), NO_BACKUP),
    ("the dump alone, in clear", lambda one: replace(one, text=one.clear[archive.DUMP]), NO_BACKUP),
    ("packed with gzip", lambda one: replace(one, text=gzip.compress(one.text)), NO_BACKUP),
    ("the first line alone", lambda one: one.cut(len(archive.FIRST_LINE)), archive.DAMAGED),
    ("cut in the header", lambda one: one.cut(90), archive.DAMAGED),
    *(
        (f"cut after {percent} %", lambda one, p=percent: one.cut(share(one, p)), archive.DAMAGED)
        for percent in (10, 25, 50, 75, 90, 99)
    ),
    ("without its last byte", lambda one: one.cut(-1), archive.DAMAGED),
    ("with a byte more", lambda one: replace(one, text=one.text + b"x"), archive.DAMAGED),
    ("a bit wrong in the first line", lambda one: one.flipped(5), NO_BACKUP),
    ("a bit wrong in how the key was wrapped", lambda one: one.spelled_otherwise(60), WRONG_KEY),
    ("a bit wrong in the header's own check", lambda one: one.flipped(135), archive.DAMAGED),
    *(
        (f"a bit wrong at {percent} %", lambda one, p=percent: one.flipped(share(one, p)), archive.DAMAGED)
        for percent in (5, 15, 30, 45, 60, 80, 95)
    ),
    ("a bit wrong in the last byte", lambda one: one.flipped(len(one.text) - 1), archive.DAMAGED),
    (
        "two parts exchanged",
        lambda one: replace(one, text=one.text[:70000] + one.text[140000:] + one.text[70000:140000]),
        archive.DAMAGED,
    ),
    ("another file for this key", lambda one: one.sealed(b"the accounts of 2030\n" * 99), NO_BACKUP),
    ("a gzip file for this key", lambda one: one.sealed(gzip.compress(bytes(99_999))), NO_BACKUP),
    ("without its manifest", lambda one: one.shut(manifest=None), NO_BACKUP),
    ("without its dump", lambda one: one.shut(dump=None), NO_BACKUP),
    ("a manifest that is no JSON", lambda one: one.shut(manifest=b"{"), NO_BACKUP),
    ("a dump cut short", lambda one: one.shut(dump=one.clear[archive.DUMP][:-100]), APART),
    ("another dump's checksum", lambda one: one.told_otherwise('"dump_sha256": "', '"dump_sha256": "0'), APART),
    (
        "a dump of noise without a checksum",
        lambda one: replace(
            one.told_otherwise('"dump_sha256"', '"_"'), clear={**one.clear, archive.DUMP: b"PGDMP"}
        ).told_otherwise('"dump_sha256"', '"_"'),
        "pg_restore failed: ",
    ),
    ("of a newer Lumbar", lambda one: one.told_otherwise('"revision": "', '"revision": "9'), "which is newer than the one here"),
    (
        "another backup under this name",
        lambda one: replace(one, name=rotation.file_name(rotation.made_at(one.name) + timedelta(days=1))),  # type: ignore[operator]
        "files were exchanged. Nothing was changed.",
    ),
    ("another key", lambda one: replace(one, key=archive.fresh_identity()[0].encode()), WRONG_KEY),
    ("the public key", lambda one: replace(one, key=one.public.encode()), NO_KEY),
    ("an empty key file", lambda one: replace(one, key=b""), NO_KEY),
    ("the backup as its key", lambda one: replace(one, key=one.text), NO_KEY),
]  # fmt: skip


@pytest.fixture(scope="module")
def given(backup: Path, key_pair: KeyPair, tmp_path_factory: pytest.TempPathFactory) -> Given:
    private, public = key_pair
    clear = pyrage.decrypt(backup.read_bytes(), archive.identities(private))
    with tarfile.open(fileobj=io.BytesIO(clear)) as tar:
        members = {one.name: tar.extractfile(one).read() for one in tar.getmembers()}  # type: ignore[union-attr]
    return Given(backup.read_bytes(), backup.name, private.read_bytes(), members, public)


@pytest.fixture(scope="module")
def target(product: Stage, new_database: Callable[[], str]) -> str:
    """One empty database for all: a case that changed it would fail, and those after it too."""
    return new_database()


def restored(
    given: Given, target: str, product: Stage, folder: Path, patch: pytest.MonkeyPatch
) -> int | str | None:
    """Run `restore` as somebody types it, with everything set; returns its status."""
    (folder / given.name).write_bytes(given.text)
    (folder / "backup.key").write_bytes(given.key)
    for name, value in {
        "ENVIRONMENT": "test",
        "DATABASE_URL": target,
        "DATABASE_OWNER_URL": target,
        "REDIS_URL": product.settings.redis_url,
        "LUMBAR_DATA": str(folder / "var"),
        "LUMBAR_KEYS": product.settings.keys.dumped(),
        "BACKUP_FOLDER": str(folder),
    }.items():
        patch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main(["restore", str(folder / given.name), "--key", str(folder / "backup.key")])
    return ended.value.code


@pytest.mark.parametrize(("damage", "sentence"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_it_is_refused_in_a_sentence_and_nothing_changes(
    given: Given,
    target: str,
    product: Stage,
    damage: Callable[[Given], Given],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert restored(damage(given), target, product, tmp_path, monkeypatch) == 1
    said = capsys.readouterr()
    assert sentence in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)
    with postgres.connected(target) as connection:
        assert postgres.is_empty(connection)
    assert {path.name for path in tmp_path.iterdir()} <= {damage(given).name, "backup.key"}


def test_there_are_thirty_and_more_and_undamaged_it_would_come_back(
    given: Given, new_database: Callable[[], str], tmp_path: Path
) -> None:
    """So that none of them is refused for a reason of its own."""
    assert len({name for name, *_ in CASES}) == len(CASES) >= 30
    file, key = tmp_path / given.name, tmp_path / "backup.key"
    file.write_bytes(given.shut().text)
    key.write_bytes(given.key)
    assert restoring.restore(file, key, new_database()).rows > 10


def test_two_backups_whose_files_were_exchanged_are_both_refused(
    given: Given,
    target: str,
    product: Stage,
    key_pair: KeyPair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = making.make(product.settings.database_url, tmp_path / "later", [key_pair[1]])
    while later.name == given.name:
        later = making.make(product.settings.database_url, tmp_path / "later", [key_pair[1]])
    for text, name in ((later.read_bytes(), given.name), (given.text, later.name)):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        assert restored(replace(given, text=text, name=name), target, product, folder, monkeypatch) == 1
    with postgres.connected(target) as connection:
        assert postgres.is_empty(connection)


def test_a_full_disk_is_not_taken_for_a_damaged_backup(
    given: Given,
    target: str,
    product: Stage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "backup.tar").symlink_to("/dev/full")

    class OnTheFullDisk:
        def __init__(self, **_: object) -> None: ...
        def __enter__(self) -> str:
            return str(full)

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(archive.Path, "open", _instead_of_new(archive.Path.open))
    monkeypatch.setattr("clinic.backup.restoring.tempfile.TemporaryDirectory", OnTheFullDisk)
    assert restored(given, target, product, tmp_path, monkeypatch) == 1
    said = capsys.readouterr().err
    assert "No space left on device. Nothing was changed" in said
    assert os.listdir(full) == ["backup.tar"]


def _instead_of_new(open_: Callable[..., object]) -> Callable[..., object]:
    """Opening a file that must be new opens the one that is there."""
    return lambda path, mode="r", *words, **more: open_(path, mode.replace("x", "w"), *words, **more)
