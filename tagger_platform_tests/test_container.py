"""The container files, as far as they can be tested without an engine: linted, and everything they name exists."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tagger_platform.api.app import create_app
from tagger_platform_tests import samples

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = {name: service for name, service in COMPOSE["services"].items() if "profiles" not in service}
OBSERVERS = {name: service for name, service in COMPOSE["services"].items() if "profiles" in service}
BIN = Path(sys.executable).parent


def test_hadolint_finds_nothing():
    done = subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_copied_path_exists():
    sources = [word for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.M) for word in line.split()[:-1]]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_command_resolves(service):
    program, *arguments = SERVICES[service]["command"]
    assert shutil.which(program, path=str(BIN)), f"{program} is not installed"
    if program == "tagger":
        done = subprocess.run([BIN / "tagger", arguments[0], "--help"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    if arguments[0] == "-m":
        assert (ROOT / arguments[1] / "__main__.py").exists()


def test_the_image_runs_as_an_ordinary_user_and_knows_its_health():
    assert re.search(r"^USER [1-9]", DOCKERFILE, re.M)
    assert re.search(r"^HEALTHCHECK", DOCKERFILE, re.M)


def test_the_image_asks_for_its_health_where_the_api_answers(tmp_path):
    (path,) = re.findall(r"http://127\.0\.0\.1:44100(/\w+)", DOCKERFILE)
    assert path in [route.path for route in create_app(samples.settings(tmp_path)).routes]


def test_every_process_of_the_platform_has_a_service():
    assert set(SERVICES) == {"prepare", "capture", "daemon", "webserver", "api", "app"}


def test_no_process_starts_before_data_dir_is_ready():
    waiting = {name for name, service in SERVICES.items() if "prepare" in service.get("depends_on", {})}
    assert waiting == set(SERVICES) - {"prepare"}


def test_prepare_makes_dagsters_lanes_known(tmp_path):
    environ = os.environ | samples.environ(tmp_path / "data")
    assert subprocess.run([BIN / "tagger", "prepare"], env=environ, cwd=tmp_path).returncode == 0
    assert "tagger/lane" in (tmp_path / "data/dagster/dagster.yaml").read_text()
    assert (tmp_path / "data/tagger.duckdb").exists()


def test_ports_are_published_on_this_machine_only():
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("service", OBSERVERS)
def test_every_file_an_observer_is_given_exists(service):
    given = [volume for volume in OBSERVERS[service].get("volumes", []) if volume.startswith("./")]
    assert all((ROOT / volume.partition(":")[0]).exists() for volume in given), given
    assert OBSERVERS[service]["profiles"] == ["observe"]
    assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", OBSERVERS[service]["image"])


def test_the_collector_takes_traces_where_the_readme_sends_them_and_knows_jaeger():
    config = yaml.safe_load((ROOT / "deploy/otel/collector.yaml").read_text())
    pipeline = config["service"]["pipelines"]["traces"]
    assert all(name in config[kind] for kind, names in pipeline.items() for name in names)
    port = config["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    assert f"127.0.0.1:{port}:{port}" in OBSERVERS["collector"]["ports"]
    assert f"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:{port}" in (ROOT / "README.md").read_text()
    assert config["exporters"]["otlphttp"]["endpoint"].split("/")[2].partition(":")[0] in OBSERVERS
