"""A proxy in front of the local service that loses or holds back responses, or refuses requests."""

from asyncio import Event, IncompleteReadError, StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import orjson
from endpoint import listening


class FaultProxy:
    """Forwards requests to the service, and the service's responses to the client.

    For an operation in ``lost``, the response is dropped once and the connection closed. For one in ``held``, the
    response is removed from there and waits for the event before it is sent. A request of an operation in
    ``refused`` is not forwarded: its response is an error with that code and message. What is in ``refused_later`` is
    refused once a response has been lost.
    """

    def __init__(self, service: str) -> None:
        self.url = ""
        self.lost: set[str] = set()
        self.held: dict[str, Event] = {}
        self.refused: dict[str, tuple[str, str]] = {}
        self.refused_later: dict[str, tuple[str, str]] = {}
        self._service = httpx.AsyncClient(base_url=service)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while await self._forward(reader, writer):
                pass
        except IncompleteReadError:
            pass  # the client has disconnected
        finally:
            writer.close()

    async def _forward(self, reader: StreamReader, writer: StreamWriter) -> bool:
        """Forward one request; return whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        operation = headers["x-amz-target"].partition(".")[2]
        if operation in self.refused:
            code, message = self.refused[operation]
            status, content = 400, orjson.dumps({"__type": code, "message": message})
        else:
            response = await self._service.post("/", content=body, headers={"x-amz-target": headers["x-amz-target"]})
            status, content = response.status_code, response.content
        if operation in self.lost:
            self.lost.remove(operation)
            self.refused |= self.refused_later
            return False
        if operation in self.held:
            await self.held.pop(operation).wait()
        writer.write(f"HTTP/1.1 {status} -\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        return True

    async def close(self) -> None:
        await self._service.aclose()


@asynccontextmanager
async def fault_proxy(service: str) -> AsyncIterator[FaultProxy]:
    """Run a proxy in front of a service."""
    proxy = FaultProxy(service)
    try:
        async with listening(proxy.serve) as proxy.url:
            yield proxy
    finally:
        await proxy.close()
