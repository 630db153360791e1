"""Running a system over all queries: what it answered, and what that cost.

What belongs here: the loop, what is masked, and keeping results. What does not: judging answers (`score`).
Results are kept in the cache by the code and the queries that made them, because the peers do not change.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from fingerprinting import systems
from fingerprinting.conditions import CONDITIONS
from fingerprinting.corpus import Corpus
from fingerprinting.indexing import cpu_s, indexed
from fingerprinting.negatives import negatives
from fingerprinting.queries import SHORT_S, WINDOW_S, Query, code_version, queries
from fingerprinting.relatives import DECIDED, Relatives
from fingerprinting.systems.base import System

NEGATIVES = "negatives"
SEED = 20261121


@dataclass(frozen=True)
class Plan:
    """How many queries a condition, how many negatives, and in how many processes.

    Peers are asked `peer_negatives` only, the first ones: enough to set their thresholds.
    """

    queries: int
    negatives: int
    peer_negatives: int
    workers: int


FULL = Plan(queries=100, negatives=10_000, peer_negatives=2_000, workers=1)
"""One process, so that nothing disturbs the clock."""
SHORT = Plan(queries=20, negatives=300, peer_negatives=0, workers=2)


@dataclass(frozen=True)
class Row:
    """One answer. `kind` is a condition or `NEGATIVES`, `detail` what the window went through, `track` its own."""

    kind: str
    detail: str
    seconds: float
    track: str | None
    answer: str | None
    offset_error_s: float
    score: float
    accepted: bool | None
    cpu_s: float


@dataclass(frozen=True)
class Results:
    """All answers of a system, and its index."""

    name: str
    rows: list[Row]
    index_cpu_s: float
    index_bytes: int


@dataclass(frozen=True)
class Job:
    """What the processes share."""

    corpus: Corpus
    relatives: Relatives
    plan: Plan
    system: System
    negatives: int


def results(name: str, corpus: Corpus, relatives: Relatives, plan: Plan) -> Results:
    """What system `name` answers, from the cache where nothing has changed."""
    file = corpus.cache / "results" / f"{name}-{_key(name, corpus, plan)}.json"
    if file.exists():
        held = json.loads(file.read_text())
        return Results(**{**held, "rows": [Row(**row) for row in held["rows"]]})
    built = indexed(name, corpus)
    asked = plan.negatives if name == systems.OURS else plan.peer_negatives
    job = Job(corpus, relatives, plan, built.system, asked)
    made = Results(name, list(_all_rows(job)), built.cpu_s, built.system.index_bytes())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(made)))
    return made


def _all_rows(job: Job) -> Iterator[Row]:
    kinds = [NEGATIVES, *CONDITIONS]
    if job.plan.workers == 1:
        for kind in kinds:
            yield from _rows(job, kind)
        return
    _shared.append(job)
    with get_context("fork").Pool(job.plan.workers) as pool:  # what the index holds is shared, not copied
        for rows in pool.imap(_shared_rows, kinds):
            yield from rows
    _shared.clear()


_shared: list[Job] = []


def _shared_rows(kind: str) -> list[Row]:
    return list(_rows(_shared[0], kind))


def _rows(job: Job, kind: str) -> Iterator[Row]:
    if kind == NEGATIVES:
        for query in negatives(job.corpus, job.plan.negatives, SEED)[: job.negatives]:
            own = query.truth.track_id
            yield _asked(job.system, query, kind, WINDOW_S, job.relatives.family(own) if own else frozenset())
        return
    for query in queries(job.corpus, kind, job.plan.queries, SEED):
        masked = mixed_in(job.relatives, query)
        yield _asked(job.system, query, kind, WINDOW_S, masked)
        yield _asked(job.system, query.shortened(), kind, SHORT_S, masked)


def mixed_in(relatives: Relatives, query: Query) -> frozenset[str]:
    """The tracks over the one that is asked for, with their relatives, but not with its own."""
    groups = [relatives.family(other) for other in query.truth.other_ids]
    own = relatives.group(query.truth.track_id) if query.truth.track_id else frozenset()
    return frozenset().union(*groups) - own


def _asked(system: System, query: Query, kind: str, seconds: float, masked: frozenset[str]) -> Row:
    before = cpu_s()
    answer = system.query(query.samples, masked)
    spent = cpu_s() - before
    truth = query.truth
    error_s = answer.offset_s - truth.offset_s
    return Row(
        kind,
        query.kind,
        seconds,
        truth.track_id,
        answer.track_id,
        round(error_s, 3),
        answer.score,
        answer.accepted,
        round(spent, 6),
    )


def _key(name: str, corpus: Corpus, plan: Plan) -> str:
    """Changes with the queries and the system."""
    files = [DECIDED, Path(__file__), *systems.code(name)]
    code = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]
    return f"{corpus.key}-{code_version()}-{plan.queries}-{plan.negatives}-{plan.peer_negatives}-{code}"
