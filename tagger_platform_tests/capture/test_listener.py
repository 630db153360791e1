"""One stream on virtual time, with a decoder that plays what the test says."""

import errno

import pytest

from tagger_platform.capture.listener import Listener
from tagger_platform.capture.metrics import Metrics
from tagger_platform.capture.timeline import RATE
from tagger_platform.model import CaptureState, Stream
from tagger_platform_tests.capture.fakes import SILENCE, FakeFfmpeg

STEP_S = 0.2


class Rig:
    """A listener and its clock."""

    def __init__(self, url: str = "rtsp://bob:s3cret@cam/x") -> None:
        self.ffmpeg = FakeFfmpeg()
        self.now = 1000.0
        self.listener = Listener(Stream("cam", url), "ff", 12, self.ffmpeg, Metrics(), self.now)
        self.listener.tick(self.now)

    def run(self, seconds: float, sound: bytes | None = None, *, play: bool = True) -> None:
        """Time passes; the newest decoder plays in real time unless `play` is false."""
        for _ in range(round(seconds / STEP_S)):
            self.now += STEP_S
            if play and not self.ffmpeg.newest.gone():
                self.ffmpeg.newest.play(STEP_S, *([sound] if sound else []))
            self.listener.tick(self.now)

    def quiet(self, seconds: float) -> None:
        self.run(seconds, play=False)

    @property
    def state(self) -> str:
        return self.listener.condition.state


def test_what_is_heard_can_be_cut_and_the_title_is_known():
    rig = Rig("http://fm/live")
    rig.ffmpeg.newest.say("[http @ 0x5] Metadata update for StreamTitle: A - B")
    rig.run(20)
    assert rig.state == "live"
    assert rig.listener.icy_title == "A - B"
    samples = rig.listener.cut(rig.now - 12.5, 12)
    assert samples is not None
    assert len(samples) == 12 * RATE
    rig.ffmpeg.newest.say("Metadata update for StreamTitle: ")
    rig.run(1)
    assert rig.listener.icy_title is None


def test_bytes_that_end_within_a_sample_are_put_together():
    rig = Rig()
    rig.run(5)
    rig.ffmpeg.newest._audio = b"\x01"
    rig.quiet(0.2)
    rig.ffmpeg.newest._audio = b"\x02\x03\x04"
    rig.quiet(0.2)
    assert rig.listener._connection is not None
    assert rig.listener._connection.half_sample == b""


def test_a_stream_that_stops_is_stalled_ended_and_tried_again():
    rig = Rig()
    rig.run(10)
    first = rig.ffmpeg.newest
    first.stubborn = True
    stopped = rig.now
    rig.quiet(10.2)
    assert rig.state == CaptureState.STALLED
    assert first.stops == [False]
    rig.quiet(1.2)
    assert first.stops[-1] is True
    assert first.closed
    rig.quiet(2)
    assert len(rig.ffmpeg.started) == 2
    rig.run(5)
    assert rig.state == "live"
    state, detail = rig.listener.reason(stopped - 2, 12)
    assert state is CaptureState.STALLED
    assert "restart it" in detail


def test_ffmpegs_own_timeout_is_a_stall_too_even_when_it_gives_out_its_rest():
    rig = Rig("http://fm/live")
    rig.run(10)
    stopped = rig.now
    rig.quiet(8)
    rig.ffmpeg.newest.play(0.05)
    rig.ffmpeg.newest.end("http://fm/live: Connection timed out")
    rig.quiet(0.6)
    assert rig.state == CaptureState.STALLED
    assert rig.listener.reason(stopped - 4, 12)[0] is CaptureState.STALLED


def test_a_pause_makes_the_window_discontinuous_and_the_next_one_whole():
    rig = Rig()
    rig.run(10)
    paused = rig.now
    rig.quiet(2.4)
    rig.run(17)
    assert rig.state == "live"
    assert rig.listener.cut(paused - 5, 12) is None
    assert rig.listener.reason(paused - 5, 12) == (CaptureState.DISCONTINUOUS, "no audio came for 2.6 s")
    assert rig.listener.cut(paused + 4, 12) is not None


def test_where_we_looked_late_nothing_is_lost():
    rig = Rig()
    rig.run(10)
    rig.now += 3.0
    rig.ffmpeg.newest.play(3.0)  # the pipe kept it
    rig.listener.tick(rig.now)
    rig.run(4)
    assert rig.listener.cut(rig.now - 12.5, 12) is not None


