"""The part of AWS STS by which a client gets into another account: AssumeRole and GetCallerIdentity.

Several services, each with an account of its own, stand for several accounts. The credentials that AssumeRole hands out
say of which account they are, and a service of another account denies them.
"""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl
from uuid import uuid4
from xml.sax.saxutils import escape

from gateway.local.errors import AwsError, DeniedError, UnknownOperationError, ValidationError
from gateway.local.service import Service

MEDIA_TYPE = "application/x-www-form-urlencoded"
"""What requests of this protocol are; answers are XML."""
OPERATIONS = ("AssumeRole", "GetCallerIdentity")
"""What of STS there is here."""

_ROLE = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):role/(?:[\w+=,.@/-]*/)?(?P<name>[\w+=,.@-]+)"
)
_SESSION = re.compile(r"[\w+=,.@-]{2,64}")
_SECONDS = re.compile("[0-9]{1,9}")
_KEY = "ASIALOCAL"
"""The prefix of the access keys that are handed out here; the account follows."""
_CREDENTIAL = re.compile(rf"Credential={_KEY}(?P<account>[0-9]{{12}})/")
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_SHORTEST, _LONGEST, _USUAL = 900, 43_200, 3_600


class _InvalidError(ValidationError):
    code = "ValidationError"


class _DeniedError(DeniedError):
    code = "AccessDenied"
    status = 403


class _UnknownError(UnknownOperationError):
    code = "InvalidAction"


def request(body: bytes) -> dict[str, str]:
    """The parameters in a body."""
    return dict(parse_qsl(body.decode(errors="replace")))


def answer(service: Service, asked: dict[str, str]) -> bytes:
    """Carry out what is asked; gives the body of the response.

    Raises:
        AwsError: it is refused, or there is no such operation.
    """
    action = asked.get("Action", "")
    match action:
        case "AssumeRole":
            result = _assume_role(service, asked)
        case "GetCallerIdentity":
            user = service.user["IamIdentity"]
            result = _tags(Account=service.account, Arn=user["Arn"], UserId=user["PrincipalId"])
        case _:
            raise _UnknownError(f"Unknown operation: {action[:256]!r}")
    metadata = f"<ResponseMetadata>{_tags(RequestId=str(uuid4()))}</ResponseMetadata>"
    return (
        f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result>{metadata}</{action}Response>'
    ).encode()


def _assume_role(service: Service, asked: dict[str, str]) -> str:
    role, session = _ROLE.fullmatch(asked.get("RoleArn", "")), asked.get("RoleSessionName", "")
    seconds = asked.get("DurationSeconds", str(_USUAL))
    if not role:
        raise _InvalidError("RoleArn is not the ARN of a role")
    if not _SESSION.fullmatch(session):
        raise _InvalidError("RoleSessionName must be 2 to 64 letters, digits or any of _+=,.@-")
    if not (_SECONDS.fullmatch(seconds) and _SHORTEST <= int(seconds) <= _LONGEST):
        raise _InvalidError(f"DurationSeconds must be {_SHORTEST} to {_LONGEST}")
    if service.behaviour.denies("AssumeRole", [role[0]]):
        raise _DeniedError(f"Not authorized to perform: sts:AssumeRole on resource: {role[0]}")
    life = service.behaviour.credential_seconds
    expires = datetime.now(UTC) + timedelta(seconds=int(seconds) if life is None else life)
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
    """The body that carries an error."""
    said = _tags(Type="Sender" if error.status < 500 else "Receiver", Code=error.code, Message=str(error))  # noqa: PLR2004
    asked = _tags(RequestId=str(uuid4()))
    return f'<ErrorResponse xmlns="{_NAMESPACE}"><Error>{said}</Error>{asked}</ErrorResponse>'.encode()


def check(service: Service, authorization: str) -> None:
    """See whether a request was signed with credentials of this account, as far as its signature tells.

    Raises:
        DeniedError: they were handed out for another account.
    """
    key = _CREDENTIAL.search(authorization)
    if key and key["account"] != service.account:
        raise DeniedError(f"The credentials are those of account {key['account']}, and this one is {service.account}")


def _tags(**texts: str) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items())
