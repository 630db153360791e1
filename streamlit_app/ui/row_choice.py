"""A table of which a visitor chooses one row.

What belongs here: keeping the mark and the address in step. What does not: the columns, what opens then.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st


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
    key = f"{parameter}_{hash(tuple(ids))}"
    chosen = st.query_params.get(parameter)
    if chosen in ids and _marked(key, ids) != chosen:
        st.session_state[key] = {"selection": {"rows": [ids.index(chosen)]}}
    before = _marked(key, ids)

    def selected() -> None:
        closed = st.query_params.get(parameter) != before
        choose(_marked(key, ids) or (before if closed else ""))

    st.dataframe(rows, hide_index=True, key=key, on_select=selected, selection_mode="single-row", **drawn)


def _marked(key: str, ids: Sequence[str]) -> str:
    """The id of the row that is marked in a table; empty where none is."""
    places = st.session_state[key]["selection"]["rows"] if key in st.session_state else []
    return ids[places[0]] if places else ""
