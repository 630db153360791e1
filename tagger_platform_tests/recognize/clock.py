"""A clock that only sleeping, or a test, moves."""

import asyncio


class Clock:
    """Seconds of wall time since the epoch; begins at 2026-09-21T14:13:20Z."""

    def __init__(self):
        self.now = 1_790_000_000.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        until = self.now + seconds
        await asyncio.sleep(0)  # others begin to sleep at the same time
        self.now = max(self.now, until)
