"""Telling people through Apprise: webhooks, e-mail and whatever else it knows.

What belongs here: sending one message to every address, whatever becomes of it. What does not: what is worth a message
(`troubles`). Addresses hold passwords and tokens: they are in no text that leaves here, and Apprise, which would log
them, is kept quiet.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

TALKATIVE = ("apprise", "urllib3", "requests_oauthlib", "oauthlib")
"""Loggers that quote addresses, some of them only where LOG_LEVEL is DEBUG."""
SEND_WITHIN_S = 20.0
"""Seconds for all addresses together; who takes longer goes on in its own thread, and nobody waits."""


@dataclass
class Address:
    """One of NOTIFY_URLS, and whether the last message to it went out; `name` is all that may be shown of it."""

    name: str
    url: str = field(repr=False)
    delivered: bool | None = None
    thread: threading.Thread | None = None


class Notifier:
    """Sends to all addresses at once. Apprise is imported with the first message."""

    def __init__(self, urls: Sequence[str], *, within_s: float = SEND_WITHIN_S) -> None:
        self._within_s = within_s
        self.addresses = [
            Address(f"number {number} ({url.partition('://')[0]})", url) for number, url in enumerate(urls, start=1)
        ]

    def send(self, title: str, body: str) -> bool:
        """Whether at least one address took the message in time. An address that still hangs is not asked again."""
        for address in self.addresses:
            if address.thread and address.thread.is_alive():
                continue
            address.delivered = None
            address.thread = threading.Thread(target=_deliver, args=(address, title, body), daemon=True)
            address.thread.start()
        left_s = self._within_s
        for address in self.addresses:
            left_s = _joined(address, left_s)
        return any(address.delivered for address in self.addresses)

    @property
    def undelivered(self) -> list[str]:
        """Names of the addresses that did not take the last message."""
        return [address.name for address in self.addresses if not address.delivered]


def _joined(address: Address, left_s: float) -> float:
    """Wait for the address, at most `left_s`; returns what is left of that."""
    began = time.monotonic()
    if address.thread:
        address.thread.join(left_s)
    return max(0.0, left_s - (time.monotonic() - began))


def _deliver(address: Address, title: str, body: str) -> None:
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    import apprise  # heavy, and most never need it

    try:
        sender = apprise.Apprise()
        address.delivered = bool(sender.add(address.url) and sender.notify(title=title, body=body))
    except Exception:  # a plugin's own failure; its text may quote the address
        address.delivered = False
