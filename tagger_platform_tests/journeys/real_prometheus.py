"""A real Prometheus that scrapes a running platform, with the configuration and alert rules that are shipped.

What belongs here: starting it on loopback, asking it, ending it. What does not: judging the answers.
"""

import json
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

SHIPPED = Path(__file__).parent.parent.parent / "deploy" / "prometheus"
INTERVAL = "1s"
READY_WITHIN_S = 30
LOOK_S = 0.2


class Prometheus:
    """Listens on `port` of loopback and scrapes `targets`: job -> port. Use it as a context."""

    def __init__(self, folder: Path, port: int, targets: dict[str, int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{port}"
        config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL}
        config["rule_files"] = [str(SHIPPED / name) for name in config["rule_files"]]
        for job in config["scrape_configs"]:
            job["static_configs"] = [{"targets": [f"127.0.0.1:{targets[job['job_name']]}"]}]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self._words = [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        self._log = folder / "prometheus.log"

    def __enter__(self) -> "Prometheus":
        with self._log.open("w") as log:
            self._process = subprocess.Popen(self._words, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._is_ready():
            assert self._process.poll() is None, self._log.read_text()[-2000:]
            assert time.monotonic() < deadline, "Prometheus is not ready"
            time.sleep(LOOK_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(20)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def query(self, promql: str) -> dict[str, float]:
        """The value of every series of the answer, by its labels as ``name=value,...``."""
        found = self._get("query", query=promql)["result"]
        return {
            ",".join(
                f"{k}={v}" for k, v in sorted(one["metric"].items()) if k not in ("__name__", "instance", "job")
            ): (float(one["value"][1]))
            for one in found
        }

    def rules(self) -> dict[str, str]:
        """Every alert rule and whether it could be evaluated: `ok`, `err` or `unknown`."""
        return {rule["name"]: rule["health"] for group in self._get("rules")["groups"] for rule in group["rules"]}

    def _get(self, what: str, **parameters: str) -> Any:
        words = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/api/v1/{what}?{words}", timeout=10) as answer:
            return json.load(answer)["data"]
