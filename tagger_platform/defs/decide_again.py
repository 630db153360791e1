"""A local day decided again under named policies: the same as `tagger decide`, from Dagster.

What belongs here: the op, what it is told, and its job. What does not: deciding (`store.decide_again`). It is no asset:
nothing is partitioned by day, and what it changes is the day's part of `plays`.
"""

from dataclasses import replace
from datetime import date

import dagster as dg
from pydantic import Field

from tagger_platform.defs.platform import Platform
from tagger_platform.defs.slots import LATE
from tagger_platform.errors import RequestError
from tagger_platform.model import parse_day
from tagger_platform.store.changes import COLUMNS, change_rows, summary
from tagger_platform.store.decide_again import decide_day


class DecideAgain(dg.Config):
    """Which day, and under which policies."""

    date: str = Field(description="A local day in TZ, such as 2026-11-21.")
    stream: str | None = Field(default=None, description="Only this stream; all of the day if empty.")
    policies: list[str] = Field(description="As in DECISION_POLICY, such as shazam_two_hit and any_two_agree.")
    apply: bool = Field(default=False, description="Write the difference to the log; otherwise it is only shown.")


@dg.op(out=dg.Out(dg.Nothing), description="Decides a local day again and shows what that changes.")
def decide_again(context: dg.OpExecutionContext, config: DecideAgain, platform: dg.ResourceParam[Platform]) -> None:
    rules, tz = replace(platform.rules, policies=tuple(config.policies)), platform.settings.tz
    try:
        found = decide_day(platform.database, _day(config), tz, rules, stream=config.stream, apply=config.apply)
    except RequestError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    told = [summary(decided) for decided in found]
    table = [COLUMNS, ["---"] * len(COLUMNS), *change_rows(found, tz)]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table]
    context.add_output_metadata(
        {
            "applied": config.apply,
            "summary": dg.MetadataValue.md("\n".join(f"- {line}" for line in told)),
            "changes": dg.MetadataValue.md("\n".join(lines)),
        }
    )
    for line in told:
        context.log.info(line)


def _day(config: DecideAgain) -> date:
    try:
        return parse_day(config.date)
    except ValueError as error:
        raise RequestError(f"date {error}") from None


@dg.job(
    name="decide_job",
    executor_def=dg.in_process_executor,
    tags={**LATE, "dagster/max_retries": "0"},
    description="Decides a local day again under named policies; shows the difference, and writes it where told to.",
)
def decide_job() -> None:
    decide_again()
