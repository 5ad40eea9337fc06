"""An application on a real port, behind what our own server puts around it."""

from __future__ import annotations

import socket
import threading

from civitai_manager_libs.web.http import ConnectionLimits

__all__ = ["Served"]


class Served:
    """A server in a thread of this process. port: where on 127.0.0.1 it listens."""

    def __init__(self, app):
        import uvicorn

        self.connections = ConnectionLimits()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        options = {"http": self.connections.protocol, "ws": "none", "lifespan": "off"}
        config = uvicorn.Config(self.connections.wrap_app(app), log_level="error", **options)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))
        self._thread.daemon = True

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)
