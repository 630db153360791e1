"""What the parts of the platform were found to be, in the visitor's language: by code, with the figures of each.

What belongs here: the parts' names, and a sentence for every code of the api's `/readyz`. What does not: finding out,
markup (`ui.parts`).
"""

from collections.abc import Mapping
from typing import Any

from streamlit_app import formats, reads
from streamlit_app.live_reads import Finding, Part
from streamlit_app.ui import states
from streamlit_app.words import _
from tagger_platform.model import parse_iso

HOURS_FROM_S = 7200
"""Seconds from which on a time is told in hours."""


def name(part: str) -> str:
    """What a part is called; one without a name of its own as the api calls it."""
    known = {
        "capture": _("Capture"),
        "spool": _("Handing over"),
        "providers": _("Providers"),
        "store": _("Log"),
        "disk": _("Disk"),
        "dagster": "Dagster",
        "nightly": _("Nightly run"),
    }
    return known.get(part, part)


def sentence(finding: Finding) -> str:
    """The finding in a sentence; of an api that is newer than this page, what the api says."""
    try:
        return sentences()[finding.code].format(**{name: _figure(name, told) for name, told in finding.details.items()})
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return finding.sentence


def why(finding: Finding) -> str:
    """What somebody else says of it, in English, if anything."""
    return str(finding.details.get("why") or "")


def not_well(parts: Mapping[str, Part]) -> str:
    """In one line, which parts are not well; empty where all are, or where nobody can say."""
    return " ".join(f"{name(key)}: {_line(part)}" for key, part in parts.items() if part.state != "ok")


def _line(part: Part) -> str:
    told = [sentence(one) + (f" ({why(one)})" if why(one) else "") for one in part.findings]
    return " ".join(told)


def _figure(name: str, told: Any) -> str:  # noqa: ANN401 (whatever JSON holds)
    if name == "age_s":
        return _span(float(told))
    if name == "free_bytes":
        return _("{number} GB").format(number=formats.number(round(told / 1e9, 1)))
    if name in ("until", "asked_at", "ended_at"):
        return formats.moment(parse_iso(told), reads.settings().tz)
    if name == "run":
        return runs()[told]
    if name == "outcome":
        return states.word(told)
    return told if isinstance(told, str) else formats.number(told)


def _span(seconds: float) -> str:
    if seconds < HOURS_FROM_S:
        return _("{count} min").format(count=round(seconds / 60))
    return _("{count} h").format(count=round(seconds / 3600))


def runs() -> dict[str, str]:
    """What comes by itself now and then, by its name in the store."""
    return {
        "retention": _("the clean-up"),
        "backup": _("the backup"),
        "restore_drill": _("the trial restore of a backup"),
        "upkeep": _("the upkeep of the log's file"),
    }


def sentences() -> dict[str, str]:
    """By code."""
    return {
        "refused": _("Something is wrong with it."),
        "not_looked_at": _("Nobody can say how it is."),
        "capture_silent": _("Capture does not answer: nothing is being recorded now."),
        "capture_trouble": _("Capture cannot work as it should."),
        "no_windows": _("No stream has given a window for {age_s}."),
        "streams_live": _("Streams that are live: {live} of {streams}."),
        "no_streams": _("No stream is switched on."),
        "spool_full": _("Windows that wait: {windows} of at most {most} (QUEUE_MAX_SIZE); audio is dropped."),
        "slots_wait": _("Slots that wait: {slots}, the oldest for {age_s}."),
        "slots_taken": _("Slots that wait: {slots}; under way: {claimed}."),
        "nobody_asked": _("Nobody outside this machine was asked yet."),
        "answers": _("{provider} answers."),
        "left_alone": _("{provider} is not asked until {until}."),
        "windows_wait": _("The windows wait and are asked again by themselves."),
        "canary_not_named": _("{provider} did not name its canary of {asked_at}: {outcome}."),
        "not_writable": _("Nothing can be written to {folder} (DATA_DIR)."),
        "log_read": _("Plays in {path}: {plays}."),
        "disk_free": _("{free_bytes} are free where {folder} (DATA_DIR) lies."),
        "disk_low": _("Only {free_bytes} are free where {folder} (DATA_DIR) lies: make room."),
        "disk_sheds_clips": _(
            "Only {free_bytes} are free where {folder} (DATA_DIR) lies: make room. The oldest clips are given up."
        ),
        "disk_full": _(
            "Only {free_bytes} are free where {folder} (DATA_DIR) lies: make room. Windows are not kept; clips and the"
            " oldest audio that waits are given up."
        ),
        "never_ticked": _("Its sensor has never ticked: is its daemon running?"),
        "ticks_no_more": _("Its sensor has not ticked for {age_s}: its daemon or code server is down."),
        "ticks": _("Its sensor ticks."),
        "no_night": _("There was none yet."),
        "night_ended": _("The last one ended at {ended_at}."),
        "run_overdue": _(
            "Late: {run}; last done at {ended_at}. The runs of {job} in Dagster tell why; start it again there."
        ),
        "run_never": _("Late: {run}; never done yet. The runs of {job} in Dagster tell why; start it again there."),
    }
