"""Waiting-list entries: join, look, change, withdraw."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits, signed_links
from clinic.booking import idempotency, trained_therapists
from clinic.booking.idempotency import StoredAnswer
from clinic.booking.trained_therapists import NobodyTrained
from clinic.booking.waiting import entries, queries
from clinic.booking.waiting.entries import NoLongerWaiting
from clinic.booking.waiting.models import WaitingListEntry
from clinic.db import transaction
from clinic.intake.answered_limits import AnsweredLimits
from clinic.language import N_
from clinic.practice import queries as practice
from clinic.practice.models import Treatment
from clinic.public import times_page
from clinic.public.booking import THERAPIST_DECIDES, client_of, closed_page, known_details
from clinic.public.forms import EarlierForm, JoinWaitingListForm
from clinic.public.waiting import free
from clinic.public.waiting.blueprint import blueprint
from clinic.refusal import NotFound, Refusal
from clinic.web import form_keys, languages, refusal_page
from clinic.web.access import anyone, audience
from clinic.web.browser import browser
from clinic.web.signed_in_client import signed_in_client_id
from clinic.web.waiting_form import WaitingListForm, WhenForm, in_words

SENT_BEFORE = N_(
    "This form was sent before, with other details, and put somebody on the list; nothing was done now. If you want to "
    "wait for something else as well, send it once more."
)


@blueprint.get("/waiting-list/<slug>")
@audience(anyone)
def ask(slug: str) -> str:
    """The form to join the list if nothing free suits."""
    if closed := closed_page():
        return closed
    sold, now = practice.treatment(slug), clock.now()
    form = JoinWaitingListForm(formdata=None, data={**known_details(), "key": form_keys.new()})
    _offer_choices(form, sold, now)
    form.begin(sold, now)
    form.decide.data = session.get(THERAPIST_DECIDES, False)
    chosen = _chosen(sold.therapists, request.args.get("therapist")) or request.args.get("with") or ""
    form.therapist.data = chosen if form.can_be_with(chosen) else ""
    form.location.data = _chosen(practice.locations(now.date()), request.args.get("location"))
    return _join_page(form, sold, refusal=None if form.is_anybody_left else NobodyTrained())


@blueprint.post("/waiting-list/<slug>")
@audience(anyone)
def join(slug: str) -> ResponseReturnValue:
    """Join the list. The same form sent twice finds its own entry."""
    sold, now = practice.treatment(slug), clock.now()
    form = JoinWaitingListForm()
    _offer_choices(form, sold, now)
    content = _content(form)
    try:
        if (done := _done_before(form, content)) is not None:
            return done
        if not form.validate():
            return _join_page(form, sold), 422
        limits.take(limits.WAITING_NETWORK, limits.network(request.remote_addr), now)
        limits.take(limits.WAITING_CONTACT, form.mail.data or "", now)
        with transaction():
            client, actor = client_of(form, now)
            entry = entries.join(
                client=client,
                treatment_id=sold.id,
                therapist_id=form.therapist_id,
                therapist_gender=form.therapist_gender,
                location_id=form.location_id,
                times=form.times,
                last_on=form.until,
                therapist_decides=form.decide.data,
                actor=actor,
                now=now,
            )
            idempotency.remember(browser(), form.key.data or "", content, StoredAnswer(303, entry.id), now)
    except idempotency.AtTheSameTime:
        return _done_before(form, content) or redirect(url_for(".ask", slug=slug), 303)
    except idempotency.OtherContent:
        form.key.data = form_keys.new()
        other = idempotency.OtherContent(SENT_BEFORE)
        return refusal_page.answer(_join_page(form, sold, refusal=other), other)
    except Refusal as refusal:
        return refusal_page.answer(_join_page(form, sold, refusal=refusal), refusal)
    flash(N_("You are on the waiting list."), "ok")
    return _to(entry)


@blueprint.get("/w/<token>")
@audience(anyone)
def entry(token: str) -> str:
    """An entry, what is already free, and how to change or withdraw it."""
    return _entry_page(_entry(token), token)


@blueprint.get("/w/<token>/change")
@audience(anyone)
def ask_change(token: str) -> ResponseReturnValue:
    """Other days, another therapist, another last day."""
    waited_for, now = _entry(token), clock.now()
    if not waited_for.is_live:
        return redirect(url_for(".entry", token=token), 303)
    if waited_for.replaces is not None:
        earlier = EarlierForm(formdata=None)
        earlier.show_times(waited_for.times)
        earlier.same_therapist.data = waited_for.therapist_id is not None
        return _change_page(earlier, waited_for, token)
    form = WaitingListForm(formdata=None)
    _offer_changes(form, waited_for, now)
    form.therapist.data = str(waited_for.therapist_id or waited_for.therapist_gender or "")
    form.location.data = str(waited_for.location_id or "")
    form.last_on.data = waited_for.last_on
    form.show_times(waited_for.times)
    form.decide.data = waited_for.therapist_decides
    return _change_page(form, waited_for, token)


@blueprint.post("/w/<token>/change")
@audience(anyone)
def change(token: str) -> ResponseReturnValue:
    """Change the entry; its place in the order stays."""
    waited_for, now = _entry(token), clock.now()
    form = EarlierForm() if waited_for.replaces is not None else WaitingListForm()
    if isinstance(form, WaitingListForm):
        _offer_changes(form, waited_for, now)
    if not form.validate():
        return _change_page(form, waited_for, token), 422
    try:
        limits.take(limits.CHANGES_LINK, str(waited_for.id), now)
        with transaction():
            entries.change(
                waited_for.id,
                times=form.times,
                actor=audit.by_link(waited_for.id),
                now=now,
                **_changed(form, waited_for),
            )
    except NoLongerWaiting as over:
        return _entry_page(_entry(token), token, refusal=over.sentence), over.status
    except Refusal as refusal:
        return refusal_page.answer(_change_page(form, waited_for, token, refusal=refusal), refusal)
    flash(N_("Changed. Your place on the list stays the same."), "ok")
    return redirect(url_for(".entry", token=token), 303)


@blueprint.post("/w/<token>/withdraw")
@audience(anyone)
def withdraw(token: str) -> ResponseReturnValue:
    """Withdraw the entry."""
    waited_for, now = _entry(token), clock.now()
    try:
        limits.take(limits.CHANGES_LINK, str(waited_for.id), now)
        with transaction():
            entries.withdraw(waited_for.id, actor=audit.by_link(waited_for.id), now=now)
    except Refusal as refusal:
        return refusal_page.answer(_entry_page(waited_for, token, refusal=refusal.sentence), refusal)
    flash(N_("You are no longer on the waiting list."), "ok")
    return redirect(url_for(".entry", token=token), 303)


@blueprint.post("/w/<token>/back")
@audience(anyone)
def come_back(token: str) -> ResponseReturnValue:
    """Put the entry back that was withdrawn within the last day."""
    waited_for, now = _entry(token), clock.now()
    try:
        limits.take(limits.CHANGES_LINK, str(waited_for.id), now)
        with transaction():
            entries.come_back(waited_for.id, actor=audit.by_link(waited_for.id), now=now)
    except Refusal as refusal:
        return refusal_page.answer(_entry_page(_entry(token), token, refusal=refusal.sentence), refusal)
    flash(N_("You are on the waiting list again, at your old place."), "ok")
    return redirect(url_for(".entry", token=token), 303)


def _offer_choices(form: WaitingListForm, sold: Treatment, now: datetime) -> None:
    """What this visitor can wait for: answers they gave, here or signed in, may call for a training."""
    answered = AnsweredLimits.of(times_page.standing_here(practice.practice_zone(now.date()), now))
    left_out = trained_therapists.left_out_of(sold.id, answered, signed_in_client_id())
    form.offer(sold, practice.locations(now.date()), now, left_out)


def _offer_changes(form: WaitingListForm, waited_for: WaitingListEntry, now: datetime) -> None:
    """The same for an entry: the answers are its client's, and a therapist chosen before can stay chosen."""
    pair = (waited_for.client_id, waited_for.treatment_id)
    left_out = trained_therapists.lacking([pair], now).get(pair, frozenset()) - {waited_for.therapist_id}
    form.offer(waited_for.treatment, practice.locations(now.date()), now, left_out)


