"""Notes typed while the browser, the network, the session and the server die at random.

Each round is one note. Somebody types letter after letter, mishaps come and go meanwhile, and one of them ends the round.
Then what the writer finds is compared with what was typed, and with what the page had said was saved.
"""

import contextlib
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Error, Page, expect

from clinic import clock
from clinic.accounts import session_locks, sessions
from clinic.accounts.models import StaffSession, User
from clinic.accounts.services import digest
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.plans.models import KeptForm
from clinic.web.signed_in_staff import STAFF_FIELD
from tests.browser import chromium as chromium_path
from tests.journeys.live import Secure, secure
from tests.journeys.test_note_by_hand import opened, stored, text_of, visit_of_ines
from tests.journeys.test_staff_pages import NOW, furnish
from tests.patience import eventually, slowness

pytestmark = pytest.mark.browser

LOST_SECONDS = 3
"""So much typing may be lost at most while the page is connected."""
ROUNDS, SHORT_ROUNDS, CHUNK = 200, 4, 28
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FIELD = "What you did and found"


@dataclass
class Server:
    """The product behind its proxy, in processes of its own that can be killed and frozen."""

    product: Secure

    @property
    def base(self) -> str:
        return self.product.proxy.base

    def kill(self) -> None:
        for program in self.product.stage.programs:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()
        self.product.stage.programs.clear()

    def freeze(self) -> None:
        self._tell(signal.SIGSTOP)

    def thaw(self) -> None:
        self._tell(signal.SIGCONT)

    def is_up(self) -> bool:
        return bool(self.product.stage.programs)

    def _tell(self, what: signal.Signals) -> None:
        for program in self.product.stage.programs:
            os.killpg(program.pid, what)

    def signed_in(self) -> tuple[str, dict[str, str]]:
        """A new session of Ines, and the cookie of a browser that has it."""
        app = self.product.stage.app
        with transaction():
            ines = db.session.scalars(sa.select(User).where(User.given_name == "Ines")).one()
            raw = sessions.open_staff(ines, clock.now())
            says = {
                "_user_id": ines.fs_uniquifier,
                "_fresh": True,
                "fs_paa": time.time(),
                STAFF_FIELD: raw,
            }
        signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        return raw, {"name": app.config["SESSION_COOKIE_NAME"], "value": signer.dumps(says), "url": self.base}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with secure(tmp_path_factory.mktemp("loss"), NOW, with_demo=True) as product:
        with transaction():
            furnish(product.stage.app)
        product.start_web()
        yield Server(product)


@dataclass
class Round:
    """One note that is being typed, and what happens meanwhile."""

    server: Server
    browser: Browser
    page: Page
    raw: str
    dice: random.Random
    text: str = ""
    at: list[float] = field(default_factory=list)
    """When each letter was typed."""
    before: int = 0
    """How many edits the page had saved before the first letter."""
    kept: int = 0
    """How many letters the page said were saved, last time somebody looked."""
    connected_since: float | None = field(default_factory=time.monotonic)
    says_not_saved: bool = False
    """Whether the page says so; a browser then asks before it leaves the page, and this one is told to leave it."""
    last_connected: tuple[float, float] = (0, 0)
    safe_until: float = 0
    """What was typed before this moment must be found."""
    happened: list[str] = field(default_factory=list)

    def type(self, least: float, most: float) -> None:
        """Type for some seconds."""
        until = time.monotonic() + self.dice.uniform(least, most)
        while time.monotonic() < until:
            self.letter()
        self.look()

    def letter(self) -> None:
        letter = self.dice.choice(LETTERS)
        self.page.keyboard.type(letter)
        self.text += letter
        self.at.append(time.monotonic())
        self.page.wait_for_timeout(40)

    def look(self) -> None:
        """What the page says: as many letters are saved as it counts, and *Saved* only if no old letter waits."""
        looked_at = time.monotonic()
        form, says = self.page.locator("#note-form"), self.page.locator("[data-autosave-says]")
        words = says.inner_text()
        no_letters = self.page.evaluate("globalThis.left ?? 0")
        self.kept = int(form.get_attribute("data-kept") or 0) - self.before - no_letters
        self.says_not_saved = words.startswith("Not")
        if words.startswith("Saved"):
            assert self.kept >= self.typed_before(looked_at - (LOST_SECONDS + 1) * slowness()), words

    def typed_before(self, moment: float) -> int:
        return sum(1 for at in self.at if at < moment)

    def cut(self) -> None:
        """From now on the page is not connected."""
        if self.connected_since is None:
            return
        now, may_be_lost = time.monotonic(), LOST_SECONDS * slowness()
        if now - self.connected_since >= may_be_lost:
            self.safe_until = now - may_be_lost
        self.last_connected = self.connected_since, now
        self.connected_since = None

    def joined(self) -> None:
        """The page is connected again."""
        self.connected_since = time.monotonic()


