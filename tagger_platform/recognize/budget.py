"""How many questions a provider may be asked: a token bucket that all processes and restarts share.

What belongs here: the bucket in its SQLite file. What does not: what happens to a question that cannot be paid (the
panel calls it throttled), and what a provider's own refusals mean.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

BURST = 8
"""Questions that may follow each other at once after a quiet time."""

LOCK_WAIT_S = 5.0
"""Seconds to wait for the file: its holder needs it for less than a millisecond."""

_SCHEMA = "CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, tokens REAL NOT NULL, counted_at REAL NOT NULL)"


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

    def try_take(self) -> bool:
        """Take one question now, if there is one."""
        return self._take() == 0

    async def take(self, wait_s: float = 30.0) -> bool:
        """Take one question, waiting for it at most `wait_s`."""
        while (due_s := self._take()) > 0:
            if due_s > wait_s:
                return False
            await self.sleep(due_s)
            wait_s -= due_s
        return True

    def _take(self) -> float:
        """0 when a question was taken, else the seconds until one should be there."""
        with closing(sqlite3.connect(self.path, timeout=LOCK_WAIT_S, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SCHEMA)
            due_s = self._take_from(connection)
            connection.execute("COMMIT")
        return due_s

    def _take_from(self, connection: sqlite3.Connection) -> float:
        now, per_s = self.clock(), self.per_minute / 60
        row = connection.execute("SELECT tokens, counted_at FROM bucket WHERE name = ?", [self.name]).fetchone()
        tokens, counted_at = row or (float(BURST), now)
        # Rounded, because a token that lacks 1e-12 would be waited for with a sleep too short to move a clock.
        tokens = round(min(float(BURST), tokens + max(0.0, now - counted_at) * per_s), 6)
        due_s = max(0.0, (1 - tokens) / per_s)
        left = tokens if due_s else tokens - 1
        if not due_s or now < counted_at:  # asking in vain leaves no mark, unless the clock stepped back
            connection.execute("INSERT OR REPLACE INTO bucket VALUES (?, ?, ?)", [self.name, left, now])
        return due_s
