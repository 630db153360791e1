"""The worker that embeds queries: started when asked, gone when idle, never in anybody's way."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tagger_platform.errors import RequestError
from tagger_platform.insight.query_vectors import QueryVectors
from tagger_platform.store.embeddings import Floats, ModelName
from tagger_platform_tests.insight.fakes import NAME, FakeEmbedder

OTHER = ModelName("fake/other", "2")


class Slow(FakeEmbedder):
    """Of `wait for FILE` it makes no vector before there is that file."""

    def embed(self, texts: Sequence[str]) -> Floats:
        for text in texts:
            while text.startswith("wait for ") and not Path(text.removeprefix("wait for ")).exists():
                time.sleep(0.01)
        return super().embed(texts)


@dataclass(frozen=True)
class Loader:
    """Loads fakes in the worker, and leaves a file for each process that did; the rest is how it goes wrong."""

    folder: Path
    fails: str = ""
    hangs: bool = False
    dies: bool = False

    def __call__(self, name: ModelName) -> FakeEmbedder:
        (self.folder / f"pid-{os.getpid()}").touch()
        if self.fails:
            raise RequestError(self.fails)
        if self.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        while self.hangs:
            time.sleep(60)
        return Slow(name)


def starts(folder: Path) -> int:
    return len([*folder.glob("pid-*")])


@pytest.fixture
def made() -> Iterator[Callable[..., QueryVectors]]:
    """Makes QueryVectors whose workers end with the test."""
    all_made: list[QueryVectors] = []

    def make(loader: Loader, **more: float) -> QueryVectors:
        all_made.append(QueryVectors(loader, **more))
        return all_made[-1]

    yield make
    for one in all_made:
        one.close()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def answered(queries: QueryVectors, text: str = "rain", name: ModelName = NAME) -> Floats:
    found: list[Floats] = []

    def asked() -> bool:
        vector = queries.vector(text, name)
        found.extend([] if vector is None else [vector])
        return bool(found)

    until(asked)
    return found[0]


def test_nothing_is_started_before_somebody_asks(tmp_path, made) -> None:
    assert not made(Loader(tmp_path)).running
    assert starts(tmp_path) == 0


def test_a_query_gets_the_models_vector_of_length_one(tmp_path, made) -> None:
    queries = made(Loader(tmp_path))
    first = queries.vector("rain", NAME)
    assert first is None  # it only begins to start
    expected = FakeEmbedder().embed(["rain"])[0]
    assert answered(queries) == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert queries.vector("snow", NAME) is not None
    assert (starts(tmp_path), queries.problem) == (1, "")


@pytest.mark.parametrize("text", ["", "x" * 10_000, "\x00", "\ud800", "🎵", "'; DROP TABLE tracks; --", "NEAR(a b)"])
def test_whatever_is_asked_the_worker_lives_on(tmp_path, made, text: str) -> None:
    queries = made(Loader(tmp_path))
    answered(queries)
    queries.vector(text, NAME)
    assert queries.vector("rain", NAME) is not None
    assert starts(tmp_path) == 1


def test_it_goes_when_nobody_asks_and_comes_back_when_somebody_does(tmp_path, made) -> None:
    queries = made(Loader(tmp_path), idle_s=0.2)
    answered(queries)
    until(lambda: not queries.running)
    assert queries.problem == ""
    answered(queries)
    assert starts(tmp_path) == 2


def test_a_worker_that_hangs_keeps_nobody_waiting(tmp_path, made) -> None:
    queries = made(Loader(tmp_path, hangs=True))
    assert [queries.vector("rain", NAME) for _ in range(3)] == [None] * 3
    until(lambda: starts(tmp_path))
    assert queries.vector("rain", NAME) is None
    assert starts(tmp_path) == 1


@pytest.mark.parametrize(
    ("loader", "told"),
    [({"fails": "the model is not here"}, "the model is not here"), ({"dies": True}, "ended by itself")],
)
def test_why_it_cannot_is_said_and_it_is_not_started_again_and_again(tmp_path, made, loader, told: str) -> None:
    queries = made(Loader(tmp_path, **loader))
    until(lambda: queries.vector("rain", NAME) is not None or queries.problem)
    assert told in queries.problem
    assert [queries.vector("rain", NAME) for _ in range(5)] == [None] * 5
    assert starts(tmp_path) == 1


def test_a_worker_that_is_killed_is_started_again(tmp_path, made) -> None:
    queries = made(Loader(tmp_path))
    answered(queries)
    (mark,) = tmp_path.glob("pid-*")
    os.kill(int(mark.name.removeprefix("pid-")), signal.SIGKILL)
    until(lambda: not queries.running)
    answered(queries)
    assert starts(tmp_path) == 2


def test_another_model_gets_a_worker_of_its_own(tmp_path, made) -> None:
    queries = made(Loader(tmp_path))
    answered(queries)
    answered(queries, name=OTHER)
    assert starts(tmp_path) == 2


def test_an_answer_that_comes_too_late_is_nobody_elses(tmp_path, made) -> None:
    queries = made(Loader(tmp_path), patience_s=0.5)
    answered(queries)
    assert queries.vector(f"wait for {tmp_path / 'go'}", NAME) is None
    (tmp_path / "go").touch()
    expected = FakeEmbedder().embed(["rain"])[0]
    assert answered(queries) == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert starts(tmp_path) == 1


def test_a_worker_that_answers_nothing_any_more_is_replaced(tmp_path, made) -> None:
    queries = made(Loader(tmp_path), patience_s=0.05)
    answered(queries)
    queries.vector(f"wait for {tmp_path / 'never'}", NAME)
    until(lambda: [queries.vector("x" * 1000, NAME)] and starts(tmp_path) == 2)
    answered(queries)
