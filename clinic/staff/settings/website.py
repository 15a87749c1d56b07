"""Booking on the practice's own website: which websites may show the booking pages, and what to copy onto them."""

from dataclasses import dataclass

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from wtforms import TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from clinic import clock, language
from clinic.language import N_
from clinic.practice import queries, websites
from clinic.practice.models import Practice
from clinic.practice.websites import NotAWebsite
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.layout import OWNERS, page, saved
from clinic.web.access import actor, audience, staff
from clinic.web.forms import UnchangedForm
from clinic.web.framing import FRAMED_PATH

BUTTON = Markup(
    '<a href="{address}" style="display: inline-block; padding: 12px 20px; border-radius: 8px; '
    'background: #005964; color: #fff; text-decoration: none">{words}</a>'
)
INLINE = Markup(
    '<iframe data-lumbar src="{frame}" title="{words}" style="width: 100%; height: 48rem; border: 0"></iframe>\n'
    '<script src="{script}" async></script>\n'
    '<p><a href="{address}">{words}</a></p>'
)
WORDS = N_("Book a session at %(practice)s")
"""On the button, in the language of the website it stands on."""


@dataclass(frozen=True)
class Snippets:
    """What an owner copies, and the path of the page in the frame, for the preview."""

    button: str
    inline: str
    framed: str


class WebsitesForm(UnchangedForm):
    """The websites, one a line."""

    websites = TextAreaField(
        "Your websites",
        description="One address a line, as in https://www.alderlane.example. No other website can show the pages in a frame. "
        "If your website can be reached with and without www, write both.",
        validators=[Optional(), Length(max=3000)],
    )

    def validate_websites(self, field: TextAreaField) -> None:
        """Each line names a website; the message says which one does not."""
        for line in filter(str.strip, (field.data or "").splitlines()):
            try:
                websites.origin_of(line)
            except NotAWebsite as wrong:
                raise ValidationError(f"“{line.strip()[:80]}”: {wrong.sentence}") from None
        try:
            websites.origins_of(self.lines)
        except NotAWebsite as wrong:
            raise ValidationError(wrong.sentence) from None

    @property
    def lines(self) -> list[str]:
        """What was typed, line by line."""
        return (self.websites.data or "").splitlines()


@blueprint.route("/settings/website", endpoint="settings_website", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def website() -> ResponseReturnValue:
    """Which websites are allowed, what to copy, and how it looks."""
    present = queries.find_practice()
    if present is None:
        desk.say("First say who you are; your website comes after.")
        return redirect(url_for("staff.settings_practice"), 303)
    form = WebsitesForm()
    if not form.is_submitted():
        form.seen.data = websites.mark(present)
        form.websites.data = "\n".join(present.websites)
    if form.validate_on_submit() and saved(
        form,
        lambda: websites.allow(
            websites.origins_of(form.lines), seen_as=form.seen.data or "", actor=actor(), now=clock.now()
        ),
        present=lambda: websites.mark(queries.the_practice()),
    ):
        desk.say("Saved. Only these websites can show the booking pages.")
        return redirect(url_for("staff.settings_website"), 303)
    sold = queries.treatments()
    slug = next((one.slug for one in sold if one.slug == request.args.get("treatment")), "")
    spoken = request.args.get("lang", "")
    spoken = spoken if spoken in language.LANGUAGES else ""
    return page(
        "website",
        "website",
        form,
        present=present,
        sold=sold,
        slug=slug,
        languages_of_websites=language.NAMES,
        spoken=spoken,
        snippets=_snippets(present, slug, spoken),
    )


def _snippets(present: Practice, slug: str, spoken: str) -> Snippets:
    home = current_app.config["PUBLIC_URL"]
    behind = (f"/{slug}" if slug else "") + (f"?lang={spoken}" if spoken else "")
    with language.speaking(spoken or present.language):
        words = language.gettext(WORDS) % {"practice": present.name}
    address, framed = f"{home}/book{behind}", f"{FRAMED_PATH}{behind}"
    return Snippets(
        button=str(BUTTON.format(address=address, words=words)),
        inline=str(
            INLINE.format(
                frame=f"{home}{framed}",
                script=f"{home}{FRAMED_PATH}/booking.js",
                address=address,
                words=words,
            )
        ),
        framed=framed,
    )
