"""What search engines read of a page, in the words of schema.org (read 2026-11-29): the practice, its people, a treatment.

A location is a `HealthAndBeautyBusiness`; the practice is never called a `MedicalBusiness`, because it diagnoses nothing.
Only what the page itself shows is said.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import url_for

from clinic.language import telephones
from clinic.practice import own_texts, profiles
from clinic.practice.models import Location, Photo, Practice, Therapist, Treatment
from clinic.practice.working_hours import clock_label
from clinic.public import opening_times
from clinic.web.sharing import full_url, therapist_url

Node = dict[str, Any]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def graph(*nodes: Node) -> Node:
    """Nodes as one document."""
    return {"@context": "https://schema.org", "@graph": list(nodes)}


def business(practice: Practice, place: Location, now: datetime, pictures: Sequence[Photo] = ()) -> Node:
    """A location of the practice, with its opening hours."""
    url = full_url(url_for("people.location", slug=place.slug))
    hours = opening_times.spans_of(place, now).items()
    return _without_blanks(
        {
            "@type": "HealthAndBeautyBusiness",
            "@id": f"{url}#here",
            "name": practice.name,
            "legalName": practice.legal_name,
            "url": url,
            "telephone": telephones.dialled(practice.phone),
            "email": practice.mail,
            "currenciesAccepted": practice.currency,
            "image": [photo_url(photo) for photo in pictures],
            "address": {
                "@type": "PostalAddress",
                "streetAddress": place.street,
                "addressLocality": place.town,
                "addressCountry": practice.country,
            },
            "openingHoursSpecification": [
                {
                    "@type": "OpeningHoursSpecification",
                    "dayOfWeek": f"https://schema.org/{DAYS[day]}",
                    "opens": clock_label(opens),
                    "closes": clock_label(closes),
                }
                for day, (opens, closes) in hours
            ],
        }
    )


def person(practice: Practice, who: Therapist, portrait: Photo | None) -> Node:
    """A therapist who has a public page."""
    profile = profiles.profile_of(who)
    return _without_blanks(
        {
            "@type": "Person",
            "@id": f"{therapist_url(who)}#person",
            "name": who.name,
            "givenName": who.given_name,
            "familyName": who.family_name,
            "url": therapist_url(who),
            "description": own_texts.said(who, "about"),
            "image": photo_url(portrait) if portrait else "",
            "knowsLanguage": profiles.words(own_texts.said(profile, "languages")),
            "worksFor": {"@type": "Organization", "name": practice.name, "url": full_url("/")},
        }
    )


def service(practice: Practice, sold: Treatment, place: Location) -> Node:
    """A treatment with its price, at the location where it is shown."""
    return _without_blanks(
        {
            "@type": "Service",
            "name": own_texts.said(sold, "name"),
            "description": own_texts.said(sold, "description"),
            "url": full_url(url_for("booking.choose", slug=sold.slug)),
            "provider": {"@id": f"{full_url(url_for('people.location', slug=place.slug))}#here"},
            "offers": {
                "@type": "Offer",
                "price": f"{sold.price_cents / 100:.2f}",
                "priceCurrency": practice.currency,
            },
        }
    )


def photo_url(photo: Photo) -> str:
    """The full URL of a photo's largest JPEG file, which every service reads."""
    large = [file for file in photo.files if file.format == "jpeg"][-1]
    return full_url(url_for("photos.show", digest=large.digest, format_=large.format))


def _without_blanks(node: Node) -> Node:
    return {name: value for name, value in node.items() if value not in ("", [], ())}
