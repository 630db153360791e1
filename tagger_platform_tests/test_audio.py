"""Any audio file becomes samples; what is no audio becomes a sentence."""

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time

import imageio_ffmpeg
import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3, TALB, TIT2, TPE1, TPUB, TSRC
from mutagen.mp4 import MP4

from tagger_platform import audio, confined
from tagger_platform.audio import decode, read_tags, read_window
from tagger_platform.errors import AudioError, RequestError

FFMPEG = shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()
RATE = 12_000
CODECS = {
    "tone.mp3": [],
    "tone.wav": [],
    "tone.flac": [],
    "tone.ogg": ["-c:a", "libvorbis"],
    "tone.opus": ["-c:a", "libopus"],
    "tone.m4a": [],
    "tone.aac": [],
    "tone.aiff": [],
    "tone.webm": ["-c:a", "libopus"],
}


def tone(seconds, rate=44_100, frequency=1000.0):
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


@pytest.fixture
def wav(tmp_path):
    path = tmp_path / "tone of ours.wav"
    soundfile.write(path, tone(3.0), 44_100)
    return path


@pytest.fixture
def make(wav, tmp_path):
    """A file made by ffmpeg from three seconds of 1 kHz."""

    def made(name, *arguments):
        path = tmp_path / name
        subprocess.run([FFMPEG, "-nostdin", "-v", "error", "-i", wav, *arguments, path], check=True)
        return path

    return made


def everything(path, rate=RATE):
    return np.concatenate(list(decode(path, rate, FFMPEG)))


def loudest_hertz(samples, rate):
    return np.argmax(np.abs(np.fft.rfft(samples))) * rate / len(samples)


@pytest.mark.parametrize("rate", [12_000, 16_000])
@pytest.mark.parametrize("name", CODECS)
def test_every_format_decodes_to_mono_at_the_wanted_rate(name, rate, make):
    samples = everything(make(name, *CODECS[name]), rate)
    assert samples.dtype == np.float32
    assert len(samples) / rate == pytest.approx(3.0, abs=0.15)
    assert loudest_hertz(samples, rate) == pytest.approx(1000, abs=2)
    assert np.abs(samples[rate : 2 * rate]).max() == pytest.approx(0.5, abs=0.05)


def test_a_file_is_known_by_its_content_and_not_by_its_name(make):
    path = make("tone.mp3")
    assert len(everything(path.rename(path.with_name("-tone:of%d 'ours'.txt")))) > 2.9 * RATE


def test_192_khz_in_eight_channels_decodes(make):
    path = make("wide.wav", "-ar", "192000", "-ac", "8")
    assert loudest_hertz(everything(path), RATE) == pytest.approx(1000, abs=2)
    assert loudest_hertz(read_window(path, RATE), RATE) == pytest.approx(1000, abs=2)


def test_a_long_file_comes_in_blocks(tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.tile(tone(10, 8000), 12), 8000)
    blocks = list(decode(path, RATE, FFMPEG))
    assert sum(map(len, blocks)) == pytest.approx(120 * RATE, abs=100)
    assert len(blocks) > 3
    assert max(map(len, blocks)) * 4 < 2 * audio.BLOCK_BYTES


def test_a_file_whose_end_is_missing_gives_what_is_there(make):
    path = make("tone.mp3")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert 1.5 * RATE < len(everything(path)) < 2.5 * RATE


def test_the_audio_of_a_file_with_a_picture_is_read(make):
    path = make("film.mp4", "-f", "lavfi", "-i", "color=c=red:s=64x64:d=3", "-map", "0:a", "-map", "1:v")
    assert len(everything(path)) == pytest.approx(3 * RATE, abs=0.15 * RATE)


def _bytes(seed, count):
    return np.random.default_rng(seed).bytes(count)


BAD = {
    "text": (b"These are words.\n" * 500, "not audio"),
    "encrypted": (_bytes(1, 50_000), "not audio"),
    "a playlist": (
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        "not audio",
    ),
    "empty": (b"", "is empty"),
    "a header only": (b"ID3\x03\x00\x00\x00\x00\x0f\x76" + bytes(100), "not audio"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("read", [everything, lambda path: read_window(path, RATE)], ids=["decode", "read_window"])
def test_what_is_no_audio_gets_a_sentence_with_the_file_name(read, content, sentence, tmp_path):
    path = tmp_path / "broken.mp3"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=rf"broken\.mp3.*{sentence}"):
        read(path)


def test_a_window_whose_head_claims_an_hour_of_few_samples_is_damaged(tmp_path):
    soundfile.write(tmp_path / "window.wav", np.zeros(32_000, np.float32), 8)
    with pytest.raises(AudioError, match=r"window\.wav is no window, or it is damaged: it claims 8 samples a second"):
        read_window(tmp_path / "window.wav", 16_000)


def test_a_window_whose_head_claims_terabytes_is_damaged(tmp_path):
    path = tmp_path / "window.flac"
    soundfile.write(path, tone(12, 16_000), 16_000)
    content = bytearray(path.read_bytes())
    content[21:26] = bytes([content[21] | 0x0F, 0xFF, 0xFF, 0xFF, 0xFF])  # 36 bits: how many samples there are
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"window\.flac is no window, or it is damaged: .* 68719476735 samples"):
        read_window(path, 16_000)


