"""`tagger`: one small file per group of commands.

What belongs here: the group, and what holds for every command: `.env` is read first, errors become one sentence on
stderr and an exit code (0 done, 1 it failed while running, 2 the request or the settings were wrong). Commands are
imported when they are called, so that `tagger capture` stays as light as capture itself.
"""

import importlib
import os
import sys

import click
from dotenv import load_dotenv

from tagger_platform import __version__
from tagger_platform.errors import OF_THE_DISK, RequestError, TaggerError

OURS_ALONE = 0o077
"""umask of every process: what people said and what stations play is nobody else's to read on a shared machine."""
COMMANDS = {
    "up": "processes",
    "demo": "processes",
    "prepare": "processes",
    "capture": "processes",
    "api": "processes",
    "streams": "streams",
    "identify": "identify",
    "library": "library",
    "tag-recording": "tag_recording",
    "plays": "log",
    "coverage": "log",
    "decide": "decide",
    "embed-backfill": "insight",
    "clusters-recompute": "insight",
    "search": "search",
    "backup": "backup",
    "restore": "backup",
    "export": "export",
    "doctor": "doctor",
    "support-bundle": "support_bundle",
}
"""Command -> the module of this folder that holds it."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=_Lazy)
@click.version_option(__version__, prog_name="tagger")
def tagger() -> None:
    """Names the music on your streams, and keeps an airplay log that can be trusted."""


def main() -> None:
    """The console script. Exit code 2 for a wrong request or wrong settings, 1 for a failure on the way."""
    load_dotenv(".env")
    os.umask(OURS_ALONE)
    sys.exit(_exit_code())  # outside of any `except`: DuckDB complains of what a traceback keeps alive until the end


def _exit_code() -> int:
    try:
        code = tagger.main(prog_name="tagger", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 1
    except RequestError as error:
        click.echo(str(error), err=True)
        return 2
    except TaggerError as error:
        click.echo(str(error), err=True)
        return 1
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe went away: nothing to say, and nobody to say it to
        return 1
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        click.echo(f"{error.filename or 'the disk'}: {error.strerror}; check DATA_DIR and its disk", err=True)
        return 1
    return code if isinstance(code, int) else 0
