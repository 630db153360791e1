"""`python -m tagger_platform`: the console script for processes that we start ourselves."""

from tagger_platform.cli import main

if __name__ == "__main__":
    main()
