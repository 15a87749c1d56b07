"""What is left of a file that somebody sent: its pages or its picture, and nothing that hides in it."""

import io
import os
import random
import subprocess
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from PIL import Image

from clinic.untrusted_files import images, isolation, pdfs
from clinic.untrusted_files.jpeg import without_notes
from clinic.untrusted_files.kinds import FileKind, Flaw, UnfitFile, kind_of
from tests.untrusted_files import files


def flaw_of(sent: bytes) -> Flaw:
    """Why a PDF is refused."""
    with pytest.raises(UnfitFile) as refused:
        pdfs.cleaned(sent)
    return refused.value.flaw


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (files.pdf(), FileKind.PDF),
        (b"\xef\xbb\xbf\n" + files.pdf(), FileKind.PDF),
        (files.photo("JPEG"), FileKind.JPEG),
        (files.photo("PNG"), FileKind.PNG),
        (files.heic(), FileKind.HEIC),
    ],
)
def test_a_kind_is_read_from_the_content(sent: bytes, kind: FileKind) -> None:
    assert kind_of(sent) is kind


@pytest.mark.parametrize(
    ("sent", "flaw"),
    [
        (b"", Flaw.EMPTY),
        (b"MZ\x90\x00", Flaw.UNKNOWN_KIND),
        (files.zipped(), Flaw.UNKNOWN_KIND),
        (files.photo("GIF", located=False), Flaw.UNKNOWN_KIND),
        (b"<html><script>alert(1)</script>" + files.pdf(), Flaw.UNKNOWN_KIND),
        (files.zipped() + files.pdf(), Flaw.UNKNOWN_KIND),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Flaw.UNKNOWN_KIND),
    ],
)
def test_whatever_begins_as_something_else_is_not_taken(sent: bytes, flaw: Flaw) -> None:
    with pytest.raises(UnfitFile) as refused:
        kind_of(sent)
    assert refused.value.flaw is flaw


@pytest.mark.parametrize(
    "sent", [files.photo("JPEG"), files.photo("PNG"), files.heic()], ids=["jpeg", "png", "heic"]
)
def test_a_picture_loses_where_it_was_taken_and_what_hangs_behind_it(sent: bytes) -> None:
    assert files.LATITUDE.encode() in sent
    done = images.cleaned(sent + files.zipped())
    assert files.LATITUDE.encode() not in done
    assert b"PK\x03\x04" not in done
    with Image.open(io.BytesIO(done)) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (64, 48)
        assert dict(picture.getexif()) == {}
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("is_packed_twice", [False, True], ids=["plain", "packed twice"])
def test_a_photo_in_a_pdf_loses_where_it_was_taken_and_looks_the_same(is_packed_twice: bool) -> None:
    photo = files.photo("JPEG")
    assert files.LATITUDE.encode() in photo
    done, _ = pdfs.cleaned(files.scanned_pdf(photo, is_packed_twice=is_packed_twice))
    with pikepdf.open(io.BytesIO(done)) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        kept = image.read_raw_bytes()
        assert image.Filter == pikepdf.Name.DCTDecode
        assert pikepdf.PdfImage(image).as_pil_image().tobytes() == Image.open(io.BytesIO(photo)).tobytes()
    assert files.LATITUDE.encode() not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert dict(picture.getexif()) == {}
        assert picture.tobytes() == Image.open(io.BytesIO(photo)).tobytes()


@pytest.mark.parametrize("cut", [2, 3, 5, 12, 40])
def test_a_photo_that_ends_early_stays_as_it_is(cut: int) -> None:
    assert without_notes(files.photo("JPEG")[:cut]) == files.photo("JPEG")[:cut]


def test_a_comment_in_a_picture_is_not_written_again() -> None:
    into = io.BytesIO()
    Image.new("RGB", (8, 8)).save(into, format="JPEG", comment=b"<script>alert(1)</script>")
    assert b"script" in into.getvalue()
    assert b"script" not in images.cleaned(into.getvalue())


def test_a_large_picture_becomes_as_large_as_a_page_needs() -> None:
    done = images.cleaned(files.photo(size=(5000, 2500)))
    with Image.open(io.BytesIO(done)) as picture:
        assert max(picture.size) <= images.DOCUMENT_SIDE
        assert picture.width > 1500


@pytest.mark.parametrize(
    "sent", [files.bomb_png, lambda: files.photo(size=(9_000, 7_000), located=False)], ids=["png", "jpeg"]
)
def test_a_picture_of_too_many_pixels_is_never_decoded(sent: Callable[[], bytes]) -> None:
    with pytest.raises(UnfitFile) as refused:
        images.cleaned(sent())
    assert refused.value.flaw is Flaw.TOO_LARGE_INSIDE


def test_half_a_picture_is_refused() -> None:
    with pytest.raises(UnfitFile) as refused:
        images.cleaned(files.photo()[:300])
    assert refused.value.flaw is Flaw.UNREADABLE


def test_a_pdf_keeps_its_pages_and_loses_everything_that_does_something() -> None:
    sent = files.armed_pdf()
    done, pages = pdfs.cleaned(sent)
    assert pages == 1
    with pikepdf.open(io.BytesIO(done)) as pdf:
        everything = b"\n".join(each.unparse(resolved=True) for each in pdf.objects)
        everything += b"\n".join(
            each.read_bytes() for each in pdf.objects if isinstance(each, pikepdf.Stream)
        )
        page = pdf.pages[0]
        assert b"Dear colleague" in page.obj.Contents.read_bytes()
        assert page.obj.Resources.Font.AA.BaseFont == pikepdf.Name.Helvetica
        assert not pdf.attachments
        assert dict(pdf.docinfo) == {}
    for trace in (
        b"JavaScript",
        b"alert",
        b"Launch",
        b"cmd.exe",
        b"evil",
        b"payload",
        b"Mata Hari",
        b"OpenAction",
    ):
        assert trace not in everything


