"""What people asked about by hand, and what they were told.

What belongs here: the table `identifications`. What does not: finding the answer (`library.identify`).
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tagger_platform.model import iso
from tagger_platform.store.database import Connection
from tagger_platform.store.rows import aware, naive
from tagger_platform.store.writes import insert

COLUMNS = (
    "track_id",
    "title",
    "artist",
    "offset_s",
    "speed",
    "confidence",
    "provider",
    "elapsed_ms",
)
_SELECT = f"SELECT identification_id, asked_at, file, runner_up, others, {', '.join(COLUMNS)} FROM identifications"
KEPT = 1000
"""The newest of them: a history to look through, not a log."""


@dataclass(frozen=True)
class Identification:
    """An answer that was given: `answer` is an identification as the commands print it.

    `others` are the providers that were asked because the library did not know the audio, and their statuses.
    """

    identification_id: str
    asked_at: datetime
    answer: Mapping[str, Any]
    others: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        noted = {"identification_id": self.identification_id, "asked_at": iso(self.asked_at)}
        return {**noted, **self.answer, "others": self.others}


def note_identification(
    connection: Connection, answer: Mapping[str, Any], asked_at: datetime, others: Mapping[str, str]
) -> Identification:
    """Keep an answer, and forget the oldest."""
    noted = Identification(uuid.uuid4().hex, asked_at, answer, others)
    named = [noted.identification_id, naive(asked_at), answer["file"]]
    told = [answer[name] for name in COLUMNS]
    insert(connection, "identifications", [[*named, *told, _json(answer["runner_up"]), _json(others)]])
    connection.execute(
        "DELETE FROM identifications WHERE identification_id IN (SELECT identification_id FROM identifications"
        " ORDER BY asked_at DESC, identification_id OFFSET ?)",
        [KEPT],
    )
    return noted


def newest_identifications(connection: Connection, limit: int, offset: int) -> list[Identification]:
    """The answers that were given, the newest first."""
    rows = connection.execute(
        f"{_SELECT} ORDER BY asked_at DESC, identification_id LIMIT ? OFFSET ?", [limit, offset]
    ).fetchall()
    return [_identification(*row) for row in rows]


def known_identification(connection: Connection, identification_id: str) -> Identification | None:
    """One answer that was given; None where it is unknown or forgotten."""
    row = connection.execute(f"{_SELECT} WHERE identification_id = ?", [identification_id]).fetchone()
    return _identification(*row) if row else None


def _identification(
    identification_id: str,
    asked_at: datetime,
    file: str,
    rival: str | None,
    others: str | None,
    *told: Any,  # noqa: ANN401 (columns of several types)
) -> Identification:
    values = dict(zip(COLUMNS, told, strict=True))
    answer = {"file": file, "match": values["track_id"] is not None, **values}
    answer["runner_up"] = json.loads(rival) if rival else None
    return Identification(identification_id, aware(asked_at), answer, json.loads(others) if others else {})


def _json(value: object) -> str | None:
    return json.dumps(value) if value else None
