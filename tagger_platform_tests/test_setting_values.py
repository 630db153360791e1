"""Every variable, with good values and what they become, and bad values and that they are told as one problem."""

from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tagger_platform.errors import SettingsError
from tagger_platform.settings import VARIABLES, Settings
from tagger_platform.stream_config import MOST_STREAMS

Environ = dict[str, str]

GOOD: list[tuple[str, str, str, Any]] = [
    ("HOST", "0.0.0.0", "host", "0.0.0.0"),
    ("HOST", "::1", "host", "::1"),
    ("PORT", "8000", "port", 8000),
    ("UI_PORT", "9001", "ui_port", 9001),
    ("DAGSTER_PORT", "9002", "dagster_port", 9002),
    ("CAPTURE_PORT", "9003", "capture_port", 9003),
    ("CODE_PORT", "9004", "code_port", 9004),
    ("API_URL", "http://api:44100/", "api_url", "http://api:44100"),
    ("CAPTURE_HOST", "capture", "capture_host", "capture"),
    ("API_TOKEN", "0123456789abcdef", "api_token", "0123456789abcdef"),
    ("API_HOSTS", "Music.example, www.music.example,", "api_hosts", ("music.example", "www.music.example")),
    ("STREAMS_ADDED_PRIVATE", "no", "streams_added_private", False),
    ("TZ", "Europe/Kyiv", "tz", ZoneInfo("Europe/Kyiv")),
    ("TZ", "UTC", "tz", ZoneInfo("UTC")),
    ("DATA_DIR", "/srv/tagger", "data_dir", Path("/srv/tagger")),
    ("DATA_DIR", "somewhere", "data_dir", Path("somewhere").absolute()),
    ("STREAMS_FILE", "/etc/no-streams.yaml", "streams_file", Path("/etc/no-streams.yaml")),
    ("WINDOW_SECONDS", "10", "window_s", 10),
    ("WINDOW_SECONDS", " 10 ", "window_s", 10),
    ("HOP_SECONDS", "60", "hop_s", 60),
    ("WINDOW_OFFSETS", "0", "window_offsets", (0,)),
    ("WINDOW_OFFSETS", "60, 0,30", "window_offsets", (0, 30, 60)),
    ("WINDOW_OFFSETS", "continuous", "window_offsets", tuple(range(0, 120, 12))),
    ("DEDUP_SECONDS", "0", "dedup_s", 0),
    ("DECISION_POLICY", " catalogue_two_hit ,", "decision_policy", ("catalogue_two_hit",)),
    ("DECISION_POLICY", "any_two_agree,timeline", "decision_policy", ("any_two_agree", "timeline")),
    ("DECISION_POLICY", "catalogue_single", "decision_policy", ("catalogue_single",)),
    ("TWO_HIT_HOP_TOLERANCE", "10", "two_hit_hop_tolerance", 10),
    ("RETAIN_PLAYS_DAYS", "-1", "retain_plays_days", -1),
    ("RETAIN_RECOGNITIONS_DAYS", "1", "retain_recognitions_days", 1),
    ("CLIP_RETAIN_DAYS", "0", "clip_retain_days", 0),
    ("CLIP_DISK_SHARE", "0.5", "clip_disk_share", 0.5),
    ("KEEP_LAST_WINDOW", "true", "keep_last_window", True),
    ("CATCHUP_RETAIN_HOURS", "0", "catchup_retain_hours", 0),
    ("PENDING_MAX_MB", "1", "pending_max_mb", 1),
    ("DISK_RESERVE_MB", "0", "disk_reserve_mb", 0),
    ("BACKUP_DIR", "/mnt/backups", "backup_dir", Path("/mnt/backups")),
    ("BACKUP_DIR", "", "backup_dir", None),
    ("BACKUP_RETAIN_DAYS", "0", "backup_retain_days", 0),
    ("RETENTION_CLEANUP_LOCALTIME", "23:59", "retention_cleanup_localtime", time(23, 59)),
    ("SHAZAM_ENABLED", "Yes", "shazam_enabled", True),
    ("SHAZAM_PER_MINUTE", "600", "shazam_per_minute", 600),
    ("SHAZAM_URL", "http://127.0.0.1:9999", "shazam_url", "http://127.0.0.1:9999"),
    ("SHAZAM_TIME_SKEW", "0.01", "shazam_time_skew", 0.01),
    ("SHAZAM_FREQUENCY_SKEW", "0", "shazam_frequency_skew", 0.0),
    ("ACOUSTID_ENABLED", "off", "acoustid_enabled", False),
    ("ACOUSTID_API_KEY", "abc", "acoustid_api_key", "abc"),
    ("ACOUSTID_URL", "http://127.0.0.1:9998", "acoustid_url", "http://127.0.0.1:9998"),
    ("CHROMAPRINT_PATH", "/usr/bin/fpcalc", "chromaprint_path", Path("/usr/bin/fpcalc")),
    ("CHROMAPRINT_PATH", "", "chromaprint_path", None),
    ("FFMPEG_PATH", "/usr/bin/ffmpeg", "ffmpeg_path", Path("/usr/bin/ffmpeg")),
    ("GLOBAL_MAX_INFLIGHT_RECOGNITIONS", "1", "global_max_inflight", 1),
    ("PER_PROVIDER_MAX_INFLIGHT", "100", "per_provider_max_inflight", 100),
    ("QUEUE_MAX_SIZE", "1", "queue_max_size", 1),
    ("QUEUE_MAX_MB", "1", "queue_max_mb", 1),
    ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
    ("STRUCTURED_LOGS", "1", "structured_logs", True),
    ("ENABLE_PROMETHEUS", "no", "enable_prometheus", False),
    ("METRICS_PATH", "/internal/metrics", "metrics_path", "/internal/metrics"),
    ("OTEL_SERVICE_NAME", "station-7", "otel_service_name", "station-7"),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "https://user:key@collector:4318",
        "otel_endpoint",
        "https://user:key@collector:4318",
    ),
    ("OTEL_TRACES_SAMPLER_ARG", ".25", "otel_sampler_arg", 0.25),
    ("NOTIFY_URLS", "json://h/x", "notify_urls", ("json://h/x",)),
    ("NOTIFY_URLS", "mailto://h?to=a,b, slack://t", "notify_urls", ("mailto://h?to=a,b", "slack://t")),
    ("COVERAGE_ALERT_RATIO", "0.5", "coverage_alert_ratio", 0.5),
    ("CLUSTERS_ENABLED", "0", "clusters_enabled", False),
    ("EMBED_MODEL", "org/model", "embed_model", "org/model"),
    ("EMBED_MODEL_REVISION", "abc123", "embed_model_revision", "abc123"),
    ("EMBED_DEVICE", "CUDA", "embed_device", "cuda"),
]

