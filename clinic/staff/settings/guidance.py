"""Settings, Guidance: the rule book, what it changes against the text signed last, and the signatures under it.

The page tells every rule in use with its source. Therapists sign its text and may withdraw their signature; what was signed can
be fetched again at any time, also after the rules have changed.
"""

from uuid import UUID

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.guidance.knowledge import MODALITIES
from clinic.language import ENGLISH, LANGUAGES, NAMES
from clinic.language.health_texts import clinical_review, has_health_texts
from clinic.plans import queries as plans
from clinic.plans import replay
from clinic.plans.rule_book import experience, signatures
from clinic.plans.rule_book.models import LICENCE_LENGTH, NAME_LENGTH, RuleBookSignature
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical.reviews import HEADINGS
from clinic.staff.day import practice_zone
from clinic.staff.settings.experience_wording import sentences
from clinic.staff.settings.layout import SIGNERS, page, saved
from clinic.web.access import audience, may, staff
from clinic.web.forms import UnchangedForm
from clinic.web.spreadsheet import as_csv

LONGEST_WORDS = 60
"""What can be searched for, in characters."""
FEW_FOUND = 8
"""So many rules that were found are unfolded at once; of more, only the headings are shown."""
EVERYTHING = "all"
HEADS = ("Rule set", "Name", "Licence", "Signed (UTC)", "Withdrawn (UTC)", "SHA-256 of the text")


class SignRuleBookForm(UnchangedForm):
    """A signature under the text on the page, which `seen` names by its hash."""

    name = StringField("Name", validators=[InputRequired("Enter your name."), Length(max=NAME_LENGTH)])
    licence = StringField(
        "Licence",
        description="As it stands on your certificate, for example RMT A482.",
        validators=[InputRequired("Enter your licence."), Length(max=LICENCE_LENGTH)],
    )
    has_read = BooleanField(
        "I have read these rules and answer for using them here.",
        validators=[InputRequired("Tick that you have read the rules.")],
    )


@blueprint.get("/settings/guidance", endpoint="settings_guidance")
@audience(staff, *SIGNERS)
def show() -> ResponseReturnValue:
    """Every rule in plain words, what changed, and who signed.

    Groups are folded: `open` in the URL unfolds one or all of them, and `word` shows only the rules that say it.
    """
    return _page(_empty_form())


@blueprint.post("/settings/guidance/sign", endpoint="settings_sign_guidance")
@audience(staff, Permission.GUIDANCE_SIGN)
def sign() -> ResponseReturnValue:
    """Sign the text that the page showed."""
    form = SignRuleBookForm()
    if form.validate_on_submit() and saved(
        form,
        lambda: signatures.sign(
            name=form.name.data or "",
            licence=form.licence.data or "",
            seen_hash=form.seen.data or "",
            by=desk.user(),
            now=clock.now(),
        ),
    ):
        desk.say("Signed. Thank you for reading it.")
        return redirect(url_for("staff.settings_guidance"), 303)
    present = signatures.book_in_use().text_hash
    form.is_stale = bool(form.form_errors) and form.seen.data != present
    # The page shows the present text, so that reading it and sending again works.
    form.seen.data = present
    return _page(form)


@blueprint.post(
    "/settings/guidance/signatures/<uuid:signature_id>/withdraw", endpoint="settings_withdraw_signature"
)
@audience(staff, Permission.GUIDANCE_SIGN)
def withdraw(signature_id: UUID) -> ResponseReturnValue:
    """Withdraw one's own signature; it stays in the history with both dates."""
    with transaction():
        signatures.withdraw(signature_id, by=desk.user(), now=clock.now())
    desk.say("Your signature is withdrawn. It stays in the list with both dates.")
    return redirect(url_for("staff.settings_guidance"), 303)