@pytest.mark.parametrize(
    "action",
    [
        pikepdf.Dictionary(S=pikepdf.Name.GoToR, F="//evil.example/share"),
        pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F="https://evil.example"),
        pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F="evil.exe"),
    ],
)
def test_an_action_is_deleted_wherever_it_stands(action: pikepdf.Dictionary) -> None:
    with pikepdf.new() as made:
        page = made.add_blank_page()
        page.obj.Resources = pikepdf.Dictionary(
            Properties=pikepdf.Dictionary(MC0=made.make_indirect(action), MC1=action)
        )
        sent = files.written(made)
    assert b"evil" in sent
    assert b"evil" not in pdfs.cleaned(sent)[0]


def test_a_stream_that_stands_in_another_file_is_refused() -> None:
    with pikepdf.new() as made:
        page = made.add_blank_page()
        page.obj.Contents = made.make_stream(b"q Q", {"/F": pikepdf.String("/etc/passwd")})
        sent = files.written(made)
    assert flaw_of(sent) is Flaw.UNREADABLE


def test_what_was_typed_into_a_form_stays_readable() -> None:
    done, _ = pdfs.cleaned(files.filled_form())
    with pikepdf.open(io.BytesIO(done)) as pdf:
        drawn = [each.read_bytes() for each in pdf.objects if isinstance(each, pikepdf.Stream)]
        assert any(b"Lumbar sprain" in each for each in drawn)
        assert "/Annots" not in pdf.pages[0].obj
        assert "/AcroForm" not in pdf.Root


def test_a_pdf_is_written_without_what_hangs_behind_it() -> None:
    done, _ = pdfs.cleaned(files.pdf() + b"\n" + files.zipped() + b"<script>alert(2)</script>")
    assert done.rstrip().endswith(b"%%EOF")
    assert b"PK\x03\x04" not in done
    assert b"script" not in done


def test_a_pdf_with_a_password_is_refused_also_if_it_opens_without() -> None:
    for user in ("", "secret"):
        closed = files.pdf(encryption=pikepdf.Encryption(owner="owner", user=user))
        assert flaw_of(closed) is Flaw.ENCRYPTED


def test_forty_pages_are_taken_and_two_hundred_are_not() -> None:
    assert pdfs.cleaned(files.pdf(40))[1] == 40
    assert flaw_of(files.pdf(41)) is Flaw.TOO_MANY_PAGES
    assert flaw_of(files.pdf(200)) is Flaw.TOO_MANY_PAGES


def test_a_pdf_that_unpacks_to_too_much_is_refused() -> None:
    sent = files.bomb_pdf()
    assert len(sent) < 1_000_000
    assert flaw_of(sent) is Flaw.TOO_LARGE_INSIDE


def test_a_picture_of_too_many_pixels_in_a_pdf_is_refused() -> None:
    with pikepdf.new() as made:
        page = made.add_blank_page()
        page.obj.Resources = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(
                Im=made.make_stream(
                    b"", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=60_000, Height=60_000
                )
            )
        )
        sent = files.written(made)
    assert flaw_of(sent) is Flaw.TOO_LARGE_INSIDE


def test_a_file_that_is_no_pdf_behind_its_head_is_refused() -> None:
    assert flaw_of(b"%PDF-1.7\nnothing else") is Flaw.UNREADABLE
    assert flaw_of(b"%PDF-1.7\n" + files.zipped()) is Flaw.UNREADABLE


def test_a_broken_pdf_is_refused_or_read_but_never_anything_else() -> None:
    whole, dice = files.armed_pdf(), random.Random(7)
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(dice.randrange(1, 30)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        try:
            done, _ = pdfs.cleaned(bytes(broken))
        except UnfitFile:
            continue
        assert b"JavaScript" not in done


def test_the_process_of_its_own_answers_for_each_kind() -> None:
    for sent, is_pdf, pages in ((files.pdf(3), True, 3), (files.heic(), False, 1)):
        done = isolation.clean(sent)
        assert (done.is_pdf, done.pages) == (is_pdf, pages)
    with pytest.raises(UnfitFile) as refused:
        isolation.clean(files.pdf(200))
    assert refused.value.flaw is Flaw.TOO_MANY_PAGES


def test_a_bomb_ends_its_own_process_alone() -> None:
    with pytest.raises(UnfitFile) as refused:
        isolation.clean(files.bomb_pdf(1400))
    assert refused.value.flaw is Flaw.TOO_LARGE_INSIDE


def test_a_process_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(UnfitFile) as refused:
        isolation.clean(files.pdf(), patience_seconds=0.001)
    assert refused.value.flaw is Flaw.TOO_LARGE_INSIDE


def test_the_process_that_reads_a_file_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMBAR_PROBE", "a secret")
    given: list[dict[str, str] | None] = []
    run = subprocess.run

    def watched(*args: Any, **options: Any) -> Any:
        given.append(options["env"])
        return run(*args, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    isolation.clean(files.pdf())
    assert [set(environment or os.environ) for environment in given] == [
        {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    ]