@pytest.mark.parametrize("read", [everything, lambda path: read_window(path, RATE)], ids=["decode", "read_window"])
@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda path: None, "is not there"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: soundfile.write(path, tone(0.5), 44_100), "only 0.5 s"),
        (lambda path: soundfile.write(path, tone(0.0), 44_100), "not audio|only 0.0 s"),
    ],
    ids=["missing", "a folder", "half a second", "no sample"],
)
def test_what_holds_no_second_of_audio_gets_a_sentence(read, prepare, sentence, tmp_path):
    path = tmp_path / "odd.wav"
    prepare(path)
    with pytest.raises(AudioError, match=sentence):
        read(path)


def test_a_playlist_does_not_make_ffmpeg_read_other_files(make):
    path = make("tone.mp3").with_name("list.mp3")
    path.write_text("ffconcat version 1.0\nfile tone.mp3\n")
    with pytest.raises(AudioError, match="not audio"):
        everything(path)


def test_a_film_without_sound_has_no_audio_stream(make):
    path = make("mute.mp4", "-f", "lavfi", "-i", "color=c=red:s=64x64:d=3", "-map", "1:v")
    with pytest.raises(AudioError, match="no audio stream"):
        everything(path)


def test_a_missing_ffmpeg_is_a_wrong_setting(wav):
    with pytest.raises(RequestError, match="could not be started"):
        list(decode(wav, RATE, wav.parent / "no-ffmpeg"))


