"""The README is true: its commands exist, its links lead somewhere, and its first screen holds what it must."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tagger_platform.cli import COMMANDS, tagger

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
FIRST_SCREEN = README.partition("\n## ")[0]
NAMED = sorted(set(re.findall(r"`?\btagger ((?:[a-z-]+)(?: (?:add|list|status|remove|rebuild|check))?)", README)))


def test_the_first_screen_has_the_path_the_commands_and_a_picture():
    assert "stream -> capture -> spool -> recognize -> decide -> plays -> store -> page" in FIRST_SCREEN
    assert all(command in FIRST_SCREEN for command in ("make demo", "make test", "make setup", "tagger up"))
    assert "docs/images/on-air.png" in FIRST_SCREEN


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_link_leads_to_a_file(link):
    assert (ROOT / link).exists()


def test_every_command_is_told_of():
    assert {name.split()[0] for name in NAMED} >= set(COMMANDS)


@pytest.mark.parametrize("name", NAMED)
def test_every_command_that_is_told_of_exists(name):
    done = CliRunner().invoke(tagger, [*name.split(), "--help"])
    assert done.exit_code == 0, done.output
