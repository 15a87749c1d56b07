"""What a file is, by its first bytes; its name and what a browser says of it do not count."""

from enum import StrEnum


class FileKind(StrEnum):
    """A kind of file that is read."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    HEIC = "heic"


class Flaw(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    UNKNOWN_KIND = "unknown_kind"
    ENCRYPTED = "encrypted"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_LARGE_INSIDE = "too_large_inside"
    """Unpacked it would need too much memory or time; also what a decompression bomb is told."""
    UNREADABLE = "unreadable"


class UnfitFile(Exception):
    """A file that is not taken; never says anything about its content."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


HEIC_BRANDS = frozenset([b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"])
BEFORE_A_PDF = b"\xef\xbb\xbf \t\r\n"
"""What a PDF may begin with: a byte order mark and blank space. Anything else is another kind of file in front of it."""


def kind_of(sent: bytes) -> FileKind:
    """The kind of a file. Raises UnfitFile if it is empty or of no kind that is read."""
    if not sent:
        raise UnfitFile(Flaw.EMPTY)
    if sent[:64].lstrip(BEFORE_A_PDF).startswith(b"%PDF-"):
        return FileKind.PDF
    if sent.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if sent.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if sent[4:8] == b"ftyp" and sent[8:12] in HEIC_BRANDS:
        return FileKind.HEIC
    raise UnfitFile(Flaw.UNKNOWN_KIND)
