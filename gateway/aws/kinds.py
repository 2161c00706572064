"""What each kind of entity is at AWS: one row says which call describes it and what the other calls tell of it.

A *path* names a member of the Describe response, or one inside a nested structure: ``Source.SourceType``. A listing
and an association summary cover some paths; everything else needs the Describe.
"""

import re
from dataclasses import dataclass, field

MOST_RESULTS = 100
"""Entities that one page of any listing may hold."""

_NAME = re.compile(r"[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,119}")
_CONTEXT_NAME = re.compile(r"[a-zA-Z0-9](?:[-_]*[a-zA-Z0-9]){0,119}")


@dataclass(frozen=True, slots=True)
class Search:
    """How Search returns whole entities of a kind, many to a call."""

    resource: str
    """Search's name for the kind."""
    result: str
    """The member of a result that holds the entity."""
    arn: str
    """The property to look for ARNs in."""
    lacks: frozenset[str]
    """Members of the Describe response that Search leaves out."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of entity."""

    name: str
    """The AWS name, which is the GraphQL type's too: ``TrialComponent``."""
    resource: str
    """What its ARNs say after the account: ``experiment-trial-component``."""
    describe: str
    """The operation that answers with all of it."""
    parameter: str
    """The parameter by which ``describe`` is told which one."""
    arn: str
    """The member that holds its ARN."""
    by_arn: bool = True
    """Whether ``parameter`` takes an ARN; otherwise it takes the name, which is the id in the ARN."""
    name_path: str = ""
    type_path: str = ""
    """Where the Describe response has what an association summary calls the end's name and type."""
    source_path: str = ""
    """Where it says what the entity stands for: a URI or an ARN."""
    never: frozenset[str] = frozenset()
    """Members that the other kinds of its family have, and this one hasn't."""
    name_pattern: re.Pattern[str] = _NAME
    list: str = ""
    """The operation that lists them, and the member of its answer that holds the summaries."""
    summaries: str = ""
    summary: tuple[str, ...] = ()
    """The members of a summary."""
    renames: dict[str, str] = field(default_factory=dict)
    """Members that a summary calls otherwise than the Describe response does: theirs to ours."""
    search: Search | None = None


ARTIFACT = Kind(
    name="Artifact",
    resource="artifact",
    describe="DescribeArtifact",
    parameter="ArtifactArn",
    arn="ArtifactArn",
    name_path="ArtifactName",
    type_path="ArtifactType",
    source_path="Source.SourceUri",
    list="ListArtifacts",
    summaries="ArtifactSummaries",
    summary=("ArtifactArn", "ArtifactName", "Source", "ArtifactType", "CreationTime", "LastModifiedTime"),
)

CONTEXT = Kind(
    name="Context",
    resource="context",
    describe="DescribeContext",
    parameter="ContextName",
    arn="ContextArn",
    name_path="ContextName",
    type_path="ContextType",
    source_path="Source.SourceUri",
    never=frozenset({"MetadataProperties"}),
    name_pattern=_CONTEXT_NAME,
    list="ListContexts",
    summaries="ContextSummaries",
    summary=("ContextArn", "ContextName", "Source", "ContextType", "CreationTime", "LastModifiedTime"),
)

ACTION = Kind(
    name="Action",
    resource="action",
    describe="DescribeAction",
    parameter="ActionName",
    arn="ActionArn",
    name_path="ActionName",
    type_path="ActionType",
    source_path="Source.SourceUri",
    list="ListActions",
    summaries="ActionSummaries",
    summary=("ActionArn", "ActionName", "Source", "ActionType", "Status", "CreationTime", "LastModifiedTime"),
)

TRIAL_COMPONENT = Kind(
    name="TrialComponent",
    resource="experiment-trial-component",
    describe="DescribeTrialComponent",
    parameter="TrialComponentName",
    arn="TrialComponentArn",
    name_path="TrialComponentName",
    type_path="Source.SourceType",
    source_path="Source.SourceArn",
    list="ListTrialComponents",
    summaries="TrialComponentSummaries",
    summary=(
        "TrialComponentName",
        "TrialComponentArn",
        "DisplayName",
        "TrialComponentSource",
        "Status",
        "StartTime",
        "EndTime",
        "CreationTime",
        "CreatedBy",
        "LastModifiedTime",
        "LastModifiedBy",
    ),
    renames={"TrialComponentSource": "Source"},
    search=Search(
        resource="ExperimentTrialComponent",
        result="TrialComponent",
        arn="TrialComponentArn",
        lacks=frozenset({"Sources"}),
    ),
)

LINEAGE_GROUP = Kind(
    name="LineageGroup",
    resource="lineage-group",
    describe="DescribeLineageGroup",
    parameter="LineageGroupName",
    arn="LineageGroupArn",
    by_arn=False,
    name_path="LineageGroupName",
)

LINEAGE = (ARTIFACT, CONTEXT, ACTION, TRIAL_COMPONENT)
"""The kinds that are vertices of the lineage graph."""

BY_RESOURCE = {kind.resource: kind for kind in (*LINEAGE, LINEAGE_GROUP)}
"""The kinds by what their ARNs say."""
