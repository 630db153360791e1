"""`tagger demo`: what is different when the platform listens to its own built-in radio stations.

What belongs here: the demo's settings, its music in the catalogue, and its radio as one more process. What does
not: composing and serving (`tagger_platform.demo`), its past (`demo_history`).
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
from dotenv import set_key

from tagger_platform.capture.ffmpeg import find_ffmpeg
from tagger_platform.cli.demo_history import make_history, map_history
from tagger_platform.cli.supervisor import Process
from tagger_platform.demo.compose import render
from tagger_platform.demo.model import packaged_model
from tagger_platform.demo.radio import stations
from tagger_platform.errors import RequestError
from tagger_platform.health.faults import is_locked
from tagger_platform.settings import VARIABLES, Settings

HOP_S = 15
"""Short, so that plays come within a minute; a window of 12 s at each slot still leaves Dagster time to breathe."""
RTSP_PORT_STEP, HTTP_PORT_STEP = 5, 6


def prepare() -> tuple[Settings, Process]:
    """Settings for the demo, its music composed and in the catalogue, and the process that broadcasts it.

    The settings go into this process's environment, because the processes it starts read theirs there.
    """
    base = Settings.load({name: value for name, value in os.environ.items() if not name.startswith("STREAM")})
    rtsp_port, http_port = base.port + RTSP_PORT_STEP, base.port + HTTP_PORT_STEP
    folder = base.data_dir.absolute() / "demo"
    _configure(str(folder), rtsp_port, http_port)
    model = packaged_model(folder / "models")
    os.environ |= model
    settings = Settings.load()
    if is_locked(settings.spool_dir / "capture.lock"):
        raise RequestError(f"the demo runs already, in {folder}: end it first")
    _leave_settings(folder)
    make_history(settings)
    click.echo("composing the demo's music (the first time only, about half a minute) ...")
    radio_dir = folder / "radio"
    with ThreadPoolExecutor(1) as beside:
        mapped = beside.submit(map_history, settings) if model and settings.clusters_enabled else None
        render(radio_dir)
        from tagger_platform.cli.library_add import add_paths

        add_paths(settings, [radio_dir / "music", radio_dir / "jingles"])
    if mapped:
        mapped.result()
    module = [sys.executable, "-m", "tagger_platform.demo.radio"]
    argv = [*module, "--folder", str(radio_dir), "--ffmpeg", find_ffmpeg(settings.ffmpeg_path)]
    argv += ["--rtsp-port", str(rtsp_port), "--http-port", str(http_port)]
    return settings, Process("demo radio", argv, http_port, "PORT")


def _leave_settings(folder: Path) -> None:
    """As a `.env`, so that commands that are run in the demo's folder are the demo's."""
    wanted = {variable.name for variable in VARIABLES} | {"HF_HOME", "HF_HUB_OFFLINE"}
    file = folder / ".env"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    for name, value in os.environ.items():
        if name in wanted or name.startswith("STREAM_"):
            set_key(file, name, value)


def _configure(data_dir: str, rtsp_port: int, http_port: int) -> None:
    for name in [name for name in os.environ if name.startswith("STREAM_")]:
        del os.environ[name]
    os.environ |= {
        "DATA_DIR": data_dir,
        "STREAMS_FILE": f"{data_dir}/streams.yaml",
        "HOP_SECONDS": str(HOP_S),
        "WINDOW_OFFSETS": "0",
        "SHAZAM_ENABLED": "false",
        "ACOUSTID_ENABLED": "false",
    }
    for number, stream in enumerate(stations(rtsp_port, http_port), start=1):
        os.environ |= {
            f"STREAM_{number}_NAME": stream.name,
            f"STREAM_{number}_URL": stream.url,
            f"STREAM_{number}_TITLE": stream.title,
        }
