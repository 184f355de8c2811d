"""What is listened to."""

from __future__ import annotations

import socket
from typing import Any

from gunicorn.http.message import _ip_in_allow_list


class Site:
    """A socket that is listened to, and what follows from it for its connections."""

    def __init__(self, listener: Any, cfg: Any, base: dict[str, Any]) -> None:
        self.sock: socket.socket = getattr(listener, "sock", listener)
        self.address = self.sock.getsockname()
        self.unix = not isinstance(self.address, tuple)
        self.environ = {**base, "SCRIPT_NAME": "", "wsgi.url_scheme": "https" if cfg.is_ssl else "http"}
        """What the ``environ`` of every request here begins with."""
        if not self.unix:
            self.environ["SERVER_NAME"], self.environ["SERVER_PORT"] = self.address[0], str(self.address[1])
        self.allowed = cfg.forwarded_allow_ips
        self.networks = cfg.forwarded_allow_networks()

    def trusts(self, peer: Any) -> bool:
        """Whether *peer* is a proxy whose headers count."""
        return not isinstance(peer, tuple) or _ip_in_allow_list(peer[0], self.allowed, self.networks)
