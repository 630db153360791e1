"""A page drawn without a browser, as `app.py` draws it, and everything that it says.

What belongs here: opening and reading a page. What does not: tests, servers.
"""

import re
import threading

import streamlit as st
from streamlit.testing.v1 import AppTest

from streamlit_app import drawn_day

PATIENCE_S = 60


def _drawn(path: str) -> None:
    from streamlit_app.pages import PAGES
    from streamlit_app.ui import failures

    with failures.told():
        next(page for page in PAGES if page.path == path).draw()


def opened(path: str, **parameters: str) -> AppTest:
    """The page at `path` with these parameters in its address, drawn once."""
    page = AppTest.from_function(_drawn, kwargs={"path": path}, default_timeout=PATIENCE_S)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    """Whatever can be read on the page, a text a line, without markup; of tables every cell."""
    kinds = ("info", "warning", "error", "success", "markdown", "caption", "subheader", "header", "title")
    texts = [str(element.value) for kind in kinds for element in page.get(kind)]
    texts += [re.sub(r"<[^>]*>", " ", element.proto.body) for element in page.get("html")]
    texts += [" ".join(map(str, row)) for table in page.dataframe for row in table.value.to_numpy().tolist()]
    return "\n".join(text for text in texts if text.strip())


def part(state: str, code: str, sentence: str = "as the api says it", **details: object) -> dict[str, object]:
    """A part of the platform as `/readyz` tells of it."""
    return {"state": state, "findings": [{"code": code, "sentence": sentence, "details": details}]}


def read_ahead() -> None:
    """Wait until what a page reads ahead has been read."""
    for thread in threading.enumerate():
        if thread.name == drawn_day.AHEAD:
            thread.join(timeout=60)


def forget() -> None:
    """What is kept for all visitors, and the settings; nothing is read ahead any more then."""
    read_ahead()
    st.cache_data.clear()
    st.cache_resource.clear()
