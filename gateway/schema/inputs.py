"""What changes are made of: each field of an input names the member of AWS's request that it sets."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum
from math import isfinite
from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from gateway.errors import BadUserInput
from gateway.schema.enums import ActionStatus, ArtifactSourceIdType, AssociationType, TrialComponentPrimaryStatus
from gateway.schema.filters import PropertyInput
from gateway.schema.scalars import Arn, is_given

Convert = Callable[[Any, str], Any]
"""Turns a value into the member that it sets; told the argument's name, for when it cannot."""

INPUT = "input"
"""The argument of every mutation."""

_OTHERS = "Others stay, unless they are removed."


def needs(member: str, description: str, convert: Convert | None = None) -> Any:
    """Declare a field that sets a member of AWS's request and must be given."""
    return strawberry.field(description=description, metadata={"member": member, "convert": convert or _plain})


def takes(member: str, description: str, convert: Convert | None = None) -> Any:
    """Declare a field that sets a member of AWS's request and may be left out."""
    metadata = {"member": member, "convert": convert or _plain}
    return strawberry.field(default=UNSET, description=description, metadata=metadata)


def request(given: Any, argument: str = INPUT) -> dict[str, Any]:
    """Return the members of AWS's request that an input sets."""
    members = {}
    for field in given.__strawberry_definition__.fields:
        value = getattr(given, field.python_name)
        if "member" in field.metadata and is_given(value):
            name = f"{argument}.{to_camel_case(field.python_name)}"
            members[field.metadata["member"]] = field.metadata["convert"](value, name)
    return members


def _plain(value: Any, argument: str) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        return [_plain(item, argument) for item in value]
    return request(value, argument) if hasattr(value, "__strawberry_definition__") else value


def _unique(keys: Iterable[str], argument: str) -> None:
    for key, times in Counter(keys).items():
        if times > 1:
            raise BadUserInput(f"the key {key!r} is there {times} times.", argument)


def _strings(given: list[PropertyInput], argument: str) -> dict[str, str]:
    _unique((one.key for one in given), argument)
    return {one.key: one.value for one in given}


def _structures(given: list[Any], argument: str) -> dict[str, dict[str, Any]]:
    _unique((one.key for one in given), argument)
    return {one.key: request(one, argument) for one in given}


def _parameters(given: "list[TrialComponentParameterInput]", argument: str) -> dict[str, dict[str, Any]]:
    for one in given:
        if is_given(one.string_value) == is_given(one.number_value):
            raise BadUserInput(f"{one.key!r} needs one of `stringValue` and `numberValue`.", argument)
        if is_given(one.number_value) and not isfinite(one.number_value):  # to which a literal such as 1e999 comes
            raise BadUserInput(f"{one.key!r} has a `numberValue` that is too large.", argument)
    return _structures(given, argument)


def _tags(given: "list[TagInput]", argument: str) -> list[dict[str, Any]]:
    _unique((one.key for one in given), argument)
    return [request(one, argument) for one in given]


@strawberry.input(description="A tag to set.")
class TagInput:
    """A tag."""

    key: str = needs("Key", "The tag's name, unique within the resource; `aws:` is reserved as its beginning.")
    value: str = needs("Value", "What it will be set to; may be empty.")


@strawberry.input(description="Which code and which process made something.")
class MetadataPropertiesInput:
    """Where something came from."""

    commit_id: str | None = takes("CommitId", "Commit of the code.")
    repository: str | None = takes("Repository", "Repository of the code.")
    generated_by: str | None = takes("GeneratedBy", "What generated it.")
    project_id: str | None = takes("ProjectId", "Id of the project that it belongs to.")


@strawberry.input(description="What tells one state of an artifact's source from another.")
class ArtifactSourceTypeInput:
    """A source type and its value."""

    source_id_type: ArtifactSourceIdType = needs("SourceIdType", "What kind of identifier it is.")
    value: str = needs("Value", "The identifier.")


@strawberry.input(
    description="What an artifact stands for. URI and source types together identify the artifact: the same URI with "
    "other source types is another one."
)
class ArtifactSourceInput:
    """An artifact's source."""

    source_uri: str = needs("SourceUri", "Where it is.")
    source_types: list[ArtifactSourceTypeInput] | None = takes("SourceTypes", "Which state of it.")


@strawberry.input(description="What a context stands for.")
class ContextSourceInput:
    """A context's source."""

    source_uri: str = needs("SourceUri", "Where it is, or its ARN.")
    source_type: str | None = takes("SourceType", "What kind of thing that is.")
    source_id: str | None = takes("SourceId", "Its identifier there.")


@strawberry.input(description="What an action is done to.")
class ActionSourceInput:
    """An action's source."""

    source_uri: str = needs("SourceUri", "Where it is, or its ARN.")
    source_type: str | None = takes("SourceType", "What kind of thing that is.")
    source_id: str | None = takes("SourceId", "Its identifier there.")


