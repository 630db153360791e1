"""Every variable, its good and bad values, and that people are told everything that is wrong at once."""

from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.errors import SettingsError
from tagger_platform.settings import VARIABLES, Settings, tiled
from tagger_platform.stream_config import MOST_STREAMS, quote_userinfo, url_problem
from tagger_platform_tests import documented

Environ = dict[str, str]


def load(environ: Environ, **more: str) -> Settings:
    return Settings.load({**environ, **more})


def problems(environ: Environ, **more: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(environ, **more)
    return caught.value.problems


GOOD: list[tuple[str, str, str, Any]] = [
    ("HOST", "0.0.0.0", "host", "0.0.0.0"),
    ("HOST", "::1", "host", "::1"),
    ("PORT", "8000", "port", 8000),
    ("UI_PORT", "9001", "ui_port", 9001),
    ("DAGSTER_PORT", "9002", "dagster_port", 9002),
    ("CAPTURE_PORT", "9003", "capture_port", 9003),
    ("CODE_PORT", "9004", "code_port", 9004),
    ("API_URL", "http://api:44100/", "api_url", "http://api:44100"),
    ("CAPTURE_HOST", "capture", "capture_host", "capture"),
    ("API_TOKEN", "0123456789abcdef", "api_token", "0123456789abcdef"),
    ("API_HOSTS", "Music.example, www.music.example,", "api_hosts", ("music.example", "www.music.example")),
    ("STREAMS_ADDED_PRIVATE", "no", "streams_added_private", False),
    ("TZ", "Europe/Kyiv", "tz", ZoneInfo("Europe/Kyiv")),
    ("TZ", "UTC", "tz", ZoneInfo("UTC")),
    ("DATA_DIR", "/srv/tagger", "data_dir", Path("/srv/tagger")),
    ("DATA_DIR", "somewhere", "data_dir", Path("somewhere").absolute()),
    ("STREAMS_FILE", "/etc/no-streams.yaml", "streams_file", Path("/etc/no-streams.yaml")),
    ("WINDOW_SECONDS", "10", "window_s", 10),
    ("WINDOW_SECONDS", " 10 ", "window_s", 10),
    ("HOP_SECONDS", "60", "hop_s", 60),
    ("WINDOW_OFFSETS", "0", "window_offsets", (0,)),
    ("WINDOW_OFFSETS", "60, 0,30", "window_offsets", (0, 30, 60)),
    ("WINDOW_OFFSETS", "continuous", "window_offsets", tuple(range(0, 120, 12))),
    ("DEDUP_SECONDS", "0", "dedup_s", 0),
    ("DECISION_POLICY", " catalogue_two_hit ,", "decision_policy", ("catalogue_two_hit",)),
    ("DECISION_POLICY", "any_two_agree,timeline", "decision_policy", ("any_two_agree", "timeline")),
    ("DECISION_POLICY", "catalogue_single", "decision_policy", ("catalogue_single",)),
    ("TWO_HIT_HOP_TOLERANCE", "10", "two_hit_hop_tolerance", 10),
    ("RETAIN_PLAYS_DAYS", "-1", "retain_plays_days", -1),
    ("RETAIN_RECOGNITIONS_DAYS", "1", "retain_recognitions_days", 1),
    ("CLIP_RETAIN_DAYS", "0", "clip_retain_days", 0),
    ("CLIP_DISK_SHARE", "0.5", "clip_disk_share", 0.5),
    ("CATCHUP_RETAIN_HOURS", "0", "catchup_retain_hours", 0),
    ("PENDING_MAX_MB", "1", "pending_max_mb", 1),
    ("DISK_RESERVE_MB", "0", "disk_reserve_mb", 0),
    ("BACKUP_DIR", "/mnt/backups", "backup_dir", Path("/mnt/backups")),
    ("BACKUP_DIR", "", "backup_dir", None),
    ("BACKUP_RETAIN_DAYS", "0", "backup_retain_days", 0),
    ("RETENTION_CLEANUP_LOCALTIME", "23:59", "retention_cleanup_localtime", time(23, 59)),
    ("SHAZAM_ENABLED", "Yes", "shazam_enabled", True),
    ("SHAZAM_PER_MINUTE", "600", "shazam_per_minute", 600),
    ("SHAZAM_URL", "http://127.0.0.1:9999", "shazam_url", "http://127.0.0.1:9999"),
    ("SHAZAM_TIME_SKEW", "0.01", "shazam_time_skew", 0.01),
    ("SHAZAM_FREQUENCY_SKEW", "0", "shazam_frequency_skew", 0.0),
    ("ACOUSTID_ENABLED", "off", "acoustid_enabled", False),
    ("ACOUSTID_API_KEY", "abc", "acoustid_api_key", "abc"),
    ("ACOUSTID_URL", "http://127.0.0.1:9998", "acoustid_url", "http://127.0.0.1:9998"),
    ("CHROMAPRINT_PATH", "/usr/bin/fpcalc", "chromaprint_path", Path("/usr/bin/fpcalc")),
    ("CHROMAPRINT_PATH", "", "chromaprint_path", None),
    ("FFMPEG_PATH", "/usr/bin/ffmpeg", "ffmpeg_path", Path("/usr/bin/ffmpeg")),
    ("GLOBAL_MAX_INFLIGHT_RECOGNITIONS", "1", "global_max_inflight", 1),
    ("PER_PROVIDER_MAX_INFLIGHT", "100", "per_provider_max_inflight", 100),
    ("QUEUE_MAX_SIZE", "1", "queue_max_size", 1),
    ("QUEUE_MAX_MB", "1", "queue_max_mb", 1),
    ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
    ("STRUCTURED_LOGS", "1", "structured_logs", True),
    ("ENABLE_PROMETHEUS", "no", "enable_prometheus", False),
    ("METRICS_PATH", "/internal/metrics", "metrics_path", "/internal/metrics"),
    ("OTEL_SERVICE_NAME", "station-7", "otel_service_name", "station-7"),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "https://user:key@collector:4318",
        "otel_endpoint",
        "https://user:key@collector:4318",
    ),
    ("OTEL_TRACES_SAMPLER_ARG", ".25", "otel_sampler_arg", 0.25),
    ("NOTIFY_URLS", "json://h/x", "notify_urls", ("json://h/x",)),
    ("NOTIFY_URLS", "mailto://h?to=a,b, slack://t", "notify_urls", ("mailto://h?to=a,b", "slack://t")),
    ("COVERAGE_ALERT_RATIO", "0.5", "coverage_alert_ratio", 0.5),
    ("CLUSTERS_ENABLED", "0", "clusters_enabled", False),
    ("EMBED_MODEL", "org/model", "embed_model", "org/model"),
    ("EMBED_MODEL_REVISION", "abc123", "embed_model_revision", "abc123"),
    ("EMBED_DEVICE", "CUDA", "embed_device", "cuda"),
]