CTRL_C_WHILE_FORKING = """
import os, signal, sys
from pathlib import Path
from tagger_platform.audio import decode

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    sum(range(100))  # the handler runs here, if it runs in the thread that forks

os.register_at_fork(after_in_parent=interrupt)
try:
    list(decode(Path(sys.argv[1]), 12_000, sys.argv[2]))
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_ctrl_c_is_heard_while_ffmpeg_is_started(wav):
    said = subprocess.run(
        [sys.executable, "-c", CTRL_C_WHILE_FORKING, wav, FFMPEG], capture_output=True, text=True, timeout=60
    )
    assert (said.stdout, said.stderr) == ("interrupted\n", "")


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_an_ffmpeg_that_hangs_is_given_up_and_killed(wav, tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "STALL_S", 0.3)
    hanging = script(tmp_path / "hanging", f"echo $$ > {tmp_path}/pid\nexec sleep 60")
    began = time.monotonic()
    with pytest.raises(AudioError, match="nothing came"):
        list(decode(wav, RATE, hanging))
    assert time.monotonic() - began < 5
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_reader_that_loses_interest_leaves_no_process(wav, tmp_path):
    endless = script(tmp_path / "endless", f"echo $$ > {tmp_path}/pid\nexec cat /dev/zero")
    blocks = decode(wav, RATE, endless)
    next(blocks)
    blocks.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_window_read_quickly_is_what_ffmpeg_makes_of_it(tmp_path):
    path = tmp_path / "window.flac"
    soundfile.write(path, tone(12, 16_000), 16_000)
    quick, slow = read_window(path, RATE), everything(path)
    assert len(quick) == 12 * RATE
    assert np.abs(quick[1000:-1000] - slow[: len(quick)][1000:-1000]).max() < 0.01


def test_samples_that_are_no_numbers_become_silence(tmp_path):
    path = tmp_path / "nan.wav"
    samples = tone(2, RATE)
    samples[500:600] = np.nan
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    assert np.isfinite(read_window(path, RATE)).all()
    assert np.isfinite(everything(path)).all()


TAGGED = {"title": "Agua", "artist": "Los Ríos", "album": "Mar", "isrc": "USRC17607839", "label": "Orilla"}


def tag(path):
    if path.suffix in (".mp3", ".wav", ".aiff"):
        frames = dict(zip((TIT2, TPE1, TALB, TSRC, TPUB), TAGGED.values(), strict=True))
        file = mutagen.File(path)
        if file.tags is None:
            file.add_tags()
        assert isinstance(file.tags, ID3)
        for frame, text in frames.items():
            file.tags.add(frame(encoding=3, text=[text]))
    elif path.suffix == ".m4a":
        file = MP4(path)
        free = {name: "----:com.apple.iTunes:" + name.upper() for name in ("isrc", "label")}
        file.update({"\xa9nam": ["Agua"], "\xa9ART": ["Los Ríos"], "\xa9alb": ["Mar"]})
        file.update({key: [TAGGED[name].encode()] for name, key in free.items()})
    else:
        file = mutagen.File(path)
        file.update(TAGGED)
    file.save()


@pytest.mark.parametrize(
    "name", ["tone.mp3", "tone.wav", "tone.aiff", "tone.m4a", "tone.flac", "tone.ogg", "tone.opus"]
)
def test_tags_are_read_from_every_format(name, make):
    path = make(name, *CODECS[name])
    tag(path)
    tags = read_tags(path)
    assert {field: getattr(tags, field) for field in TAGGED} == TAGGED
    assert tags.duration_s == pytest.approx(3.0, abs=0.15)


@pytest.mark.parametrize("name", ["tone.mp3", "tone.flac", "tone.wav", "tone.aac"])
def test_a_file_without_tags_has_its_stem_as_title(name, make):
    assert read_tags(make(name)).title == "tone"


@pytest.mark.parametrize(
    "content", [b"", b"words", _bytes(2, 5000), b"ID3\x04\x00\x00\x00\x00\x0f\x76junk", b"fLaC\x00\x00\x00"]
)
def test_tags_that_cannot_be_read_are_as_good_as_none(content, tmp_path):
    path = tmp_path / "Some Song.flac"
    path.write_bytes(content)
    assert read_tags(path) == audio.Tags("Some Song")


def test_tags_that_end_in_the_middle_are_as_good_as_none(tmp_path):
    path = tmp_path / "cut.ogg"
    soundfile.write(path, tone(3.0), 44_100)
    content = bytearray(path.read_bytes())
    content[content.index(b"OggS", 4) + 27] -= 1  # the tags' length, in the head of the second page
    path.write_bytes(content)
    with pytest.raises(IndexError):  # not one of mutagen's own errors
        mutagen.File(path)
    assert read_tags(path).title == "cut"


def test_tags_of_a_file_that_has_vanished_are_as_good_as_none(tmp_path):
    assert read_tags(tmp_path / "gone.mp3") == audio.Tags("gone")


LISTS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n",
    "master.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{target}\n",
    "ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "concat.ffconcat": "ffconcat version 1.0\nfile 'concat:{target}|{target}'\n",
    "pls": "[playlist]\nFile1={target}\nNumberOfEntries=1\n",
    "mpd": '<?xml version="1.0"?><MPD><BaseURL>{target}</BaseURL></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\na=control:{target}\n",
}
"""Files that make a player play another, of each kind."""


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("named", ["as it is", "as mp3"])
def test_no_list_makes_ffmpeg_open_another_file_or_address(kind, named, make, tmp_path):
    secret = make("secret.wav")  # it could be played: what keeps it silent is that nobody opens it
    path = tmp_path / (f"list.{kind}" if named == "as it is" else "list.mp3")
    with socket.create_server(("127.0.0.1", 0)) as server:
        for target in (secret, secret.as_uri(), f"http://127.0.0.1:{server.getsockname()[1]}/secret"):
            path.write_text(LISTS[kind].format(target=target))
            with pytest.raises(AudioError, match="not audio"):
                everything(path)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_such_a_list_would_be_followed_without_our_limits(make, tmp_path):
    path = tmp_path / "list.mp3"
    path.write_text(LISTS["ffconcat"].format(target=make("secret.wav")))
    followed = [FFMPEG, "-v", "error", "-safe", "0", "-f", "concat", "-i", path, "-f", "f32le", "pipe:1"]
    assert len(subprocess.run(followed, capture_output=True, check=True).stdout) > 44_100


def test_an_ffmpeg_that_takes_too_much_memory_or_writes_too_much_is_stopped(wav, tmp_path):
    greedy = script(
        tmp_path / "greedy",
        f"exec {sys.executable} -c 'import sys; sys.stderr.write(\"x\" * 5_000_000); bytearray(4 << 30); print(1)'",
    )
    with pytest.raises(AudioError, match="not audio"):
        list(decode(wav, RATE, greedy))


def test_the_limits_are_set_in_the_process_itself(wav, tmp_path):
    telling = script(tmp_path / "telling", f"cp /proc/self/limits {tmp_path}/limits")
    with pytest.raises(AudioError):
        list(decode(wav, RATE, telling))
    told = dict(re.findall(r"^Max (.*?)\s{2,}(\d+) ", (tmp_path / "limits").read_text(), re.MULTILINE))
    assert told["address space"] == str(confined.MEMORY_BYTES)
    assert told["cpu time"] == str(confined.CPU_S)
    assert told["file size"] == str(confined.WRITTEN_BYTES)
    assert told["core file size"] == "0"


def test_a_length_that_is_never_told_is_given_up(wav, tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "LENGTH_S", 0.3)
    hanging = script(tmp_path / "hanging", f"echo $$ > {tmp_path}/pid\nexec sleep 60")
    with pytest.raises(AudioError, match="could not be read within"):
        audio.length_s(wav, hanging)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
