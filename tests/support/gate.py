"""A gate in front of a server: it lets through, refuses, or keeps everybody waiting."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Gate:
    """Listens on a port of its own and passes everything on to ``port`` while it is open."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._lock = threading.Lock()
        self._open = threading.Event()
        self._open.set()
        self._sockets: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = self._listen(0)

    def _listen(self, port: int) -> int:
        listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return int(listener.getsockname()[1])

    def open(self) -> None:
        """Let through again."""
        if self._listener is None:
            self._listen(self.port)
        self._open.set()

    def hold(self) -> None:
        """Take connections and pass nothing on, as a server does that is overwhelmed."""
        self._open.clear()

    def close(self) -> None:
        """Refuse connections, and cut those that there are."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            cut, self._sockets = self._sockets, set()
        for one in cut:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.set()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
                server = socket.create_connection(self._target, timeout=30)
            except OSError:
                if self._listener is not listener:
                    return
                continue
            server.settimeout(None)
            with self._lock:
                self._sockets |= {caller, server}
            for pair in ((caller, server), (server, caller)):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._open.wait()
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._sockets -= {source, sink}
        source.close()
