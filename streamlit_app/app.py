"""Navigation only: the list of pages and the frame around them."""

import streamlit as st

from streamlit_app import reads
from streamlit_app.pages import PAGES
from streamlit_app.ui import failures, frame

st.set_page_config(page_title="Tagger", page_icon=str(frame.STATIC / "icon.png"), layout="wide")
st.logo(str(frame.STATIC / "logo.svg"), size="large")
frame.frame()

with failures.told():
    settings = reads.settings()
    page = st.navigation(
        [
            st.Page(
                page.draw,
                title=page.title,
                icon=f":material/{page.icon}:",
                url_path=page.path or None,
                default=not page.path,
                visibility="visible" if page.listed(settings) else "hidden",
            )
            for page in PAGES
        ],
        position="top",
    )
    if page.url_path in {one.path for one in PAGES if one.path and one.listed(settings)}:  # others name themselves
        st.title(page.title, anchor=False)
    page.run()
