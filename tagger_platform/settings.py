"""Every environment variable, read once into frozen `Settings`.

What belongs here: names, defaults, units and checks of variables. What does not: what they switch on.
`.env.example` and the README's table are tested against `VARIABLES`, which is read off the class itself.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tagger_platform import setting_values as given
from tagger_platform import stream_config
from tagger_platform.errors import SettingsError
from tagger_platform.model import Stream
from tagger_platform.observe.logs import redact

DAY_S = 86_400
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Variable:
    """One environment variable: its default as text, the parser that judges it, and a line for people."""

    name: str
    default: str
    parse: Callable[[str], Any]
    help: str


def _var(name: str, default: str, parse: Callable[[str], Any], text: str, *, secret: bool = False) -> Any:
    return field(metadata={"variable": Variable(name, default, parse, text)}, repr=not secret)


@dataclass(frozen=True)
class Settings:
    """All settings of one process. Make one with `Settings.load()`."""

    host: str = _var("HOST", "127.0.0.1", given.host, "address the api and the pages listen on")
    port: int = _var("PORT", "44100", given.number(1, 65535), "port of the api")
    ui_port: int = _var("UI_PORT", "", given.port_or_next, "port of the pages; empty: PORT + 1")
    dagster_port: int = _var(
        "DAGSTER_PORT", "", given.port_or_next, "port of the Dagster UI, local only; empty: PORT + 2"
    )
    capture_port: int = _var("CAPTURE_PORT", "", given.port_or_next, "port of capture, local only; empty: PORT + 3")
    capture_host: str = _var(
        "CAPTURE_HOST",
        "127.0.0.1",
        given.host,
        "address of capture's own port: where it listens and where the api asks",
    )
    api_url: str = _var("API_URL", "", given.endpoint, "where the pages reach the api; empty: PORT on this machine")
    api_token: str = _var(
        "API_TOKEN", "", given.token, "token that callers of the api must send; empty: everybody may ask", secret=True
    )
    api_hosts: tuple[str, ...] = _var(
        "API_HOSTS", "", given.host_names, "names of this machine in the internet or of a proxy, parted by commas"
    )
    streams_added_private: bool = _var(
        "STREAMS_ADDED_PRIVATE",
        "true",
        stream_config.parse_bool,
        "let streams added in the pages lead into private networks",
    )
    code_port: int = _var("CODE_PORT", "", given.port_or_next, "port of Dagster's code server, local; empty: PORT + 4")
    tz: ZoneInfo = _var("TZ", "America/Los_Angeles", given.zone, "time zone of dates and nightly jobs")
    data_dir: Path = _var("DATA_DIR", "data", given.path, "folder for everything that is kept")
    streams_file: Path = _var(
        "STREAMS_FILE", "streams.yaml", given.path, "list of streams; those in the environment win"
    )
    window_s: int = _var("WINDOW_SECONDS", "12", given.number(3, 60), "length of a window in seconds")
    hop_s: int = _var("HOP_SECONDS", "120", given.number(5, DAY_S), "seconds from slot to slot")
    window_offsets: tuple[int, ...] = _var(
        "WINDOW_OFFSETS", "0,30", given.offsets, "seconds after the slot at which windows begin, or 'continuous'"
    )
    dedup_s: int = _var("DEDUP_SECONDS", "300", given.number(0, DAY_S), "longest gap in seconds inside one play")
    decision_policy: tuple[str, ...] = _var(
        "DECISION_POLICY", "shazam_two_hit,catalogue_two_hit", given.policies, "policies that make plays"
    )
    two_hit_hop_tolerance: int = _var(
        "TWO_HIT_HOP_TOLERANCE", "1", given.number(0, 10), "windows between two hits that may say otherwise"
    )
    retain_plays_days: int = _var("RETAIN_PLAYS_DAYS", "-1", given.number(-1, 36_500), "days; -1 keeps plays for ever")
    retain_recognitions_days: int = _var(
        "RETAIN_RECOGNITIONS_DAYS", "30", given.number(1, 36_500), "days that recognitions and windows are kept"
    )
    clip_retain_days: int = _var(
        "CLIP_RETAIN_DAYS", "30", given.number(0, 36_500), "days that evidence clips are kept; 0: none is"
    )
    clip_disk_share: float = _var(
        "CLIP_DISK_SHARE", "0.25", given.fraction, "share of the disk that clips may fill, 0 to 1; the oldest go first"
    )
    keep_last_window: bool = _var(
        "KEEP_LAST_WINDOW",
        "false",
        stream_config.parse_bool,
        "keep the audio of each stream's last window to listen to",
    )
    catchup_retain_hours: int = _var(
        "CATCHUP_RETAIN_HOURS", "48", given.number(0, 24 * 365), "hours that unanswered audio waits to be asked again"
    )
    pending_max_mb: int = _var(
        "PENDING_MAX_MB", "2000", given.number(1, 10_000_000), "megabytes of unanswered audio that wait at most"
    )
    disk_reserve_mb: int = _var(
        "DISK_RESERVE_MB",
        "1000",
        given.number(0, 10_000_000),
        "megabytes kept free: clips go first, then other audio",
    )
    backup_dir: Path | None = _var(
        "BACKUP_DIR", "", given.optional_path, "folder of nightly backups; empty: in DATA_DIR"
    )
    backup_retain_days: int = _var(
        "BACKUP_RETAIN_DAYS", "30", given.number(0, 36_500), "days that nightly backups are kept; 0: none are made"
    )
    retention_cleanup_localtime: time = _var(
        "RETENTION_CLEANUP_LOCALTIME", "04:00", given.local_time, "time of day in TZ of the nightly clean-up"
    )
    shazam_enabled: bool = _var("SHAZAM_ENABLED", "true", stream_config.parse_bool, "ask Shazam (an unofficial API)")
    shazam_per_minute: int = _var(
        "SHAZAM_PER_MINUTE", "4", given.number(1, 600), "requests a minute, all streams together"
    )
    shazam_url: str = _var(
        "SHAZAM_URL", "", given.endpoint, "where to ask instead of Shazam's own host, such as a stand-in", secret=True
    )
    shazam_time_skew: float = _var(
        "SHAZAM_TIME_SKEW", "0.001", given.fraction, "a match of Shazam played faster or slower by more is trusted less"
    )
    shazam_frequency_skew: float = _var(
        "SHAZAM_FREQUENCY_SKEW", "0.001", given.fraction, "a match of Shazam higher or lower by more is trusted less"
    )
    acoustid_enabled: bool = _var("ACOUSTID_ENABLED", "false", stream_config.parse_bool, "ask AcoustID (observed only)")
    acoustid_api_key: str = _var("ACOUSTID_API_KEY", "", str, "AcoustID application key", secret=True)
    acoustid_url: str = _var(
        "ACOUSTID_URL",
        "",
        given.endpoint,
        "where to ask instead of AcoustID's own host, such as a stand-in",
        secret=True,
    )
    chromaprint_path: Path | None = _var(
        "CHROMAPRINT_PATH", "", given.optional_path, "fpcalc; empty: looked up in PATH"
    )
    ffmpeg_path: Path | None = _var(
        "FFMPEG_PATH", "", given.optional_path, "ffmpeg; empty: the system's, else the wheel's"
    )
    global_max_inflight: int = _var(
        "GLOBAL_MAX_INFLIGHT_RECOGNITIONS", "3", given.number(1, 100), "questions under way at once, all providers"
    )
    per_provider_max_inflight: int = _var(
        "PER_PROVIDER_MAX_INFLIGHT", "3", given.number(1, 100), "questions under way at once, each provider"
    )
    queue_max_size: int = _var("QUEUE_MAX_SIZE", "500", given.number(1, 1_000_000), "windows the spool holds at most")
    queue_max_mb: int = _var("QUEUE_MAX_MB", "2000", given.number(1, 10_000_000), "megabytes the spool holds at most")
    log_level: str = _var("LOG_LEVEL", "INFO", given.one_of(*LOG_LEVELS), "DEBUG, INFO, WARNING or ERROR")
    structured_logs: bool = _var(
        "STRUCTURED_LOGS", "false", stream_config.parse_bool, "one JSON object a line instead of text"
    )
    enable_prometheus: bool = _var("ENABLE_PROMETHEUS", "true", stream_config.parse_bool, "serve metrics")
    metrics_path: str = _var("METRICS_PATH", "/metrics", given.url_path, "path of the metrics")
    otel_service_name: str = _var("OTEL_SERVICE_NAME", "tagger", str, "service name in traces")
    otel_endpoint: str = _var(
        "OTEL_EXPORTER_OTLP_ENDPOINT", "", given.endpoint, "OTLP collector; empty: no traces", secret=True
    )
    otel_sampler_arg: float = _var("OTEL_TRACES_SAMPLER_ARG", "1.0", given.fraction, "share of slots traced, 0 to 1")
    notify_urls: tuple[str, ...] = _var(
        "NOTIFY_URLS", "", given.notify_urls, "Apprise addresses to tell of trouble, parted by commas", secret=True
    )
    coverage_alert_ratio: float = _var(
        "COVERAGE_ALERT_RATIO", "0.9", given.fraction, "tell of streams of which less was heard in the last hours"
    )
    clusters_enabled: bool = _var("CLUSTERS_ENABLED", "true", stream_config.parse_bool, "draw the sound map")
    embed_model: str = _var("EMBED_MODEL", "sentence-transformers/all-MiniLM-L6-v2", str, "model for embeddings")
    embed_model_revision: str = _var("EMBED_MODEL_REVISION", "main", str, "revision of the model")
    embed_device: str = _var("EMBED_DEVICE", "cpu", given.one_of("cpu", "cuda", "mps"), "device for embeddings")
    streams: tuple[Stream, ...] = ()

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read all variables and the streams file. Raises SettingsError with every problem found."""
        environ = os.environ if environ is None else environ
        values, problems = _parsed(environ)
        from_environment, stream_problems = stream_config.from_environment(environ)
        problems += stream_problems
        if "streams_file" in values:
            from_file, file_problems = stream_config.from_file(values["streams_file"])
            problems += file_problems
        if problems:
            raise SettingsError(problems)
        settings = cls(**_completed(values), streams=stream_config.merged(from_environment, from_file))
        if problems := _contradictions(settings):
            raise SettingsError(problems)
        return settings

    def with_streams_read_again(self, environ: Mapping[str, str] | None = None) -> "Settings":
        """These settings with `streams.yaml` as it is now. Raises SettingsError when it is broken."""
        from_environment, _ = stream_config.from_environment(os.environ if environ is None else environ)
        from_file, problems = stream_config.from_file(self.streams_file)
        if problems:
            raise SettingsError(problems)
        return replace(self, streams=stream_config.merged(from_environment, from_file))

    @property
    def enabled_streams(self) -> tuple[Stream, ...]:
        return tuple(stream for stream in self.streams if stream.enabled)

    @property
    def database_path(self) -> Path:
        return self.data_dir / "tagger.duckdb"

    @property
    def backup_folder(self) -> Path:
        return self.backup_dir or self.data_dir / "backups"

    @property
    def disk_reserve_bytes(self) -> int:
        return self.disk_reserve_mb * 1_000_000

    @property
    def spool_dir(self) -> Path:
        return self.data_dir / "spool"

    @property
    def clips_dir(self) -> Path:
        return self.data_dir / "clips"

    @property
    def last_windows_dir(self) -> Path:
        return self.data_dir / "last"

    @property
    def budget_path(self) -> Path:
        return self.data_dir / "budget.sqlite"

    @property
    def catalogue_dir(self) -> Path:
        return self.data_dir / "catalogue"

    @property
    def library_dir(self) -> Path:
        return self.data_dir / "library"

    @property
    def art_dir(self) -> Path:
        return self.data_dir / "art"

    @property
    def uploads_dir(self) -> Path:
        """Of files that people send, for as long as their request lasts."""
        return self.data_dir / "uploads"

    @property
    def search_dir(self) -> Path:
        return self.data_dir / "search"

    @property
    def search_index_path(self) -> Path:
        return self.search_dir / "tracks.sqlite"

    @property
    def marks_dir(self) -> Path:
        return self.data_dir / "marks"

    @property
    def logs_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def notified_path(self) -> Path:
        return self.data_dir / "notified.json"

    @property
    def dagster_home(self) -> Path:
        return self.data_dir / "dagster"


