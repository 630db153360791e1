"""Controls that show what can also change elsewhere, as the page's address, each under a key that counts its lives.

What belongs here: setting a control to a value, and hearing what a visitor chose. What does not: the address, drawing.

With each request, and timers make some too, a browser tells what all its controls show. For a moment it has not heard
yet what one of them was set to, and what it tells of that one is nobody's choice. So a control that is set to something
that the visitor did not choose in it begins anew, under another key: what is told of an old key is not listened to.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

Value = TypeVar("Value")
LIVES = 16
"""Keys of a control, one after the other and then again: Streamlit forgets none, and a page is open for months."""


def key_of(name: str) -> str:
    """The key of the control as it is now."""
    return f"{name}-{st.session_state.get(_lives(name), 0)}"


def begin_anew(name: str) -> None:
    """From now on it is another one, which nobody has touched yet."""
    st.session_state[_lives(name)] = (st.session_state.get(_lives(name), 0) + 1) % LIVES
    st.session_state.pop(key_of(name), None)


def _lives(name: str) -> str:
    return f"lives_of_{name}"


def heard(name: str, changed: Callable[[], None]) -> Callable[[], None]:
    """The callback of the control as it is now: it does nothing once the control has begun anew."""
    key = key_of(name)

    def callback() -> None:
        if key == key_of(name):
            changed()

    return callback


def showing(name: str, value: Value, choose: Callable[[Value], None]) -> dict[str, Any]:
    """The `key` and the `on_change` of a control that shows `value`; `choose` is called with what a visitor chooses."""
    if key_of(name) in st.session_state and not _same(st.session_state[key_of(name)], value):
        begin_anew(name)
    key = key_of(name)
    if key not in st.session_state:
        st.session_state[key] = value
    return {"key": key, "on_change": heard(name, lambda: choose(st.session_state[key]))}


def _same(shown: object, value: object) -> bool:
    """The order in which a visitor chose does not matter, nor do blanks around a word."""
    if isinstance(shown, list) and isinstance(value, list):
        return sorted(shown) == sorted(value)
    if isinstance(shown, str) and isinstance(value, str):
        return shown.strip() == value.strip()
    return shown == value
