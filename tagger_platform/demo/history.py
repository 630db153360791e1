"""A made-up history, so that the demo's search and sound map have something to show on its first day.

What belongs here: the tracks and their plays. What does not: writing them to the store (`cli.demo`). None of it was
ever heard, and all of it says so: the stream, the provider and every play's explanation. It ends a day before the
demo begins, and is the same one for ever but for its dates.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tagger_platform.model import Play, PlayStatus, Track

STREAM, STREAM_TITLE = "made_up", "Made-up history"
PROVIDER = "made_up"
EXPLANATION = "made up for the demo: nothing was heard"
DAYS = 60
FEWEST_PLAYS, MOST_PLAYS = 2, 12
LASTS = timedelta(minutes=3)


@dataclass(frozen=True)
class Theme:
    """What a group of tracks is about: every opening goes with every subject."""

    artists: Sequence[str]
    openings: Sequence[str]
    subjects: Sequence[str]


THEMES = (
    Theme(
        ("The Salt Ropes", "Anna Harbour", "Lighthouse Choir"),
        ("Song of the", "Leaving the", "Back to the", "Beyond the", "Farewell to the", "Waiting at the"),
        ("Harbour", "Ocean", "Lighthouse", "Sailors", "Stormy Sea", "Island Ferry"),
    ),
    Theme(
        ("Neon Arcade", "Synthia Volt", "Pixel Parade"),
        ("Electric", "Digital", "Midnight", "Laser", "Hologram", "Robot"),
        ("Machine", "Arcade", "Circuit", "Computer Love", "Signal", "Video Game"),
    ),
    Theme(
        ("Dusty Boot Drifters", "June Prairie", "The Pickup Brothers"),
        ("My Old", "Lonesome", "Dusty", "Daddy's", "Whiskey and a", "Riding the"),
        ("Pickup Truck", "Country Road", "Cowboy Hat", "Prairie Horse", "Rodeo", "Tennessee Barn"),
    ),
    Theme(
        ("Velvet Trumpet Quartet", "Miles Avenue", "Ella Brass"),
        ("Blue Note", "Smoky", "After Hours", "Uptown", "Bebop", "Slow"),
        ("Saxophone", "Jazz Club", "Swing", "Piano Bar", "Trumpet Ballad", "Bossa Nova"),
    ),
    Theme(
        ("Sleigh Bell Society", "The Snowed-In Singers", "Holly Frost"),
        ("A Very Merry", "Snowy", "Silent", "Jingling", "Home for", "Santa's"),
        ("Christmas", "Winter Night", "Sleigh Ride", "December Bells", "Reindeer", "Snowman"),
    ),
    Theme(
        ("Iron Crypt", "Hammer of Dusk", "Black Anvil"),
        ("Blood of the", "Wrath of the", "March of the", "Curse of the", "Throne of the", "Death of the"),
        ("Dragon", "Iron Demon", "Warriors", "Dark Tomb", "Hell Hammer", "Dead Kings"),
    ),
    Theme(
        ("Rosa Corazón", "Los Enamorados", "Luna Valentín"),
        ("Amor de", "Corazón de", "Noche de", "Besos de", "Canción de", "Baila,"),
        ("Verano", "Mi Vida", "la Luna", "Fuego", "la Playa", "mi Alma"),
    ),
    Theme(
        ("Dr. Pebble and the Stars", "The Nursery Band", "Auntie Lullaby"),
        ("The Little", "Twinkle,", "Sleepy", "Counting with the", "Bedtime for the", "Hopping with the"),
        ("Teddy Bear", "Bunny Rabbit", "Baby Duck", "Kitten", "Puppy Dog", "Farm Animals"),
    ),
)


def tracks() -> list[Track]:
    """The made-up tracks, theme by theme."""
    return [
        Track(PROVIDER, f"{number}-{place}", title, artist)
        for number, theme in enumerate(THEMES)
        for place, (title, artist) in enumerate(_songs(theme))
    ]


def _songs(theme: Theme) -> Iterator[tuple[str, str]]:
    titles = (f"{opening} {subject}" for opening, subject in itertools.product(theme.openings, theme.subjects))
    return zip(titles, itertools.cycle(theme.artists), strict=False)


def plays(now: datetime) -> list[Play]:
    """Their plays, one after the other, in the DAYS that end a day before `now`."""
    chance = random.Random(1)  # noqa: S311 - the same history for everybody
    heard = [track for track in tracks() for _ in range(chance.randint(FEWEST_PLAYS, MOST_PLAYS))]
    chance.shuffle(heard)
    begin, step = now - timedelta(days=DAYS + 1), timedelta(days=DAYS) / len(heard)
    return [_play(number, track, begin + number * step) for number, track in enumerate(heard)]


def _play(number: int, track: Track, at: datetime) -> Play:
    return Play(
        play_id=f"made-up-{number}",
        stream=STREAM,
        started_at=at,
        ended_at=at + LASTS,
        uncertainty_s=0.0,
        status=PlayStatus.CONFIRMED,
        track=track,
        confidence=0.0,
        policy="made_up",
        windows=(),
        explanation=EXPLANATION,
    )
