"""A table of which a visitor chooses one row.

What belongs here: keeping the mark and the address in step. What does not: the columns, what opens then.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from streamlit_app import address
from streamlit_app.ui import control


def row_choice(
    parameter: str,
    rows: Sequence[Mapping[str, object]],
    ids: Sequence[str],
    choose: Callable[[str], None],
    **drawn: Any,  # noqa: ANN401 (what `st.dataframe` takes)
) -> None:
    """Draw rows with their ids. The one that the address has as its `parameter` is marked; `choose` is called with the
    id of the row that the visitor marks instead, or with nothing when they take that mark away.

    Streamlit holds on to places, not to what stands there: other rows make another table, so that a mark never moves on
    to a row that nobody chose. A row stays marked after what opened for it was closed, and is chosen anew by a click.
    """
    name, chosen = f"rows_of_{parameter}", address.asked_now().text(parameter)
    if st.session_state.get(name) != list(ids):
        control.begin_anew(name)
        st.session_state[name] = list(ids)
    if chosen in ids and _marked(control.key_of(name), ids) != chosen:
        control.begin_anew(name)
        st.session_state[control.key_of(name)] = {"selection": {"rows": [ids.index(chosen)]}}
    key = control.key_of(name)
    before = _marked(key, ids)

    def selected() -> None:
        marked = _marked(key, ids)
        if key != control.key_of(name) and marked in ("", before):
            return  # a browser that has not heard of the other table yet: nobody marked anything
        closed = address.asked_now().text(parameter) != before
        choose(marked or (before if closed else ""))

    st.dataframe(rows, hide_index=True, key=key, on_select=selected, selection_mode="single-row", **drawn)


def _marked(key: str, ids: Sequence[str]) -> str:
    """The id of the row that is marked in a table; empty where none is."""
    places = st.session_state[key]["selection"]["rows"] if key in st.session_state else []
    return ids[places[0]] if places else ""