BAD: list[tuple[str, str]] = [
    ("HOST", "not a host"),
    ("CAPTURE_HOST", "not a host"),
    ("API_URL", "api:44100"),
    ("API_TOKEN", "too-short"),
    ("API_TOKEN", "0123456789 abcdef"),
    ("API_TOKEN", "0123456789abcdéf"),
    ("API_HOSTS", "https://music.example"),
    ("API_HOSTS", "music.example:443"),
    ("STREAMS_ADDED_PRIVATE", "perhaps"),
    *[
        (port, bad)
        for port in ("PORT", "UI_PORT", "DAGSTER_PORT", "CAPTURE_PORT", "CODE_PORT")
        for bad in ("0", "65536")
    ],
    ("PORT", "http"),
    ("PORT", "8000.0"),
    ("PORT", "²"),
    ("PORT", "9" * 5000),
    ("TZ", "Mars/Olympus"),
    ("TZ", "../../etc/passwd"),
    ("TZ", "America"),
    ("WINDOW_SECONDS", "2"),
    ("WINDOW_SECONDS", "twelve"),
    ("HOP_SECONDS", "4"),
    ("WINDOW_OFFSETS", "0,0"),
    ("WINDOW_OFFSETS", "0,00"),
    ("WINDOW_OFFSETS", "0,-30"),
    ("WINDOW_OFFSETS", "0,²"),
    ("WINDOW_OFFSETS", ","),
    ("WINDOW_OFFSETS", "0,115"),
    ("DEDUP_SECONDS", "-1"),
    ("DECISION_POLICY", "coin_toss"),
    ("DECISION_POLICY", ","),
    ("DECISION_POLICY", "timeline"),
    ("TWO_HIT_HOP_TOLERANCE", "11"),
    ("TWO_HIT_HOP_TOLERANCE", "-1"),
    ("RETAIN_PLAYS_DAYS", "-2"),
    ("RETAIN_RECOGNITIONS_DAYS", "0"),
    ("CLIP_RETAIN_DAYS", "-1"),
    ("CLIP_DISK_SHARE", "2"),
    ("CATCHUP_RETAIN_HOURS", "1.5"),
    ("PENDING_MAX_MB", "0"),
    ("DISK_RESERVE_MB", "-1"),
    ("BACKUP_RETAIN_DAYS", "-1"),
    ("RETENTION_CLEANUP_LOCALTIME", "24:00"),
    ("RETENTION_CLEANUP_LOCALTIME", "4"),
    ("SHAZAM_ENABLED", "maybe"),
    ("SHAZAM_PER_MINUTE", "0"),
    ("SHAZAM_URL", "amp.shazam.com"),
    ("SHAZAM_URL", "http://"),
    ("SHAZAM_TIME_SKEW", "-0.1"),
    ("SHAZAM_FREQUENCY_SKEW", "0,1"),
    ("ACOUSTID_ENABLED", "2"),
    ("ACOUSTID_URL", "api.acoustid.org"),
    ("GLOBAL_MAX_INFLIGHT_RECOGNITIONS", "0"),
    ("PER_PROVIDER_MAX_INFLIGHT", "101"),
    ("QUEUE_MAX_SIZE", "0"),
    ("QUEUE_MAX_MB", "0"),
    ("LOG_LEVEL", "LOUD"),
    ("STRUCTURED_LOGS", "json"),
    ("ENABLE_PROMETHEUS", "maybe"),
    ("METRICS_PATH", "metrics"),
    ("METRICS_PATH", "/"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[oops"),
    ("NOTIFY_URLS", "me@example.com"),
    ("NOTIFY_URLS", "json://h/x y"),
    ("COVERAGE_ALERT_RATIO", "90"),
    ("OTEL_TRACES_SAMPLER_ARG", "1.1"),
    ("OTEL_TRACES_SAMPLER_ARG", "nan"),
    ("CLUSTERS_ENABLED", "maybe"),
    ("EMBED_DEVICE", "abacus"),
    ("STREAM_COUNT", "many"),
    ("STREAM_COUNT", "-1"),
    ("STREAM_COUNT", "²"),
    ("STREAM_COUNT", "1"),
    ("STREAM_COUNT", "3"),
    ("STREAM_COUNT", str(MOST_STREAMS + 1)),
    ("STREAM_2_ENABLED", "maybe"),
    ("STREAM_2_NAME", "Café"),
    ("STREAM_2_NAME", ""),
    ("STREAM_2_URL", ""),
    ("STREAM_03_NAME", "leading-zero"),
    ("STREAM_99999999_NAME", "far-away"),
]
FREE_TEXT = {
    *("ACOUSTID_API_KEY", "OTEL_SERVICE_NAME", "EMBED_MODEL", "EMBED_MODEL_REVISION"),
    *("DATA_DIR", "STREAMS_FILE", "CHROMAPRINT_PATH", "FFMPEG_PATH", "BACKUP_DIR"),
}


@pytest.mark.parametrize(("variable", "text", "field", "value"), GOOD, ids=[f"{c[0]}={c[1]}" for c in GOOD])
def test_good_values(environ: Environ, variable: str, text: str, field: str, value: object) -> None:
    assert getattr(load(environ, **{variable: text}), field) == value


@pytest.mark.parametrize(("variable", "text"), BAD, ids=[f"{name}={text[:20]}" for name, text in BAD])
def test_a_bad_value_is_one_problem_that_names_its_variable(environ: Environ, variable: str, text: str) -> None:
    found = problems(environ, **{variable: text})
    stem = variable.rpartition("_")[0] if variable.startswith("STREAM_") and variable[7].isdigit() else variable
    named = [problem for problem in found if stem in problem]
    assert len(named) == len(found) == 1 or (variable == "STREAM_COUNT" and text == "3" and len(found) == 2)


def test_the_tables_above_hold_every_variable() -> None:
    names = {variable.name for variable in VARIABLES}
    assert names <= {case[0] for case in GOOD}
    assert names - FREE_TEXT <= {case[0] for case in BAD}


def test_an_empty_environment_is_the_documented_default(tmp_path: Path) -> None:
    settings = Settings.load({"STREAMS_FILE": str(tmp_path / "none.yaml")})
    assert (settings.host, settings.port, settings.ui_port, settings.dagster_port) == ("127.0.0.1", 44100, 44101, 44102)
    assert (settings.window_s, settings.hop_s, settings.window_offsets) == (12, 120, (0, 30))
    assert settings.tz == ZoneInfo("America/Los_Angeles")
    assert settings.streams == ()


def test_empty_and_blank_values_mean_the_default(tmp_path: Path) -> None:
    blank = {variable.name: "  " for variable in VARIABLES} | {"STREAM_COUNT": ""}
    usual = Settings.load({"STREAMS_FILE": str(tmp_path / "streams.yaml")})
    assert Settings.load(blank | {"STREAMS_FILE": str(tmp_path / "streams.yaml")}) == usual


def test_all_problems_come_together(environ: Environ) -> None:
    (Path(environ["STREAMS_FILE"])).write_text("streams: [{name: ok}, {name: 'No!', url: 'gopher://x'}]")
    found = problems(environ, PORT="x", TZ="Mars", HOP_SECONDS="1", STREAM_1_URL="ftp://host/", STREAM_2_NAME="cafe!")
    for part in (
        "PORT",
        "TZ",
        "HOP_SECONDS",
        "STREAM_1",
        "STREAM_2",
        "streams.yaml, stream 1",
        "streams.yaml, stream 2",
    ):
        assert any(problem.startswith(part) for problem in found), part
    assert len(found) == 8
    assert str(SettingsError(found)).splitlines() == list(found)


@pytest.mark.parametrize(
    ("more", "part"),
    [
        pytest.param({"WINDOW_OFFSETS": "0,110"}, "ends after the slot's 120 s", id="a window ends after its slot"),
        pytest.param({"HOP_SECONDS": "10"}, "WINDOW_OFFSETS", id="a hop shorter than a window"),
        pytest.param({"UI_PORT": "44100"}, "UI_PORT=44100", id="two ports alike"),
        pytest.param({"PORT": "65533"}, "at most 65535", id="no room for the next ports"),
        pytest.param({"ACOUSTID_ENABLED": "true"}, "ACOUSTID_API_KEY", id="AcoustID without a key"),
    ],
)
def test_values_that_contradict_each_other_are_a_problem(environ: Environ, more: Environ, part: str) -> None:
    (problem,) = problems(environ, **more)
    assert part in problem


@given(hop_s=st.integers(5, 3600), window_s=st.integers(3, 60))
def test_continuous_windows_cover_the_whole_hop(hop_s: int, window_s: int) -> None:
    offsets = tiled(hop_s, window_s)
    ends = [0, *(offset + window_s for offset in offsets)]
    assert all(offset <= end for offset, end in zip(offsets, ends, strict=False))
    assert ends[-1] >= hop_s
    assert list(offsets) == sorted(set(offsets))


# streams


def test_streams_come_from_the_environment(environ: Environ) -> None:
    kexp, cafe = load(environ, STREAM_2_ENABLED="no").streams
    assert (kexp.name, kexp.url, kexp.display, kexp.enabled) == ("kexp", "http://127.0.0.1:1/kexp", "KEXP 90.3", True)
    assert (cafe.name, cafe.display, cafe.enabled) == ("cafe", "cafe", False)


def test_more_than_five_streams_are_fine(environ: Environ) -> None:
    many = {
        f"STREAM_{n}_{key}": f"{text}{n}" for n in range(3, 23) for key, text in (("NAME", "s"), ("URL", "http://h/"))
    }
    assert len(load(environ, **many, STREAM_COUNT="22").streams) == 22


def test_the_environment_wins_over_the_file(environ: Environ) -> None:
    Path(environ["STREAMS_FILE"]).write_text(
        "streams:\n"
        "  - {name: kexp, url: 'http://file/kexp', title: From the file}\n"
        "  - {name: bakery, url: 'http://file/bakery', enabled: false}\n"
    )
    settings = load(environ)
    assert [(stream.name, stream.url.split("/")[2]) for stream in settings.streams] == [
        ("kexp", "127.0.0.1:1"),
        ("cafe", "user:secret@127.0.0.1:1"),
        ("bakery", "file"),
    ]
    assert [stream.name for stream in settings.enabled_streams] == ["kexp", "cafe"]


def test_two_streams_of_one_name_are_a_problem_in_the_environment_and_in_the_file(environ: Environ) -> None:
    Path(environ["STREAMS_FILE"]).write_text("streams: [{name: b, url: 'http://h/1'}, {name: b, url: 'http://h/2'}]")
    assert [problem.split(":")[0] for problem in problems(environ, STREAM_2_NAME="kexp")] == [
        "STREAM_2",
        "streams.yaml, stream 2",
    ]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        pytest.param(b"streams: [", "not valid YAML at line", id="broken YAML"),
        pytest.param(b"\xff\xfe\x00", "cannot be read: it is not UTF-8", id="not text"),
        pytest.param(b"[]", "must hold a list under the key 'streams'", id="no mapping"),
        pytest.param(b"streams: {}", "must hold a list", id="no list"),
        pytest.param(b"streams: [kexp]", "must have the keys name and url", id="an entry that is a word"),
        pytest.param(b"streams: [{name: a}]", "url is missing", id="no url"),
        pytest.param(b"streams: [{url: 'http://h/'}]", "name is missing", id="no name"),
        pytest.param(b"streams: [{name: a, url: 'http://h/', pw: x}]", "unknown key 'pw'", id="unknown key"),
        pytest.param(b"streams: [{name: a, url: 'http://h/', enabled: maybe}]", "enabled must be", id="enabled"),
        pytest.param(b"streams: [{name: a, url: 'http://h/', title: 2026-13-45}]", "not valid YAML", id="no such day"),
        pytest.param(b"!!python/object:os.system {}", "not valid YAML", id="code"),
    ],
)
def test_a_wrong_streams_file_is_a_problem_that_names_it(environ: Environ, content: bytes, part: str) -> None:
    Path(environ["STREAMS_FILE"]).write_bytes(content)
    (problem,) = problems(environ)
    assert "streams.yaml" in problem
    assert part in problem


