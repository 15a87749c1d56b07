"""Which types of massage can be booked here, and as what."""

from collections.abc import Iterable, Mapping

from clinic.practice.models import Treatment


def sold_types(treatments: Iterable[Treatment], off: Iterable[str]) -> Mapping[str, Treatment]:
    """For each offered type, the first treatment that leads with it, or else the first that contains it.

    `off` are types that the practice has switched off: they are not offered, whatever the treatments.
    """
    closed = frozenset(off)
    listed = list(treatments)
    sold: dict[str, Treatment] = {}
    for treatment in listed:
        for modality in treatment.modalities[:1]:
            sold.setdefault(modality, treatment)
    for treatment in listed:
        for modality in treatment.modalities:
            sold.setdefault(modality, treatment)
    return {modality: treatment for modality, treatment in sold.items() if modality not in closed}
