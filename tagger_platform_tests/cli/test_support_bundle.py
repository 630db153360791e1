"""The support bundle: it holds what a helper needs, and nowhere a secret, however it was written."""

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, quote_plus

import dagster as dg
import pytest

from tagger_platform.observe.secrets import Hider
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.cli.conftest import Tagger

SECRET = "kn0ck-kn0ck"
PASSWORD = f'@{SECRET} "ö&/\\?'
"""The secret part is what to look for, however its odd neighbours were written."""
TOKEN = "T0KEN-0f-a-webhook"
KEY = "an-acoustid-key-9"


@pytest.fixture
def bundle(tagger: Tagger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bytes]:
    """The files of a bundle of a platform that has done everything to let its secrets out; the zip itself as ''."""
    data = tmp_path / "data"
    monkeypatch.setenv("STREAM_1_URL", f"rtsp://me:{quote(PASSWORD, safe='')}@127.0.0.1:1/kexp?key={SECRET}1")
    monkeypatch.setenv("STREAM_2_URL", f"http://me:{PASSWORD}@127.0.0.1:1/cafe")
    monkeypatch.setenv("SHAZAM_URL", f"http://me:{SECRET}@127.0.0.1:1")
    monkeypatch.setenv("ACOUSTID_API_KEY", KEY)
    monkeypatch.setenv("NOTIFY_URLS", f"json://me:{SECRET}@127.0.0.1:9/{TOKEN},slack://{TOKEN}/B/C")
    write_logs(data / "logs")
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    samples.write_outage(Database(data / "tagger.duckdb"), "cafe", an_hour_ago, timedelta(minutes=3))
    fail_a_run(data / "dagster")
    code, out, err = tagger("support-bundle", "--to", str(tmp_path / "out"), "--json")
    assert code == 0, err
    (told,) = [json.loads(line) for line in out.splitlines()]
    path = Path(told["path"])
    with zipfile.ZipFile(path) as opened:
        assert opened.namelist() == told["files"]
        return {"": path.read_bytes(), **{name: opened.read(name) for name in opened.namelist()}}


def write_logs(folder: Path) -> None:
    folder.mkdir(parents=True)
    said = [PASSWORD, quote(PASSWORD), quote_plus(PASSWORD), quote(quote(PASSWORD, safe="")), TOKEN, KEY, KEY.upper()]
    lines = [f"ffmpeg said {word}" for word in said] + [json.dumps({"message": word}) for word in said]
    (folder / "tagger.log").write_text("\n".join([*lines, f"rtsp://he:{SECRET}@elsewhere/1", "all is well\n"]))
    (folder / "tagger.log.1").write_text("older\n")


def fail_a_run(home: Path) -> None:
    @dg.op
    def fails() -> None:
        raise ValueError(f"the camera {PASSWORD} is gone")

    @dg.job(executor_def=dg.in_process_executor)
    def broken_job() -> None:
        fails()

    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert not broken_job.execute_in_process(instance=instance, raise_on_error=False).success


def test_no_byte_of_it_is_of_a_secret(bundle: dict[str, bytes]) -> None:
    for name, content in bundle.items():
        for secret in (SECRET, TOKEN, KEY):
            assert secret.lower().encode() not in content.lower(), (name, secret)


def test_it_holds_what_a_helper_needs(bundle: dict[str, bytes]) -> None:
    told = {name: json.loads(content) for name, content in bundle.items() if name.endswith(".json")}
    assert set(told) == {f"{name}.json" for name in ("versions", "settings", "health", "doctor", "coverage", "runs")}
    assert "dagster" in told["versions.json"]["packages"]
    assert told["settings.json"]["variables"]["HOP_SECONDS"] == "120"
    assert told["settings.json"]["variables"]["ACOUSTID_API_KEY"] == "set"
    assert told["settings.json"]["variables"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == "not set"
    assert [stream["name"] for stream in told["settings.json"]["streams"]] == ["kexp", "cafe"]
    assert told["health.json"]["parts"]["capture"]["state"] == "failing"
    assert {row["check"] for row in told["doctor.json"]} >= {"ffmpeg", "store", "providers"}
    assert {one["stream"]: one["ratio"] for one in told["coverage.json"]} == {"cafe": 0.0, "kexp": 1.0}
    (run,) = told["runs.json"]
    assert (run["job"], run["status"]) == ("broken_job", "FAILURE")
    assert any("the camera *** is gone" in error for error in run["errors"])
    assert b"all is well" in bundle["logs/tagger.log"]
    assert bundle["logs/tagger.log.1"] == b"older\n"


def test_a_bundle_can_be_made_where_nothing_has_ever_run(tagger: Tagger, tmp_path: Path) -> None:
    assert tagger("support-bundle")[0] == 0
    (path,) = tmp_path.glob("tagger-support-*.zip")
    with zipfile.ZipFile(path) as opened:
        assert "docker compose logs" in opened.read("logs/none.txt").decode()
        assert "has not run here" in opened.read("runs.json").decode()


def test_a_store_that_is_broken_is_in_the_bundle_as_such(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tagger.duckdb").write_bytes(b"not a database at all" * 500)
    assert tagger("support-bundle")[0] == 0
    (path,) = tmp_path.glob("tagger-support-*.zip")
    with zipfile.ZipFile(path) as opened:
        assert "cannot be opened" in json.loads(opened.read("coverage.json"))["error"]


def test_a_folder_that_cannot_be_written_is_a_wrong_request(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, err = tagger("support-bundle", "--to", str(tmp_path / "file"))
    assert code == 2
    assert "--to" in err


def test_ordinary_words_stay(environ: dict[str, str]) -> None:
    from tagger_platform.settings import secrets

    told = environ | {"NOTIFY_URLS": "mailto://me:pass-w0rd@mail.example:25?mode=ssl&to=a@b.example,json://127.0.0.1/x"}
    hide = Hider(secrets(Settings.load(told)))
    text = '{"mode": "ssl", "enabled": true, "host": "127.0.0.1"} mail.example'
    assert hide(text) == text
    assert hide("pass-w0rd, secret") == "***, ***"
    assert Hider([])("nothing to hide") == "nothing to hide"
