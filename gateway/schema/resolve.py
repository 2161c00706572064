"""Resolves references, such as a URI, an ARN or a job's name, to the lineage entities that represent them.

The form of a reference determines which calls are made. SageMaker finds entities by their ARN, their name and their
source, so no call lists the whole account. If some calls fail, their errors are added to what the others found.
"""

import asyncio
import re
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from strawberry import Info

from gateway import arn as arns
from gateway.arn import Arn
from gateway.aws import kinds
from gateway.aws.kinds import Kind, kind_of
from gateway.aws.places import HOME, Place
from gateway.errors import BadUserInput, GatewayError, failed
from gateway.loaders import Loaders
from gateway.schema.entity import shown
from gateway.schema.paging import checked_first

_LONGEST = 2048
_NAME = re.compile(r"[a-zA-Z0-9](?:[-_]*[a-zA-Z0-9]){0,119}")
_RUN = re.compile(r"([a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,255})/([a-z0-9]{1,64})")
_VERSION = re.compile(r"[a-zA-Z0-9-]{1,63}/[0-9]{1,9}")
_S3_ARN = re.compile(r"arn:aws[a-z-]*:s3:::(.+)")
_S3_URL = re.compile(
    r"https://(?:([a-z0-9.-]+)\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?/([^?#]+)(?:[?#].*)?"
)
_JOBS = ("training-job", "processing-job", "transform-job")
_LONGEST_JOB_NAME = 63
_WITH_ANY_SOURCE = [kinds.ARTIFACT, kinds.CONTEXT, kinds.ACTION]
"""Kinds that users also create by hand, with any source URI."""
_EXECUTION_TAG = f"Tags.{kinds.EXECUTION_TAG}"

Finding = Awaitable[Sequence[str]]
"""A call that returns the ARNs it finds."""


async def resolve(info: Info, reference: str, first: int | None) -> list[Any]:
    """Return at most ``first`` entities that represent a reference; an empty list if there are none.

    Raises BadUserInput if the reference is empty, too long or not printable. Errors of calls are added to the response.
    """
    loaders: Loaders = info.context
    wanted = reference.strip()
    if not 1 <= len(wanted) <= _LONGEST or not wanted.isprintable():
        raise BadUserInput(f"must be 1 to {_LONGEST} printable characters.", "reference")
    limit = checked_first(first)
    answers = await asyncio.gather(*_calls(loaders, wanted), return_exceptions=True)
    for failure in failed(answers):
        loaders.add_error(failure, info)
    found = dict.fromkeys(arn for answer in answers if not isinstance(answer, BaseException) for arn in answer)
    return [shown(loaders, arn) for arn in list(found)[:limit]]


def _calls(loaders: Loaders, wanted: str) -> list[Finding]:  # noqa: PLR0911 - a line for each form
    """Return the calls that can resolve a reference of this form."""
    if arn := arns.parse(wanted):
        return _by_arn(loaders, arn)
    if uri := _s3_uri(wanted):
        other = uri.removesuffix("/") if uri.endswith("/") else f"{uri}/"
        sources = dict.fromkeys((wanted, uri, other))
        return [loaders.listings.with_source(kind, source) for kind in _WITH_ANY_SOURCE for source in sources]
    if _NAME.fullmatch(wanted):
        return _by_name(loaders, wanted)
    if _VERSION.fullmatch(wanted):
        package = _standing_at_home(loaders, kinds.ARTIFACT, "model-package", wanted)
        return [loaders.listings.with_source(kinds.ARTIFACT, wanted), package]
    if run := _RUN.fullmatch(wanted):
        return [loaders.listings.with_source(kinds.ARTIFACT, wanted), _run_by(loaders, *run.groups())]
    if "/" in wanted and "://" not in wanted and not wanted.startswith("arn:"):
        return [loaders.listings.with_source(kinds.ARTIFACT, wanted)]
    return [loaders.listings.with_source(kind, wanted) for kind in _WITH_ANY_SOURCE]


def _s3_uri(reference: str) -> str | None:
    """Return the S3 URI of an object or prefix given as its URI, ARN or URL; None for anything else."""
    if reference.startswith("s3://"):
        return reference
    if arn := _S3_ARN.fullmatch(reference):
        return f"s3://{arn[1]}"
    if url := _S3_URL.fullmatch(reference):
        return "s3://" + "/".join(filter(None, (url[1], unquote(url[2]))))
    return None


