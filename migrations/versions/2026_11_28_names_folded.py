"""Fold the names that stand as clients are searched now: Soren finds Søren, Mueller finds Müller.

Data only. The folding stands here as it was on this day, because a migration never imports our code. The code that ran before
finds people by the folded names too, by their plain spelling.
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op
from anyascii import anyascii

revision = "0018_names_folded"
down_revision = "0017_no_address_at_rest"
branch_labels = None
depends_on = None

PAGE = 1000
GREEK_PAIRS = {"ου": "ou", "αυ": "av", "ευ": "ev", "γγ": "ng", "γχ": "nch", "γξ": "nx"}

clients = sa.table(
    "clients",
    sa.column("id", sa.Uuid()),
    sa.column("given_name", sa.Text()),
    sa.column("family_name", sa.Text()),
    sa.column("search_name", sa.Text()),
)


def upgrade() -> None:
    connection = op.get_bind()
    rename = (
        sa.update(clients)
        .where(clients.c.id == sa.bindparam("of"))
        .values(search_name=sa.bindparam("folded"))
    )
    last = None
    while page := connection.execute(_page(last)).all():
        last = page[-1].id
        changed = [
            {"of": row.id, "folded": folded}
            for row in page
            if (folded := fold(row.given_name, row.family_name)) != row.search_name
        ]
        if changed:
            connection.execute(rename, changed)


def downgrade() -> None:
    """Nothing: the code before reads these names as well."""


def _page(after: object) -> sa.Select:
    page = sa.select(clients).order_by(clients.c.id).limit(PAGE)
    return page if after is None else page.where(clients.c.id > after)


def fold(*names: str | None) -> str:
    """As `clinic.accounts.name_search.search_name` did when this was written."""
    spread = unicodedata.normalize("NFKD", " ".join(name for name in names if name)).casefold()
    text = "".join(character for character in spread if not unicodedata.combining(character))
    text = re.sub("|".join(GREEK_PAIRS), lambda pair: GREEK_PAIRS[pair.group()], text)
    text = re.sub("[^a-z0-9]+", " ", re.sub("['`]", "", anyascii(text).casefold())).strip()
    for spellings, letter in (("(?:a+e*)+", "a"), ("oe+", "o"), ("ue+", "u")):
        text = re.sub(spellings, letter, text)
    return text
