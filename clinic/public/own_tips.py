"""Tips that depend on a client's own answers: shown once, behind a one-time link mailed to the client's own address.

Following the link proves the address, as for a sign-in; somebody who has only the general page's link learns nothing,
not even whether there is anything to show.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits
from clinic.accounts import services as accounts
from clinic.accounts.models import LinkPurpose
from clinic.booking import queries as appointments
from clinic.db import transaction
from clinic.language import N_
from clinic.messaging.kinds.afterwards import owe_own_tips
from clinic.plans import tips as after_visit
from clinic.public import aftercare
from clinic.web import one_time
from clinic.web.access import anyone, audience

blueprint = Blueprint("own_tips", __name__)

TOO_LATE = N_(
    "A link works for ten minutes, once. The page of your tips, whose address came with the mail after your session, sends you a new one."
)


@blueprint.post("/c/<token>/own")
@audience(anyone)
def ask(token: str) -> ResponseReturnValue:
    """Send a new link to this client's address, at most three an hour."""
    now = clock.now()
    visit = aftercare.opened(token, now)
    limits.take(limits.OWN_TIPS_LINKS, str(visit.id), now)
    with transaction():
        owe_own_tips(visit.id, now)
    return redirect(url_for(".asked"), 303)


@blueprint.get("/own-tips/asked")
@audience(anyone)
def asked() -> str:
    """The same page whether or not a letter follows."""
    return one_time.asked_page(
        N_("A link is on its way to the address you booked with. It works for ten minutes, once.")
    )


@blueprint.get("/own-tips/<raw>")
@audience(anyone)
def link(raw: str) -> ResponseReturnValue:
    """A one-time link."""
    if accounts.find_link(raw, LinkPurpose.OWN_TIPS, clock.now()) is None:
        return one_time.gone_page(TOO_LATE)
    return one_time.button_page(
        heading=N_("Tips for you"),
        sentence=N_(
            "They are shown once, and may say something about your health. Open them where nobody else looks on."
        ),
        act=N_("Show my tips"),
        to=url_for(".show", raw=raw),
    )


@blueprint.post("/own-tips/<raw>")
@audience(anyone)
def show(raw: str) -> ResponseReturnValue:
    """Use up the link and show the tips, at no URL that could be opened again; the access is recorded."""
    now = clock.now()
    limits.take(limits.LINK_USES_NETWORK, limits.network(request.remote_addr), now)
    with transaction():
        used = accounts.consume_link(raw, LinkPurpose.OWN_TIPS, now)
        visit = appointments.appointment(used.subject_id) if used and used.subject_id else None
        if visit is None or visit.client is None or visit.client.erased_at is not None:
            return one_time.gone_page(TOO_LATE)
        tips = after_visit.own(visit, after_visit.given_in(visit), now)
        audit.record(
            audit.by_link(visit.id),
            "read",
            visit,
            client_id=visit.client_id,
            purpose="own_tips",
            fields=["answers", "modalities"],
            now=now,
        )
        page = {"starts_at": visit.starts_at, "zone": visit.zone, "therapist": visit.therapist.name}
    return render_template("public/own_tips/show.html", tips=tips, **page)
