"""What is shipped for Prometheus and Grafana: valid, tested by Prometheus's own tool, and about metrics that exist."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tagger_platform.settings import Settings
from tagger_platform_tests.scrapes import CAPTURE, PLATFORM, golden_names

DEPLOY = Path(__file__).parent.parent / "deploy"
PROMETHEUS, DASHBOARD = DEPLOY / "prometheus", DEPLOY / "grafana" / "dashboard.json"
CONFIG = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
RULES = [rule for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
TESTED = yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text())["tests"]
BOARD = json.loads(DASHBOARD.read_text())
QUERIES = [(panel["title"], target["expr"]) for panel in BOARD["panels"] for target in panel["targets"]]
OWN = {"up"}
"""What Prometheus itself says of what it scrapes."""


def metrics_in(query: str) -> Iterator[str]:
    """The names of metrics in a query: words of several parts, outside of braces, quotes and lists of labels."""
    bare = re.sub(r"\{[^}]*\}|\b(?:by|without) \([^)]*\)", "", query)
    yield from re.findall(r"\b[a-z]+(?:_[a-z]+)+\b(?! ?\()|\bup\b", bare)


def series_of(query: str) -> set[str]:
    return set(metrics_in(query)) - OWN


def test_metrics_are_found_in_queries():
    query = 'histogram_quantile(0.5, sum by (stream_x, le) (rate(a_b_bucket{x=~"c_d"}[5m]))) / on () time() - up'
    assert set(metrics_in(query)) == {"a_b_bucket", "up"}


@pytest.mark.parametrize(
    ("named", "query"),
    [*QUERIES, *((rule["alert"], rule["expr"]) for rule in RULES)],
)
def test_every_metric_that_is_named_is_served(named: str, query: str):
    assert any(metrics_in(query)), named
    assert series_of(query) <= golden_names(PLATFORM) | golden_names(CAPTURE)


def test_every_metric_that_is_served_is_on_the_dashboard_or_unused_for_a_reason():
    shown = {name for _, query in QUERIES for name in series_of(query)}
    families = {name.removesuffix("_bucket") for name in shown}
    served = {line.split(" ")[0] for path in (PLATFORM, CAPTURE) for line in path.read_text().splitlines()}
    assert served - families == {
        "embeddings_index_size",  # as many as there are tracks
        "retention_deletes_total",  # a night that fails is told by health
    }


def test_every_alert_is_tested_to_fire_and_to_stay_quiet():
    fired = {one["alertname"] for test in TESTED for one in test["alert_rule_test"] if one.get("exp_alerts")}
    quiet = {one["alertname"] for test in TESTED for one in test["alert_rule_test"] if not one.get("exp_alerts")}
    assert fired == quiet == {rule["alert"] for rule in RULES}


def test_the_jobs_that_alerts_name_are_the_ones_that_are_scraped(settings: Settings):
    named = {job for rule in RULES for job in re.findall(r'job="(\w+)"', rule["expr"])}
    assert named == {job["job_name"] for job in CONFIG["scrape_configs"]}
    targets = [target for job in CONFIG["scrape_configs"] for target in job["static_configs"][0]["targets"]]
    assert targets == [f"api:{settings.port}", f"capture:{settings.capture_port}"]
    assert all("metrics_path" not in job for job in CONFIG["scrape_configs"])
    assert settings.metrics_path == "/metrics"


def test_the_dashboards_panels_have_a_place_each_and_a_title():
    taken = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells
    for key in ("id", "title"):
        assert len({panel[key] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def test_grafana_asks_the_prometheus_of_compose():
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())
    services = yaml.safe_load((DEPLOY.parent / "compose.yaml").read_text())["services"]
    (one,) = source["datasources"]
    assert one["url"].removeprefix("http://").split(":")[0] in services


@pytest.mark.real
@pytest.mark.parametrize(
    "words",
    [("check", "config", "prometheus.yml"), ("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")],
)
def test_promtool_agrees(words: tuple[str, ...]):
    done = subprocess.run(["promtool", *words], cwd=PROMETHEUS, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
