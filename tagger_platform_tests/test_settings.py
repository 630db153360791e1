"""Where settings come from, which contradict each other, and that people are told all that is wrong at once."""

from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.errors import SettingsError
from tagger_platform.settings import VARIABLES, Settings, tiled
from tagger_platform.stream_config import quote_userinfo, secrets_of_url, url_problem
from tagger_platform_tests import documented

Environ = dict[str, str]


def load(environ: Environ, **more: str) -> Settings:
    return Settings.load({**environ, **more})


def problems(environ: Environ, **more: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(environ, **more)
    return caught.value.problems


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
    ("url", "found"),
    [
        ("http://user:abc@h/x", {"abc"}),
        ("http://T0KEN99@h/x", {"T0KEN99"}),
        ("http://admin@h/x", set()),
        ("http://h/x?id=KEXP99", {"KEXP99"}),
        ("http://h/x?pwd=1234&n=1234", {"1234"}),
        ("http://h/x?accessToken=ab12", {"ab12"}),
        ("http://h/x?token=mp3&type=http", set()),
        ("http://h/x?T0KEN99", {"T0KEN99"}),
        ("http://h/x?T0KEN99==", {"T0KEN99"}),
        ("http://h/x?nocache&download=&stream", set()),
        ("rtsp://h:554/user=admin&password=hunter22&channel=1.sdp", {"hunter22"}),
        ("rtsp://h/user=admin_password=hunter22_channel=1", {"hunter22"}),
        ("http://h/live;password=hunter22", {"hunter22"}),
        ("http://h/live;x=hunter22/stream.mp3", set()),
        ("http://h/live/stream.mp3", set()),
    ],
)
def test_what_may_be_a_secret_in_a_streams_url(url: str, found: set[str]) -> None:
    assert {*secrets_of_url(url)} - {""} == found


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