@strawberry.input(description="How a run stands.")
class TrialComponentStatusInput:
    """A trial component's status."""

    primary_status: TrialComponentPrimaryStatus | None = takes("PrimaryStatus", "How far it has come.")
    message: str | None = takes("Message", "More of it in words.")


@strawberry.input(description="A hyperparameter or other setting of a run: a string or a number, one of them.")
class TrialComponentParameterInput:
    """One of a trial component's parameters."""

    key: str = strawberry.field(description="Its name.")
    string_value: str | None = takes("StringValue", "Its value, where that is a string.")
    number_value: float | None = takes("NumberValue", "Its value, where that is a number.")


@strawberry.input(description="Something that a run read or wrote, by the run's own name for it.")
class TrialComponentArtifactInput:
    """One of a trial component's input or output artifacts."""

    key: str = strawberry.field(description="The run's name for it.")
    media_type: str | None = takes("MediaType", "Its media type, such as text/csv.")
    value: str = needs("Value", "Where it is.")


@strawberry.input(description="A new artifact.")
class CreateArtifactInput:
    """CreateArtifact's request."""

    name: str | None = takes("ArtifactName", "Its name. Artifacts need none, and may share one.")
    type: str = needs("ArtifactType", "What it stands for: DataSet, Model, Image, or any word of your own.")
    source: ArtifactSourceInput = needs("Source", "What it stands for. There must be no artifact of this source yet.")
    properties: list[PropertyInput] | None = takes("Properties", "What to note of it.", _strings)
    metadata_properties: MetadataPropertiesInput | None = takes("MetadataProperties", "Which code and process made it.")
    tags: list[TagInput] | None = takes("Tags", "AWS tags to begin with.", _tags)


@strawberry.input(description="Changes to an artifact; what is left out or null stays as it is.")
class UpdateArtifactInput:
    """UpdateArtifact's request."""

    arn: Arn = strawberry.field(description="Which artifact.")
    name: str | None = takes("ArtifactName", "Its new name.")
    properties: list[PropertyInput] | None = takes("Properties", "In place of all properties that it has.", _strings)
    properties_to_remove: list[str] | None = takes("PropertiesToRemove", "Keys of properties to take away.")


@strawberry.input(description="Which artifact to delete: by exactly one of `arn` and `source`.")
class DeleteArtifactInput:
    """DeleteArtifact's request."""

    arn: Arn | None = strawberry.field(default=UNSET, description="Its ARN; give this or `source`.")
    source: ArtifactSourceInput | None = takes("Source", "Its source, source types and all; give this or `arn`.")
    disassociate: bool = strawberry.field(
        default=False, description="Whether to take its associations away first; AWS keeps what has any."
    )


@strawberry.input(description="A new context.")
class CreateContextInput:
    """CreateContext's request."""

    name: str = needs("ContextName", "Its name, which no other context of the account and region may have.")
    type: str = needs("ContextType", "What it stands for: Endpoint, ModelGroup, or any word of your own.")
    source: ContextSourceInput = needs("Source", "What it stands for.")
    description: str | None = takes("Description", "What to say of it.")
    properties: list[PropertyInput] | None = takes("Properties", "What to note of it.", _strings)
    tags: list[TagInput] | None = takes("Tags", "AWS tags to begin with.", _tags)


@strawberry.input(description="Changes to a context; what is left out or null stays as it is.")
class UpdateContextInput:
    """UpdateContext's request."""

    arn: Arn = strawberry.field(description="Which context, of the gateway's own account.")
    description: str | None = takes("Description", "What to say of it from now on.")
    properties: list[PropertyInput] | None = takes("Properties", "In place of all properties that it has.", _strings)
    properties_to_remove: list[str] | None = takes("PropertiesToRemove", "Keys of properties to take away.")


@strawberry.input(description="Which context to delete.")
class DeleteContextInput:
    """DeleteContext's request."""

    arn: Arn = strawberry.field(description="Its ARN, of the gateway's own account.")
    disassociate: bool = strawberry.field(
        default=False, description="Whether to take its associations away first; AWS keeps what has any."
    )


@strawberry.input(description="A new action.")
class CreateActionInput:
    """CreateAction's request."""

    name: str = needs("ActionName", "Its name, which no other action of the account and region may have.")
    type: str = needs("ActionType", "What is done: ModelDeployment, Approval, or any word of your own.")
    source: ActionSourceInput = needs("Source", "What it is done to.")
    description: str | None = takes("Description", "What to say of it.")
    status: ActionStatus | None = takes("Status", "How far it has come.")
    properties: list[PropertyInput] | None = takes("Properties", "What to note of it.", _strings)
    metadata_properties: MetadataPropertiesInput | None = takes("MetadataProperties", "Which code and process did it.")
    tags: list[TagInput] | None = takes("Tags", "AWS tags to begin with.", _tags)


