"""A backup's file: a zip whose last member, ``manifest.json``, has size and SHA-256 of all the others.

What belongs here: writing and reading it, and refusing what is cut short, altered, newer or reaches outside. What does
not: what is in it (`make`), and where it goes (`restore`). The sums tell of damage; who can write the file can also
write its manifest, so keep it where only you can.
"""

import hashlib
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from tagger_platform.errors import NewerVersionError, RequestError

FORMAT = 2
"""1 had no sums of the tables."""
MANIFEST = "manifest.json"
CHUNK = 1 << 20
MOST_MANIFEST = 100_000_000
"""Bytes: a million members."""
UNCHANGING = (".flac", ".npy", ".jpg", ".png", ".webp")
"""What is compressed already, or as good as random: to try again would only take time."""

BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)
"""What zipfile raises for bytes that are no zip of ours, depending on where they are wrong."""


@dataclass(frozen=True)
class Member:
    """A file within the backup; its name is a path below the folder that is restored."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    `rows` are those of each table of the store, `tracks` those that the catalogue recognises; `fill_in` says what a
    person has to set again, because backups hold no secrets. `sums` are those of the tables, as the version
    `duckdb` adds them up; a backup of format 1 has none.
    """

    made_at: str
    tagger: str
    schema: int
    rows: Mapping[str, int]
    tracks: int
    clips: bool
    fill_in: tuple[str, ...]
    members: tuple[Member, ...] = ()
    sums: Mapping[str, str] = field(default_factory=dict)
    duckdb: str = ""
    format: int = FORMAT

    @property
    def bytes(self) -> int:
        """What all members take when they are unpacked."""
        return sum(member.bytes for member in self.members)


@dataclass
class Writer:
    """Adds members to a backup that is being made."""

    bundle: zipfile.ZipFile
    members: list[Member] = field(default_factory=list)

    def add(self, name: str, source: Path) -> None:
        """Add a file. Raises FileNotFoundError, with nothing added, when it is gone."""
        with source.open("rb") as file:
            self._add(name, file)

    def add_text(self, name: str, text: str) -> None:
        content = text.encode()
        self.bundle.writestr(name, content)
        self.members.append(Member(name, len(content), hashlib.sha256(content).hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, after which nothing may be added."""
        told = {**asdict(manifest), "members": [asdict(member) for member in self.members]}
        self.bundle.writestr(MANIFEST, json.dumps(told, indent=1, ensure_ascii=False))

    def _add(self, name: str, file: IO[bytes]) -> None:
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_STORED if name.endswith(UNCHANGING) else zipfile.ZIP_DEFLATED
        digest, size = hashlib.sha256(), 0
        with self.bundle.open(info, "w", force_zip64=True) as member:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                member.write(chunk)
        self.members.append(Member(name, size, digest.hexdigest()))


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A new backup at `path`, readable by its owner alone; nothing is left of it when the block fails."""
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        with (
            draft.open("r+b") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle,
        ):
            yield Writer(bundle)
            bundle.close()
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator["Reader"]:
    """A backup that is there. Raises RequestError for what is none, NewerVersionError for a newer tagger's."""
    with ExitStack() as opened:
        with _told_in_words(path):
            bundle = opened.enter_context(zipfile.ZipFile(path))
            manifest = _manifest(path, bundle)
        yield Reader(path, bundle, manifest)


@dataclass(frozen=True)
class Reader:
    """A backup whose manifest is sound; its members are checked as they are read."""

    path: Path
    bundle: zipfile.ZipFile
    manifest: Manifest

    def check(self) -> None:
        """Read everything. Raises RequestError where a member is not what the manifest says."""
        for member in self.manifest.members:
            for _ in self._chunks(member):
                pass

    def unpack(self, folder: Path) -> None:
        """Write all members below `folder`, which must be empty. Raises RequestError as `check` does."""
        for member in self.manifest.members:
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                for chunk in self._chunks(member):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())

    def _chunks(self, member: Member) -> Iterator[bytes]:
        digest, left = hashlib.sha256(), member.bytes
        with _told_in_words(self.path), self.bundle.open(member.name) as file:
            while chunk := file.read(min(CHUNK, left + 1)):  # never more than was promised, whatever it unpacks to
                digest.update(chunk)
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
        if left or digest.hexdigest() != member.sha256:
            raise RequestError(f"{self.path} is damaged or was altered at {member.name}: nothing of it was used")


@contextmanager
def _told_in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise RequestError(f"there is no backup {path}") from None
    except BROKEN as error:
        raise RequestError(f"{path} is no backup, or not all of it ({error}): nothing of it was used") from error


def _manifest(path: Path, bundle: zipfile.ZipFile) -> Manifest:
    names = bundle.namelist()
    if MANIFEST not in names or bundle.getinfo(MANIFEST).file_size > MOST_MANIFEST:
        raise RequestError(f"{path} is no backup of tagger: it has no {MANIFEST}")
    try:
        content = json.loads(bundle.read(MANIFEST))
        if content["format"] > FORMAT:
            raise NewerVersionError(
                f"{path} has format {content['format']}, this tagger reads up to {FORMAT}: upgrade tagger"
            )
        manifest = _parsed(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RequestError(f"{path} is no backup that can be read: its {MANIFEST} is garbled") from error
    if outside := [member.name for member in manifest.members if not is_inside(member.name)]:
        raise RequestError(f"{path} would write outside of its folder ({outside[0]!r}): it is not used")
    if sorted([MANIFEST, *(member.name for member in manifest.members)]) != sorted(names):
        raise RequestError(f"{path} was altered: it does not hold what its {MANIFEST} says")
    return manifest


def _parsed(content: dict[str, Any]) -> Manifest:
    members = tuple(Member(str(one["name"]), int(one["bytes"]), str(one["sha256"])) for one in content["members"])
    told = {**content, "members": members, "fill_in": tuple(map(str, content["fill_in"]))}
    return Manifest(**told)


def is_inside(name: str) -> bool:
    """Whether a name is a plain relative path on every system."""
    parts = name.split("/")
    return (
        not PurePosixPath(name).is_absolute()
        and not re.search(r"[\\:\x00-\x1f]", name)
        and all(part not in ("", ".", "..") for part in parts)
    )
