"""The demo's past: made up, and it says so; enough of it for search and the sound map."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from tagger_platform.demo.history import DAYS, EXPLANATION, PROVIDER, STREAM, plays, tracks
from tagger_platform.insight.clusters import DAYS as MAP_DAYS
from tagger_platform.insight.clusters import PLAYS

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_tracks_have_names_and_ids_of_their_own() -> None:
    made = tracks()
    assert len({track.track_id for track in made}) == len({(track.title, track.artist) for track in made}) == len(made)
    assert all(track.title and track.artist for track in made)


def test_everything_says_that_it_is_made_up() -> None:
    assert {track.provider for track in tracks()} == {PROVIDER}
    told = {(play.stream, play.policy, play.explanation, play.confidence, play.windows) for play in plays(NOW)}
    assert told == {(STREAM, "made_up", EXPLANATION, 0.0, ())}


def test_every_track_is_played_often_enough_for_the_map() -> None:
    made = plays(NOW)
    counts = [sum(play.track == track for play in made) for track in tracks()]
    assert min(counts) >= PLAYS
    assert DAYS < MAP_DAYS


def test_plays_follow_each_other_and_end_before_the_demo_begins() -> None:
    made = plays(NOW)
    assert all(one.ended_at < other.started_at for one, other in pairwise(made))
    assert made[-1].ended_at < NOW - timedelta(hours=23)
    assert made == plays(NOW)
