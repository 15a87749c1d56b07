"""nginx in front of the product, with the configuration that the docs show and a certificate made for the occasion."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.patience import eventually
from tests.stage import ROOT

SITE = ROOT / "docs" / "proxy" / "nginx.conf"
NAME = "localhost"
"""What the practice is called here: every browser finds it, and trusts it with cookies of https."""
START_SECONDS = 240

AROUND = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 2048; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
"""What a system's own nginx.conf has around a site, as far as a test needs it."""


def nginx() -> str:
    """The proxy of the machine; NGINX names another one."""
    path = os.environ.get("NGINX") or shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert path, "these tests need nginx: install the package `nginx` or set NGINX"
    return path


@dataclass(frozen=True)
class Proxy:
    """A running proxy: where it speaks https, and the folder that holds its certificate and what it writes."""

    port: int
    folder: Path

    @property
    def base(self) -> str:
        """Where people reach the practice."""
        return f"https://{NAME}:{self.port}"

    def trust(self) -> ssl.SSLContext:
        """What a careful client needs to speak with it."""
        return ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))

    def connect(self) -> ssl.SSLSocket:
        """A connection over which nothing was asked yet."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        return self.trust().wrap_socket(plain, server_hostname=NAME)


@contextmanager
def proxied(folder: Path, *, port: int, upstream: int, **changed: str) -> Iterator[Proxy]:
    """nginx with the documented site at a port of this machine, in front of a product at another one.

    `changed` gives directives of the site another value, for a test that cannot wait as long as people may.
    """
    folder.mkdir(parents=True, exist_ok=True)
    certify(folder)
    (folder / "site.conf").write_text(site(folder, port, upstream, changed))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
    command = [nginx(), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command) as running:
        try:
            assert eventually(lambda: running.poll() is not None or listens(port), START_SECONDS)
            assert running.poll() is None, (folder / "error.log").read_text()
            yield Proxy(port, folder)
        finally:
            running.terminate()


def site(folder: Path, port: int, upstream: int, changed: dict[str, str]) -> str:
    """The documented configuration with what each practice puts in itself, at ports that a test may take."""
    text = SITE.read_text()
    own = {
        "    listen [::]:80;\n": "",
        "    listen 80;": f"    listen unix:{folder}/http.sock;",
        "    listen [::]:443 ssl default_server;\n": "",
        "    listen [::]:443 ssl;\n": "",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/letsencrypt/live/practice.example/fullchain.pem": str(folder / "certificate.pem"),
        "/etc/letsencrypt/live/practice.example/privkey.pem": str(folder / "key.pem"),
        "/var/log/nginx/lumbar.log": str(folder / "site.log"),
        "practice.example": NAME,
        "http://127.0.0.1:8000": f"http://127.0.0.1:{upstream}",
    }
    for shown, here in own.items():
        assert shown in text, f"the documented site has no {shown!r} any more"
        text = text.replace(shown, here)
    for directive, value in changed.items():
        text, count = re.subn(
            rf"^ *{directive} [^;]+;", f"    {directive} {value};", text, flags=re.MULTILINE
        )
        assert count, f"the documented site says nothing of {directive}"
    return text


def certify(folder: Path) -> None:
    """A certificate for this machine, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    since = datetime.now(UTC) - timedelta(days=1)
    names: list[x509.GeneralName] = [x509.DNSName(NAME), x509.IPAddress(IPv4Address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def listens(port: int) -> bool:
    """Whether somebody takes connections at a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