@strawberry.input(description="Changes to an action; what is left out or null stays as it is.")
class UpdateActionInput:
    """UpdateAction's request."""

    arn: Arn = strawberry.field(description="Which action, of the gateway's own account.")
    description: str | None = takes("Description", "What to say of it from now on.")
    status: ActionStatus | None = takes("Status", "How far it has come by now.")
    properties: list[PropertyInput] | None = takes("Properties", "In place of all properties that it has.", _strings)
    properties_to_remove: list[str] | None = takes("PropertiesToRemove", "Keys of properties to take away.")


@strawberry.input(description="Which action to delete.")
class DeleteActionInput:
    """DeleteAction's request."""

    arn: Arn = strawberry.field(description="Its ARN, of the gateway's own account.")
    disassociate: bool = strawberry.field(
        default=False, description="Whether to take its associations away first; AWS keeps what has any."
    )


@strawberry.input(
    description="A new trial component: a run tracked by hand. Those with a source SageMaker makes itself, when a job "
    "runs."
)
class CreateTrialComponentInput:
    """CreateTrialComponent's request."""

    name: str = needs("TrialComponentName", "Its name, which no other one of the account and region may have.")
    display_name: str | None = takes("DisplayName", "The name to show; left out: its name.")
    status: TrialComponentStatusInput | None = takes("Status", "How the run stands.")
    start_time: datetime | None = takes("StartTime", "When the run began.")
    end_time: datetime | None = takes("EndTime", "When the run ended.")
    parameters: list[TrialComponentParameterInput] | None = takes("Parameters", "The run's settings.", _parameters)
    input_artifacts: list[TrialComponentArtifactInput] | None = takes("InputArtifacts", "What it reads.", _structures)
    output_artifacts: list[TrialComponentArtifactInput] | None = takes(
        "OutputArtifacts", "What it writes.", _structures
    )
    metadata_properties: MetadataPropertiesInput | None = takes("MetadataProperties", "Which code and process runs.")
    tags: list[TagInput] | None = takes("Tags", "AWS tags to begin with.", _tags)


@strawberry.input(description="Changes to a trial component; what is left out or null stays as it is.")
class UpdateTrialComponentInput:
    """UpdateTrialComponent's request."""

    arn: Arn = strawberry.field(description="Which trial component, of the gateway's own account.")
    display_name: str | None = takes("DisplayName", "The name to show from now on.")
    status: TrialComponentStatusInput | None = takes("Status", "How the run stands by now.")
    start_time: datetime | None = takes("StartTime", "When the run began.")
    end_time: datetime | None = takes("EndTime", "When the run ended.")
    parameters: list[TrialComponentParameterInput] | None = takes(
        "Parameters", f"Settings, in place of those of the same keys. {_OTHERS}", _parameters
    )
    parameters_to_remove: list[str] | None = takes("ParametersToRemove", "Keys of settings to take away.")
    input_artifacts: list[TrialComponentArtifactInput] | None = takes(
        "InputArtifacts", f"What it reads, in place of the same keys. {_OTHERS}", _structures
    )
    input_artifacts_to_remove: list[str] | None = takes(
        "InputArtifactsToRemove", "Keys of what it is no longer said to read."
    )
    output_artifacts: list[TrialComponentArtifactInput] | None = takes(
        "OutputArtifacts", f"What it writes, in place of the same keys. {_OTHERS}", _structures
    )
    output_artifacts_to_remove: list[str] | None = takes(
        "OutputArtifactsToRemove", "Keys of what it is no longer said to write."
    )


@strawberry.input(description="Which trial component to delete.")
class DeleteTrialComponentInput:
    """DeleteTrialComponent's request."""

    arn: Arn = strawberry.field(description="Its ARN, of the gateway's own account.")
    disassociate: bool = strawberry.field(
        default=False,
        description="Whether to take its associations away first, and it out of its trials; AWS keeps what has any of "
        "the two.",
    )


@strawberry.input(description="A new association: an arrow from one vertex to another.")
class AddAssociationInput:
    """AddAssociation's request."""

    source_arn: Arn = needs("SourceArn", "The vertex that the arrow leaves.")
    destination_arn: Arn = needs("DestinationArn", "The vertex that the arrow reaches.")
    type: AssociationType | None = takes("AssociationType", "What it says of the two.")


@strawberry.input(description="Which association to delete: there is at most one from one vertex to another.")
class DeleteAssociationInput:
    """DeleteAssociation's request."""

    source_arn: Arn = needs("SourceArn", "The vertex that the arrow leaves.")
    destination_arn: Arn = needs("DestinationArn", "The vertex that the arrow reaches.")


@strawberry.input(description="Tags to set on anything in SageMaker, in place of those of the same keys.")
class AddTagsInput:
    """AddTags' request."""

    resource_arn: Arn = needs("ResourceArn", "What to tag.")
    tags: list[TagInput] = needs("Tags", "The tags.", _tags)


@strawberry.input(description="Tags to take off anything in SageMaker.")
class DeleteTagsInput:
    """DeleteTags' request."""

    resource_arn: Arn = needs("ResourceArn", "What to take them off.")
    tag_keys: list[str] = needs("TagKeys", "Keys of the tags; those that it lacks do no harm.")