def _changed(form: WaitingListForm | EarlierForm, waited_for: WaitingListEntry) -> dict[str, Any]:
    """What a form says besides days and times. Who waits for something earlier keeps the place, and their visit's day as the last."""
    if isinstance(form, WaitingListForm):
        return {
            "therapist_id": form.therapist_id,
            "therapist_gender": form.therapist_gender,
            "location_id": form.location_id,
            "last_on": form.until,
            "therapist_decides": form.decide.data,
        }
    visit = waited_for.replaces
    return {
        "therapist_id": visit.therapist_id if visit is not None and form.same_therapist.data else None,
        "location_id": waited_for.location_id,
        "last_on": waited_for.last_on,
        "therapist_decides": waited_for.therapist_decides,
    }


def _chosen(among: Any, slug: str | None) -> str:
    return next((str(each.id) for each in among if each.slug == slug), "")


def _content(form: JoinWaitingListForm) -> dict[str, Any]:
    return {name: str(value) for name, value in form.data.items() if name not in ("key", "csrf_token")}


def _done_before(form: JoinWaitingListForm, content: dict[str, Any]) -> ResponseReturnValue | None:
    if not form.key.data or form.key.process_errors:
        return None
    earlier = idempotency.earlier(browser(), form.key.data, content)
    return _to(queries.entry_of(earlier.subject_id)) if earlier is not None and earlier.subject_id else None


