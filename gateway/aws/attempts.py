"""The attempts of a call: signed by botocore, sent, parsed, and judged by botocore, which knows what to retry and when.

botocore has an event at either end of a call, ``before-call`` and ``needs-retry``. What it does in between is for any
service and any protocol: request objects made three times over, checksums, streams, a history of events. Here is what
SageMaker needs of that. The requests are the same, except for the headers that tell AWS of retries; so are the answers,
except that one that is no JSON object is an error, and for ``MaxAttemptsReached``, which botocore adds to successes
too.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError
from botocore.hooks import first_non_none_response

from gateway.aws.answers import AnswerParser
from gateway.aws.connections import Answer, connections

_Said = tuple[Answer, dict[str, Any]]
"""An answer, and its parsed content."""


class Watch(Protocol):
    """An observer of every attempt."""

    async def sending(self, operation: str) -> None:
        """Let an attempt be sent."""

    async def reading(self, operation: str, size: int) -> None:
        """Let an answer of so many bytes be read."""

    def answered(self, operation: str, code: str | None) -> None:
        """Learn that an attempt was answered, and by which error."""


class UnreadableAnswerError(BotoCoreError):  # type: ignore[misc] # botocore ships no types
    """An answer that does not have its operation's shape; botocore itself raises whatever its parser meets."""

    fmt = "The answer to {operation} could not be read: {error}"


class Attempts:
    """How a client makes its calls."""

    def __init__(self, watch: Watch | None = None) -> None:
        """Tell ``watch`` of each attempt."""
        self._parser = AnswerParser()
        self._watch = watch

    def http_session(self, **options: Any) -> Any:
        """Make the connections that send them, as the client's ``http_session_cls``."""
        self._http = connections(**options)
        return self._http

    def attach(self, client: Any) -> None:
        """Take over the calls of this client."""
        self._events = client.meta.events
        self._events.register("before-call", self._made)

    async def _made(self, model: Any, params: Mapping[str, Any], request_signer: Any, **_: Any) -> _Said:
        """Try until there is an answer that botocore would not try again, or no more attempts."""
        attempts = 1
        outcome = await self._tried(model, params, request_signer)
        while (seconds := await self._pause(attempts, model, params, outcome)) is not None:
            await asyncio.sleep(seconds)
            attempts += 1
            outcome = await self._tried(model, params, request_signer)
        if isinstance(outcome, Exception):
            raise outcome
        outcome[1]["ResponseMetadata"]["RetryAttempts"] = attempts - 1
        return outcome

    async def _tried(self, model: Any, params: Mapping[str, Any], signer: Any) -> _Said | Exception:
        """Sign and send a request; return its answer, or why there is none."""
        request = _Request(params)
        auth = await _auth(signer)
        auth.add_auth(request)
        if self._watch:
            await self._watch.sending(model.name)
        try:
            answer = await self._http.send(request.prepared())
        except Exception as error:  # noqa: BLE001 - any is botocore's to judge
            return error
        said = await self._read(model, answer)
        if self._watch:
            self._watch.answered(model.name, said.get("Error", {}).get("Code"))
        return answer, said

    async def _read(self, model: Any, answer: Answer) -> dict[str, Any]:
        body = await answer.content
        if self._watch:
            await self._watch.reading(model.name, len(body))
        response = {"status_code": answer.status_code, "headers": answer.headers, "body": body, "context": {}}
        try:
            said = dict(await self._parser.parse(response, model.output_shape))
            if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
                shape = model.service_model.shape_for_error_code(said.get("Error", {}).get("Code"))
                said |= await self._parser.parse(response, shape) if shape else {}
        except Exception as error:
            raise UnreadableAnswerError(operation=model.name, error=error) from error
        return said

    async def _pause(
        self, attempts: int, model: Any, params: Mapping[str, Any], outcome: _Said | Exception
    ) -> float | None:
        """Ask botocore in how many seconds to try again; None where that is not worth it."""
        said, error = (None, outcome) if isinstance(outcome, Exception) else (outcome, None)
        if said and said[0].status_code < HTTPStatus.MULTIPLE_CHOICES:
            return None
        judged: float | None = first_non_none_response(
            await self._events.emit(
                f"needs-retry.sagemaker.{model.name}",
                response=said,
                endpoint=None,
                operation=model,
                attempts=attempts,
                caught_exception=error,
                request_dict=params,
            )
        )
        return judged


async def _auth(signer: Any) -> Any:
    """Get the signer, with credentials that are valid now; CredentialRetrievalError where there are none.

    STS, or a program that provides them, may be away; botocore raises whatever comes of parsing what it answers.
    """
    try:
        return await signer.get_auth_instance(signer.signing_name, signer.region_name, signer.signature_version)
    except ClientError:
        raise
    except Exception as error:
        raise CredentialRetrievalError(provider="their source", error_msg=error) from error


class _Request:
    """What botocore's signer needs of a request, with plain headers instead of botocore's objects."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.method, self.url, self.body = params["method"], params["url"], params["body"]
        # Without it, signing would parse the URL for the host, twice.
        self.headers = params["headers"] | {"Host": urlsplit(self.url).netloc}
        self.params: dict[str, str] = {}
        self.context = dict(params["context"])

    def prepared(self) -> AWSPreparedRequest:
        """Return the request as it is sent."""
        headers = self.headers | {"Content-Length": str(len(self.body))}
        return AWSPreparedRequest(self.method, self.url, headers, self.body, stream_output=False)