def _read_off(cls: type[Settings]) -> dict[str, Variable]:
    return {item.name: item.metadata["variable"] for item in fields(cls) if "variable" in item.metadata}


_BY_FIELD = _read_off(Settings)
VARIABLES = tuple(_BY_FIELD.values())
"""Every plain variable in order; the STREAM_* family is `stream_config`'s."""


_SECRET = tuple(item.name for item in fields(Settings) if "variable" in item.metadata and not item.repr)


def shown(settings: Settings) -> dict[str, str]:
    """Every variable and what it is now, for people; of secrets just whether they are set."""
    values = {variable.name: getattr(settings, name) for name, variable in _BY_FIELD.items()}
    hidden = {_BY_FIELD[name].name for name in _SECRET}
    return {name: ("set" if value else "not set") if name in hidden else str(value) for name, value in values.items()}


def secrets(settings: Settings) -> Iterator[str]:
    """Everything in the settings that must not be shown: keys, tokens and passwords, also those within addresses."""
    for stream in settings.streams:
        yield from stream_config.secrets_of_url(stream.url)
    for name in _SECRET:
        value = getattr(settings, name)
        if isinstance(value, str):
            yield from (value, *stream_config.secrets_of_url(value))
        else:
            yield from (word for url in value for word in stream_config.words_of_address(url))


