"""Parses SageMaker's responses with the same results as botocore's own parser, at a fraction of the cost.

botocore traverses the model member by member for every response. Here each shape is compiled once into a function that
converts only what differs from the JSON: timestamps, blobs, nulls, and members that are not in the model. Errors, and
anything unusual, are left to botocore's parser. That parser treats a body that is not JSON as an empty response; here
it is an error, since an empty response would look like an entity without any members.
"""

import json
import logging
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import orjson
from aiobotocore.parsers import AioResponseParserFactory
from botocore.model import Shape
from botocore.utils import parse_timestamp

_log = logging.getLogger("gateway.aws")

_Read = Callable[[Any], Any]


def moment(value: Any) -> datetime:
    """Parse a timestamp: SageMaker sends seconds since 1970; anything else is left to botocore.

    botocore converts to the local time zone, which takes ten times as long; the point in time is the same.
    """
    try:
        return datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        parsed: datetime = parse_timestamp(value)
        return parsed


_SCALARS: dict[str, _Read] = {"timestamp": moment, "blob": b64decode}
"""Converters for scalar types that JSON does not have."""


class AnswerParser:
    """Parses responses."""

    def __init__(self) -> None:
        """Create botocore's parser for what this one does not support."""
        self._ordinary = AioResponseParserFactory().create_parser("json")
        self._readers: dict[Shape, _Read] = {}

    async def parse(self, response: Mapping[str, Any], shape: Shape | None) -> Any:
        """Parse an HTTP response of a shape; raises arbitrary exceptions if it does not have this shape."""
        if response["status_code"] == HTTPStatus.OK and shape is not None:
            try:
                return self._read(response, shape)
            except Exception:  # noqa: BLE001 - botocore's parser raises the proper error
                _log.debug("Left to botocore", exc_info=True)
            if shape.members and not isinstance(json.loads(response["body"]), dict):
                raise ValueError("no object")
        return await self._ordinary.parse(_encodable(response), shape)

    def _read(self, response: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
        read = self._readers.get(shape)
        if read is None:
            read = self._readers[shape] = _structure(shape)
        parsed: dict[str, Any] = read(orjson.loads(response["body"]))
        headers = {name.lower(): value for name, value in response["headers"].items()}
        metadata = {"HTTPStatusCode": response["status_code"], "HTTPHeaders": headers}
        if "x-amzn-requestid" in headers:
            metadata["RequestId"] = headers["x-amzn-requestid"]
        parsed["ResponseMetadata"] = metadata
        return parsed


def _encodable(response: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a response in which no text has half a surrogate pair, as of a text that was cut off.

    JSON can escape it, which only orjson refuses. UTF-8 cannot encode it, so no response of the gateway may contain it.
    """
    try:
        body = json.dumps(json.loads(response["body"].decode()), ensure_ascii=False).encode(errors="replace")
    except ValueError:
        return response  # no JSON
    return {**response, "body": body}


def _reader(shape: Shape) -> _Read | None:
    """Return the function that converts parsed JSON into a shape's value; None if no conversion is needed."""
    if shape.type_name == "structure":
        return _structure(shape)
    if shape.type_name == "list":
        return _list(_reader(shape.member))
    if shape.type_name == "map":
        return _map(_reader(shape.value))
    return _SCALARS.get(shape.type_name)


def _structure(shape: Shape) -> _Read:
    renames = any("name" in member.serialization for member in shape.members.values())
    if shape.is_tagged_union or shape.is_document_type or renames:
        return _unsupported
    known = frozenset(shape.members)
    readers = [(name, reader) for name, member in shape.members.items() if (reader := _reader(member))]

    def structure(value: Any) -> Any:
        if not known.issuperset(value) or None in value.values():
            value = {name: member for name, member in value.items() if member is not None and name in known}
        for name, reader in readers:
            if name in value:
                value[name] = reader(value[name])
        return value

    return structure


def _list(read: _Read | None) -> _Read | None:
    return (lambda values: [read(value) for value in values]) if read else None


def _map(read: _Read | None) -> _Read | None:
    return (lambda values: {key: read(value) for key, value in values.items()}) if read else None


def _unsupported(_value: Any) -> Any:
    raise NotImplementedError("a shape of which SageMaker makes little use")