def network(round: Round) -> Iterator[None]:
    """The line is down for a while."""
    round.cut()
    round.page.context.set_offline(True)
    yield
    round.page.context.set_offline(False)
    round.joined()


def server_killed(round: Round) -> Iterator[None]:
    """Every process of the web server is killed, and it is started anew."""
    round.cut()
    round.server.kill()
    yield
    round.server.product.start_web()
    round.joined()


def server_frozen(round: Round) -> Iterator[None]:
    """The server takes connections and answers nothing."""
    round.cut()
    round.server.freeze()
    yield
    round.server.thaw()
    round.joined()


def database_cut(round: Round) -> Iterator[None]:
    """The database ends every connection that the server has."""
    others = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
    )
    db.session.execute(others)
    db.session.rollback()
    yield


def session_idle(round: Round) -> Iterator[None]:
    """The session ends by idleness: what is typed is kept all the same. Then somebody signs in in another window."""
    _session(round, seen_at=clock.now() - timedelta(minutes=31))
    yield
    _sign_in_again(round)


def session_ended(round: Round) -> Iterator[None]:
    """The session is ended from another browser. Then somebody signs in in another window."""
    round.cut()
    _session(round, ended_at=clock.now())
    yield
    _sign_in_again(round)
    round.joined()


def _session(round: Round, **values: object) -> None:
    with transaction():
        own = sa.update(StaffSession).where(StaffSession.digest == digest(round.raw))
        db.session.execute(own.values(**values))


def _sign_in_again(round: Round) -> None:
    round.raw, cookie = round.server.signed_in()
    round.page.context.add_cookies([cookie])  # type: ignore[list-item]


def locked(round: Round) -> None:
    """The browser is locked from elsewhere: the page is covered once it hears of it, and stands there again afterwards."""
    with transaction():
        session_locks.lock(_row(round), proof=0, now=clock.now())
    round.cut()
    round.letter()
    expect(round.page.get_by_role("heading", name="Locked")).to_be_visible()
    assert round.text not in round.page.content()
    with transaction():
        session_locks.unlock(_row(round), clock.now())
    typed = round.page.get_by_label(FIELD)
    expect(typed).to_have_value(round.text)
    typed.press("End")
    round.joined()


def _row(round: Round) -> StaffSession:
    found = sa.select(StaffSession).where(StaffSession.digest == digest(round.raw))
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


Mishap = Callable[[Round], Iterator[None]]
MISHAPS: tuple[Mishap, ...] = (
    network,
    server_killed,
    server_frozen,
    database_cut,
    session_idle,
    session_ended,
)


def crash(round: Round) -> None:
    """The page's process dies."""
    with contextlib.suppress(Error):
        round.page.goto("chrome://crash", timeout=3000)


def kill_browser(round: Round) -> None:
    """The whole browser dies."""
    with contextlib.suppress(Error):
        round.browser.new_browser_cdp_session().send("Browser.crash")


def close(round: Round) -> None:
    """The tab is closed, without a word to the page."""
    round.page.close()


def leave(round: Round) -> None:
    """Another page is opened in its place."""
    with contextlib.suppress(Error):
        round.page.goto(f"{round.server.base}/staff", timeout=15_000)


def sign(round: Round) -> None:
    """The note is signed."""
    round.page.get_by_role("button", name="Sign the note").click(no_wait_after=True)
    if round.connected_since is not None:
        expect(round.page.get_by_text("Signed. The note is locked")).to_be_visible()
    elif round.happened[-1:] == IDLE:
        expect(round.page.get_by_role("heading", level=1)).to_have_text("Please sign in first")
        expect(round.page.get_by_label("Text", exact=True)).to_have_value(round.text)


def sign_and_kill(round: Round) -> None:
    """The note is signed, and the server dies at that moment."""
    round.page.get_by_role("button", name="Sign the note").click(no_wait_after=True)
    round.page.wait_for_timeout(round.dice.uniform(0, 300))
    round.server.kill()


IDLE = ["session_idle to the end"]
"""Nothing is signed then; what was typed stands on the page that asks to sign in."""
ENDS = (crash, kill_browser, close, leave, sign, sign_and_kill)
KEEPS_ALL = (leave, sign)
"""Ends before which a connected page saves to the last letter."""


@dataclass
class Tally:
    """What came of all rounds with one mishap."""

    rounds: int = 0
    letters: int = 0
    lost: int = 0
    most_seconds: float = 0
    """How long somebody had typed at most, while connected, what was lost."""

    def count(self, letters: int, lost: int, seconds: float) -> None:
        self.rounds += 1
        self.letters += letters
        self.lost += lost
        self.most_seconds = max(self.most_seconds, seconds)


Table = dict[str, Tally]


