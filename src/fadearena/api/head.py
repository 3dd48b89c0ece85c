"""HEAD: what GET would answer, without its body. Exports have none: they would be made for nothing."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_WITHOUT = "/api/export/"


class HeadMiddleware:
    """Asks as GET, and keeps the body back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].startswith(_WITHOUT):
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, without_body)
        finally:
            scope["route"] = asked.get("route")
