"""Texts from outside made harmless: titles come from radio stations and providers.

What belongs here: escaping. What does not: words of our own (`words`).
"""

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>:^=&])")


def plain(text: str) -> str:
    """`text` for places where Streamlit reads Markdown: shown as it is."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def web_link(url: str) -> str | None:
    """`url` when a browser may follow it; None for anything but http and https."""
    return url if re.match(r"https?://", url, re.IGNORECASE) else None
