"""The demo's model: where the hub's library looks for it, from the package, as often as the demo is started."""

from pathlib import Path

from tagger_platform.demo.model import COMMIT, MODEL, packaged_model
from tagger_platform.settings import Settings


def test_it_is_the_model_of_the_settings_and_lies_where_the_cache_has_it(tmp_path: Path, settings: Settings) -> None:
    for _ in range(2):
        environ = packaged_model(tmp_path)
        assert environ == {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    assert settings.embed_model == MODEL
    place = tmp_path / "hub" / "models--sentence-transformers--all-MiniLM-L6-v2"
    assert (place / "refs" / "main").read_text() == COMMIT
    assert (place / "snapshots" / COMMIT / "model.safetensors").stat().st_size > 80_000_000