def test_digital_silence_is_blank_until_sound_comes_and_asked_for_ever_less():
    rig = Rig()
    rig.run(10)
    rig.run(61, SILENCE)
    assert rig.state == CaptureState.BLANK
    rig.run(4, SILENCE)
    assert len(rig.ffmpeg.started) == 2
    rig.run(100, SILENCE)
    assert len(rig.ffmpeg.started) == 2  # two minutes now
    rig.run(30, SILENCE)
    assert len(rig.ffmpeg.started) == 3
    assert rig.state == CaptureState.BLANK
    rig.run(1)
    assert rig.state == "live"


def test_a_wrong_password_is_tried_slowly_and_never_told():
    rig = Rig()
    rig.ffmpeg.newest.end("method DESCRIBE failed: 401 Unauthorized")
    rig.quiet(40)
    assert len(rig.ffmpeg.started) == 1
    assert rig.state == CaptureState.AUTH_FAILED
    assert "s3cret" not in rig.listener.condition.detail + repr(rig.listener.stream)
    rig.quiet(40)
    assert len(rig.ffmpeg.started) >= 2


def test_a_stream_that_did_play_is_looked_for_soon_even_if_the_server_says_404():
    rig = Rig()
    rig.run(10)
    rig.ffmpeg.newest.end()
    for _ in range(3):
        rig.quiet(6)
        rig.ffmpeg.newest.end("method DESCRIBE failed: 404 Not Found")
    assert len(rig.ffmpeg.started) == 4
    assert rig.state == CaptureState.NOT_FOUND


def test_a_camera_that_refuses_audio_alone_is_asked_once_more_and_what_worked_is_kept():
    rig = Rig()
    rig.ffmpeg.newest.end("method PLAY failed: 454 Session Not Found", "Server returned 4XX Client Error")
    rig.quiet(1)
    assert len(rig.ffmpeg.started) == 2
    assert rig.state == CaptureState.STARTING
    assert "allowed_media_types" not in " ".join(rig.ffmpeg.newest.command)
    rig.run(5)
    rig.ffmpeg.newest.end()
    rig.quiet(3)
    assert len(rig.ffmpeg.started) == 3
    assert "allowed_media_types" not in " ".join(rig.ffmpeg.newest.command)


def test_video_alone_is_no_audio_after_both_attempts():
    rig = Rig()
    rig.ffmpeg.newest.end("method PLAY failed: 454 Session Not Found", "Server returned 4XX Client Error")
    rig.quiet(1)
    rig.ffmpeg.newest.end("Stream map '0:a:0' matches no streams.")
    rig.quiet(10)
    assert rig.state == CaptureState.NO_AUDIO
    assert len(rig.ffmpeg.started) == 2


def test_a_file_that_ends_is_played_again_at_the_same_pace_for_ever():
    rig = Rig("file:///x.wav")
    for again in range(1, 8):
        rig.run(4)
        rig.ffmpeg.newest.end()
        rig.quiet(3)
        assert len(rig.ffmpeg.started) == again + 1
    assert "file ended" in rig.listener.condition.detail


def test_hls_comes_in_pieces_and_that_is_no_gap():
    rig = Rig("https://h/live.m3u8")
    rig.ffmpeg.newest.play(18)
    rig.quiet(6)
    for _ in range(6):
        rig.ffmpeg.newest.play(6)
        rig.quiet(6)
    assert rig.state == "live"
    assert rig.listener.cut(rig.now - 20, 12) is not None


def test_an_ffmpeg_that_cannot_be_started_is_a_failure_like_any_other():
    rig = Rig()
    rig.ffmpeg.newest.end()
    rig.ffmpeg.fault = OSError(errno.EAGAIN, "Resource temporarily unavailable")
    rig.quiet(3)
    assert "ffmpeg cannot be started: Resource temporarily unavailable" in rig.listener.condition.detail
    rig.ffmpeg.fault = None
    rig.quiet(10)
    assert len(rig.ffmpeg.started) >= 2


@pytest.mark.parametrize("stubborn", [False, True])
def test_stopping_for_good(stubborn: bool):
    rig = Rig()
    rig.run(1)
    rig.ffmpeg.newest.stubborn = stubborn
    rig.listener.stop()
    assert rig.listener.stopped() is not stubborn
    rig.listener.stop(hard=True)
    assert rig.listener.stopped()
    assert rig.ffmpeg.newest.closed