def _by_arn(loaders: Loaders, arn: Arn) -> list[Finding]:
    kind = kind_of(arn)
    if kind in kinds.LINEAGE:
        return [_itself(loaders, kind, arn.text)]
    if kind is kinds.PIPELINE_EXECUTION:
        return [_runs_in(loaders, text) for text in _spellings(arn)]
    match arn.resource:
        case job if job in _JOBS:
            among = [kinds.TRIAL_COMPONENT]
        case "model-package":
            among = [kinds.ARTIFACT]
        case "endpoint" | "model-package-group":
            among = [kinds.CONTEXT]
        case _:
            among = _WITH_ANY_SOURCE
    return [loaders.listings.with_source(one, text) for one in among for text in _spellings(arn)]


def _spellings(arn: Arn) -> list[str]:
    """Return an ARN unchanged and with its id in lower case, as SageMaker writes many whatever the case of the name."""
    return list(dict.fromkeys([arn.text, arn._replace(id=arn.id.lower()).text]))


def _by_name(loaders: Loaders, name: str) -> list[Finding]:
    """Return calls for vertices with this name, and for those that represent a resource with this name.

    Such a resource is a job, an endpoint, a model package, its group or a pipeline execution. An execution is found by
    its runs, which have its whole ARN as a tag.
    """
    groups = ("endpoint", "model-package-group")
    return [
        _called(loaders, kinds.CONTEXT, name),
        _called(loaders, kinds.ACTION, name),
        _runs(loaders, name),
        *(_standing_at_home(loaders, kinds.CONTEXT, resource, name) for resource in groups),
        _standing_at_home(loaders, kinds.ARTIFACT, "model-package", name),  # unversioned: it has no group
    ]


async def _home(loaders: Loaders) -> Arn:
    """Return an ARN of this account and region: that of the default lineage group, which every account has."""
    group = await loaders.entities.find(kinds.LINEAGE_GROUP, kinds.DEFAULT_GROUP)
    home = arns.parse(group) if group else None
    return home or Arn("aws", "", "000000000000", "", "")


async def _all(findings: Iterable[Finding]) -> list[str]:
    return [arn for some in await asyncio.gather(*findings) for arn in some]


async def _itself(loaders: Loaders, kind: Kind, arn: str) -> Sequence[str]:
    record = await loaders.entities.describe(kind, arn)
    return [] if record.missing else [arn]


async def _called(loaders: Loaders, kind: Kind, name: str) -> Sequence[str]:
    if not kind.name_pattern.fullmatch(name):
        return []
    arn = await loaders.entities.find(kind, name)
    return [arn] if arn else []


async def _standing_at_home(loaders: Loaders, kind: Kind, resource: str, id: str) -> Sequence[str]:
    source = (await _home(loaders))._replace(resource=resource, id=id)
    return await _all(loaders.listings.with_source(kind, text) for text in _spellings(source))


async def _runs_in(loaders: Loaders, execution: str) -> Sequence[str]:
    return await _search(loaders, execution, loaders.known.place_of(execution))


async def _search(loaders: Loaders, execution: str, place: Place = HOME) -> Sequence[str]:
    return await loaders.listings.search_any(kinds.TRIAL_COMPONENT, {_EXECUTION_TAG: execution}, place=place)


async def _run_by(loaders: Loaders, pipeline: str, id: str) -> Sequence[str]:
    execution = (await _home(loaders))._replace(resource="pipeline", id=f"{pipeline}/execution/{id}")
    return await _all(_search(loaders, text) for text in _spellings(execution))


async def _runs(loaders: Loaders, name: str) -> Sequence[str]:
    """Find runs with this name, runs of a job with this name, and runs of a pipeline execution with this id.

    Search can only test whether an execution's ARN contains the id, so runs that match elsewhere in it are dropped.
    """
    terms = {"TrialComponentName": name}
    with suppress(GatewayError):  # then jobs are not searched; other calls need `_home` too and report why
        home = await _home(loaders)
        jobs = (home._replace(resource=job, id=name) for job in _JOBS)
        if len(name) <= _LONGEST_JOB_NAME:  # else it is no job's, and the ARNs would be too long for Search
            terms["Source.SourceArn"] = ",".join(text for job in jobs for text in _spellings(job))
    end = f"/execution/{name}"
    found = await loaders.listings.search_any(kinds.TRIAL_COMPONENT, terms, {_EXECUTION_TAG: end})

    def matches(arn: str) -> bool:
        record = loaders.known.record(arn)
        tags = record.read("Tags") or ()
        executions = [tag["Value"] for tag in tags if tag["Key"] == kinds.EXECUTION_TAG and end in tag["Value"]]
        named = (arn, record.read("Source.SourceArn") or "", *executions)
        return any(text.lower().endswith(f"/{name.lower()}") for text in named)

    return list(filter(matches, found))