def test_a_folder_in_place_of_the_streams_file_is_a_problem(environ: Environ) -> None:
    Path(environ["STREAMS_FILE"]).mkdir()
    (problem,) = problems(environ)
    assert "cannot be read" in problem


@pytest.mark.parametrize("content", [b"", b"# nothing yet\n", b"streams: []"])
def test_a_streams_file_may_be_empty(environ: Environ, content: bytes) -> None:
    Path(environ["STREAMS_FILE"]).write_bytes(content)
    assert len(load(environ).streams) == 2


def test_a_changed_streams_file_is_read_again_and_a_broken_one_refused(environ: Environ) -> None:
    settings, path = load(environ), Path(environ["STREAMS_FILE"])
    path.write_text("streams: [{name: new, url: 'http://h/'}]")
    assert [stream.name for stream in settings.with_streams_read_again(environ).streams] == ["kexp", "cafe", "new"]
    path.write_text("streams: [")
    with pytest.raises(SettingsError, match=r"not valid YAML"):
        settings.with_streams_read_again(environ)


# passwords


SECRET = "s3cr3t-w0rd"
LEAKS = [
    pytest.param({"STREAM_2_URL": f"gopher://user:{SECRET}@host/"}, id="scheme not allowed"),
    pytest.param({"STREAM_2_URL": f"rtsp://user:{SECRET}@/"}, id="no host"),
    pytest.param({"STREAM_2_URL": f"rtsp://user:{SECRET}@host:port/"}, id="port is a word"),
    pytest.param({"STREAM_2_URL": f"http://user:{SECRET}"}, id="the host was forgotten"),
    pytest.param({"STREAM_2_URL": f"http://user:{SECRET}@[::1/"}, id="broken IPv6"),
    pytest.param({"STREAM_2_NAME": f"rtsp://user:{SECRET}@host/", "STREAM_2_URL": "cafe"}, id="name and URL swapped"),
    pytest.param({"NOTIFY_URLS": f"json://a, {SECRET}"}, id="no address"),
    pytest.param({"OTEL_EXPORTER_OTLP_ENDPOINT": f"htp://user:{SECRET}@host/"}, id="collector"),
    pytest.param({"SHAZAM_URL": f"htp://user:{SECRET}@host/"}, id="stand-in"),
]


