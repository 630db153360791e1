"""`tagger support-bundle`: one zip with what somebody who helps needs to see, and no secret.

What belongs here: the command, and hiding secrets in everything. What does not: what is in it (`bundle_content`).
"""

import json
import zipfile
from datetime import datetime
from pathlib import Path

import click

from tagger_platform.cli.output import json_option, print_json
from tagger_platform.errors import RequestError
from tagger_platform.observe.secrets import Hider
from tagger_platform.settings import Settings, secrets


@click.command(name="support-bundle")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The folder to put it in; here if not given.",
)
@json_option
def support_bundle(folder: Path, as_json: bool) -> None:
    """Put logs, settings without secrets, versions, last runs, coverage and health into one zip."""
    from tagger_platform.cli.bundle_content import gathered  # brings Dagster along

    settings = Settings.load()
    hide = Hider(secrets(settings))
    path = folder / f"tagger-support-{datetime.now(settings.tz):%Y%m%d-%H%M%S}.zip"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
            files = [_added(bundle, name, hide(_text(content))) for name, content in gathered(settings).items()]
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror}; choose another folder with --to") from error
    if as_json:
        print_json([{"path": str(path.absolute()), "bytes": path.stat().st_size, "files": files}])
    else:
        click.echo(
            f"{path}: {len(files)} files, {path.stat().st_size / 1e3:.0f} kB; look through it before you pass it on"
        )


def _text(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content, indent=1, ensure_ascii=False, default=str)


def _added(bundle: zipfile.ZipFile, name: str, text: str) -> str:
    bundle.writestr(name, text)
    return name
