"""The inputs of mutations. Each field of an input names the member of AWS's request that it sets."""

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
"""Converts a value to that of the member that it sets; also takes the argument's name, for its errors."""

INPUT = "input"
"""The argument of every mutation."""

_OTHERS = "Others stay unless removed."


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


def _check_unique(given: Iterable[Any], argument: str) -> None:
    for key, times in Counter(one.key for one in given).items():
        if times > 1:
            raise BadUserInput(f"the key {key!r} occurs {times} times.", argument)


def _strings(given: list[PropertyInput], argument: str) -> dict[str, str]:
    _check_unique(given, argument)
    return {one.key: one.value for one in given}


def _structures(given: list[Any], argument: str) -> dict[str, dict[str, Any]]:
    _check_unique(given, argument)
    return {one.key: request(one, argument) for one in given}


def _parameters(given: "list[TrialComponentParameterInput]", argument: str) -> dict[str, dict[str, Any]]:
    for one in given:
        if is_given(one.string_value) == is_given(one.number_value):
            raise BadUserInput(f"{one.key!r} needs exactly one of `stringValue` and `numberValue`.", argument)
        if is_given(one.number_value) and not isfinite(one.number_value):  # such as the literal 1e999
            raise BadUserInput(f"{one.key!r} has a `numberValue` that is too large.", argument)
    return _structures(given, argument)


def _tags(given: "list[TagInput]", argument: str) -> list[dict[str, Any]]:
    _check_unique(given, argument)
    return [request(one, argument) for one in given]


@strawberry.input(description="A tag to set.")
class TagInput:
    """A tag."""

    key: str = needs("Key", "The tag's name, unique within the resource; the prefix `aws:` is reserved.")
    value: str = needs("Value", "Its value; may be empty.")


@strawberry.input(description="The code and the process that made something.")
class MetadataPropertiesInput:
    """Where something came from."""

    commit_id: str | None = takes("CommitId", "Commit of the code.")
    repository: str | None = takes("Repository", "Repository of the code.")
    generated_by: str | None = takes("GeneratedBy", "What generated it.")
    project_id: str | None = takes("ProjectId", "Id of the project that it belongs to.")


@strawberry.input(description="What distinguishes one state of an artifact's source from another.")
class ArtifactSourceTypeInput:
    """A source type and its value."""

    source_id_type: ArtifactSourceIdType = needs("SourceIdType", "The kind of identifier.")
    value: str = needs("Value", "The identifier.")


@strawberry.input(
    description="What an artifact represents. Its URI and source types together identify the artifact: the same URI "
    "with other source types is another one."
)
class ArtifactSourceInput:
    """An artifact's source."""

    source_uri: str = needs("SourceUri", "Where it is.")
    source_types: list[ArtifactSourceTypeInput] | None = takes("SourceTypes", "Identifiers of its state.")


@strawberry.input(description="What a context represents.")
class ContextSourceInput:
    """A context's source."""

    source_uri: str = needs("SourceUri", "Where it is, or its ARN.")
    source_type: str | None = takes("SourceType", "What kind of thing it is.")
    source_id: str | None = takes("SourceId", "Its identifier at that location.")


@strawberry.input(description="What an action is done to.")
class ActionSourceInput:
    """An action's source."""

    source_uri: str = needs("SourceUri", "Where it is, or its ARN.")
    source_type: str | None = takes("SourceType", "What kind of thing it is.")
    source_id: str | None = takes("SourceId", "Its identifier at that location.")


@strawberry.input(description="The status of a run.")
class TrialComponentStatusInput:
    """A trial component's status."""

    primary_status: TrialComponentPrimaryStatus | None = takes("PrimaryStatus", "Its status.")
    message: str | None = takes("Message", "Further details, as text.")


@strawberry.input(description="A hyperparameter or other setting of a run: either a string or a number.")
class TrialComponentParameterInput:
    """One of a trial component's parameters."""

    key: str = strawberry.field(description="Its name.")
    string_value: str | None = takes("StringValue", "Its value, if it is a string.")
    number_value: float | None = takes("NumberValue", "Its value, if it is a number.")


@strawberry.input(description="Something that a run read or wrote, under the run's own name for it.")
class TrialComponentArtifactInput:
    """One of a trial component's input or output artifacts."""

    key: str = strawberry.field(description="The run's name for it.")
    media_type: str | None = takes("MediaType", "Its media type, such as text/csv.")
    value: str = needs("Value", "Where it is.")


