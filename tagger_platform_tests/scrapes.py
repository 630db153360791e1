"""What a scrape says: its values by name and labels, and its shape as one line a metric, for golden files.

What belongs here: reading the text that Prometheus reads. What does not: tests.
"""

import subprocess
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as families

GOLDEN = Path(__file__).parent / "observe"
PLATFORM, CAPTURE = GOLDEN / "platform-metrics.txt", GOLDEN / "capture-metrics.txt"


def values(text: str) -> dict[str, float]:
    """``name{label="value",...}`` without the braces where there are no labels -> value."""
    return {
        sample.name + ("{" + ",".join(f'{k}="{v}"' for k, v in sorted(sample.labels.items())) + "}")
        if sample.labels
        else sample.name: sample.value
        for family in families(text)
        for sample in family.samples
    }


def shape(text: str) -> list[str]:
    """One line a metric: its name, type, labels and help, sorted."""
    lines = []
    for family in families(text):
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
        name = family.name + ("_total" if family.type == "counter" else "")
        lines.append(f"{name} {family.type} {{{','.join(labels)}}} {family.documentation}")
    return sorted(lines)


def linted(text: str) -> str:
    """What promtool has to say of the text; nothing, if all is well."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    return done.stdout + done.stderr + (f"exit code {done.returncode}" if done.returncode else "")


def golden_names(path: Path) -> set[str]:
    """Every series name that a scrape of this shape can have."""
    names = set()
    for line in path.read_text().splitlines():
        name, kind, _ = line.split(" ", 2)
        names |= {name + suffix for suffix in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names
