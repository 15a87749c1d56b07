"""Files that somebody might send: harmless ones, and those that try something."""

import io
import zipfile
import zlib
from pathlib import Path

import pikepdf
from PIL import Image
from PIL.Image import Exif

LATITUDE = "Somewhere-52.52"
"""Stands in the metadata of every picture here."""
HEIC = Path(__file__).parent / "telephone.heic"


def photo(format_: str = "JPEG", size: tuple[int, int] = (64, 48), *, located: bool = True) -> bytes:
    """A picture whose metadata say where it was taken."""
    exif = Exif()
    if located:
        exif[0x010F] = LATITUDE
        exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0)})
    into = io.BytesIO()
    Image.new("RGB", size, "teal").save(into, format=format_, exif=exif.tobytes())
    return into.getvalue()


def heic() -> bytes:
    """A picture as a telephone stores it."""
    return HEIC.read_bytes()


def pdf(pages: int = 1, **options: object) -> bytes:
    """A PDF of empty pages."""
    with pikepdf.new() as made:
        for _ in range(pages):
            made.add_blank_page()
        return written(made, **options)


def scanned_pdf(picture: bytes, *, is_packed_twice: bool = False) -> bytes:
    """A page that is a photo, as a telephone's scanner makes it."""
    with pikepdf.new() as made:
        page = made.add_blank_page()
        raw = zlib.compress(picture) if is_packed_twice else picture
        filters = [pikepdf.Name.FlateDecode, pikepdf.Name.DCTDecode][0 if is_packed_twice else 1 :]
        image = pikepdf.Stream(
            made, raw, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=64, Height=48,
            ColorSpace=pikepdf.Name.DeviceRGB, BitsPerComponent=8, Filter=pikepdf.Array(filters),
        )  # fmt: skip
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
        page.Contents = made.make_stream(b"q 64 0 0 48 0 0 cm /Im0 Do Q")
        return written(made)


def written(made: pikepdf.Pdf, **options: object) -> bytes:
    """The bytes of a PDF."""
    into = io.BytesIO()
    made.save(into, **options)  # type: ignore[arg-type]
    return into.getvalue()


def armed_pdf() -> bytes:
    """A PDF with everything that could do something: scripts, a launch, a link, a file, a form with typed text."""
    with pikepdf.new() as made:
        page = made.add_blank_page()
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('armed')")
        launch = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe")
        made.Root.OpenAction = made.make_indirect(script)
        made.Root.AA = pikepdf.Dictionary(WC=script)
        page.obj.AA = pikepdf.Dictionary(O=launch)
        page.obj.Metadata = made.make_stream(b"<x>Mata Hari</x>")
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Link,
            Rect=[0, 0, 9, 9],
            A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://evil.example"),
        )
        page.obj.Annots = made.make_indirect(pikepdf.Array([made.make_indirect(link)]))
        # A font may have any name, also that of an action.
        page.obj.Resources = pikepdf.Dictionary(
            Font=pikepdf.Dictionary(
                AA=pikepdf.Dictionary(
                    Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
                )
            )
        )
        page.obj.Contents = made.make_stream(b"BT /AA 12 Tf (Dear colleague) Tj ET")
        made.attachments["payload.exe"] = b"MZ payload"
        made.docinfo["/Author"] = "Mata Hari"
        return written(made)


def filled_form() -> bytes:
    """A PDF form with a text that somebody typed."""
    with pikepdf.new() as made:
        page = made.add_blank_page()
        looks = made.make_stream(b"BT /Helv 12 Tf (Lumbar sprain) Tj ET")
        looks.Type, looks.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        looks.BBox = pikepdf.Array([0, 0, 200, 20])
        box = made.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                T="diagnosis",
                V="Lumbar sprain",
                F=4,
                Rect=[50, 50, 250, 70],
                AP=pikepdf.Dictionary(N=looks),
            )
        )
        page.obj.Annots = pikepdf.Array([box])
        made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([box]))
        return written(made)


def bomb_pdf(mebibytes: int = 130) -> bytes:
    """A small PDF whose page unpacks to a great many bytes."""
    press, mebibyte = zlib.compressobj(9), b"0" * (1 << 20)
    packed = b"".join(press.compress(mebibyte) for _ in range(mebibytes)) + press.flush()
    with pikepdf.new() as made:
        page = made.add_blank_page()
        page.obj.Contents = made.make_stream(packed, Filter=pikepdf.Name.FlateDecode)
        return written(made, compress_streams=False)


def bomb_png() -> bytes:
    """A small PNG of a great many pixels: one colour, one bit each."""
    into = io.BytesIO()
    Image.new("1", (9_000, 7_000)).save(into, format="PNG")
    return into.getvalue()


def zipped() -> bytes:
    """An archive with a page in it."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("page.html", "<script>alert('zip')</script>")
    return into.getvalue()