@pytest.mark.parametrize("more", LEAKS)
def test_no_problem_repeats_a_password(environ: Environ, more: Environ) -> None:
    assert SECRET not in "\n".join(problems(environ, **more))


def test_no_problem_with_the_streams_file_repeats_a_password(environ: Environ) -> None:
    Path(environ["STREAMS_FILE"]).write_text(f"streams: [{{name: a, 'rtsp://user:{SECRET}@host/': }}]")
    assert SECRET not in "\n".join(problems(environ))


def test_the_repr_of_settings_holds_no_secret(environ: Environ) -> None:
    settings = load(
        environ,
        STREAM_2_URL=f"rtsp://user:{SECRET}@host/",
        ACOUSTID_API_KEY=SECRET,
        NOTIFY_URLS=f"slack://{SECRET}",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://user:{SECRET}@host/",
    )
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    "password", ["p@ss", "p:ss", "p/ss", "p?ss", "p#ss", "p ss", "p%ss", "p@ss/w@rd:#", "пароль", "p[ss]", "p\\ss"]
)
def test_odd_passwords_work_as_they_are(environ: Environ, password: str) -> None:
    stream = load(environ, STREAM_2_URL=f"rtsp://admin:{password}@camera:554/live").streams[1]
    parts = urlsplit(stream.url)
    assert (parts.hostname, parts.port, parts.path) == ("camera", 554, "/live")
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == ("admin", password)


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1).filter(lambda t: "%" not in t))
def test_quoting_keeps_the_password_and_doing_it_twice_changes_nothing(password: str) -> None:
    once = quote_userinfo(f"rtsp://admin:x{password}@camera/live")
    assert quote_userinfo(once) == once
    assert unquote(urlsplit(once).password or "") == f"x{password}"
    assert url_problem(once) is None