def _to(entry: WaitingListEntry) -> ResponseReturnValue:
    return redirect(signed_links.entry_path(entry.id, entry.link_epoch), 303)


def _entry(token: str) -> WaitingListEntry:
    """The entry of a token; raises NotFound for an invalid one."""
    claim = signed_links.check(token, signed_links.ENTRY)
    if claim is None:
        raise NotFound
    found = queries.entry_of(claim.subject_id)
    if not claim.holds(found.link_epoch) or found.client.erased_at is not None:
        raise NotFound
    languages.speak_to(found.client)
    return found


def _join_page(form: JoinWaitingListForm, sold: Treatment, *, refusal: Refusal | None = None) -> str:
    return render_template(
        "public/waiting/join.html",
        form=form,
        treatment=sold,
        minutes=practice.the_practice().offer_minutes,
        refusal=refusal,
        has_errors=refusal is not None or form.has_errors,
    )


def _change_page(
    form: WhenForm, waited_for: WaitingListEntry, token: str, *, refusal: Refusal | None = None
) -> str:
    return render_template(
        "public/waiting/change.html",
        form=form,
        entry=waited_for,
        token=token,
        refusal=refusal,
        has_errors=refusal is not None or form.has_errors,
    )


def _entry_page(waited_for: WaitingListEntry, token: str, *, refusal: str | None = None) -> str:
    now = clock.now()
    open_ = queries.open_offer(waited_for.id, now) if waited_for.is_live else None
    visit = waited_for.replaces
    return render_template(
        "public/waiting/entry.html",
        entry=waited_for,
        words=in_words(waited_for.times),
        token=token,
        refusal=refusal,
        can_come_back=entries.can_come_back(waited_for, now),
        open_offer=open_,
        open_path=signed_links.offer_path(open_.id, waited_for.link_epoch) if open_ else None,
        visit_path=signed_links.manage_path(visit.id, visit.link_epoch) if visit else None,
        free=free.times(waited_for, now),
        minutes=practice.the_practice().offer_minutes,
    )