@blueprint.get("/settings/guidance/signatures.csv", endpoint="settings_signatures_csv")
@audience(staff, *SIGNERS)
def signatures_csv() -> ResponseReturnValue:
    """All signatures as a table for a spreadsheet, the newest first."""
    table = as_csv(HEADS, (_cells(row) for row in signatures.history()))
    return _file(table, "text/csv", "rule-book-signatures.csv")


def _cells(row: RuleBookSignature) -> tuple[str, ...]:
    moments = (row.signed_at, row.withdrawn_at)
    dates = (moment.isoformat(timespec="seconds") if moment else "" for moment in moments)
    return (row.signed_text.rule_set, row.name, row.licence, *dates, row.text_hash)


@blueprint.get("/settings/guidance/text", endpoint="settings_guidance_text")
@audience(staff, *SIGNERS)
def present_text() -> ResponseReturnValue:
    """The text in use as a file: exactly what its hash is made of."""
    book = signatures.book_in_use()
    return _file(book.text, "text/plain", f"rule-book-{book.version}.txt")


@blueprint.get("/settings/guidance/texts/<text_hash>", endpoint="settings_signed_text")
@audience(staff, *SIGNERS)
def signed_text(text_hash: str) -> ResponseReturnValue:
    """A text that was signed, as a file."""
    if len(text_hash) != 64 or not text_hash.isascii() or not text_hash.isalnum():
        raise NotFound
    found = signatures.signed_text(text_hash)
    return _file(found.text, "text/plain", f"rule-book-{found.rule_set}-{text_hash[:8]}.txt")


def _file(written: str, kind: str, name: str) -> Response:
    return Response(written, mimetype=kind, headers={"Content-Disposition": f"attachment; filename={name}"})


def _empty_form() -> SignRuleBookForm:
    form = SignRuleBookForm(formdata=None, seen=signatures.book_in_use().text_hash)
    if may(Permission.GUIDANCE_SIGN):
        therapist = desk.own_therapist()
        form.name.data = desk.user().name
        form.licence.data = therapist.licence if therapist else ""
    return form


def _wordings() -> list[tuple[str, str]]:
    """Each other language that clients read the guidance in, with who checked its wording; empty for nobody."""
    return [
        (NAMES[spoken], clinical_review(spoken))
        for spoken in LANGUAGES
        if spoken != ENGLISH and has_health_texts(spoken)
    ]


def _page(form: SignRuleBookForm) -> ResponseReturnValue:
    now = clock.now()
    changed = []
    if may(Permission.REVIEW_DECIDE):
        with transaction():  # First: what was read before it would be read again after it.
            changed = replay.own_judged_otherwise(desk.user(), now)
    book, state, history = signatures.book_in_use(), signatures.signing_state(), signatures.history()
    here = {key: sentences(row) for key, row in experience.experiences().items()}
    words = request.args.get("word", "").strip()[:LONGEST_WORDS]
    groups = book.groups(words)
    found = sum(len(rules) for _, _, rules in groups)
    opened = "" if words else request.args.get("open", "")
    own = [row for row in history if row.signed_by_id == desk.user().id and row.withdrawn_at is None]
    return page(
        "guidance",
        "guidance",
        form,
        book=book,
        words=words,
        groups=groups,
        found=found,
        opened=opened,
        are_groups_open=bool(words) or opened == EVERYTHING,
        are_rules_open=(bool(words) and found <= FEW_FOUND) or opened == EVERYTHING,
        state=state,
        history=history,
        own=own,
        may_sign=may(Permission.GUIDANCE_SIGN) and all(row.text_hash != book.text_hash for row in own),
        changes=signatures.changes_since_signed(state),
        happened_here=here,
        wordings=_wordings(),
        counted_at=experience.counted_at(),
        since=experience.since(now).year,
        types=[(one.id, one.name) for one in MODALITIES.values() if ("type", one.id) in here],
        judged_otherwise=changed,
        LEVELS=HEADINGS,
        names={one.id: one.name for one in MODALITIES.values()},
        otherwise_judged=plans.open_reviews_by_other_rules(book.version),
        zone=practice_zone(now),
    )
