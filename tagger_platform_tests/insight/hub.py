"""Hugging Face's hub as a process may find it: a hub on loopback that has no model, or none at all.

What belongs here: the environment of such a process. What does not: tests, and a cache with the model in it
(`demo.model`).
"""

from pathlib import Path

from aiohttp import web

from tagger_platform_tests.standins.loopback import Loopback


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
