"""Settings from the environment, and `streams.yaml`."""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

from tagger_platform import stream_config
from tagger_platform.errors import SettingsError
from tagger_platform.model import STREAM_NAME
from tagger_platform.settings import VARIABLES, Settings, secrets, shown
from tagger_platform_tests.fuzz.inputs import WORDS
from tagger_platform_tests.fuzz.target import Target
from tagger_platform_tests.test_setting_values import BAD, GOOD

NAMES = [variable.name for variable in VARIABLES if variable.name != "STREAMS_FILE"]
STREAM_NAMES = [
    *("STREAM_COUNT", "STREAM_0_NAME", "STREAM_999999999999_URL", "STREAM_²_URL"),
    *(f"STREAM_{number}_{key}" for number in (1, 2, 3) for key in ("NAME", "URL", "TITLE", "ENABLED")),
]
SECRET = "w0rd-0f-pass"
URLS = st.one_of(
    WORDS,
    st.sampled_from(
        ["http://h/live", f"rtsp://u:{SECRET}@h/x", "http://[::1", "file:///a b", "http://h:99999/", "@:/"]
    ),
    st.builds(
        "{}://{}:{}@{}/{}?{}".format,
        st.sampled_from([*stream_config.SCHEMES, "", "x"]),
        WORDS,
        WORDS,
        WORDS,
        WORDS,
        WORDS,
    ),
)
KNOWN_VALUES = st.sampled_from([case[1] for case in (*GOOD, *BAD)])
ENVIRONMENTS = st.tuples(
    st.dictionaries(st.sampled_from(NAMES), WORDS | KNOWN_VALUES | URLS, max_size=6),
    st.dictionaries(
        st.sampled_from(STREAM_NAMES), WORDS | URLS | st.sampled_from(["kexp", "1", "3", "yes"]), max_size=9
    ),
).map(lambda both: both[0] | both[1])


def judge_environment(environ: Mapping[str, str]) -> None:
    holders = {name: value for name, value in environ.items() if SECRET in value}
    in_addresses = all(re.fullmatch(rf"\w+://\S*:{SECRET}@\S*", value) for value in holders.values())
    try:
        settings = Settings.load({**environ, "STREAMS_FILE": "/nowhere/streams.yaml"})
    except SettingsError as error:
        assert error.problems
        assert all(len(problem.split()) >= 3 for problem in error.problems), error.problems
        assert not in_addresses or SECRET not in str(error), "a password is in the message"
        return
    assert len({stream.name for stream in settings.streams}) == len(settings.streams)
    assert all(STREAM_NAME.fullmatch(stream.name) and stream.kind and stream.safe_url for stream in settings.streams)
    if in_addresses and all(name.endswith("_URL") and name.startswith("STREAM_") for name in holders):
        assert SECRET not in repr(settings), "a password is in the repr"
        assert SECRET not in str(shown(settings))
    assert all(isinstance(secret, str) for secret in secrets(settings))
    assert all(stream.title.encode() is not None for stream in settings.streams)


ENTRIES = [
    b'streams:\n- {name: kexp, url: "http://h/live", title: "KEXP 90.3", enabled: true}\n',
    b"streams:\n- name: cam\n  url: rtsp://u:p%40@h:554/x\n- name: two\n  url: file:///a/b.wav\n  enabled: no\n",
    b"streams: [{name: a, url: *x}]\n",
    b'streams: [{name: a, url: "http://u:\\ud800@h/", title: "\\udfff"}]\n',
    b"&a [*a, *a]\n",
    b"streams: [" + b"[" * 600,
    b"a: &a [x,x]\nb: &b [*a,*a]\nstreams: [*b]\n",
    b"streams: [{name: 2026-02-30, url: 0x_}]\n",
    b"",
]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(st.sampled_from(ENTRIES)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(content)))
        put = draw(
            st.one_of(
                st.binary(max_size=6),
                WORDS.map(lambda word: word.encode(errors="replace")),
                URLS.map(lambda url: url.encode(errors="replace")),
            )
        )
        content[at : at + draw(st.integers(0, 6))] = put
    return bytes(content)


def judge_streams_file(content: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        file.write(content)
        file.flush()
        streams, problems = stream_config.from_file(Path(file.name))
    assert all(len(problem.split()) >= 3 for problem in problems), problems
    assert all(STREAM_NAME.fullmatch(stream.name) for stream in streams)
    assert all(stream_config.url_problem(stream.url) is None for stream in streams)
    assert all(stream.title.encode() is not None for stream in streams)


TARGETS = [
    Target("settings", 0.15, ENVIRONMENTS, judge_environment),
    Target("streams.yaml", 0.1, files(), judge_streams_file),
]
