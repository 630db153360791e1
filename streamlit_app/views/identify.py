"""The page Identify."""

from streamlit_app.ui import states
from streamlit_app.words import _


def page() -> None:
    states.empty(_("There is nothing on this page yet."))
