"""The forms of the team: whom to invite, and what somebody does here."""

from collections.abc import Sequence
from uuid import UUID

from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from clinic.accounts.models import Role, User
from clinic.practice.invitations import RotaPlace
from clinic.practice.models import Therapist
from clinic.web.forms import Form, Ticks, UnchangedForm

NOWHERE, NEW = "none", "new"
LOCK_MINUTES = (5, 10, 15, 20)
ROLES = (
    (Role.FRONT_DESK.value, "Front desk"),
    (Role.THERAPIST.value, "Therapist"),
    (Role.OWNER.value, "Owner"),
)
ROLE_HINTS = {
    Role.FRONT_DESK.value: "Books, moves, messages. Sees no health answers.",
    Role.THERAPIST.value: "Sees health answers of own clients, writes notes.",
    Role.OWNER.value: "Settings, team and reports; sees the calendar. Health answers only as a therapist.",
}


class LockForm(Form):
    """After how long without an act a browser of staff locks."""

    minutes = SelectField(
        "Lock by itself",
        description="After so long without a key or a press; what a page does by itself does not count.",
        choices=[("", "Never"), *((str(minutes), f"After {minutes} minutes") for minutes in LOCK_MINUTES)],
    )


class RolesForm(Form):
    """Roles, and the place in the rota that goes with one of them."""

    roles = Ticks("What they do", choices=ROLES, description="One or more.")
    rota = SelectField("In the rota as", description="Only for therapists: whose calendar it is.")
    new_is_usual = False
    """Whether a new place is offered unasked, so that it says nothing about somebody who is no therapist."""

    def offer(self, free: Sequence[Therapist], own: Therapist | None = None) -> None:
        """Offer the places that are free, and the one this person has."""
        known = [*([own] if own else []), *(each for each in free if own is None or each.id != own.id)]
        self.rota.choices = [
            (NOWHERE, "Not in the rota"),
            *([] if own else [(NEW, "A new therapist")]),
            *((str(each.id), each.name) for each in known),
        ]

    def validate_roles(self, field: Ticks) -> None:
        """A member of the team needs at least one role."""
        if not field.data:
            raise ValidationError("Tick at least one role.")

    def validate_rota(self, field: SelectField) -> None:
        """A place in the rota needs the role of a therapist."""
        is_unasked = field.data == NOWHERE or (self.new_is_usual and field.data == NEW)
        if not (is_unasked or self._is_therapist):
            raise ValidationError(
                "Only a therapist stands in the rota. Tick Therapist, or choose “Not in the rota”."
            )

    @property
    def _is_therapist(self) -> bool:
        return Role.THERAPIST.value in (self.roles.data or ())

    @property
    def chosen_roles(self) -> list[Role]:
        """What is ticked."""
        return [Role(name) for name in self.roles.data or ()]

    @property
    def place(self) -> RotaPlace:
        """What is chosen for the rota."""
        if self.rota.data in (NOWHERE, NEW):
            return RotaPlace(is_new=self.rota.data == NEW and self._is_therapist)
        return RotaPlace(therapist_id=UUID(self.rota.data))


class InviteForm(RolesForm):
    """A person to invite."""

    new_is_usual = True
    mail = StringField(
        "E-mail address",
        description="They get a link that works once, for three days. They choose a password and a second factor.",
        validators=[InputRequired("Enter the e-mail address."), Length(max=254)],
        render_kw={"type": "email", "autocomplete": "off"},
    )


class MemberForm(UnchangedForm, RolesForm):
    """A member's roles, place in the rota, and supervisor."""

    supervisor = SelectField(
        "Student of", description="For students: whoever co-signs their notes.", validators=[Optional()]
    )

    def offer_supervisors(self, able: Sequence[User], person: User) -> None:
        """Offer who can supervise, and whoever does so now."""
        names = {str(each.id): each.name for each in able}
        if person.supervisor_id:
            names.setdefault(str(person.supervisor_id), "The same as now")
        self.supervisor.choices = [("", "Nobody, signs alone"), *names.items()]

    @property
    def chosen_supervisor(self) -> UUID | None:
        """Who is chosen."""
        return UUID(self.supervisor.data) if self.supervisor.data else None


class HandOverForm(Form):
    """Visits to hand over, and to whom."""

    visits = Ticks("Visits to hand over")
    therapist = SelectField("Goes to", validators=[InputRequired("Choose who takes over.")])

    def validate_visits(self, field: Ticks) -> None:
        """At least one has to be ticked."""
        if not field.data:
            raise ValidationError("Tick the visits that are handed over.")
