"""`tagger tag-recording`: a recording of radio, as slots in the past, through the same job as what is live."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tagger_platform.cli.output import json_option, print_json
from tagger_platform.model import UNANSWERED
from tagger_platform.settings import Settings


@click.command(name="tag-recording")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--stream", required=True, help="The stream it is a recording of; it need not be configured.")
@click.option("--start", required=True, metavar="ISO8601", help="When it begins, such as 2026-11-21T03:30:00Z.")
@json_option
def tag_recording(file: Path, stream: str, start: str, as_json: bool) -> None:
    """Log a recording as if it had been heard live. FILE is anything that ffmpeg reads, hours long."""
    from tagger_platform.cli.recording_work import tag  # brings Dagster along

    settings = Settings.load()
    found = tag(settings, file, stream=stream, start=start, progress=not as_json)
    if as_json:
        print_json([found])
    else:
        click.echo(_sentence(found))


def _sentence(found: Mapping[str, Any]) -> str:
    states = ", ".join(f"{state} {count}" for state, count in found["states"].items())
    lines = [
        f"{found['stream']}, {found['start']} to {found['end']}: {found['plays']} plays; {found['slots']} slots "
        f"({found['done_before']} were done before), {found['windows']} windows: {states}"
    ]
    if found["at_the_edges"]:
        lines.append(f"{found['at_the_edges']} windows of its first and last slots are not wholly in it: not expected")
    if found["missing"]:
        lines.append(f"{found['missing']} windows are not in the log: the audio ends earlier than the file says")
    if unanswered := sum(found["states"].get(status, 0) for status in UNANSWERED):
        lines.append(f"{unanswered} windows have no answer yet; the same command again asks about them again")
    return "\n".join(lines)
