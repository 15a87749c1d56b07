"""Pictures that somebody sends: opened without trusting them, and written anew with nothing but their pixels.

Neither metadata (where a picture was taken, by which camera) nor anything hidden behind the picture survives. Pixels are counted
before any is decoded.
"""

import io
import warnings

from PIL import Image, ImageOps

from clinic.untrusted_files.kinds import Flaw, UnfitFile

DOCUMENT_PIXELS = 50_000_000
"""A telephone's 50 megapixels fit."""
DOCUMENT_SIDE = 3200
"""The longest side of a stored document, in pixels: a page of A4 at 270 dots an inch."""
DOCUMENT_FORMATS = ("JPEG", "PNG", "HEIF")

# What decoders raise for broken files; the library lists no single base class.
BROKEN = (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, OverflowError)


def upright(
    sent: bytes, *, formats: tuple[str, ...], most_pixels: int, side: int | None = None
) -> Image.Image:
    """The picture alone, upright, in red, green and blue; transparent parts are white. Only its first frame.

    With `side` its longest side has at most so many pixels. Raises UnfitFile.
    """
    try:
        with warnings.catch_warnings():
            # The library only warns of twice its own limit; ours is asked first, from the header.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(sent), formats=formats) as opened:
                if opened.width * opened.height > most_pixels:
                    raise UnfitFile(Flaw.TOO_LARGE_INSIDE)
                if side:
                    opened.draft("RGB", (side, side))  # A JPEG is then decoded at a fraction of its size.
                turned = ImageOps.exif_transpose(opened)
                if side:
                    turned.thumbnail((side, side))
                return _on_white(turned)
    except Image.DecompressionBombError:
        raise UnfitFile(Flaw.TOO_LARGE_INSIDE) from None
    except BROKEN:
        raise UnfitFile(Flaw.UNREADABLE) from None


def cleaned(sent: bytes) -> bytes:
    """A picture of a document as a JPEG without metadata. Raises UnfitFile."""
    import pi_heif  # Here, because only the process that cleans files needs this decoder.

    pi_heif.register_heif_opener(decode_threads=1)
    into = io.BytesIO()
    page = upright(sent, formats=DOCUMENT_FORMATS, most_pixels=DOCUMENT_PIXELS, side=DOCUMENT_SIDE)
    page.save(into, format="JPEG", quality=85, optimize=True)
    return into.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        plain = picture.convert("RGB")
    else:
        clear = picture.convert("RGBA")
        plain = Image.new("RGB", clear.size, "white")
        plain.paste(clear, mask=clear.getchannel("A"))
    plain.info.clear()  # Some encoders write what an opened picture still carries here, such as a comment.
    return plain
