"""What is recorded about people, why, who sees it and how long it stays: the table behind the privacy page.

Each kind of record names its tables. A test compares them with the database, so that no table about people is left out. What a
sweep deletes stands in `retention`; everything else stays until somebody deletes it, and `kept` says so.

Sources: GDPR, articles 6, 9, 13 and 30 (read 2026-11-29).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from clinic.language import N_


class Ground(Enum):
    """Why it may be recorded: in plain words, and the article for countries under the GDPR."""

    CONTRACT = (N_("To give you the visit you book"), N_("GDPR, Art. 6(1)(b)"))
    CONSENT = (N_("Your consent, which you can withdraw at any time"), N_("GDPR, Art. 6(1)(a), 9(2)(a)"))
    CARE = (
        N_("To treat you with care, and to keep the record that the law asks for"),
        N_("GDPR, Art. 6(1)(c), 9(2)(h)"),
    )
    SECURITY = (N_("To keep these pages and your data safe"), N_("GDPR, Art. 6(1)(f)"))
    LAW = (N_("To give you what the law entitles you to"), N_("GDPR, Art. 6(1)(c)"))
    WORK = (N_("To work together, and to know who did what"), N_("GDPR, Art. 6(1)(b), (f)"))

    @property
    def words(self) -> str:
        """The reason in words."""
        return self.value[0]

    @property
    def article(self) -> str:
        """The article of the GDPR, as it is cited in English."""
        return self.value[1]


IN_THE_TABLE: Final = N_("See the list below; what it does not name is not deleted by itself.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """One kind of record."""

    name: str
    data: str
    """What is stored."""
    ground: Ground
    seen_by: str
    kept: str
    tables: tuple[str, ...]


PROCESSING: Final = (
    Processing(
        name=N_("Your visits"),
        data=N_(
            "Your name, your e-mail address and telephone number, the visits you booked, moved or cancelled, and what else you enter "
            "under My visits or tell the front desk, such as your postal address. Each evening an encrypted sheet of the next day’s visits with "
            "names and telephone numbers is made, in case our computer fails."
        ),
        ground=Ground.CONTRACT,
        seen_by=N_("The front desk, the therapists and the owner of the practice."),
        kept=IN_THE_TABLE,
        tables=(
            "clients",
            "contacts",
            "replaced_addresses",
            "address_changes",
            "client_merges",
            "client_bars",
            "same_person_answers",
            "appointments",
            "series",
            "waivers",
            "typed_details",
            "idempotency_keys",
            "downtime_sheets",
        ),
    ),
    Processing(
        name=N_("The waiting list"),
        data=N_("Which visit you are waiting for, at which times, and what you were offered."),
        ground=Ground.CONTRACT,
        seen_by=N_("The front desk, the therapists and the owner of the practice."),
        kept=IN_THE_TABLE,
        tables=("waiting_wishes", "waiting_known", "waiting_offerings", "waiting_offers"),
    ),
    Processing(
        name=N_("Your health answers"),
        data=N_(
            "Your answers about your back and your health, what the guidance concludes from them, letters and reports that you send us or hand to us, and the "
            "consent of a parent or guardian where one is needed. They are stored encrypted."
        ),
        ground=Ground.CONSENT,
        seen_by=N_(
            "The therapists who treat you. Another therapist has to give a reason first. Every reading is recorded. The front desk "
            "does not see them."
        ),
        kept=N_(
            "Once sent, they are part of your health record, which stays for as long as the practice has to keep it. What the list below does "
            "not name is not deleted by itself."
        ),
        tables=(
            "drafts",
            "visit_preparations",
            "submissions",
            "outcomes",
            "raised_levels",
            "clearances",
            "safety_waivers",
            "consents",
            "guardian_consents",
            "doctor_pages",
            "documents",
        ),
    ),
    Processing(
        name=N_("The record of your treatment"),
        data=N_(
            "The course of sessions, the therapist’s notes and decisions, your scores before and answers after a visit, and what went wrong "
            "at a visit, if anything did. All of it is stored encrypted."
        ),
        ground=Ground.CARE,
        seen_by=N_(
            "The therapists who treat you. Another therapist has to give a reason first. Every reading is recorded. The front desk "
            "does not see them."
        ),
        kept=N_(
            "For as long as the practice has to keep a health record. How long that is depends on the country and on the profession; ask us. "
            "What the list below does not name is not deleted by itself."
        ),
        tables=(
            "reviews",
            "plans",
            "plan_versions",
            "planned_sessions",
            "session_notes",
            "note_addenda",
            "kept_notes",
            "outcome_entries",
            "score_sheets",
            "look_backs",
            "check_ins",
            "incidents",
            "incident_addenda",
        ),
    ),
    Processing(
        name=N_("Letters to you"),
        data=N_(
            "Which confirmation, reminder or other letter was due, when it left and whether it arrived; never its text. Letters say nothing "
            "about your health."
        ),
        ground=Ground.CONTRACT,
        seen_by=N_("The front desk, the therapists and the owner of the practice."),
        kept=IN_THE_TABLE,
        tables=("messages",),
    ),
    Processing(
        name=N_("Signing in, and protection against misuse"),
        data=N_(
            "When a browser signed in and was last used, which one-time links were sent, and how often something was tried from a network, "
            "whose address is stored only as a code."
        ),
        ground=Ground.SECURITY,
        seen_by=N_("Nobody reads it in daily work."),
        kept=IN_THE_TABLE,
        tables=("client_sessions", "login_links", "limits"),
    ),
    Processing(
        name=N_("Who looked at what"),
        data=N_("Who read or changed which record, and when; never what it says."),
        ground=Ground.SECURITY,
        seen_by=N_("The owner of the practice."),
        kept=N_("It stays, because nobody may be able to remove traces. It is not deleted by itself."),
        tables=("audit_entries", "audit_seals", "health_grants", "unusual_readings"),
    ),
    Processing(
        name=N_("A copy of everything about you"),
        data=N_(
            "Who asked for it and when, and for a day the copy itself, encrypted with a password that we do not keep."
        ),
        ground=Ground.LAW,
        seen_by=N_("You, and whoever you give the password to."),
        kept=IN_THE_TABLE,
        tables=("data_exports",),
    ),
    Processing(
        name=N_("Erasure"),
        data=N_(
            "That somebody asked to be erased, when, and what we decided; and, if we have to keep notes, the record of treatment, sealed and "
            "used for nothing else."
        ),
        ground=Ground.LAW,
        seen_by=N_("The owner of the practice; a sealed record only for a reason, which is recorded."),
        kept=IN_THE_TABLE,
        tables=("erasures", "restricted_records"),
    ),
    Processing(
        name=N_("What is still to do"),
        data=N_(
            "To whom a task about you was handed over, that it is done, and what colleagues wrote on it; nothing about your health."
        ),
        ground=Ground.WORK,
        seen_by=N_("The front desk, the therapists and the owner of the practice."),
        kept=IN_THE_TABLE,
        tables=("task_marks", "task_words", "to_dos"),
    ),
    Processing(
        name=N_("Staff"),
        data=N_(
            "For people who work here: their accounts, sign-ins, hours, time off, and the rules they signed. Of therapists, their name, their "
            "picture and what they say of themselves are public."
        ),
        ground=Ground.WORK,
        seen_by=N_("The staff of the practice."),
        kept=IN_THE_TABLE,
        tables=(
            "users",
            "therapists",
            "therapist_profiles",
            "photos",
            "photo_files",
            "weekly_hours",
            "special_days",
            "time_off",
            "staff_sessions",
            "staff_invitations",
            "set_up_links",
            "password_resets",
            "webauthn",
            "rule_book_signatures",
        ),
    ),
)

ABOUT_NOBODY: Final = {
    "practice": "the practice itself",
    "locations": "places",
    "location_pairs": "places",
    "rooms": "places",
    "treatments": "what is sold",
    "treatment_rooms": "what is sold",
    "treatment_therapists": "what is sold, and who gives it",
    "closures": "when the practice is closed",
    "letter_texts": "the practice's wording",
    "legal_texts": "the practice's wording",
    "note_templates": "the practice's wording",
    "phrases": "the practice's and its therapists' wording",
    "signed_texts": "texts of rules",
    "retention_periods": "how long records are kept",
    "override_counts": "numbers about groups",
    "experiences": "numbers about groups",
    "recounts": "when numbers are counted again",
    "backup_runs": "when the whole database was copied",
    "heartbeats": "the delivery's own state",
    "sending": "the delivery's own state",
    "sns_errands": "certificates of a mail provider",
}
"""The other tables, and what they hold."""
