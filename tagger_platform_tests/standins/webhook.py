"""A webhook's receiver on loopback.

What belongs here: taking messages, or refusing them. What does not: anything of ours.
"""

from typing import Any

from aiohttp import web

from tagger_platform_tests.standins.loopback import Loopback


class WebhookStandIn(Loopback):
    """Keeps what it was sent in `messages`, and answers with `status`, which may change while it runs."""

    def __init__(self, status: int = 200) -> None:
        super().__init__()
        self.status = status
        self.messages: list[dict[str, Any]] = []

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/{rest:.*}", self._take)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        if self.status == 200:
            self.messages.append(await request.json())
        return web.Response(status=self.status)