def test_a_password_in_bytes_that_are_not_utf8_stays_as_it_is() -> None:
    once = quote_userinfo("rtsp://admin:caf\udce9@camera/")
    assert once == quote_userinfo(once) == "rtsp://admin:caf%E9@camera/"


@pytest.mark.parametrize("url", ["http://host/a@b", "http://host:8000/a@b", "file:///music/a@b.flac", "no url at all"])
def test_an_at_sign_in_the_path_is_no_password(url: str) -> None:
    assert quote_userinfo(url) == url


# documentation

AGAIN = "run: python -m tagger_platform_tests.documented"


def test_env_example_agrees_with_the_settings() -> None:
    assert (documented.ROOT / ".env.example").read_text(encoding="utf-8") == documented.env_example(), AGAIN


def test_the_readme_table_agrees_with_the_settings() -> None:
    readme = (documented.ROOT / "README.md").read_text(encoding="utf-8")
    assert documented.between_markers(readme) == documented.readme_table(), AGAIN


def test_env_example_uncommented_is_the_default(tmp_path: Path) -> None:
    lines = [line[1:] for line in documented.env_example().splitlines() if line.startswith("#") and line[1:2] != " "]
    environ = dict(line.split("=", 1) for line in lines)
    assert set(environ) >= {variable.name for variable in VARIABLES}
    environ["STREAMS_FILE"] = str(tmp_path / "none.yaml")
    assert Settings.load(environ) == Settings.load({"STREAMS_FILE": environ["STREAMS_FILE"]})
