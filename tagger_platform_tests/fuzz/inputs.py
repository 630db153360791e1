"""Damaged versions of good inputs: they come farther than noise, which the first check refuses.

What belongs here: strategies that several targets use. What does not: what the good inputs are.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", " ", "\0", "0", "-1", "1e400", "NaN", "true", "null", "../../etc/passwd", "\ud800", "’;--", "²"]
    ),
)
NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.integers(),
    st.sampled_from([2**31, 2**63, -(2**63), 10**400, 86_400, 86_401]),
    st.floats(),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)
Path = tuple[str | int, ...]


@st.composite
def damaged_json(draw: st.DrawFn, good: Sequence[Any]) -> Any:
    """One of `good` with up to four of its values replaced, taken out or doubled; seldom, any JSON at all."""
    if draw(st.integers(0, 19)) == 0:
        return draw(JSON)
    value = copy.deepcopy(draw(st.sampled_from(list(good))))
    for _ in range(draw(st.integers(0, 4))):
        paths = list(_paths(value))
        if not paths:
            break
        value = _changed(draw, value, draw(st.sampled_from(paths)))
    return value


def _paths(value: Any, here: Path = ()) -> Any:
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*here, key)
        yield from _paths(inner, (*here, key))


def _changed(draw: st.DrawFn, value: Any, path: Path) -> Any:
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    match draw(st.sampled_from(["replace", "replace", "remove", "double"])):
        case "remove":
            del holder[path[-1]]
        case "double" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[path[-1]]))
        case _:
            holder[path[-1]] = draw(JSON)
    return value


@st.composite
def damaged_bytes(draw: st.DrawFn, good: Sequence[bytes], head: int) -> bytes:
    """One of `good` with bytes changed, taken out or put in, mostly among its first `head`, and perhaps cut short."""
    content = bytearray(draw(st.sampled_from(list(good))))
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, min(head, max(0, len(content) - 1))))
        match draw(st.sampled_from(["change", "change", "remove", "insert"])):
            case "change":
                put = draw(
                    st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\x7f" + b"\xff" * 7])
                )
                content[at : at + len(put)] = put
            case "remove":
                del content[at : at + draw(st.integers(1, 16))]
            case _:
                content[at:at] = draw(st.binary(min_size=1, max_size=16))
    if draw(st.integers(0, 4)) == 0:
        del content[draw(st.integers(0, len(content))) :]
    return bytes(content)


def is_sentence(text: str) -> bool:
    """Whether people can be told so: some words, and nothing that no log can hold."""
    return len(text.split()) >= 3 and text.isprintable() and len(text) < 2000
