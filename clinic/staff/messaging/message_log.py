"""The message log: past messages and how they ended, what is sent next, and resending one."""

from uuid import UUID

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.messaging import backlog, forecast, kinds, preferences, resend, sms
from clinic.messaging import queries as messages
from clinic.messaging.bounces import effects
from clinic.messaging.queries import MessageFilter, MessageLine, MessagePage, MessageStage, Stage
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.staff.messaging.outbox import has_outbox
from clinic.web.access import actor, audience, staff

STAGES = {
    Stage.WAITING: ("Waits", None),
    Stage.SENDING: ("Being sent", None),
    Stage.RETRYING: ("Tried, will be tried again", "caution"),
    Stage.SENT: ("Sent", "ok"),
    Stage.UNWANTED: ("Sent, reported as unwanted", "caution"),
    Stage.DROPPED: ("Not needed any more", None),
    Stage.GIVEN_UP: ("Not delivered", "caution"),
    Stage.CAME_BACK: ("Came back", "caution"),
}
WHYS = {
    "address": "The address cannot be written to.",
    "needs_utf8": "The mail server takes no address with such letters. Please call, and ask for another address.",
    "answered": "It was answered meanwhile.",
    "bounced": "The letter came back.",
    "cancelled": "The visit was cancelled.",
    "complaint": "The reader reported it; nothing more goes to that address.",
    "decided": "It was decided meanwhile.",
    "does_not_arrive": "The address did not take earlier messages, so nothing was sent.",
    "erased": "The client was erased.",
    "exhausted": "It was tried too often.",
    "fault": "Something went wrong here; it is tried again.",
    "folder": "The folder for mails cannot be written to.",
    "gone": "What it was about is gone.",
    "left_out": "It was left out when messages were let go again.",
    "line_broke": "The connection to the mail server broke.",
    "moved": "The visit was moved.",
    "no_consent": "The client did not agree to text messages.",
    "no_address": "There is no longer an address for it.",
    "no_such_address": "The address does not exist.",
    "not_now": "The mail server asked to try later.",
    "over": "The visit is over.",
    "refused": "The mail server refused it.",
    "seen": "It was seen to meanwhile.",
    "sms_off": "Text messages are switched off.",
    "too_late": "It would have come too late.",
    "untold": "Staff wanted no letter about it.",
    "unwanted": "The client does not want such letters.",
    "withdrawn": "It was withdrawn.",
}
TEXT_WHYS = {
    "does_not_arrive": "The telephone did not take earlier messages, so nothing was sent.",
    "no_address": "There is no longer a telephone for it.",
    "not_now": "The provider of text messages asked to try later.",
    "refused": "The provider of text messages refused it.",
    "unreachable": "The provider of text messages could not be reached.",
    "unwanted": "The client does not want such messages.",
}
FILTERS = {
    MessageStage.ALL: "All",
    MessageStage.OWED: "Owed",
    MessageStage.SENT: "Sent",
    MessageStage.FAILED: "Not delivered",
    MessageStage.DROPPED: "Not needed",
}


def name_of(line: MessageLine) -> str:
    """What a message is called on the page."""
    called = kinds.label(line.kind)
    return f"{called} (text message)" if line.channel == sms.CHANNEL else called


def why_of(line: MessageLine) -> str:
    """Why a message has not gone, in a sentence; empty for one that was sent or waits for its first try."""
    if line.stage is Stage.SENT:
        return ""
    of_texts = TEXT_WHYS.get(line.why) if line.channel == sms.CHANNEL else None
    return of_texts or WHYS.get(line.why, "")


@blueprint.app_context_processor
def words() -> dict[str, object]:
    """What templates call messages and their stages."""
    return {
        "message_name": name_of,
        "message_why": why_of,
        "MESSAGE_STAGES": STAGES,
        "has_sms": bool(current_app.config["SMS_URL"]),
    }


@blueprint.get("/messages", endpoint="messages")
@audience(staff, Permission.MESSAGES_READ)
def listed() -> ResponseReturnValue:
    """The latest messages, with how each ended; filtered by state, client, visit or name."""
    now = clock.now()
    wanted = MessageFilter(
        shown=_shown(),
        name=request.args.get("name", "")[:100],
        client_id=_id("client"),
        visit_id=_id("visit"),
    )
    page = messages.page(now, wanted, before=_id("before"), after=_id("after"))
    return render_template(
        "staff/messaging/message_log.html",
        here="messages",
        page=page,
        wanted=wanted,
        of_whom=_of_whom(page, wanted),
        FILTERS=FILTERS,
        arrears=backlog.count(now),
        pulse=messages.pulse(),
        zone=practice_zone(now),
        has_outbox=has_outbox(),
    )


@blueprint.get("/messages/next", endpoint="next_messages")
@audience(staff, Permission.MESSAGES_READ)
def next_messages() -> ResponseReturnValue:
    """What will be sent within two days if nothing changes."""
    now = clock.now()
    coming = forecast.next_messages(now, texts=bool(current_app.config["SMS_URL"]))
    return render_template(
        "staff/messaging/next_messages.html",
        here="messages",
        lines=coming.lines,
        now=now,
        zone=coming.zone,
        has_outbox=has_outbox(),
    )


@blueprint.post("/messages/<uuid:message_id>/again", endpoint="send_again")
@audience(staff, Permission.CALENDAR_WRITE)
def send_again(message_id: UUID) -> ResponseReturnValue:
    """Send a message once more, as it reads today."""
    with transaction():
        resend.send_again(message_id, actor(), clock.now())
    desk.say("The message goes again within seconds.")
    return desk.back_to(url_for("staff.messages"))


@blueprint.post("/contacts/<uuid:contact_id>/works", endpoint="address_works")
@audience(staff, Permission.CALENDAR_WRITE)
def address_works(contact_id: UUID) -> ResponseReturnValue:
    """Allow letters again to an address that bounced."""
    with transaction():
        effects.mark_reachable(contact_id, actor(), clock.now())
    desk.say("Messages go to this address again.")
    return desk.back_to(url_for("staff.messages"))


@blueprint.post("/contacts/<uuid:contact_id>/texts", endpoint="texts_agreed")
@audience(staff, Permission.CALENDAR_WRITE)
def texts_agreed(contact_id: UUID) -> ResponseReturnValue:
    """The client agreed to text messages, or withdrew."""
    agrees = request.form.get("agrees") == "yes"
    with transaction():
        preferences.record_sms_consent(contact_id, actor(), clock.now(), agrees=agrees)
    desk.say(
        "Reminders also go as text messages." if agrees else "No more text messages go to this telephone."
    )
    return desk.back_to(url_for("staff.messages"))


def _shown() -> MessageStage:
    try:
        return MessageStage(request.args.get("shown", ""))
    except ValueError:
        return MessageStage.ALL


def _id(name: str) -> UUID | None:
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _of_whom(page: MessagePage, wanted: MessageFilter) -> str:
    """The name of the client whose messages are listed; empty for everybody's."""
    if wanted.client_id is None and wanted.visit_id is None:
        return ""
    return next((line.client_name for line in page.lines if line.client_name), "one client")
