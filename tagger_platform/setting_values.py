"""The text of one variable becomes a value, or a ValueError that says what it must be.

What belongs here: judging one text by itself. What does not: which variables there are, and how they go together
(`settings`). The errors go on after the variable's name, and quote no secret.
"""

import re
from collections.abc import Callable
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

from tagger_platform import stream_config

SUPPORTING_POLICIES = ("timeline",)
"""Policies that make a play surer and make none themselves."""
KNOWN_POLICIES = ("shazam_two_hit", "catalogue_two_hit", "catalogue_single", "any_two_agree", *SUPPORTING_POLICIES)


def number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {text!r}")
        return int(text)

    return parse


def fraction(text: str) -> float:
    if not re.fullmatch(r"[0-9]*\.?[0-9]+", text) or not 0 <= float(text) <= 1:
        raise ValueError(f"must be a number from 0 to 1, not {text!r}")
    return float(text)


def port_or_next(text: str) -> int | None:
    return number(1, 65535)(text) if text else None


def zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"must be a time zone such as America/Los_Angeles or Europe/Kyiv, not {text!r}") from None


def offsets(text: str) -> tuple[int, ...] | None:
    if text == "continuous":
        return None
    parts = [part.strip() for part in text.split(",")]
    if all(re.fullmatch(r"[0-9]{1,6}", part) for part in parts):
        offsets = sorted(int(part) for part in parts)
        if len(set(offsets)) == len(offsets):
            return tuple(offsets)
    raise ValueError(f"must be 'continuous' or different whole seconds such as 0,30, not {text!r}")


def policies(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if unknown := [name for name in names if name not in KNOWN_POLICIES]:
        raise ValueError(f"has unknown policies {', '.join(unknown)}; known are {', '.join(KNOWN_POLICIES)}")
    if set(names) <= set(SUPPORTING_POLICIES):
        able = ", ".join(name for name in KNOWN_POLICIES if name not in SUPPORTING_POLICIES)
        raise ValueError(f"must name at least one of {able}")
    return names


def local_time(text: str) -> time:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"must be a time of day such as 04:00, not {text!r}")
    return time.fromisoformat(text)


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in [choice.lower() for choice in choices]:
            raise ValueError(f"must be one of {', '.join(choices)}, not {text!r}")
        return next(choice for choice in choices if choice.lower() == text.lower())

    return parse


def url_path(text: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9_/-]*[A-Za-z0-9_-]", text):
        raise ValueError(f"must be a path such as /metrics, not {text!r}")
    return text


def endpoint(text: str) -> str:
    if text and (not text.startswith(("http://", "https://")) or stream_config.url_problem(text)):
        raise ValueError("must be an http:// or https:// address, or empty")
    return text


def host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]+", text):
        raise ValueError(f"must be an address to listen on such as 127.0.0.1 or 0.0.0.0, not {text!r}")
    return text


def token(text: str) -> str:
    if text and not re.fullmatch(r"[!-~]{16,512}", text):  # never quoted
        raise ValueError(
            "must be 16 or more characters without spaces, such as 'openssl rand -hex 24' prints, or empty"
        )
    return text


def host_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if odd := [name for name in names if not re.fullmatch(r"[a-z0-9.-]{1,253}", name)]:
        raise ValueError(f"must be host names such as music.example, without scheme and port, not {odd[0]!r}")
    return names


def notify_urls(text: str) -> tuple[str, ...]:
    """Apprise's addresses: they may hold commas themselves, so one that parts two has a scheme after it."""
    urls = [url.strip() for url in re.split(r",(?=\s*[A-Za-z][A-Za-z0-9+.-]*://)", text) if url.strip()]
    for number, url in enumerate(urls, start=1):
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://\S+$", url):  # never quoted: it may hold a password
            raise ValueError(f"must be addresses such as mailto://..., parted by commas; number {number} is none")
    return tuple(urls)


def path(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError(f"names a home folder that nobody here has: {text!r}") from None


def optional_path(text: str) -> Path | None:
    return path(text) if text else None
