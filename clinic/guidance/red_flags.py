"""The warning signs every client is asked about, urgent ones first, in the exact wording of the guidance."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class RedFlag:
    """A warning sign, asked as its own yes, no or unsure question.

    `rule` names the safety rule a yes fires, by itself or with other answers. `urgent` says that unsure already stops the
    booking. `blank` says what to do when it was not answered. A sign with another one `instead` is no longer asked, because
    its question asked two things at once; it is still read, in stored answers and by the command line. For an unsure answer,
    `tell` is what to say at the place of help and `watch` names the safety nets.
    """

    code: str
    title: str
    question: str
    blank: str
    rule: str
    urgent: bool = False
    help: str = ""
    instead: str = ""
    tell: str = ""
    watch: tuple[str, ...] = ()


_NEW = "“New” means it began with this pain or after it."

RED_FLAGS: Final = {
    flag.code: flag
    for flag in (
        RedFlag(
            code="saddle_numbness",
            title="Numb or tingling between the legs",
            question="Do you have new numbness or tingling around your private parts, back passage, bottom or inner "
            "thighs?",
            blank="Say whether you have numbness or tingling between the legs.",
            rule="U01",
            urgent=True,
            tell="I am not sure, but I may have new numbness or tingling around my private parts, back passage, bottom "
            "or inner thighs.",
            help=f"{_NEW} Do not count something your doctor has known about for years and that has not got worse.",
        ),
        RedFlag(
            code="bladder_bowel_change",
            title="Bladder or bowel change",
            question="Since this pain began, has it become harder to pass urine or to hold it, or to feel or control your "
            "bowels?",
            blank="Say whether your bladder or bowels have changed.",
            rule="U02",
            urgent=True,
            tell="I am not sure, but since my pain began it may be harder to pass urine or to hold it, or to feel or "
            "control my bowels.",
        ),
        RedFlag(
            code="sexual_function_change",
            title="Loss of sexual feeling or function",
            question="Since this pain began, have you lost feeling in your private parts, or had new trouble with sex, such as "
            "with erections or orgasm?",
            blank="Say whether you have lost feeling in your private parts, or had trouble with sex.",
            rule="U03",
            urgent=True,
            tell="I am not sure, but since my pain began I may have lost feeling in my private parts, or have new "
            "trouble with sex.",
            help="Do not count sex that is uncomfortable only because your back hurts.",
        ),
        RedFlag(
            code="both_legs_new",
            title="New trouble in both legs",
            question="Do you have new pain, tingling, numbness or weakness in BOTH legs?",
            blank="Say whether you have new trouble in both legs.",
            rule="U04",
            urgent=True,
            tell="I am not sure, but I may have new pain, tingling, numbness or weakness in both legs.",
            help="Do not count ordinary soreness of both legs after training.",
        ),
        RedFlag(
            code="leg_weakness_worsening",
            title="Arm or leg getting weaker",
            question="Is an arm or leg getting weaker, or does a foot drag or slap the floor?",
            blank="Say whether an arm or a leg is getting weaker.",
            rule="U05",
            urgent=True,
            tell="I am not sure, but an arm or leg may be getting weaker, or a foot may drag or slap the floor.",
        ),
        RedFlag(
            code="walking_or_hand_clumsy",
            title="Unsteady walking or clumsy hands",
            question="Have you become unsteady on your feet, or clumsy with your hands (buttons, keys)?",
            blank="Say whether you have become unsteady or clumsy.",
            rule="U06",
            urgent=True,
            tell="I am not sure, but I may have become unsteady on my feet, or clumsy with my hands.",
        ),
        RedFlag(
            code="serious_accident",
            title="Serious accident, not checked",
            question="Did this start with a serious accident, a fall from a height or a violent blow that no clinician "
            "has checked since?",
            blank="Say whether it started with an accident that nobody has checked.",
            rule="U07",
            urgent=True,
            instead="major_trauma",
        ),
        RedFlag(
            code="major_trauma",
            title="Serious accident",
            question="Did your pain start with a serious accident, a fall from a height or a hard blow?",
            blank="Say whether it started with a serious accident.",
            rule="U07",
            urgent=True,
            tell="I am not sure, but my pain may have started with a serious accident, a fall from a height or a hard "
            "blow.",
        ),
        RedFlag(
            code="sudden_severe_collapse",
            title="Sudden severe pain with faintness",
            question="Did a sudden, very severe back or tummy pain come with faintness, sweating or clammy skin?",
            blank="Say whether sudden, severe pain came with faintness.",
            rule="U08",
            urgent=True,
            tell="I am not sure, but I may have had a sudden, very severe back or tummy pain with faintness, sweating "
            "or clammy skin.",
        ),
        RedFlag(
            code="chest_pain_breathless",
            title="Chest pain or short of breath",
            question="Do you have chest pain or new shortness of breath?",
            blank="Say whether you have chest pain or are short of breath.",
            rule="U09",
            urgent=True,
            tell="I am not sure, but I may have chest pain or new shortness of breath.",
        ),
        RedFlag(
            code="leg_clot_signs",
            title="One leg swollen, warm or red",
            question="Is one calf or leg newly swollen, warm, red or tender?",
            blank="Say whether one leg is newly swollen, warm or red.",
            rule="U10",
            urgent=True,
            tell="I am not sure, but one calf or leg may be newly swollen, warm, red or tender.",
        ),
        RedFlag(
            code="sudden_head_neck_neuro",
            title="Sudden neck pain or headache with dizziness or slurred speech",
            question="Did a sudden severe neck pain or headache come with dizziness, double vision, slurred speech or a "
            "drooping face?",
            blank="Say whether sudden neck pain or headache came with dizziness or slurred speech.",
            rule="U11",
            urgent=True,
            tell="I am not sure, but I may have had a sudden severe neck pain or headache with dizziness, double "
            "vision, slurred speech or a drooping face.",
        ),
        RedFlag(
            code="cancer_new_pain",
            title="Cancer at any time, and new back pain",
            question="Have you ever had cancer, and is this back pain new, different or getting worse?",
            blank="Say whether you have ever had cancer and this pain is new or different.",
            rule="R01",
            instead="cancer_ever",
        ),
        RedFlag(
            code="cancer_ever",
            title="Cancer at any time",
            question="Have you ever had cancer?",
            blank="Say whether you have ever had cancer.",
            rule="R01",
            watch=("cord", "worse"),
        ),
        RedFlag(
            code="weight_loss",
            title="Weight loss without trying",
            question="Have you lost weight without trying?",
            blank="Say whether you have lost weight without trying.",
            rule="R02",
            watch=("worse",),
        ),
        RedFlag(
            code="fever_unwell",
            title="Fever, shivering or very unwell",
            question="With this back pain, have you had a fever, shivering, or felt seriously unwell?",
            blank="Say whether you have had a fever or felt very unwell.",
            rule="R03",
            watch=("infection",),
        ),
        RedFlag(
            code="night_rest_pain",
            title="Pain that rest does not ease",
            question="Is the pain there all the time, whatever position you rest in, or does it get worse at night?",
            blank="Say whether the pain stays when you rest.",
            rule="R04",
            help="Do not count pain that wakes you and eases when you get up and move.",
            watch=("worse",),
        ),
        RedFlag(
            code="lump_or_deformity",
            title="New lump or change of shape",
            question="Is there a new lump or swelling in your back, or has your back changed shape?",
            blank="Say whether your back has a new lump or has changed shape.",
            rule="R05",
            watch=("fracture", "worse"),
        ),
        RedFlag(
            code="minor_fall_fragile",
            title="Small fall and fragile bones",
            question="Did it start after a small fall or knock AND do you have thin bones, take steroids, or are you "
            "over 65?",
            blank="Say whether it started after a small fall and your bones may be fragile.",
            rule="R06",
            instead="small_fall",
        ),
        RedFlag(
            code="small_fall",
            title="A fall or a knock",
            question="Did your pain start after a fall or a knock, even a small one?",
            blank="Say whether your pain started after a fall or a knock.",
            rule="R06",
            watch=("fracture",),
        ),
        RedFlag(
            code="thoracic_unexplained",
            title="Pain between the shoulder blades that movement does not change",
            question="Is there new pain between the shoulder blades that does not change when you move?",
            blank="Say whether you have new pain between the shoulder blades that moving does not change.",
            rule="R07",
            watch=("worse",),
        ),
        RedFlag(
            code="pulsing_abdomen",
            title="Pulsing in the tummy",
            question="Do you feel a pulsing in your tummy, like a heartbeat?",
            blank="Say whether you feel a pulsing in your tummy.",
            rule="R08",
        ),
        RedFlag(
            code="urinary_flank",
            title="Burning or bloody urine, or pain in one side",
            question="Does it burn when you pass urine, is there blood in it, or do you have pain on one side below the "
            "ribs and feel sick?",
            blank="Say whether you have trouble with your urine, or pain in one side.",
            rule="R09",
        ),
        RedFlag(
            code="immunosuppressed_ivdu",
            title="Weak immune system, recent serious infection or injected drugs",
            question="Is your immune system weakened, have you had a serious infection in the last few weeks, or do you "
            "inject drugs?",
            blank="Say whether your defences against infections are weakened.",
            rule="T15",
            watch=("infection",),
        ),
        RedFlag(
            code="inflammatory_pattern",
            title="Pain that wakes you late at night and eases with movement",
            question="Did it start before age 45, last over 3 months, wake you in the second half of the night, and ease "
            "when you move?",
            blank="Say whether the pain wakes you late at night and eases when you move.",
            rule="T14",
            instead="wakes_late_at_night",
        ),
        RedFlag(
            code="wakes_late_at_night",
            title="Pain that wakes you late at night",
            question="Does the pain wake you in the second half of the night?",
            blank="Say whether the pain wakes you late at night.",
            rule="T14",
        ),
        RedFlag(
            code="cough_sneeze_worse",
            title="Clearly worse on coughing or sneezing",
            question="Is the pain clearly worse when you cough, sneeze or strain?",
            blank="Say whether coughing or sneezing makes the pain clearly worse.",
            rule="T23",
            watch=("nerve",),
        ),
    )
}

ASKED_FLAGS: Final = {code: flag for code, flag in RED_FLAGS.items() if not flag.instead}
"""The warning signs that are asked today."""