@strawberry.input(description="A new artifact.")
class CreateArtifactInput:
    """CreateArtifact's request."""

    name: str | None = takes("ArtifactName", "Its name. It is optional and need not be unique.")
    type: str = needs("ArtifactType", "Its type: DataSet, Model, Image, or any other word.")
    source: ArtifactSourceInput = needs("Source", "What it represents. No artifact may have this source yet.")
    properties: list[PropertyInput] | None = takes("Properties", "Its properties.", _strings)
    metadata_properties: MetadataPropertiesInput | None = takes(
        "MetadataProperties", "The code and process that made it."
    )
    tags: list[TagInput] | None = takes("Tags", "Its initial AWS tags.", _tags)


@strawberry.input(description="Changes to an artifact; what is omitted or null stays as it is.")
class UpdateArtifactInput:
    """UpdateArtifact's request."""

    arn: Arn = strawberry.field(description="The artifact to change.")
    name: str | None = takes("ArtifactName", "Its new name.")
    properties: list[PropertyInput] | None = takes("Properties", "Properties that replace all that it has.", _strings)
    properties_to_remove: list[str] | None = takes("PropertiesToRemove", "Keys of properties to remove.")


@strawberry.input(description="The artifact to delete, by exactly one of `arn` and `source`.")
class DeleteArtifactInput:
    """DeleteArtifact's request."""

    arn: Arn | None = strawberry.field(default=UNSET, description="Its ARN; give this or `source`.")
    source: ArtifactSourceInput | None = takes("Source", "Its source, including source types; give this or `arn`.")
    disassociate: bool = strawberry.field(
        default=False, description="Whether to remove its associations first; AWS refuses while it has any."
    )


@strawberry.input(description="A new context.")
class CreateContextInput:
    """CreateContext's request."""

    name: str = needs("ContextName", "Its name, unique among contexts in the account and region.")
    type: str = needs("ContextType", "Its type: Endpoint, ModelGroup, or any other word.")
    source: ContextSourceInput = needs("Source", "What it represents.")
    description: str | None = takes("Description", "Its description.")
    properties: list[PropertyInput] | None = takes("Properties", "Its properties.", _strings)
    tags: list[TagInput] | None = takes("Tags", "Its initial AWS tags.", _tags)


@strawberry.input(description="Changes to a context; what is omitted or null stays as it is.")
class UpdateContextInput:
    """UpdateContext's request."""

    arn: Arn = strawberry.field(description="The context to change; one that another account only shares is NOT_FOUND.")
    description: str | None = takes("Description", "Its new description.")
    properties: list[PropertyInput] | None = takes("Properties", "Properties that replace all that it has.", _strings)
    properties_to_remove: list[str] | None = takes("PropertiesToRemove", "Keys of properties to remove.")


@strawberry.input(description="The context to delete.")
class DeleteContextInput:
    """DeleteContext's request."""

    arn: Arn = strawberry.field(description="Its ARN; one that another account only shares is NOT_FOUND.")
    disassociate: bool = strawberry.field(
        default=False, description="Whether to remove its associations first; AWS refuses while it has any."
    )


@strawberry.input(description="A new action.")
class CreateActionInput:
    """CreateAction's request."""

    name: str = needs("ActionName", "Its name, unique among actions in the account and region.")
    type: str = needs("ActionType", "What is done: ModelDeployment, Approval, or any other word.")
    source: ActionSourceInput = needs("Source", "What it is done to.")
    description: str | None = takes("Description", "Its description.")
    status: ActionStatus | None = takes("Status", "Its status.")
    properties: list[PropertyInput] | None = takes("Properties", "Its properties.", _strings)
    metadata_properties: MetadataPropertiesInput | None = takes(
        "MetadataProperties", "The code and process that did it."
    )
    tags: list[TagInput] | None = takes("Tags", "Its initial AWS tags.", _tags)


@strawberry.input(description="Changes to an action; what is omitted or null stays as it is.")
class UpdateActionInput:
    """UpdateAction's request."""

    arn: Arn = strawberry.field(description="The action to change; one that another account only shares is NOT_FOUND.")
    description: str | None = takes("Description", "Its new description.")
    status: ActionStatus | None = takes("Status", "Its new status.")
    properties: list[PropertyInput] | None = takes("Properties", "Properties that replace all that it has.", _strings)
    properties_to_remove: list[str] | None = takes("PropertiesToRemove", "Keys of properties to remove.")


@strawberry.input(description="The action to delete.")
class DeleteActionInput:
    """DeleteAction's request."""

    arn: Arn = strawberry.field(description="Its ARN; one that another account only shares is NOT_FOUND.")
    disassociate: bool = strawberry.field(
        default=False, description="Whether to remove its associations first; AWS refuses while it has any."
    )


