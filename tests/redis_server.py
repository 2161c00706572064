"""A real Redis for tests, which are skipped where redis-server is not installed."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Redis:
    """A redis-server on a port and a socket of its own."""

    def __init__(self, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.socket = home / "redis.sock"
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        listening = ["--port", str(self.port), "--unixsocket", str(self.socket)]
        command = ["redis-server", *listening, "--save", "", "--dir", str(self._home)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - a fixed command
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError("redis-server does not start")

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server(home: Path) -> Iterator[Redis]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not there; .ci/parts installs it.")
    server = Redis(home)
    server.start()
    try:
        yield server
    finally:
        server.stop()
