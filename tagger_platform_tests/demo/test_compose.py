"""The demo's recordings: many, different, repeatable, pleasant in level, and cached whole or not at all."""

import itertools

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC
from scipy.signal import stft

from tagger_platform.audio import read_window
from tagger_platform.demo import compose
from tagger_platform.demo.babble import babble
from tagger_platform.fingerprint.index import Index
from tagger_platform.fingerprint.match import identify
from tagger_platform.fingerprint.peaks import RATE
from tagger_platform_tests.fingerprint.conftest import fingerprinted

STRETCH = 258  # frames of the spectrogram in 12 s


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    return compose.render(tmp_path_factory.mktemp("recordings"))


@pytest.fixture
def two_jingles(monkeypatch):
    """A songbook that is rendered in no time."""
    jingles = tuple(it for it in compose.RECORDINGS if it.kind == "jingle")[:2]
    monkeypatch.setattr(compose, "RECORDINGS", jingles)
    return jingles


def of_kind(pieces, kind):
    return [piece for piece in pieces if piece.kind == kind]


def spectrogram(piece):
    samples, rate = soundfile.read(piece.path)
    assert rate == 44_100
    _, _, bins = stft(samples.mean(axis=1)[::4], rate / 4, nperseg=1024, noverlap=512)
    levels = np.log(1e-3 + np.abs(bins[5:400]))
    return levels - levels.mean(axis=1, keepdims=True)


def likeness(stretch, levels):
    """How alike `stretch` and every stretch of `levels` are: 1 is the same, 0 has nothing to do with it."""
    size = 1 << (levels.shape[1] + STRETCH).bit_length()
    product = np.fft.rfft(levels, size, axis=1) * np.conj(np.fft.rfft(stretch, size, axis=1))
    common = np.fft.irfft(product.sum(axis=0), size)[: levels.shape[1] - STRETCH]
    energy = np.concatenate([[0], np.cumsum((levels**2).sum(axis=0))])
    return common / np.sqrt((energy[STRETCH:] - energy[:-STRETCH])[: len(common)] * (stretch**2).sum())


def test_there_are_ten_songs_of_about_a_minute_and_short_jingles(pieces):
    songs, jingles = of_kind(pieces, "music"), of_kind(pieces, "jingle")
    assert len(songs) >= 10
    assert all(50 <= song.seconds <= 75 for song in songs)
    assert all(6 <= jingle.seconds <= 8 for jingle in jingles)
    assert len({piece.path for piece in pieces}) == len(pieces)


def test_files_last_as_long_as_they_say_and_peak_at_minus_three_decibels(pieces):
    for piece in pieces:
        samples, rate = soundfile.read(piece.path)
        assert len(samples) / rate == pytest.approx(piece.seconds)
        assert 20 * np.log10(np.abs(samples).max()) == pytest.approx(-3, abs=0.2), piece.title


def test_files_carry_title_artist_and_album(pieces):
    for piece in of_kind(pieces, "music"):
        tags = FLAC(piece.path)
        assert (tags["title"], tags["artist"], tags["album"]) == ([piece.title], [piece.artist], [piece.album])
        assert all((piece.title, piece.artist, piece.album))


def test_the_same_recipe_gives_the_same_samples():
    song = min((it for it in compose.RECORDINGS if it.song), key=lambda it: it.song.seconds)
    assert np.array_equal(song.samples(), song.samples())
    assert np.array_equal(babble(1, 4), babble(1, 4))
    assert not np.array_equal(babble(1, 4), babble(2, 4))


def test_songs_are_unlike_each_other(pieces):
    levels = [spectrogram(piece) for piece in of_kind(pieces, "music")]
    for one, other in itertools.permutations(levels, 2):
        assert likeness(one[:, 600 : 600 + STRETCH], other).max() < 0.5


def test_no_twelve_seconds_of_a_song_come_again(pieces):
    for piece in of_kind(pieces, "music"):
        levels = spectrogram(piece)
        for start in range(0, levels.shape[1] - STRETCH, STRETCH):
            alike = likeness(levels[:, start : start + STRETCH], levels)
            assert alike[start] == pytest.approx(1, abs=0.01)
            alike[max(0, start - 20) : start + 20] = 0
            assert alike.max() < 0.65, piece.title


def test_a_station_is_known_by_the_end_of_its_jingle(pieces, tmp_path):
    index = Index(tmp_path)
    jingles = {piece.title: read_window(piece.path, RATE) for piece in of_kind(pieces, "jingle")}
    index.add([fingerprinted(title, samples) for title, samples in jingles.items()])
    for title, samples in jingles.items():
        found = identify(samples[3 * RATE :], index)
        assert (found and found.track.item_id) == title


def test_rendering_again_leaves_a_complete_cache_alone(tmp_path, two_jingles):
    first = compose.render(tmp_path)
    before = {piece.path: piece.path.stat().st_mtime_ns for piece in first}
    assert compose.render(tmp_path) == first
    assert before == {path: path.stat().st_mtime_ns for path in before}


@pytest.mark.parametrize("damage", ["a file is missing", "another version", "the index is cut short"])
def test_a_cache_that_is_not_complete_is_rendered_again(tmp_path, two_jingles, monkeypatch, damage):
    first = compose.render(tmp_path)
    if damage == "a file is missing":
        first[0].path.unlink()
    elif damage == "another version":
        monkeypatch.setattr(compose, "VERSION", compose.VERSION + 1)
    else:
        (tmp_path / compose.INDEX).write_text('{"version"')
    before = first[1].path.stat().st_mtime_ns
    assert compose.render(tmp_path) == first
    assert first[0].path.exists()
    assert first[1].path.stat().st_mtime_ns > before
    assert not list(tmp_path.rglob("*.partial"))
