"""What is wrong with an address in the settings, in a plain sentence; none if nothing is. Nothing is asked of a network."""

import re
from collections.abc import Collection
from email.utils import getaddresses
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?", re.IGNORECASE | re.ASCII)
NOBODYS = frozenset({*SPECIAL_USE_DOMAIN_NAMES, "example", "internal", "lan", "home", "intranet"})
"""Last parts of names that belong to nobody in the world (RFC 2606, RFC 6761), or only to one house."""
FOR_DOCUMENTS = ("example.com", "example.net", "example.org")


def url_fault(text: str, schemes: Collection[str]) -> str | None:
    """For any address with a scheme and a host; a host may be missing where the address names a socket."""
    if re.search(r"\s", text):
        return "must not contain blanks"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "must have a host that can be read and a port from 1 to 65535"
    if parts.scheme not in schemes:
        return f"must begin with {' or '.join(scheme + '://' for scheme in schemes)}"
    if port == 0:
        return "must have a port from 1 to 65535"
    return None


def public_url_fault(text: str) -> str | None:
    """For the address at which people reach the product."""
    if (fault := url_fault(text, ("http", "https"))) is not None:
        return fault
    parts = urlsplit(text)
    if "@" in parts.netloc:
        return "must not name a user or a password"
    if "#" in text:
        return "must not have a fragment (what follows a #)"
    if "?" in text or parts.path not in ("", "/"):
        return "must be a scheme and a host, without a path or a question"
    return _host_fault(parts)


def storage_fault(text: str) -> str | None:
    """For a bucket of an object storage, perhaps with a folder in it."""
    if (fault := url_fault(text, ("http", "https"))) is not None:
        return fault
    parts = urlsplit(text)
    if "@" in parts.netloc:
        return "must not name a user or a password"
    if "?" in text or "#" in text:
        return "must be a scheme, a host, a bucket and perhaps a folder, without a question"
    if not parts.path.strip("/"):
        return "must name a bucket after the host, such as https://s3.example.com/bucket"
    return _host_fault(parts)


def mail_server_fault(text: str, schemes: Collection[str]) -> str | None:
    """For the address of a mail server."""
    return url_fault(text, schemes) or _host_fault(urlsplit(text))


def is_this_machine(text: str) -> bool:
    """Whether an address names the machine itself, so that nothing crosses a network on the way to it."""
    host = urlsplit(text).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def sender_fault(text: str) -> str | None:
    """For whom letters come from: one address, perhaps with a name before it."""
    found = getaddresses([text])
    if len(found) != 1 or not found[0][1]:
        return "must be one email address, such as Practice <desk@…>"
    try:
        validate_email(found[0][1], check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        return f"must be one email address that can be read: {str(error).rstrip('.')}"
    return None


def unreal_domain(text: str) -> str | None:
    """The domain of a sender if no mail server in the world can have it; none if one can. The sender can be read."""
    domain = getaddresses([text])[0][1].rpartition("@")[2].lower()
    last = domain.rpartition(".")[2]
    is_documents = any(domain == name or domain.endswith(f".{name}") for name in FOR_DOCUMENTS)
    return domain if "." not in domain or last in NOBODYS or is_documents else None


def _host_fault(parts: SplitResult) -> str | None:
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return (
            None
            if HOST.fullmatch(host)
            else "must name a host; write names with other letters in their xn-- form"
        )
    return None
