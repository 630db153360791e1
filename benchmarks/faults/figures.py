"""What a scenario found, printed and kept.

What belongs here: the two ways. What does not: the figures themselves.
"""

import json
from collections.abc import Mapping
from pathlib import Path


def tell(figures: Mapping[str, object], path: Path | None) -> None:
    """Print a line for each, and write them to `path` as JSON."""
    for name, value in figures.items():
        print(f"{name:<56}{value}")
    if path:
        path.write_text(json.dumps(figures, indent=1))
