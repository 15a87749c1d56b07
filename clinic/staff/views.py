"""All pages of the staff, gathered for the composition: importing a module adds its pages to the blueprint."""

from clinic.staff import agenda, grants, look_backs, messages, notes, overrides, reviews, visits
from clinic.staff.blueprint import blueprint

PAGES = (agenda, visits, reviews, notes, look_backs, messages, overrides, grants)

blueprints = (blueprint,)
