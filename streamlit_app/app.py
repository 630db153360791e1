"""Navigation only: the list of pages and the frame around them."""

import streamlit as st

from streamlit_app import ui
from streamlit_app.views import diagnostics, on_air

st.set_page_config(page_title="Tagger", page_icon=str(ui.STATIC / "icon.png"), layout="wide")
st.logo(str(ui.STATIC / "logo.svg"), size="large")
ui.frame()

page = st.navigation(
    [
        st.Page(on_air.page, title="On air", icon=":material/radio:", default=True),
        st.Page(diagnostics.page, title="Diagnostics", icon=":material/vital_signs:", url_path="diagnostics"),
    ],
    position="top",
)
page.run()
