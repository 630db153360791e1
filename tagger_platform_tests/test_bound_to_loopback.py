"""Every process listens on 127.0.0.1 unless it is told otherwise; Dagster's do whatever they are told."""

from pathlib import Path

import pytest
import yaml

from streamlit_app import command as page_command
from tagger_platform.cli.platform import processes
from tagger_platform_tests import samples

ROOT = Path(__file__).parent.parent
LOCAL_ONLY = ("code server", "Dagster UI")


def named_hosts(argv: list[str]) -> list[str]:
    """The addresses in a command line: after -h, or in --server.address."""
    after_flag = [argv[at + 1] for at, word in enumerate(argv) if word == "-h"]
    return after_flag + [word.partition("=")[2] for word in argv if word.startswith("--server.address=")]


def test_by_default_nothing_is_reached_from_outside(tmp_path: Path):
    settings = samples.settings(tmp_path)
    assert (settings.host, settings.capture_host) == ("127.0.0.1", "127.0.0.1")
    assert named_hosts(page_command(settings)) == ["127.0.0.1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_dagster_stays_on_this_machine_whatever_the_settings_say(host: str, tmp_path: Path):
    started = {one.name: one for one in processes(samples.settings(tmp_path, HOST=host, CAPTURE_HOST=host))}
    assert {name: named_hosts(started[name].argv) for name in LOCAL_ONLY} == {
        name: ["127.0.0.1"] for name in LOCAL_ONLY
    }
    assert named_hosts(started["pages"].argv) == [host]


def test_no_process_listens_by_a_default_of_its_own(tmp_path: Path):
    listening = {one.name: one for one in processes(samples.settings(tmp_path)) if one.port}
    by_settings = {"capture", "api"}  # they read HOST and CAPTURE_HOST themselves
    assert all(named_hosts(one.argv) == ["127.0.0.1"] for name, one in listening.items() if name not in by_settings)
    assert by_settings < listening.keys()


def test_compose_publishes_on_this_machine_only():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert [port for port in published if not str(port).startswith("127.0.0.1:")] == []
