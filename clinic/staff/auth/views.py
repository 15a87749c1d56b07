"""All pages around the sign-in, gathered for the composition: importing a module adds its pages to the blueprint."""

from clinic.staff.auth import joining, locking, own_sessions
from clinic.staff.auth.blueprint import blueprint

PAGES = (joining, locking, own_sessions)

blueprints = (blueprint,)
