"""`tagger embed-backfill` and `clusters-recompute`: the nightly work, now and in this process.

What belongs here: the commands. What does not: the work (`insight`), which is the nightly assets' own.
"""

from dataclasses import asdict
from datetime import UTC, datetime

import click

from tagger_platform.cli.output import json_option, print_json, print_table
from tagger_platform.errors import RequestError
from tagger_platform.insight.embedder import embedder_of
from tagger_platform.insight.embedding import embed_tracks
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database


@click.command()
@json_option
def embed_backfill(as_json: bool) -> None:
    """Embed every track that has no vector of EMBED_MODEL: all of them when the model has changed."""
    settings = Settings.load()
    done = embed_tracks(
        Database(settings.database_path), settings.search_dir, embedder_of(settings), clock=_now, tell=_tell
    )
    if as_json:
        print_json([asdict(done)])
        return
    click.echo(
        f"{done.embedded} tracks embedded in {done.seconds} s; {done.tracks} have a vector of {done.dim} numbers now "
        f"({done.model}, {done.revision})" + (f"; {done.bad} have words that give none" if done.bad else "")
    )


@click.command()
@json_option
def clusters_recompute(as_json: bool) -> None:
    """Draw tonight's sound map again, of the vectors that there are."""
    from tagger_platform.insight.clusters import draw_map

    settings = Settings.load()
    if not settings.clusters_enabled:
        raise RequestError("the sound map is turned off: CLUSTERS_ENABLED is false")
    drawn = draw_map(Database(settings.database_path), settings.search_dir, clock=_now, tz=settings.tz, tell=_tell)
    told = drawn.as_json()
    if as_json:
        print_json([told])
        return
    print_table(["cluster", "tracks"], [*told["clusters"].items()], nothing="No clusters.")
    click.echo(
        f"{drawn.placed} of {len(drawn.map.places)} tracks are on the map of {drawn.map.night}"
        + "".join(f"; {count} are not: {reason}" for reason, count in drawn.reasons.items())
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _tell(line: str) -> None:
    click.echo(line, err=True)
