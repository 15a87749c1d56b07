"""The list of clients: searched as one types, filtered, sorted, a page at a time; what was typed is in no URL."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from wtforms import IntegerField, SearchField, SelectField
from wtforms.validators import Length, NumberRange, Optional

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import client_list
from clinic.booking.client_list import ClientOrder, ClientQuestion, ListedClients
from clinic.practice import queries as practice
from clinic.staff import day
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import move
from clinic.staff.clients import joining_search, layout
from clinic.web.access import audience, staff
from clinic.web.forms import Form

SHOWN = {
    ListedClients.ALL: "Everybody",
    ListedClients.NEW: "New in the last 30 days",
    ListedClients.COMING: "Coming",
    ListedClients.AWAY: "Not seen for some weeks",
    ListedClients.BIRTHDAY: "Birthday this month",
}
ORDERS = {
    ClientOrder.FITTING: "As suits the list",
    ClientOrder.NAME: "By name",
    ClientOrder.NEWEST: "Newest first",
}


class ListForm(Form):
    """What to look for. The text is sent, never part of a URL; the rest may be."""

    text = SearchField(
        "Find a client",
        description="Name, telephone number, e-mail address or the reference of a visit.",
        validators=[Length(max=client_list.LONGEST_TEXT, message="Please use at most 100 characters.")],
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": client_list.LONGEST_TEXT},
    )
    show = SelectField("Show", choices=[(one.value, words) for one, words in SHOWN.items()])
    weeks = IntegerField(
        "Weeks away",
        validators=[
            Optional(),
            NumberRange(1, client_list.MOST_WEEKS, message="Enter a number of weeks from 1 to 520."),
        ],
        render_kw={"inputmode": "numeric"},
    )
    sort = SelectField("Sort", choices=[(one.value, words) for one, words in ORDERS.items()])

    def question(self, page: int) -> ClientQuestion:
        """What is asked; for invalid input everybody."""
        return ClientQuestion(
            text=self.text.data or "",
            shown=ListedClients(self.show.data),
            weeks=self.weeks.data or client_list.WEEKS,
            order=ClientOrder(self.sort.data),
            page=page,
        )


@blueprint.route("/clients", methods=["GET", "POST"], endpoint="clients")
@audience(staff, Permission.CONTACTS_READ)
def clients() -> ResponseReturnValue:
    """The clients, all or those that were asked for. With `join`, the search for the other record of one person."""
    if request.args.get("join"):
        return joining_search.search()
    now = clock.now()
    form = ListForm() if request.method == "POST" else ListForm(formdata=None, data=_asked())
    is_valid = form.validate() if request.method == "POST" else True
    question = form.question(_page()) if is_valid else ClientQuestion()
    found = client_list.page(question, country=practice.the_practice().country, today=day.today(now), now=now)
    page = layout.page(
        "list",
        form=form,
        found=found,
        question=question,
        may_move=lambda visit: move.can_move(visit, now),
        has_errors=form.has_errors,
    )
    return page, 422 if form.has_errors else 200


def _asked() -> dict[str, Any]:
    """Filter, weeks and order of the URL; what is none of ours counts as not asked."""
    weeks = request.args.get("weeks", "")
    is_number = weeks.isascii() and weeks.isdigit() and len(weeks) <= 3
    asked = {
        "show": request.args.get("show", ""),
        "sort": request.args.get("sort", ""),
        "weeks": min(max(1, int(weeks)), client_list.MOST_WEEKS) if is_number else client_list.WEEKS,
    }
    return {
        **asked,
        "show": asked["show"] if asked["show"] in list(ListedClients) else ListedClients.ALL.value,
        "sort": asked["sort"] if asked["sort"] in list(ClientOrder) else ClientOrder.FITTING.value,
    }


def _page() -> int:
    """The page that is asked for, in the URL or by the button that was pressed."""
    asked = request.values.get("page", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
