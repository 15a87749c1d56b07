"""Backups in object storage that speaks Amazon S3's protocol, at any provider.

How a backup becomes a good one there:

1. It is sent in parts, as one multipart upload. Until the last request nothing has its name.
2. It is read back, and its SHA-256 is compared. The checksums of the protocol would be cheaper, but providers differ in them.
3. A small object beside it, its name with `.sha256`, says that it is good, in the format of `sha256sum`.

Only what has that object is a backup, so one whose sending or comparing was killed never counts. Everything in the folder of the bucket
belongs to one practice. The client library is the extra `s3`, loaded when it is first needed.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from clinic.backup import rotation
from clinic.refusal import Refusal

PART: Final = 16 << 20
"""Bytes in each part. Longer files have longer parts: the protocol allows 10,000."""
MOST_PARTS: Final = 9_000
CHUNK: Final = 1 << 20
PROOF: Final = ".sha256"
ANSWER_SECONDS: Final = 30
TRIES: Final = 3
SHA256: Final = re.compile(r"([0-9a-f]{64})  \S+\n", re.ASCII)

UNKNOWN_KEY: Final = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId", "Unauthorized", "401"}
)
NOT_ALLOWED: Final = frozenset({"AccessDenied", "AllAccessDisabled", "Forbidden", "403"})
OTHER_REGION: Final = frozenset(
    {
        "AuthorizationHeaderMalformed",
        "PermanentRedirect",
        "TemporaryRedirect",
        "IllegalLocationConstraintException",
        "301",
    }
)


class StorageRefusal(Refusal):
    """The object storage could not do what was asked; the sentence says why and names no secret."""

    code = "storage-refused"


class NoStorageClient(StorageRefusal):
    """The client library is not installed."""

    code = "no-storage-client"
    sentence = "Object storage needs a library that is not installed here: `pip install lumbar[s3]`."


class UnknownStorageKey(StorageRefusal):
    """The key is wrong."""

    code = "unknown-storage-key"
    sentence = "The object storage does not accept the key: check BACKUP_S3_KEY_ID and BACKUP_S3_SECRET."


class StorageKeyTooWeak(StorageRefusal):
    """The key is known, and may do too little."""

    code = "storage-key-too-weak"
    sentence = (
        "The object storage does not let this key do what backups need: list, read, write and delete in the bucket, "
        "and list and abort its multipart uploads."
    )


class NoBucket(StorageRefusal):
    """The bucket does not exist."""

    code = "no-bucket"


class StorageUnreachable(StorageRefusal):
    """No answer, or one that was cut short."""

    code = "storage-unreachable"
    sentence = (
        "The object storage does not answer, or stopped in the middle: check the network and BACKUP_S3_URL."
    )


class NotStored(StorageRefusal):
    """There is no such backup, or none at all."""

    code = "not-stored"


class NotAsSent(StorageRefusal):
    """What came back is something else."""

    code = "not-as-sent"
    sentence = (
        "The object storage does not give back what was sent. The copy there does not count as a backup."
    )


@dataclass(frozen=True, slots=True)
class StorageAddress:
    """A folder of a bucket, and the key to it."""

    endpoint: str
    bucket: str
    folder: str
    """Empty, or ends with a slash."""
    region: str
    key_id: str
    secret: str = field(repr=False)

    @classmethod
    def read(cls, url: str, *, region: str, key_id: str, secret: str) -> "StorageAddress":
        """From `https://host/bucket/folder`, where the folder may be missing."""
        parts = urlsplit(url)
        bucket, _, folder = parts.path.strip("/").partition("/")
        return cls(
            endpoint=f"{parts.scheme}://{parts.netloc}",
            bucket=bucket,
            folder=f"{folder}/" if folder else "",
            region=region,
            key_id=key_id,
            secret=secret,
        )

    @property
    def host(self) -> str:
        """Whose machines these are, for people."""
        return urlsplit(self.endpoint).hostname or ""


@dataclass(frozen=True, slots=True)
class StoredBackup:
    """A good backup there."""

    name: str
    file_bytes: int


class ObjectStorage:
    """An open connection. Each of its methods raises a StorageRefusal."""

    def __init__(self, address: StorageAddress, client: Any) -> None:
        self._address = address
        self._client = client

    def send(self, file: Path, sha256: str) -> None:
        """Send a backup, compare what the storage gives back, and list it as good. Repeating it is harmless.

        Nobody else may send to this folder at the same time: what they had half sent is taken away. Raises NotAsSent.
        """
        self._clear_half_sent()
        self._upload(file)
        if self._digest(file.name) != sha256:
            self._delete(file.name)
            raise NotAsSent
        self._put(file.name + PROOF, f"{sha256}  {file.name}\n".encode())

    def backups(self) -> list[StoredBackup]:
        """The good ones, oldest first."""
        found = self._objects()
        return [
            StoredBackup(name, found[name])
            for name in sorted(found)
            if rotation.made_at(name) and name + PROOF in found
        ]

    def delete_superfluous(self) -> list[str]:
        """Delete the backups that no period needs, and half-made ones that no period would need; returns their names.

        One that was never proved good displaces no good one.
        """
        names = [name for name in self._objects() if rotation.made_at(name)]
        good = {backup.name for backup in self.backups()}
        unneeded = {*rotation.superfluous(good), *(set(rotation.superfluous(names)) - good)}
        for name in sorted(unneeded):
            self._delete(name + PROOF)  # First: what has none is no backup.
            self._delete(name)
        return sorted(unneeded)

    def fetch(self, name: str | None, folder: Path) -> Path:
        """Bring a good backup into a folder, the newest if none is named. Raises NotStored, NotAsSent, and OSError for a full disk."""
        good = [backup.name for backup in self.backups()]
        if not good:
            raise NotStored(
                f"There is no backup in the bucket {self._address.bucket} at {self._address.host}."
            )
        name = name or good[-1]
        if name not in good:
            raise NotStored(f"There is no backup {name} in the object storage; the newest is {good[-1]}.")
        proof = SHA256.fullmatch((self._read(name + PROOF) or b"").decode("ascii", "replace"))
        file = folder / name
        with file.open("xb") as target:
            found = self._digest(name, target)
        if proof is None or proof[1] != found:
            file.unlink()
            raise NotAsSent(
                f"The object storage does not give back {name} as it was sent. Nothing was changed; an older one may be whole."
            )
        return file

    def fetch_lines(self, name: str, folder: Path) -> None:
        """Bring a file that `add_lines` wrote into a folder, if there is one."""
        if (found := self._read(name)) is not None:
            (folder / name).write_bytes(found)

    def add_lines(self, file: Path) -> int:
        """Add the whole lines of a file that the one of its name in the storage lacks; returns how many."""
        here = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
        if not here:
            return 0
        there = (self._read(file.name) or b"").split(b"\n")[:-1]
        known = set(there)
        missing = [line for line in here if line not in known]
        if missing:
            self._put(file.name, b"".join(line + b"\n" for line in (*there, *missing)))
        return len(missing)

    def _upload(self, file: Path) -> None:
        where = self._named(file.name)
        part_bytes = max(PART, -(-file.stat().st_size // MOST_PARTS))
        with self._asked():
            upload = self._client.create_multipart_upload(**where, ContentType="application/octet-stream")[
                "UploadId"
            ]
            parts: list[dict[str, object]] = []
            with file.open("rb") as source:
                while content := source.read(part_bytes):
                    number = len(parts) + 1
                    sent = self._client.upload_part(**where, UploadId=upload, PartNumber=number, Body=content)
                    parts.append({"PartNumber": number, "ETag": sent["ETag"]})
            self._client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})

    def _clear_half_sent(self) -> None:
        """Take away the parts of uploads that were killed: they are paid for, and shown nowhere."""
        bucket = self._address.bucket
        with self._asked():
            for page in self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=bucket, Prefix=self._address.folder
            ):
                for upload in page.get("Uploads", ()):
                    name = upload["Key"].removeprefix(self._address.folder)
                    if rotation.made_at(name):
                        with suppress(self._client.exceptions.NoSuchUpload):
                            self._client.abort_multipart_upload(
                                Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                            )

    def _objects(self) -> dict[str, int]:
        """The size of each object in the folder, by name."""
        folder = self._address.folder
        with self._asked():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._address.bucket, Prefix=folder
            )
            return {
                entry["Key"].removeprefix(folder): entry["Size"]
                for page in pages
                for entry in page.get("Contents", ())
            }

    def _digest(self, name: str, target: Any = None) -> str:
        """The SHA-256 of an object, in hexadecimal; its content is written to the target, if there is one."""
        sha256 = hashlib.sha256()
        with self._asked():
            body = self._client.get_object(**self._named(name))["Body"]
            for content in body.iter_chunks(CHUNK):
                sha256.update(content)
                if target is not None:
                    target.write(content)
        return sha256.hexdigest()

    def _read(self, name: str) -> bytes | None:
        """A small object; None if there is none."""
        with self._asked():
            try:
                found: bytes = self._client.get_object(**self._named(name))["Body"].read()
            except self._client.exceptions.NoSuchKey:
                return None
        return found

    def _put(self, name: str, content: bytes) -> None:
        with self._asked():
            self._client.put_object(**self._named(name), Body=content, ContentType="text/plain")

    def _delete(self, name: str) -> None:
        with self._asked():
            self._client.delete_object(**self._named(name))

    def _named(self, name: str) -> dict[str, str]:
        return {"Bucket": self._address.bucket, "Key": self._address.folder + name}

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Turns what the library raises into a refusal with a sentence of our own: the storage's may hold the key."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            raise self._refusal(str(error.response.get("Error", {}).get("Code", ""))) from None
        except BotoCoreError:
            raise StorageUnreachable from None

    def _refusal(self, answered: str) -> StorageRefusal:
        if answered in UNKNOWN_KEY:
            return UnknownStorageKey()
        if answered in NOT_ALLOWED:
            return StorageKeyTooWeak()
        if answered == "NoSuchBucket":
            return NoBucket(
                f"There is no bucket {self._address.bucket} at {self._address.host}: make it there, or correct BACKUP_S3_URL."
            )
        if answered in OTHER_REGION:
            return StorageRefusal(
                "The bucket is in another region: set BACKUP_S3_REGION, and BACKUP_S3_URL to the address of that region."
            )
        if answered == "RequestTimeTooSkewed":
            return StorageRefusal(
                "The object storage says that the clock of this machine is wrong: let it follow a time server."
            )
        said = answered if re.fullmatch(r"\w{1,60}", answered, re.ASCII) else "with an error"
        return StorageRefusal(f"The object storage answered {said}.")


@contextmanager
def connected(address: StorageAddress) -> Iterator[ObjectStorage]:
    """A connection that is closed in the end; nothing is asked yet. Raises NoStorageClient."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise NoStorageClient from None
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=address.endpoint,
        region_name=address.region,
        aws_access_key_id=address.key_id,
        aws_secret_access_key=address.secret,
        config=Config(
            connect_timeout=ANSWER_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"mode": "standard", "max_attempts": TRIES},
            s3={"addressing_style": "path"},
            # The newer checksums are on by default, and not every provider knows them; each backup is read back anyway.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    try:
        yield ObjectStorage(address, client)
    finally:
        client.close()


def fetch(address: StorageAddress, name: str | None, folder: Path) -> Path:
    """Bring a good backup into a folder, the newest if none is named. Raises as `ObjectStorage.fetch` does."""
    with connected(address) as storage:
        return storage.fetch(name, folder)
