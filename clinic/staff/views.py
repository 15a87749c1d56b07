"""All pages of the staff, gathered for the composition: importing a module adds its pages to the blueprint."""

from clinic.staff import (
    agenda,
    arrival,
    check_ins,
    grants,
    look_backs,
    messages,
    notes,
    overrides,
    reviews,
    visits,
)
from clinic.staff.blueprint import blueprint

PAGES = (agenda, visits, arrival, reviews, notes, look_backs, check_ins, messages, overrides, grants)

blueprints = (blueprint,)
