"""PDFs that somebody sends: written anew with their pages alone.

1. Refused: with a password, with too many pages, and what needs too much memory once unpacked.
2. Forms and notes are drawn into the page as they look, so that what was typed into a form stays readable.
3. Pages are copied into an empty PDF. Scripts, actions at opening, embedded files, forms and everything behind or in front of
   the PDF stay behind, because they hang from the document or lie outside it.
4. What could do something from within a page is deleted: its actions, links to other files, attached files, metadata.

5. Photos in a page lose what is noted beside the picture, such as where they were taken; the picture itself and fonts stay as they
   are: who reads the page trusts their own viewer with them.

Source: ISO 32000-1, 7.5 (file structure), 7.11 (file specifications), 12.6 (actions) (read 2026-11-29).
"""

import io
import zlib
from typing import Final

import pikepdf
from PIL import Image

from clinic.untrusted_files.jpeg import without_notes
from clinic.untrusted_files.kinds import Flaw, UnfitFile

MOST_PAGES: Final = 40
MOST_UNPACKED: Final = 120 * 1024 * 1024
"""Bytes of all streams together, once unpacked."""
MOST_PIXELS: Final = 100_000_000
"""Of one picture in a page; a scan in black and white has many."""
OF_PAGES: Final = ("/AA", "/Annots", "/AF", "/B", "/Metadata", "/PieceInfo", "/PresSteps", "/Thumb")
OF_STREAMS: Final = ("/AF", "/Metadata", "/OPI", "/PieceInfo", "/Ref")
"""Keys that nobody needs to read a page: actions, attached files, and what programs note for themselves."""
ACTIONS: Final = frozenset(
    [
        "/GoToE",
        "/GoToR",
        "/ImportData",
        "/JavaScript",
        "/Launch",
        "/Movie",
        "/Rendition",
        "/RichMediaExecute",
        "/Sound",
        "/SubmitForm",
        "/URI",
    ]
)
JPEG: Final = ("/DCTDecode", "/DCT")
PICTURES: Final = (*JPEG, "/JPXDecode")


def cleaned(sent: bytes) -> tuple[bytes, int]:
    """The PDF with its pages alone, and how many they are. Raises UnfitFile."""
    try:
        with pikepdf.open(io.BytesIO(sent)) as pdf, pikepdf.new() as plain:
            if pdf.is_encrypted:
                raise UnfitFile(Flaw.ENCRYPTED)
            if len(pdf.pages) > MOST_PAGES:
                raise UnfitFile(Flaw.TOO_MANY_PAGES)
            if not pdf.pages:
                raise UnfitFile(Flaw.UNREADABLE)
            pdf.generate_appearance_streams()
            pdf.flatten_annotations("all")
            plain.pages.extend(pdf.pages)
            pages = len(plain.pages)
            _strip(plain)
            into = io.BytesIO()
            plain.save(into, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
            return into.getvalue(), pages
    except pikepdf.PasswordError:
        raise UnfitFile(Flaw.ENCRYPTED) from None
    except MemoryError:
        raise UnfitFile(Flaw.TOO_LARGE_INSIDE) from None
    except (pikepdf.PdfError, zlib.error, ValueError, TypeError, KeyError, RuntimeError, RecursionError):
        raise UnfitFile(Flaw.UNREADABLE) from None


def _strip(plain: pikepdf.Pdf) -> None:
    unpacked = 0
    for found in plain.objects:
        if isinstance(found, pikepdf.Stream):
            unpacked += _unpacked(found)
            if unpacked > MOST_UNPACKED:
                raise UnfitFile(Flaw.TOO_LARGE_INSIDE)
            if "/F" in found:  # The stream's content would be another file.
                raise UnfitFile(Flaw.UNREADABLE)
            _forget_notes(found)
        _strip_below(found)


def _strip_below(found: pikepdf.Object) -> None:
    """Strip an object and what stands directly in it; the rest are objects of their own.

    Only what is known by its kind is deleted: resources have names of a program's choice, so a font may be called `/AA`.
    """
    waiting = [found]
    while waiting:
        each = waiting.pop()
        if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            for key in _unneeded(each):
                if key in each:
                    del each[key]
            waiting += [value for value in each.values() if _stands_here(value)]
        elif isinstance(each, pikepdf.Array):
            waiting += [value for value in each if _stands_here(value)]


def _unneeded(each: pikepdf.Object) -> list[str]:
    if isinstance(each, pikepdf.Stream):
        return list(OF_STREAMS)
    if each.get("/Type") == "/Page":
        return list(OF_PAGES)
    is_file = each.get("/Type") in ("/Filespec", "/F") or isinstance(each.get("/EF"), pikepdf.Dictionary)
    is_action = isinstance(each.get("/S"), pikepdf.Name) and str(each["/S"]) in ACTIONS
    return list(each.keys()) if is_file or is_action else []


def _stands_here(value: object) -> bool:
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


def _forget_notes(stream: pikepdf.Stream) -> None:
    """Take out of a photo what is noted beside the picture; one that is packed twice is packed once afterwards."""
    names = _filters(stream)
    if not names or names[-1] not in JPEG:
        return
    raw = stream.read_raw_bytes()
    if len(names) > 1:
        if names[:-1] != ["/FlateDecode"]:
            raise UnfitFile(Flaw.UNREADABLE)
        raw = _inflated(raw)
    parameters = stream.get("/DecodeParms")
    if isinstance(parameters, pikepdf.Array):
        parameters = parameters[len(parameters) - 1]
    told = parameters if isinstance(parameters, pikepdf.Dictionary) else None
    stream.write(without_notes(raw), filter=pikepdf.Name.DCTDecode, decode_parms=told)


def _inflated(packed: bytes) -> bytes:
    reader = zlib.decompressobj()
    unpacked = reader.decompress(packed, MOST_UNPACKED)
    if reader.unconsumed_tail:
        raise UnfitFile(Flaw.TOO_LARGE_INSIDE)
    return unpacked


def _filters(stream: pikepdf.Stream) -> list[str]:
    filters: object = stream.get("/Filter", [])
    return [str(each) for each in (filters if isinstance(filters, pikepdf.Array) else [filters])]


def _unpacked(stream: pikepdf.Stream) -> int:
    """How many bytes a stream has once unpacked. Raises UnfitFile for a picture with too many pixels."""
    width, height = stream.get("/Width", 0), stream.get("/Height", 0)
    if stream.get("/Subtype") == "/Image" and int(width) * int(height) > MOST_PIXELS:
        raise UnfitFile(Flaw.TOO_LARGE_INSIDE)
    names = _filters(stream)
    if names and names[-1] in PICTURES:
        return _packed_picture(stream)
    try:
        return len(stream.read_bytes())
    except pikepdf.PdfError:
        return len(stream.read_raw_bytes())


def _packed_picture(stream: pikepdf.Stream) -> int:
    raw = stream.read_raw_bytes()
    try:
        with Image.open(io.BytesIO(raw)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UnfitFile(Flaw.TOO_LARGE_INSIDE)
    except Image.DecompressionBombError:
        raise UnfitFile(Flaw.TOO_LARGE_INSIDE) from None
    except OSError:
        pass  # Packed twice, or a kind of JPEG that only viewers know: the number of pixels in the page was checked.
    return len(raw)
