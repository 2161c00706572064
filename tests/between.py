"""What may go wrong between a client and the service that carries out its calls."""

from asyncio import IncompleteReadError, StreamReader, StreamWriter, start_server
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import orjson


class Between:
    """Passes requests on to the service, and its answers back unless told otherwise.

    The answer to an operation in ``lost`` is kept back, once, and the connection closed. An operation in ``refused``
    gets that code and message, and never reaches the service.
    """

    def __init__(self, service: str) -> None:
        self.url = ""
        self.lost: set[str] = set()
        self.refused: dict[str, tuple[str, str]] = {}
        self._service = httpx.AsyncClient(base_url=service)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while await self._pass(reader, writer):
                pass
        except IncompleteReadError:
            pass  # the client has left
        finally:
            writer.close()

    async def _pass(self, reader: StreamReader, writer: StreamWriter) -> bool:
        """Pass one request on; whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        operation = headers["x-amz-target"].partition(".")[2]
        if operation in self.refused:
            code, message = self.refused[operation]
            status, content = 400, orjson.dumps({"__type": code, "message": message})
        else:
            said = await self._service.post("/", content=body, headers={"x-amz-target": headers["x-amz-target"]})
            status, content = said.status_code, said.content
        if operation in self.lost:
            self.lost.remove(operation)
            return False
        writer.write(f"HTTP/1.1 {status} -\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        return True

    async def close(self) -> None:
        await self._service.aclose()


@asynccontextmanager
async def between(service: str) -> AsyncIterator[Between]:
    """Stand before a service."""
    standing = Between(service)
    server = await start_server(standing.serve, "127.0.0.1")
    host, port = server.sockets[0].getsockname()
    standing.url = f"http://{host}:{port}"
    try:
        yield standing
    finally:
        server.close()
        await standing.close()
