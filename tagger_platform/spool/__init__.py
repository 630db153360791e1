"""The audio of windows on its way from capture: handed over, waiting for an answer, kept as evidence.

::

    spool/open/<slot>/      being written by capture
    spool/ready/<slot>/     finished: audio and manifest.json, written last
    spool/claimed/<slot>/   a run works on it and holds it, or did; gone when its rows are in the store
    spool/pending/<slot>/   audio of windows that got no answer yet
    spool/recorded/<slot>@<source>/    a finished slot of a recording: capture neither sees nor drops it
    clips/<stream>/         audio of the windows behind a play

A slot is in one folder at a time, and its manifest names every window that was expected of it, so nothing is ever lost
without a reason. A window's audio is in one place at a time: what becomes of it is decided once, by `settle`, after its
slot's plays are in the store. Until then it lies where a sensor finds it, so that a kill at any point leaves neither a
play without its clip nor audio that nobody names; unless the room is needed (`shedding`, `bounds`).
"""

from tagger_platform.spool.clips import Clips, expire_clips
from tagger_platform.spool.handover import Spool, audio_name
from tagger_platform.spool.manifest import CAPTURE, MANIFEST, MANIFEST_VERSION, Manifest
from tagger_platform.spool.pending import Pending
from tagger_platform.spool.settle import settle
from tagger_platform.spool.shedding import Room, Shedding

__all__ = [
    "CAPTURE",
    "MANIFEST",
    "MANIFEST_VERSION",
    "Clips",
    "Manifest",
    "Pending",
    "Room",
    "Shedding",
    "Spool",
    "audio_name",
    "expire_clips",
    "settle",
]