@strawberry.input(
    description="A new trial component: a run tracked by hand. SageMaker itself creates those with a source, when a "
    "job runs."
)
class CreateTrialComponentInput:
    """CreateTrialComponent's request."""

    name: str = needs("TrialComponentName", "Its name, unique among trial components in the account and region.")
    display_name: str | None = takes("DisplayName", "The display name. Default: its name.")
    status: TrialComponentStatusInput | None = takes("Status", "The run's status.")
    start_time: datetime | None = takes("StartTime", "When the run began.")
    end_time: datetime | None = takes("EndTime", "When the run ended.")
    parameters: list[TrialComponentParameterInput] | None = takes("Parameters", "The run's settings.", _parameters)
    input_artifacts: list[TrialComponentArtifactInput] | None = takes("InputArtifacts", "What it reads.", _structures)
    output_artifacts: list[TrialComponentArtifactInput] | None = takes(
        "OutputArtifacts", "What it writes.", _structures
    )
    metadata_properties: MetadataPropertiesInput | None = takes(
        "MetadataProperties", "The code and process that are run."
    )
    tags: list[TagInput] | None = takes("Tags", "Its initial AWS tags.", _tags)


@strawberry.input(description="Changes to a trial component; what is omitted or null stays as it is.")
class UpdateTrialComponentInput:
    """UpdateTrialComponent's request."""

    arn: Arn = strawberry.field(
        description="The trial component to change; one that another account only shares is NOT_FOUND."
    )
    display_name: str | None = takes("DisplayName", "Its new display name.")
    status: TrialComponentStatusInput | None = takes("Status", "The run's new status.")
    start_time: datetime | None = takes("StartTime", "When the run began.")
    end_time: datetime | None = takes("EndTime", "When the run ended.")
    parameters: list[TrialComponentParameterInput] | None = takes(
        "Parameters", f"Settings, replacing those with the same keys. {_OTHERS}", _parameters
    )
    parameters_to_remove: list[str] | None = takes("ParametersToRemove", "Keys of settings to remove.")
    input_artifacts: list[TrialComponentArtifactInput] | None = takes(
        "InputArtifacts", f"What it reads, replacing the same keys. {_OTHERS}", _structures
    )
    input_artifacts_to_remove: list[str] | None = takes("InputArtifactsToRemove", "Keys of inputs to remove.")
    output_artifacts: list[TrialComponentArtifactInput] | None = takes(
        "OutputArtifacts", f"What it writes, replacing the same keys. {_OTHERS}", _structures
    )
    output_artifacts_to_remove: list[str] | None = takes("OutputArtifactsToRemove", "Keys of outputs to remove.")


@strawberry.input(description="The trial component to delete.")
class DeleteTrialComponentInput:
    """DeleteTrialComponent's request."""

    arn: Arn = strawberry.field(description="Its ARN; one that another account only shares is NOT_FOUND.")
    disassociate: bool = strawberry.field(
        default=False,
        description="Whether to remove its associations first and take it out of its trials; AWS refuses while it has "
        "either.",
    )


@strawberry.input(description="A new association: an arrow from one vertex to another.")
class AddAssociationInput:
    """AddAssociation's request."""

    source_arn: Arn = needs("SourceArn", "The vertex that the arrow starts from.")
    destination_arn: Arn = needs("DestinationArn", "The vertex that the arrow points to.")
    type: AssociationType | None = takes("AssociationType", "How it relates the two.")


@strawberry.input(description="The association to delete; there is at most one from one vertex to another.")
class DeleteAssociationInput:
    """DeleteAssociation's request."""

    source_arn: Arn = needs("SourceArn", "The vertex that the arrow starts from.")
    destination_arn: Arn = needs("DestinationArn", "The vertex that the arrow points to.")


@strawberry.input(description="Tags to set on a SageMaker resource, replacing those with the same keys.")
class AddTagsInput:
    """AddTags' request."""

    resource_arn: Arn = needs("ResourceArn", "The resource to tag.")
    tags: list[TagInput] = needs("Tags", "The tags.", _tags)


@strawberry.input(description="Tags to remove from a SageMaker resource.")
class DeleteTagsInput:
    """DeleteTags' request."""

    resource_arn: Arn = needs("ResourceArn", "The resource to remove them from.")
    tag_keys: list[str] = needs("TagKeys", "Keys of the tags; those that it lacks are ignored.")
