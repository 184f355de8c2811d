"""What routing raises: Werkzeug's own classes, so that an ``except`` written for them catches ours."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing.exceptions import BuildError as BuildError
from werkzeug.routing.exceptions import NoMatch as NoMatch
from werkzeug.routing.exceptions import RequestAliasRedirect as RequestAliasRedirect
from werkzeug.routing.exceptions import RequestPath as RequestPath
from werkzeug.routing.exceptions import RequestRedirect as RequestRedirect
from werkzeug.routing.exceptions import RoutingException as RoutingException
from werkzeug.routing.exceptions import WebsocketMismatch as WebsocketMismatch


class UpgradeRequired(HTTPException):
    """426: the URL is a websocket's, and the request is none (RFC 9110, 15.5.22)."""

    code = 426
    description = (
        "This URL takes a websocket handshake. Websockets are served over ASGI:"
        " by 'bolthead serve --asgi', or any ASGI server that is given 'app.asgi_app'."
    )

    def get_headers(self, environ: Any = None, scope: Any = None) -> list[tuple[str, str]]:
        return [*super().get_headers(environ, scope), ("Upgrade", "websocket"), ("Connection", "Upgrade")]
