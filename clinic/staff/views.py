"""All pages of the staff, gathered for the composition: importing a module adds its pages to the blueprint."""

from clinic.staff import (
    agenda,
    arrival,
    calling,
    check_ins,
    grants,
    held,
    look_backs,
    messages,
    moving,
    notes,
    outbox,
    overrides,
    repeating,
    reviews,
    series,
    visits,
    waiting,
)
from clinic.staff.auth import views as auth
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import barring, details, merging
from clinic.staff.settings import (
    absences,
    access,
    hours,
    house,
    offers,
    online,
    places,
    team,
    team_leaving,
    team_member,
    texts,
)

PAGES = (
    agenda,
    calling,
    moving,
    repeating,
    series,
    waiting,
    details,
    barring,
    merging,
    visits,
    arrival,
    reviews,
    notes,
    look_backs,
    check_ins,
    messages,
    outbox,
    held,
    overrides,
    grants,
    house,
    places,
    offers,
    hours,
    absences,
    texts,
    access,
    online,
    team,
    team_member,
    team_leaving,
)

blueprints = (blueprint, *auth.blueprints)
