"""The part of AWS STS that access to other accounts needs: AssumeRole and GetCallerIdentity.

Several services, each with its own account, simulate several accounts. The access key that AssumeRole returns contains
its account, and services of other accounts deny it.
"""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl
from uuid import uuid4
from xml.sax.saxutils import escape

from gateway.local.errors import AwsError, DeniedError, UnknownOperationError, ValidationError
from gateway.local.service import Service

MEDIA_TYPE = "application/x-www-form-urlencoded"
"""The media type of requests (the AWS query protocol); responses are XML."""
OPERATIONS = ("AssumeRole", "GetCallerIdentity")
"""The supported operations of STS."""

_ROLE = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):role/(?:[\w+=,.@/-]*/)?(?P<name>[\w+=,.@-]+)"
)
_SESSION = re.compile(r"[\w+=,.@-]{2,64}")
_SECONDS = re.compile("[0-9]{1,9}")
_KEY = "ASIALOCAL"
"""Prefix of the access keys that AssumeRole returns; the account follows."""
_CREDENTIAL = re.compile(rf"Credential={_KEY}(?P<account>[0-9]{{12}})/")
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_MIN_SECONDS, _MAX_SECONDS, _DEFAULT_SECONDS = 900, 43_200, 3_600


class _InvalidError(ValidationError):
    code = "ValidationError"


class _DeniedError(DeniedError):
    code = "AccessDenied"
    status = 403


class _UnknownError(UnknownOperationError):
    code = "InvalidAction"


def request(body: bytes) -> dict[str, str]:
    """Parse a body into parameters."""
    return dict(parse_qsl(body.decode(errors="replace")))


def answer(service: Service, parameters: dict[str, str]) -> bytes:
    """Execute the operation of a request, and return the body of the response.

    Raises:
        AwsError: the operation fails or is unknown.
    """
    action = parameters.get("Action", "")
    match action:
        case "AssumeRole":
            result = _assume_role(service, parameters)
        case "GetCallerIdentity":
            user = service.user["IamIdentity"]
            result = _tags(Account=service.account, Arn=user["Arn"], UserId=user["PrincipalId"])
        case _:
            raise _UnknownError(f"Unknown operation: {action[:256]!r}")
    metadata = f"<ResponseMetadata>{_tags(RequestId=str(uuid4()))}</ResponseMetadata>"
    return (
        f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result>{metadata}</{action}Response>'
    ).encode()


def _assume_role(service: Service, parameters: dict[str, str]) -> str:
    role, session = _ROLE.fullmatch(parameters.get("RoleArn", "")), parameters.get("RoleSessionName", "")
    seconds = parameters.get("DurationSeconds", str(_DEFAULT_SECONDS))
    if not role:
        raise _InvalidError("RoleArn is not the ARN of a role")
    if not _SESSION.fullmatch(session):
        raise _InvalidError("RoleSessionName must be 2 to 64 letters, digits or any of _+=,.@-")
    if not (_SECONDS.fullmatch(seconds) and _MIN_SECONDS <= int(seconds) <= _MAX_SECONDS):
        raise _InvalidError(f"DurationSeconds must be {_MIN_SECONDS} to {_MAX_SECONDS}")
    if service.behaviour.denies("AssumeRole", [role[0]]):
        raise _DeniedError(f"Not authorized to perform: sts:AssumeRole on resource: {role[0]}")
    lifetime = service.behaviour.credential_seconds
    expires = datetime.now(UTC) + timedelta(seconds=int(seconds) if lifetime is None else lifetime)
    name = f"{role['name']}/{session}"
    credentials = _tags(
        AccessKeyId=f"{_KEY}{role['account']}",
        SecretAccessKey="local",
        SessionToken="local",
        Expiration=expires.isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
    user = _tags(
        AssumedRoleId=f"AROALOCAL:{session}", Arn=f"arn:{role['partition']}:sts::{role['account']}:assumed-role/{name}"
    )
    return f"<Credentials>{credentials}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>"


def refusal(error: AwsError) -> bytes:
    """The body of an error response."""
    details = _tags(Type="Sender" if error.status < 500 else "Receiver", Code=error.code, Message=str(error))  # noqa: PLR2004
    request_id = _tags(RequestId=str(uuid4()))
    return f'<ErrorResponse xmlns="{_NAMESPACE}"><Error>{details}</Error>{request_id}</ErrorResponse>'.encode()


def check(service: Service, authorization: str) -> None:
    """Check that the access key in the Authorization header is not for another account; signatures are not verified.

    Raises:
        DeniedError: AssumeRole returned the access key for another account.
    """
    key = _CREDENTIAL.search(authorization)
    if key and key["account"] != service.account:
        raise DeniedError(f"The credentials are those of account {key['account']}, and this one is {service.account}")


def _tags(**texts: str) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items())
