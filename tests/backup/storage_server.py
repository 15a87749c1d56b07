"""An object storage of its own for a test: SeaweedFS, a server that speaks S3, with one bucket and a key that may not do everything."""

import json
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from clinic.backup.object_storage import StorageAddress
from tests.patience import eventually
from tests.ports import free_port

BUCKET = "practice"
SECRET = "the-secret-of-the-practice"  # pragma: allowlist secret
IDENTITIES = {
    "identities": [
        {
            "name": "administrator",
            "credentials": [{"accessKey": "administrator", "secretKey": "of-the-administrator"}],
            "actions": ["Admin"],
        },
        {
            "name": "practice",
            "credentials": [{"accessKey": "practice", "secretKey": SECRET}],
            "actions": ["Read", "Write", "List"],
        },
        {
            "name": "reader",
            "credentials": [{"accessKey": "reader", "secretKey": SECRET}],
            "actions": ["Read", "List"],
        },
    ]
}
START_SECONDS = 90


@dataclass(frozen=True)
class StorageServer:
    """It runs."""

    address: StorageAddress
    process: subprocess.Popen[bytes]

    def folder(self, name: str) -> StorageAddress:
        """The same bucket, with a folder for one test."""
        return replace(self.address, folder=f"{name}/")

    def client(self) -> Any:
        """The administrator's, to look and to break things."""
        return boto3.client(
            "s3",
            endpoint_url=self.address.endpoint,
            region_name="us-east-1",
            aws_access_key_id="administrator",
            aws_secret_access_key="of-the-administrator",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1, "mode": "standard"}),
        )


@contextmanager
def storage_server(folder: Path) -> Iterator[StorageServer]:
    """Starts it; it is killed in the end."""
    identities = folder / "s3.json"
    identities.write_text(json.dumps(IDENTITIES))
    ports = {
        f"-{name}={free_port()}"
        for part in ("master", "volume", "filer")
        for name in (f"{part}.port", f"{part}.port.grpc")
    }
    port = free_port()
    command = [
        Path(sysconfig.get_path("scripts"), "weed"), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}",
        "-master.volumeSizeLimitMB=16", "-volume.max=50", "-filer", "-s3", f"-s3.port={port}", f"-s3.port.grpc={free_port()}",
        "-s3.port.iceberg=0", f"-s3.localSocket={folder}/s3.sock", f"-s3.config={identities}", "-s3.autoCreateBucket=false",
        *ports,
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    server = StorageServer(
        StorageAddress(f"http://127.0.0.1:{port}", BUCKET, "", "us-east-1", "practice", SECRET), process
    )
    try:
        assert eventually(lambda: _has_bucket(server), START_SECONDS), (folder / "log").read_text()[-3000:]
        yield server
    finally:
        process.kill()
        process.wait()


def _has_bucket(server: StorageServer) -> bool:
    client = server.client()
    try:
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="started", Body=b"")
    except (BotoCoreError, ClientError):
        return False
    finally:
        client.close()
    return True
