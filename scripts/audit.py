"""Asks OSV (https://osv.dev) whether a vulnerability is known in any package that is installed here.

Exit code 0: none is known, or nobody could be asked, which it says; 1: one is known, which it names.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

PATIENCE_S = 120
"""Seconds for some 200 packages, one question each."""
AUDIT = (
    *(sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--skip-editable"),
    *("--format", "json", "--progress-spinner", "off", "--timeout", "5"),
)


def main(command: Sequence[str] = AUDIT, patience_s: float = PATIENCE_S) -> int:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience_s, check=False)
    except subprocess.TimeoutExpired:
        return _could_not_ask(f"no answer within {patience_s:g} s")
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return _could_not_ask((done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1])
    found = [(package, flaw) for package in packages for flaw in package.get("vulns", ())]
    for package, flaw in found:
        mended = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
        print(f"{package['name']} {package['version']}: {flaw['id']}, mended by {mended}")
    print(f"{len(packages)} packages, {len(found)} known vulnerabilities")
    return 1 if found else 0


def _could_not_ask(why: str) -> int:
    print(f"could not ask whether a vulnerability is known: {why}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
