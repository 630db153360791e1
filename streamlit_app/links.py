"""Addresses that lead to one thing: a play, the runs of a slot.

What belongs here: from an id to an address. What does not: reading addresses (`address`).
"""

from urllib.parse import quote

from streamlit_app import reads


def play(play_id: str) -> str:
    """The permanent address of a play on this server: its day, and what made it."""
    return f"/?play={quote(play_id, safe='')}"


def runs_of_slot(slot: str) -> str:
    """Dagster's own page of the runs of a slot; like Dagster's UI itself it is for this machine alone."""
    wanted = quote(f"tag:dagster/partition={slot}", safe="")
    return f"http://127.0.0.1:{reads.settings().dagster_port}/runs?q%5B0%5D={wanted}"
