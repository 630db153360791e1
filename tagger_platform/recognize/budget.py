"""How many questions a provider may be asked, and whose turn it is: for all processes and restarts together.

What belongs here: a token bucket, the streams' turns and the breaker of each provider, in one SQLite file, and waiting
in line for them. What does not: the states of a breaker (breaker), and who asks what (panel).

- Live questions are paid as they stand in line: first the streams that were paid for longest ago.
- Late questions (catch-up, archives) are paid only while the bucket is full: what they take would overflow. So they get
  what the live questions leave, to the last token, and delay one of those by at most the time of one token.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from tagger_platform.model import Recognition, Status
from tagger_platform.recognize.breaker import Breaker, State

BURST = 8
"""Questions that may follow each other at once after a quiet time."""

RUN_WAIT_S = 30.0
"""Seconds that a whole run waits for one provider's budget, so that what is on air is not delayed by it."""

LOCK_WAIT_S = 5.0
"""Seconds to wait for the file: its holder needs it for less than a millisecond."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, tokens REAL NOT NULL, counted_at REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS turns (name TEXT, stream TEXT, turn INTEGER NOT NULL, PRIMARY KEY (name, stream))",
    "CREATE TABLE IF NOT EXISTS breakers (name TEXT PRIMARY KEY, state TEXT NOT NULL, since REAL NOT NULL,"
    " until REAL NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL, failures INTEGER NOT NULL,"
    " pauses INTEGER NOT NULL)",
)


@dataclass(frozen=True)
class Wait:
    """Why a question cannot be asked now: `seconds` until it is worth trying again, its status, and the reason.

    `trying`: a provider in trouble has been asked one question, and its answer decides.
    """

    seconds: float
    status: Status
    detail: str
    trying: bool = False


@dataclass(frozen=True)
class Budget:
    """`per_minute` questions a minute for the provider `name`, at most `BURST` saved up, counted in the file `path`.

    `clock` is wall time, because no other clock is shared by processes and outlives them; when it steps back, nothing
    is added for the step.
    """

    path: Path
    name: str
    per_minute: float
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def take(self, stream: str, *, late: bool = False, leaving: int = 0) -> Wait | None:
        """Take one question about `stream` if it may be asked now, `leaving` so many to others, else say why not."""
        with _file(self.path) as connection:
            now, breaker = self.clock(), _breaker(connection, self.name)
            if wait_s := breaker.wait_s(now):
                trying = breaker.state is State.HALF_OPEN
                return Wait(wait_s, breaker.status, f"{self.name} {breaker.describe()}", trying)
            tokens = self._tokens(connection, now)
            missing = (BURST if late else 1 + leaving) - tokens
            if breaker.state is not State.CLOSED:
                tokens = 1.0  # the one try, and then the bucket fills up from nothing
            elif missing > 0:
                return Wait(missing / self._per_s, Status.THROTTLED, "our own budget")
            self._keep(connection, tokens - 1, now)
            _keep_breaker(connection, self.name, breaker.asked(now))
            connection.execute(
                "INSERT OR REPLACE INTO turns SELECT ?, ?, coalesce(max(turn), 0) + 1 FROM turns WHERE name = ?",
                [self.name, stream, self.name],
            )
        return None

    def told(self, given: Recognition) -> None:
        """Note how a question that was taken went."""
        with _file(self.path) as connection:
            before = _breaker(connection, self.name)
            after = before.told(given, self.clock())
            if after != before:
                _keep_breaker(connection, self.name, after)

    def has_spare(self) -> bool:
        """Whether a late question could be asked now."""
        with _file(self.path) as connection:
            now = self.clock()
            return not _breaker(connection, self.name).wait_s(now) and self._tokens(connection, now) >= BURST

    def remaining(self) -> float:
        """Questions that could follow each other at once now, as far as the budget goes."""
        with _file(self.path) as connection:
            return self._tokens(connection, self.clock())

    def in_turn(self, streams: Iterable[str]) -> list[str]:
        """The streams, those that were paid for longest ago first."""
        with _file(self.path) as connection:
            turns = dict(connection.execute("SELECT stream, turn FROM turns WHERE name = ?", [self.name]).fetchall())
        return sorted(streams, key=lambda stream: (turns.get(stream, 0), stream))

    @property
    def _per_s(self) -> float:
        return self.per_minute / 60

    def _tokens(self, connection: sqlite3.Connection, now: float) -> float:
        row = connection.execute("SELECT tokens, counted_at FROM bucket WHERE name = ?", [self.name]).fetchone()
        tokens, counted_at = row or (float(BURST), now)
        if now < counted_at:  # the clock stepped back: count on from here
            self._keep(connection, tokens, now)
        # Rounded, because a token that lacks 1e-12 would be waited for with a sleep too short to move a clock.
        return round(min(float(BURST), tokens + max(0.0, now - counted_at) * self._per_s), 6)

    def _keep(self, connection: sqlite3.Connection, tokens: float, now: float) -> None:
        connection.execute("INSERT OR REPLACE INTO bucket VALUES (?, ?, ?)", [self.name, tokens, now])


class Line:
    """Where the questions of one run wait for one provider's budget: first come, first served, `RUN_WAIT_S` in all."""

    def __init__(self, budget: Budget, *, late: bool) -> None:
        self._budget = budget
        self._late = late
        self._left_s = RUN_WAIT_S
        self._first = asyncio.Lock()
        self._under_way = 0
        self._answered = asyncio.Event()

    async def pay(self, stream: str) -> Wait | None:
        """Pay for one question about `stream`; why not, where that takes longer than the run may wait."""
        async with self._first:
            while wait := self._budget.take(stream, late=self._late):
                if wait.trying and self._under_way:  # it is most likely ours, and will be answered or given up soon
                    self._answered.clear()
                    await self._answered.wait()
                    continue
                if wait.seconds > self._left_s:
                    return wait
                self._left_s -= wait.seconds
                await self._budget.sleep(wait.seconds)
            self._under_way += 1
            return None

    def told(self, given: Recognition) -> None:
        """Note how a question that was paid for went."""
        self._under_way -= 1
        self._answered.set()
        self._budget.told(given)


def breakers(path: Path) -> dict[str, Breaker]:
    """The breaker of every provider that was ever asked, by name, as the file has them."""
    if not path.exists():
        return {}
    with _file(path) as connection:
        names = connection.execute("SELECT name FROM bucket UNION SELECT name FROM breakers ORDER BY name").fetchall()
        return {name: _breaker(connection, name) for (name,) in names}


@contextmanager
def _file(path: Path) -> Iterator[sqlite3.Connection]:
    """The file in one transaction that nobody else is in."""
    with closing(sqlite3.connect(path, timeout=LOCK_WAIT_S, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for table in _SCHEMA:
            connection.execute(table)
        yield connection
        connection.execute("COMMIT")


def _breaker(connection: sqlite3.Connection, name: str) -> Breaker:
    row = connection.execute("SELECT * FROM breakers WHERE name = ?", [name]).fetchone()
    if row is None:
        return Breaker()
    _, state, since, until, status, *others = row
    return Breaker(State(state), since, until, Status(status), *others)


def _keep_breaker(connection: sqlite3.Connection, name: str, breaker: Breaker) -> None:
    connection.execute("INSERT OR REPLACE INTO breakers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [name, *astuple(breaker)])