def _parsed(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    problems = []
    for name, variable in _BY_FIELD.items():
        text = environ.get(variable.name, "").strip() or variable.default
        try:
            values[name] = variable.parse(text)
        except ValueError as error:
            problems.append(redact(f"{variable.name} {error}"))
    return values, problems


def _completed(values: dict[str, Any]) -> dict[str, Any]:
    for step, name in enumerate(("ui_port", "dagster_port", "capture_port", "code_port"), start=1):
        values[name] = values[name] or values["port"] + step
    values["api_url"] = values["api_url"].rstrip("/") or f"http://127.0.0.1:{values['port']}"
    if values["window_offsets"] is None:
        values["window_offsets"] = tiled(values["hop_s"], values["window_s"])
    return values


def tiled(hop_s: int, window_s: int) -> tuple[int, ...]:
    """Offsets that cover the whole hop; the last window overlaps its neighbour where the hop is no multiple."""
    last = max(hop_s - window_s, 0)
    return (*range(0, last, window_s), last)


def _contradictions(settings: Settings) -> list[str]:
    problems = []
    if settings.window_offsets[-1] + settings.window_s > settings.hop_s:
        problems.append(
            f"WINDOW_OFFSETS: the window at {settings.window_offsets[-1]} s lasts {settings.window_s} s "
            f"(WINDOW_SECONDS) and ends after the slot's {settings.hop_s} s (HOP_SECONDS)"
        )
    names = ("port", "ui_port", "dagster_port", "capture_port", "code_port")
    ports = [getattr(settings, name) for name in names]
    if len(set(ports)) < len(ports) or max(ports) > 65535:
        listed = ", ".join(f"{_BY_FIELD[name].name}={port}" for name, port in zip(names, ports, strict=True))
        problems.append(f"the ports must differ and be at most 65535: {listed}")
    if settings.acoustid_enabled and not settings.acoustid_api_key:
        problems.append(
            "ACOUSTID_ENABLED is true but ACOUSTID_API_KEY is empty; https://acoustid.org/new-application gives one"
        )
    return problems
