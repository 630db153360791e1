"""One file per page. The folder must not be called `pages`: Streamlit would then run its files by themselves."""
