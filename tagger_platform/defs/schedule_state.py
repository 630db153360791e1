"""What people have switched on and off in Dagster, and how far its sensors have come: as text, and back again.

What belongs here: the state of schedules and sensors, for backups. What does not: runs and ticks, which are history.
"""

import json
import time

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorState, ScheduleInstigatorData  # nowhere public


def exported(instance: dg.DagsterInstance) -> str:
    """The state of every schedule and sensor, as JSON of Dagster's own; empty where there is none yet."""
    states = [json.loads(dg.serialize_value(state)) for state in instance.all_instigator_state()]
    return json.dumps(states, indent=1) if states else ""


def imported(instance: dg.DagsterInstance, text: str) -> int:
    """Take over what `exported` gave; returns of how many. What it does not name stays as it is.

    Schedules go on from now: the nights since the backup was made are over.
    """
    states = [dg.deserialize_value(json.dumps(one), InstigatorState) for one in json.loads(text)]
    now = time.time()
    for state in states:
        data = state.instigator_data
        if isinstance(data, ScheduleInstigatorData):
            state = state.with_data(ScheduleInstigatorData(data.cron_schedule, now, now))
        if instance.get_instigator_state(state.instigator_origin_id, state.selector_id):
            instance.update_instigator_state(state)
        else:
            instance.add_instigator_state(state)
    return len(states)
