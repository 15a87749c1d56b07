"""The first owner's set-up: besides a password, whether this person treats clients themselves.

Most practices are one person. An owner who says yes becomes a therapist in the rota, in the transaction that sets the
password.
"""

from datetime import datetime

import sqlalchemy as sa
from wtforms import RadioField
from wtforms.validators import InputRequired

from clinic.accounts import audit, team
from clinic.accounts.models import Role, User
from clinic.db import db
from clinic.practice import therapists
from clinic.practice.models import Therapist
from clinic.staff.auth.password_form import PasswordForm

YES, NO = "yes", "no"


class FirstOwnerForm(PasswordForm):
    """A password, and the question."""

    treats = RadioField(
        "Do you treat clients yourself?",
        choices=[(YES, "Yes, I treat clients"), (NO, "No, I only run the practice")],
        validators=[InputRequired("Say whether you treat clients yourself.")],
    )


def is_asked(user: User) -> bool:
    """Whether the set-up page asks this person if they treat clients: an owner who never signed in and is not a
    therapist yet."""
    return (
        user.password is None
        and user.current_login_at is None
        and Role.OWNER in user.role_names
        and Role.THERAPIST not in user.role_names
        and db.session.scalar(sa.select(Therapist.id).where(Therapist.user_id == user.id)) is None
    )


def begin_treating(user: User, now: datetime) -> None:
    """Give this person the role of a therapist and a place in the rota under their own name. The caller commits."""
    actor = audit.by_user(user.id)
    team.set_roles(user, [*(Role(name) for name in user.role_names), Role.THERAPIST], actor=actor, now=now)
    therapists.take_on(therapists.details_for_user(user), treatments=(), actor=actor, now=now)