BAD: list[tuple[str, str]] = [
    ("HOST", "not a host"),
    ("CAPTURE_HOST", "not a host"),
    ("API_URL", "api:44100"),
    ("API_TOKEN", "too-short"),
    ("API_TOKEN", "0123456789 abcdef"),
    ("API_TOKEN", "0123456789abcdéf"),
    ("API_HOSTS", "https://music.example"),
    ("API_HOSTS", "music.example:443"),
    ("STREAMS_ADDED_PRIVATE", "perhaps"),
    *[
        (port, bad)
        for port in ("PORT", "UI_PORT", "DAGSTER_PORT", "CAPTURE_PORT", "CODE_PORT")
        for bad in ("0", "65536")
    ],
    ("PORT", "http"),
    ("PORT", "8000.0"),
    ("PORT", "²"),
    ("PORT", "9" * 5000),
    ("TZ", "Mars/Olympus"),
    ("TZ", "../../etc/passwd"),
    ("TZ", "America"),
    ("WINDOW_SECONDS", "2"),
    ("WINDOW_SECONDS", "twelve"),
    ("HOP_SECONDS", "4"),
    ("WINDOW_OFFSETS", "0,0"),
    ("WINDOW_OFFSETS", "0,00"),
    ("WINDOW_OFFSETS", "0,-30"),
    ("WINDOW_OFFSETS", "0,²"),
    ("WINDOW_OFFSETS", ","),
    ("WINDOW_OFFSETS", "0,115"),
    ("DEDUP_SECONDS", "-1"),
    ("DECISION_POLICY", "coin_toss"),
    ("DECISION_POLICY", ","),
    ("DECISION_POLICY", "timeline"),
    ("TWO_HIT_HOP_TOLERANCE", "11"),
    ("TWO_HIT_HOP_TOLERANCE", "-1"),
    ("RETAIN_PLAYS_DAYS", "-2"),
    ("RETAIN_RECOGNITIONS_DAYS", "0"),
    ("CLIP_RETAIN_DAYS", "-1"),
    ("CLIP_DISK_SHARE", "2"),
    ("KEEP_LAST_WINDOW", "maybe"),
    ("CATCHUP_RETAIN_HOURS", "1.5"),
    ("PENDING_MAX_MB", "0"),
    ("DISK_RESERVE_MB", "-1"),
    ("BACKUP_RETAIN_DAYS", "-1"),
    ("RETENTION_CLEANUP_LOCALTIME", "24:00"),
    ("RETENTION_CLEANUP_LOCALTIME", "4"),
    ("SHAZAM_ENABLED", "maybe"),
    ("SHAZAM_PER_MINUTE", "0"),
    ("SHAZAM_URL", "amp.shazam.com"),
    ("SHAZAM_URL", "http://"),
    ("SHAZAM_TIME_SKEW", "-0.1"),
    ("SHAZAM_FREQUENCY_SKEW", "0,1"),
    ("ACOUSTID_ENABLED", "2"),
    ("ACOUSTID_URL", "api.acoustid.org"),
    ("GLOBAL_MAX_INFLIGHT_RECOGNITIONS", "0"),
    ("PER_PROVIDER_MAX_INFLIGHT", "101"),
    ("QUEUE_MAX_SIZE", "0"),
    ("QUEUE_MAX_MB", "0"),
    ("LOG_LEVEL", "LOUD"),
    ("STRUCTURED_LOGS", "json"),
    ("ENABLE_PROMETHEUS", "maybe"),
    ("METRICS_PATH", "metrics"),
    ("METRICS_PATH", "/"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[oops"),
    ("NOTIFY_URLS", "me@example.com"),
    ("NOTIFY_URLS", "json://h/x y"),
    ("COVERAGE_ALERT_RATIO", "90"),
    ("OTEL_TRACES_SAMPLER_ARG", "1.1"),
    ("OTEL_TRACES_SAMPLER_ARG", "nan"),
    ("CLUSTERS_ENABLED", "maybe"),
    ("DATA_DIR", "~nobody-of-this-name/tagger"),
    ("FFMPEG_PATH", "~nobody-of-this-name/ffmpeg"),
    ("EMBED_DEVICE", "abacus"),
    ("STREAM_COUNT", "many"),
    ("STREAM_COUNT", "-1"),
    ("STREAM_COUNT", "²"),
    ("STREAM_COUNT", "1"),
    ("STREAM_COUNT", "3"),
    ("STREAM_COUNT", str(MOST_STREAMS + 1)),
    ("STREAM_2_ENABLED", "maybe"),
    ("STREAM_2_NAME", "Café"),
    ("STREAM_2_NAME", ""),
    ("STREAM_2_URL", ""),
    ("STREAM_03_NAME", "leading-zero"),
    ("STREAM_99999999_NAME", "far-away"),
]
FREE_TEXT = {
    *("ACOUSTID_API_KEY", "OTEL_SERVICE_NAME", "EMBED_MODEL", "EMBED_MODEL_REVISION"),
    *("DATA_DIR", "STREAMS_FILE", "CHROMAPRINT_PATH", "FFMPEG_PATH", "BACKUP_DIR"),
}


@pytest.mark.parametrize(("variable", "text", "field", "value"), GOOD, ids=[f"{c[0]}={c[1]}" for c in GOOD])
def test_good_values(environ: Environ, variable: str, text: str, field: str, value: object) -> None:
    assert getattr(Settings.load({**environ, variable: text}), field) == value


@pytest.mark.parametrize(("variable", "text"), BAD, ids=[f"{name}={text[:20]}" for name, text in BAD])
def test_a_bad_value_is_one_problem_that_names_its_variable(environ: Environ, variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load({**environ, variable: text})
    found = caught.value.problems
    stem = variable.rpartition("_")[0] if variable.startswith("STREAM_") and variable[7].isdigit() else variable
    named = [problem for problem in found if stem in problem]
    assert len(named) == len(found) == 1 or (variable == "STREAM_COUNT" and text == "3" and len(found) == 2)


def test_the_tables_above_hold_every_variable() -> None:
    names = {variable.name for variable in VARIABLES}
    assert names <= {case[0] for case in GOOD}
    assert names - FREE_TEXT <= {case[0] for case in BAD}
