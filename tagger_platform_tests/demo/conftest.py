"""What the demo's tests share: a real ffmpeg as a listener, tones as programmes, and where they are heard."""

import asyncio
import shutil
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile

HEARD_RATE = 16_000
FLAGS = {
    "rtsp": "-protocol_whitelist rtp,tcp,crypto -rtsp_transport tcp -timeout 8000000 -analyzeduration 1000000",
    "http": "-protocol_whitelist http,tcp -rw_timeout 8000000 -analyzeduration 1000000 -probesize 65536",
}


@pytest.fixture(scope="session")
def ffmpeg():
    return shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()


@pytest.fixture(scope="session")
def listen(ffmpeg):
    """``await listen(url, seconds)``: the samples that ffmpeg heard, its complaints, and how long it took."""

    async def hear(url, seconds):
        head = ["-nostdin", "-hide_banner", "-nostats", "-loglevel", "warning", *FLAGS[url[:4]].split()]
        tail = f"-map 0:a:0 -t {seconds} -ac 1 -ar {HEARD_RATE} -f s16le pipe:1".split()
        begun = asyncio.get_running_loop().time()
        process = await asyncio.create_subprocess_exec(
            ffmpeg, *head, "-i", url, *tail, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), seconds + 10)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        samples = np.frombuffer(out, dtype="<i2") / 32768
        return samples, err.decode(), asyncio.get_running_loop().time() - begun

    return hear


def tone(path: Path, hertz, rate=44_100):
    """A FLAC file in which each second has its own frequency, one of `hertz`."""
    time = np.arange(rate) / rate
    mono = np.concatenate([0.5 * np.sin(2 * np.pi * each * time) for each in hertz])
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.column_stack([mono, mono]), rate, format="FLAC")


def pitch(samples):
    """The strongest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * HEARD_RATE / len(samples)
