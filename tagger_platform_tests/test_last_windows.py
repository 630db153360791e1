"""What is kept of the newest window of a stream, and what goes when capture begins."""

from pathlib import Path

import pytest

from tagger_platform.spool.last_windows import LastWindows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept = LastWindows(tmp_path / "last", keep_audio=True)
    for stream in ("kexp", "gone"):
        kept.keep(stream, b"picture", b"audio")
    (tmp_path / "last" / ".kexp.png.new").write_bytes(b"half a pic")
    return tmp_path / "last"


@pytest.mark.parametrize(("keep_audio", "left"), [(True, {"kexp.png", "kexp.flac"}), (False, {"kexp.png"})])
def test_at_the_start_what_is_no_longer_to_be_kept_goes(folder: Path, keep_audio: bool, left: set[str]):
    LastWindows(folder, keep_audio=keep_audio).begin(["kexp"])
    assert {path.name for path in folder.iterdir()} == left


def test_a_start_without_a_folder_is_fine(tmp_path: Path):
    LastWindows(tmp_path / "none").begin(["kexp"])
    assert not (tmp_path / "none").exists()