def play(browser: Browser, server: Server, turn: int, table: Table) -> None:
    """One round: type, let mishaps come and go, let one of them stay, and compare what is found."""
    dice = random.Random(turn)
    end = ENDS[turn % len(ENDS)]
    own = browser.browser_type.launch(executable_path=chromium_path()) if end is kill_browser else browser
    visit = visit_of_ines()
    raw, cookie = server.signed_in()
    context = own.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 1500})
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = opened(context.new_page(), server.base, visit)
    round = Round(server, own, page, raw, dice)
    page.evaluate(
        "addEventListener('change', () => { globalThis.left = (globalThis.left ?? 0) + 1; })"
    )  # An edit, but no letter.
    round.before = int(page.locator("#note-form").get_attribute("data-kept") or 0)
    try:
        _mishaps(round)
        round.look()
        if end is sign and round.happened[-1:] == IDLE:
            round.cut()
        is_connected = round.connected_since is not None
        if end not in KEEPS_ALL:
            round.cut()
        end(round)
        round.cut()
        round.happened.append(end.__name__)
    finally:
        with contextlib.suppress(Error):
            context.close()
        if own is not browser:
            own.close()
        server.thaw()
        if not server.is_up():
            server.product.start_web()
    _compare(round, visit, end, is_connected=is_connected, table=table)


def _mishaps(round: Round) -> None:
    round.type(2, 6)
    for _ in range(round.dice.choice((0, 1, 1, 2))):
        mishap = round.dice.choice((*MISHAPS, locked))
        round.happened.append(mishap.__name__)
        if mishap is locked:
            locked(round)
        else:
            for _ in mishap(round):  # type: ignore[union-attr]
                round.type(1, 5)
        round.type(3, 6)
    if round.dice.random() < 0.3:
        last = round.dice.choice(MISHAPS)
        round.happened.append(f"{last.__name__} to the end")
        next(last(round))
        round.type(1, 4)


def _compare(round: Round, visit: UUID, end: object, *, is_connected: bool, table: Table) -> None:
    """Nothing but what was typed, nothing less than what was said to be saved, little lost, and no wrong signature."""
    must = max(round.kept, round.typed_before(round.safe_until))
    assert eventually(lambda: len(found(visit)) >= must, 5), (
        round.happened,
        round.kept,
        must,
        found(visit),
        round.text,
    )
    if end in KEEPS_ALL and is_connected and not (end is leave and round.says_not_saved):
        assert eventually(lambda: found(visit) == round.text, 10), (round.happened, found(visit), round.text)
    text = found(visit)
    assert round.text.startswith(text), (round.happened, text, round.text)
    note = stored(visit)
    state = db.session.scalar(sa.select(Appointment.state).where(Appointment.id == visit))
    if note is not None and note.signed_at is not None:
        assert end in (sign, sign_and_kill), round.happened
        assert note.content["text"] == round.text, round.happened
        assert state == State.DONE, round.happened
    else:
        assert state == State.ARRIVED, round.happened
        assert end is not sign or not is_connected, round.happened
    db.session.rollback()
    lost = len(round.text) - len(text)
    since, until = round.last_connected
    seconds = max(0.0, until - max(since, round.at[len(text)])) if lost else 0.0
    for name in (*round.happened, "any"):
        table[name].count(len(round.text), lost, seconds)


def found(visit: UUID) -> str:
    """What the writer is shown on opening the note again: what was kept when a session ended, else the note."""
    db.session.rollback()
    kept = db.session.scalar(sa.select(KeptForm).where(KeptForm.appointment_id == visit))
    text = text_of(visit) if kept is None else kept.fields["text"][0]
    db.session.rollback()
    return text


def work(browser: Browser, server: Server, rounds: range) -> str:
    """Play some rounds; returns a table of what came of them, by what happened in a round."""
    table: Table = defaultdict(Tally)
    for turn in rounds:
        play(browser, server, turn, table)
    lines = [f"{'happened in a round':<28}{'rounds':>8}{'letters':>9}{'lost':>6}{'connected, s':>14}"]
    lines += [
        f"{name:<28}{row.rounds:>8}{row.letters:>9}{row.lost:>6}{row.most_seconds:>14.1f}"
        for name, row in sorted(table.items())
    ]
    return "\n".join(lines)


def test_little_is_lost_and_nothing_that_was_said_to_be_saved(
    chromium: Browser, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    said = work(chromium, server, range(SHORT_ROUNDS))
    with capsys.disabled():
        print(f"\n{said}")


@pytest.mark.long
@pytest.mark.parametrize("begin", range(SHORT_ROUNDS, ROUNDS, CHUNK))
def test_little_is_lost_in_two_hundred_rounds(
    chromium: Browser, server: Server, begin: int, capsys: pytest.CaptureFixture[str]
) -> None:
    said = work(chromium, server, range(begin, min(begin + CHUNK, ROUNDS)))
    with capsys.disabled():
        print(f"\n{said}")
