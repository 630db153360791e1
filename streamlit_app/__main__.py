"""`python -m streamlit_app`: serve the pages in this process, as a container does."""

import os

from streamlit_app import command
from tagger_platform.settings import Settings

if __name__ == "__main__":
    argv = command(Settings.load())
    os.execv(argv[0], argv)  # noqa: S606 - our own argv, and no shell
