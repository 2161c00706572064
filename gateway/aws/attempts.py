"""The attempts of a call: each is signed, sent and parsed; botocore signs, and decides whether and when to retry.

botocore emits the event ``before-call`` at the start of a call and ``needs-retry`` at its end. Its code between the two
supports every service and protocol: it creates three request objects per call, checksums, streams, an event history.
This module does only what SageMaker needs. The requests are the same, except for the headers that inform AWS about
retries. The responses are the same, except that one that is not a JSON object is an error, that half a surrogate pair
is replaced, that ``MaxAttemptsReached``, which botocore adds to successes too, is missing, and that ``InDoubt`` may be
added.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError
from botocore.hooks import first_non_none_response

from gateway.aws.answers import AnswerParser
from gateway.aws.connections import Answer, connections

_Parsed = tuple[Answer, dict[str, Any]]
"""A response and its parsed content."""


IN_DOUBT = "InDoubt"
"""The member of ``ResponseMetadata`` that a response has if an earlier attempt, without one, may have succeeded."""


class Watch:
    """An observer of every attempt, which here does nothing."""

    async def sending(self, operation: str) -> None:
        """Called before an attempt is sent, which it may delay."""

    async def reading(self, operation: str, size: int) -> None:
        """Called before a response of this many bytes is parsed, which it may delay."""

    def answered(self, operation: str, code: str | None) -> None:
        """Called when an attempt got a response; ``code`` is AWS's error code, None on success."""


UNWATCHED = Watch()


class UnreadableAnswerError(BotoCoreError):  # type: ignore[misc] # botocore ships no types
    """A response that does not have its operation's shape; botocore itself raises arbitrary errors for these."""

    fmt = "The answer to {operation} could not be read: {error}"


class Attempts:
    """Makes the calls of one client, attempt by attempt."""

    def __init__(self, watch: Watch) -> None:
        """``watch`` is called for each attempt."""
        self._parser = AnswerParser()
        self._watch = watch

    def http_session(self, **options: Any) -> Any:
        """Create the connections that send the attempts; for the client's ``http_session_cls``."""
        self._http = connections(**options)
        return self._http

    def attach(self, client: Any) -> None:
        """Make all calls of this client from now on."""
        self._events = client.meta.events
        self._events.register("before-call", self._made)

    async def _made(self, model: Any, params: Mapping[str, Any], request_signer: Any, **_: Any) -> _Parsed:
        """Make attempts until botocore would not retry any more; return the response or raise the last error."""
        attempts, in_doubt = 1, False
        outcome = await self._tried(model, params, request_signer)
        while (seconds := await self._pause(attempts, model, params, outcome)) is not None:
            failed = isinstance(outcome, Exception) or outcome[0].status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
            in_doubt = in_doubt or failed
            await asyncio.sleep(seconds)
            attempts += 1
            outcome = await self._tried(model, params, request_signer)
        if isinstance(outcome, Exception):
            raise outcome
        outcome[1]["ResponseMetadata"] |= {"RetryAttempts": attempts - 1} | ({IN_DOUBT: True} if in_doubt else {})
        return outcome

    async def _tried(self, model: Any, params: Mapping[str, Any], signer: Any) -> _Parsed | Exception:
        """Sign and send a request; return its response, or the exception if there is none."""
        request = _Request(params)
        auth = await _auth(signer)
        auth.add_auth(request)
        await self._watch.sending(model.name)
        try:
            answer = await self._http.send(request.prepared())
        except Exception as error:  # noqa: BLE001 - botocore decides for any exception whether to retry
            return error
        parsed = await self._read(model, answer)
        self._watch.answered(model.name, parsed.get("Error", {}).get("Code"))
        return answer, parsed

    async def _read(self, model: Any, answer: Answer) -> dict[str, Any]:
        body = await answer.content
        await self._watch.reading(model.name, len(body))
        response = {"status_code": answer.status_code, "headers": answer.headers, "body": body, "context": {}}
        try:
            parsed = dict(await self._parser.parse(response, model.output_shape))
            if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
                shape = model.service_model.shape_for_error_code(parsed.get("Error", {}).get("Code"))
                parsed |= await self._parser.parse(response, shape) if shape else {}
        except Exception as error:
            raise UnreadableAnswerError(operation=model.name, error=error) from error
        return parsed

    async def _pause(
        self, attempts: int, model: Any, params: Mapping[str, Any], outcome: _Parsed | Exception
    ) -> float | None:
        """Return the seconds after which to retry, according to botocore; None if there is to be no retry."""
        parsed, error = (None, outcome) if isinstance(outcome, Exception) else (outcome, None)
        if parsed and parsed[0].status_code < HTTPStatus.MULTIPLE_CHOICES:
            return None
        seconds: float | None = first_non_none_response(
            await self._events.emit(
                f"needs-retry.sagemaker.{model.name}",
                response=parsed,
                endpoint=None,
                operation=model,
                attempts=attempts,
                caught_exception=error,
                request_dict=params,
            )
        )
        return seconds


async def _auth(signer: Any) -> Any:
    """Return the signer, with currently valid credentials; raises CredentialRetrievalError if there are none.

    STS, or a program that provides the credentials, may fail; botocore raises arbitrary errors for invalid output.
    """
    try:
        return await signer.get_auth_instance(signer.signing_name, signer.region_name, signer.signature_version)
    except ClientError:
        raise
    except Exception as error:
        raise CredentialRetrievalError(provider="their source", error_msg=error) from error


class _Request:
    """A request as botocore's signer needs it, with a dict of headers instead of botocore's header objects."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.method, self.url, self.body = params["method"], params["url"], params["body"]
        # Without this header, signing would parse the URL twice to get the host.
        self.headers = params["headers"] | {"Host": urlsplit(self.url).netloc}
        self.params: dict[str, str] = {}
        self.context = params["context"]

    def prepared(self) -> AWSPreparedRequest:
        """Return the request in the form for sending."""
        headers = self.headers | {"Content-Length": str(len(self.body))}
        return AWSPreparedRequest(self.method, self.url, headers, self.body, stream_output=False)
