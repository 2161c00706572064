"""Experiments, trials and trial components, and their memberships."""

from typing import Any

import httpx
import local_conftest
import pytest
from graphs import arn, artifact, artifact_arn, component, component_arn, context, experiment, member, trial
from local_conftest import load, refusing

from gateway.local.server import LocalServer

sagemaker = local_conftest.sagemaker


@pytest.fixture
def study(sagemaker: Any) -> Any:
    """An experiment with a trial with a component, and one unrelated entity of each kind."""
    sagemaker.create_experiment(ExperimentName="study", Description="d", Tags=[{"Key": "k", "Value": "v"}])
    sagemaker.create_experiment(ExperimentName="empty")
    sagemaker.create_trial(TrialName="first", ExperimentName="study", DisplayName="First")
    sagemaker.create_trial(TrialName="second", ExperimentName="study")
    sagemaker.create_trial_component(TrialComponentName="step")
    sagemaker.create_trial_component(TrialComponentName="loose")
    sagemaker.associate_trial_component(TrialName="first", TrialComponentName="step")
    return sagemaker


def listed(page: dict[str, Any], kind: str) -> list[str]:
    return sorted(summary[f"{kind}Name"] for summary in page[f"{kind}Summaries"])


def test_described_component_has_everything(sagemaker: Any) -> None:
    given = {
        "TrialComponentName": "step",
        "DisplayName": "Step",
        "Status": {"PrimaryStatus": "InProgress", "Message": "m"},
        "Parameters": {"lr": {"NumberValue": 0.1}, "optimizer": {"StringValue": "adam"}},
        "InputArtifacts": {"train": {"MediaType": "text/csv", "Value": "s3://bucket/train"}},
        "OutputArtifacts": {"model": {"Value": "s3://bucket/model"}},
        "MetadataProperties": {"CommitId": "c"},
    }
    sagemaker.create_trial_component(**given, StartTime=1_700_000_000, EndTime=1_700_000_060)
    described = sagemaker.describe_trial_component(TrialComponentName="step")
    assert described.items() >= given.items()
    assert (described["EndTime"] - described["StartTime"]).total_seconds() == 60
    assert "Source" not in described
    assert described["LineageGroupArn"].endswith("sagemaker-default-lineage-group")


def test_component_takes_no_source(service: LocalServer, sagemaker: Any) -> None:
    request = {"TrialComponentName": "step", "Source": {"SourceArn": arn("training-job", "job")}}
    headers = {"X-Amz-Target": "SageMaker.CreateTrialComponent"}
    assert httpx.post(service.url, json=request, headers=headers).status_code == 200
    assert "Source" not in sagemaker.describe_trial_component(TrialComponentName="step")


def test_names_are_displayed_by_default(study: Any) -> None:
    assert study.describe_trial(TrialName="first")["DisplayName"] == "First"
    assert study.describe_trial(TrialName="second")["DisplayName"] == "second"
    assert study.describe_experiment(ExperimentName="study")["DisplayName"] == "study"
    assert study.describe_trial_component(TrialComponentName="step")["DisplayName"] == "step"


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("create_experiment", {"ExperimentName": "Study"}),
        ("create_trial", {"TrialName": "FIRST", "ExperimentName": "study"}),
        ("create_trial_component", {"TrialComponentName": "Step"}),
    ],
)
def test_names_conflict_in_any_case(study: Any, operation: str, request_: dict[str, str]) -> None:
    given = next(iter(request_.values()))
    with refusing("ValidationException", f" with name ({given}) already exists."):
        getattr(study, operation)(**request_)


def test_parameter_is_a_number_or_a_text(sagemaker: Any) -> None:
    with refusing("ValidationException", "NumberValue", "StringValue"):
        sagemaker.create_trial_component(
            TrialComponentName="step", Parameters={"lr": {"NumberValue": 1, "StringValue": "one"}}
        )


def test_trial_needs_its_experiment(sagemaker: Any) -> None:
    with refusing("ResourceNotFound", "missing"):
        sagemaker.create_trial(TrialName="first", ExperimentName="missing")


def test_whole_numbers_are_doubles_too(sagemaker: Any) -> None:
    given = {"epochs": {"NumberValue": 3}, "seed": {"NumberValue": 2**53 + 1}}
    sagemaker.create_trial_component(TrialComponentName="step", Parameters=given)
    held = sagemaker.describe_trial_component(TrialComponentName="step")["Parameters"]
    assert {key: str(value["NumberValue"]) for key, value in held.items()} == {"epochs": "3.0", "seed": f"{2.0**53}"}


def test_updates_add_to_maps_of_components(sagemaker: Any) -> None:
    numbers = {"a": {"NumberValue": 1}, "b": {"NumberValue": 2}}
    files = {"x": {"Value": "s3://x"}, "y": {"Value": "s3://y"}}
    sagemaker.create_trial_component(
        TrialComponentName="step", Parameters=numbers, InputArtifacts=files, OutputArtifacts=files
    )
    sagemaker.update_trial_component(
        TrialComponentName="step",
        Parameters={"b": {"NumberValue": 3}, "c": {"StringValue": "3"}},
        InputArtifactsToRemove=["x", "z"],
        OutputArtifacts={"y": {"Value": "s3://new"}, "z": {"Value": "s3://z"}},
        OutputArtifactsToRemove=["z"],
        Status={"PrimaryStatus": "Completed"},
        DisplayName="Done",
    )
    described = sagemaker.describe_trial_component(TrialComponentName="step")
    assert described["Parameters"] == {"a": {"NumberValue": 1}, "b": {"NumberValue": 3}, "c": {"StringValue": "3"}}
    assert described["InputArtifacts"] == {"y": {"Value": "s3://y"}}
    assert described["OutputArtifacts"] == {"x": {"Value": "s3://x"}, "y": {"Value": "s3://new"}}
    assert (described["Status"], described["DisplayName"]) == ({"PrimaryStatus": "Completed"}, "Done")


@pytest.mark.parametrize(
    ("member", "most", "value"),
    [
        ("Parameters", 300, {"NumberValue": 1}),
        ("InputArtifacts", 60, {"Value": "s3://x"}),
        ("OutputArtifacts", 60, {"Value": "s3://x"}),
    ],
)
def test_updates_keep_maps_within_limits(sagemaker: Any, member: str, most: int, value: dict[str, Any]) -> None:
    sagemaker.create_trial_component(TrialComponentName="step", **{member: {str(key): value for key in range(most)}})
    with refusing("ValidationException", str(most)):
        sagemaker.update_trial_component(TrialComponentName="step", **{member: {"new": value}})
    sagemaker.update_trial_component(TrialComponentName="step", **{member: {"new": value}, f"{member}ToRemove": ["0"]})
    assert len(sagemaker.describe_trial_component(TrialComponentName="step")[member]) == most


def test_updates_change_trial_and_experiment(study: Any) -> None:
    assert study.update_trial(TrialName="first", DisplayName="New")["TrialArn"] == arn("experiment-trial", "first")
    study.update_experiment(ExperimentName="study", DisplayName="New", Description="new")
    assert study.describe_trial(TrialName="first")["DisplayName"] == "New"
    assert study.describe_experiment(ExperimentName="study")["Description"] == "new"


def test_components_are_listed_by_parent(study: Any) -> None:
    assert listed(study.list_trial_components(), "TrialComponent") == ["loose", "step"]
    assert listed(study.list_trial_components(TrialName="first"), "TrialComponent") == ["step"]
    assert listed(study.list_trial_components(TrialName="second"), "TrialComponent") == []
    assert listed(study.list_trial_components(ExperimentName="study"), "TrialComponent") == ["step"]
    assert listed(study.list_trial_components(ExperimentName="empty"), "TrialComponent") == []


def test_components_of_many_trials_are_listed_once(study: Any) -> None:
    study.associate_trial_component(TrialName="second", TrialComponentName="step")
    assert listed(study.list_trial_components(ExperimentName="study"), "TrialComponent") == ["step"]


def test_components_take_one_filter_at_most(study: Any) -> None:
    for pair in (("ExperimentName", "TrialName"), ("ExperimentName", "SourceArn"), ("SourceArn", "TrialName")):
        with refusing("ValidationException", *pair):
            study.list_trial_components(**dict.fromkeys(pair, "study"))


def test_trials_are_listed_by_experiment_and_component(study: Any) -> None:
    assert listed(study.list_trials(), "Trial") == ["first", "second"]
    assert listed(study.list_trials(ExperimentName="study"), "Trial") == ["first", "second"]
    assert listed(study.list_trials(ExperimentName="empty"), "Trial") == []
    assert listed(study.list_trials(TrialComponentName="step"), "Trial") == ["first"]
    assert listed(study.list_trials(TrialComponentName="loose", ExperimentName="study"), "Trial") == []


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("list_trials", {"ExperimentName": "missing"}),
        ("list_trials", {"TrialComponentName": "missing"}),
        ("list_trial_components", {"ExperimentName": "missing"}),
        ("list_trial_components", {"TrialName": "missing"}),
        ("associate_trial_component", {"TrialName": "missing", "TrialComponentName": "step"}),
        ("associate_trial_component", {"TrialName": "first", "TrialComponentName": "missing"}),
        ("disassociate_trial_component", {"TrialName": "missing", "TrialComponentName": "step"}),
    ],
)
def test_unknown_names_are_not_found(study: Any, operation: str, request_: dict[str, str]) -> None:
    with refusing("ResourceNotFound", "missing"):
        getattr(study, operation)(**request_)


def test_membership_names_both_its_ends(study: Any) -> None:
    names = {"TrialName": "second", "TrialComponentName": "step"}
    for operation in (study.associate_trial_component, study.associate_trial_component):
        made = operation(**names)
        assert made["TrialArn"] == arn("experiment-trial", "second")
        assert made["TrialComponentArn"] == component_arn("step")
    gone = study.disassociate_trial_component(**names)
    assert gone["TrialComponentArn"] == component_arn("step")
    assert listed(study.list_trials(TrialComponentName="step"), "Trial") == ["first"]


def test_parts_are_deleted_before_wholes(study: Any) -> None:
    with refusing("ValidationException", "trials"):
        study.delete_experiment(ExperimentName="study")
    with refusing("ValidationException", "trial components"):
        study.delete_trial(TrialName="first")
    with refusing("ValidationException", "a trial that it is part of"):
        study.delete_trial_component(TrialComponentName="step")
    study.disassociate_trial_component(TrialName="first", TrialComponentName="step")
    assert study.delete_trial_component(TrialComponentName="step")["TrialComponentArn"] == component_arn("step")
    study.delete_trial(TrialName="first")
    study.delete_trial(TrialName="second")
    study.delete_experiment(ExperimentName="study")
    assert listed(study.list_experiments(), "Experiment") == ["empty"]


def test_same_names_elsewhere_prevent_nothing(study: Any, service: LocalServer) -> None:
    foreign = "arn:aws:sagemaker:us-east-1:999999999999"
    study.create_trial_component(TrialComponentName="away")
    study.create_trial(TrialName="away", ExperimentName="study")
    load(
        service,
        *(context(name) for name in ("study", "first", "step")),
        component("far", TrialComponentArn=f"{foreign}:experiment-trial-component/far"),
        trial("far", "empty", TrialArn=f"{foreign}:experiment-trial/far"),
        member("away", "far"),
        member("far", "away"),
    )
    for name in ("study", "first", "step"):
        study.delete_context(ContextName=name)
    assert listed(study.list_trials(TrialComponentName="step"), "Trial") == ["first"]
    study.delete_trial_component(TrialComponentName="away")
    study.delete_trial(TrialName="away")
    study.delete_experiment(ExperimentName="empty")


def test_other_accounts_memberships_prevent_nothing(sagemaker: Any, service: LocalServer) -> None:
    load(service, component("job"), member("away", "job"), trial("near"), member("near", "far"))
    sagemaker.delete_trial_component(TrialComponentName="job")
    sagemaker.delete_trial(TrialName="near")
    load(service, component("job"), trial("away"), trial("near"), component("far"))
    for name in ("job", "far"):
        assert sagemaker.list_trials(TrialComponentName=name)["TrialSummaries"] == []


def test_associated_components_are_not_deleted(sagemaker: Any, service: LocalServer) -> None:
    load(service, artifact(1), component("job"))
    ends = {"SourceArn": artifact_arn(1), "DestinationArn": component_arn("job")}
    sagemaker.add_association(**ends)
    with refusing("ValidationException", "associations"):
        sagemaker.delete_trial_component(TrialComponentName="job")
    sagemaker.delete_association(**ends)
    sagemaker.delete_trial_component(TrialComponentName="job")


def test_created_component_has_empty_collections(sagemaker: Any) -> None:
    """The SDK's ExperimentAnalytics iterates over them without checking whether they are present."""
    sagemaker.create_trial_component(TrialComponentName="step")
    (found,) = sagemaker.search(Resource="ExperimentTrialComponent")["Results"]
    for told in (found["TrialComponent"], sagemaker.describe_trial_component(TrialComponentName="step")):
        empty = {"Parameters": {}, "InputArtifacts": {}, "OutputArtifacts": {}, "Metrics": []}
        assert told.items() >= empty.items()
    without = {"Filters": [{"Name": "Parameters", "Operator": "NotExists"}]}
    assert len(sagemaker.search(Resource="ExperimentTrialComponent", SearchExpression=without)["Results"]) == 1


def test_exact_names_come_first(sagemaker: Any, service: LocalServer) -> None:
    """AWS has no two names that differ only in case, but an import may."""
    names = ["STUDY", "Study", "study"]
    load(service, *(experiment(name) for name in names))
    assert [sagemaker.describe_experiment(ExperimentName=name)["ExperimentName"] for name in names] == names


def test_names_are_the_same_in_any_case(sagemaker: Any) -> None:
    """The SDK's Run describes its experiment by a lower-case name."""
    sagemaker.create_experiment(ExperimentName="Study")
    assert sagemaker.describe_experiment(ExperimentName="study")["ExperimentName"] == "Study"
    sagemaker.create_trial(TrialName="First", ExperimentName="STUDY")
    assert sagemaker.describe_trial(TrialName="first")["ExperimentName"] == "Study"
    sagemaker.create_trial_component(TrialComponentName="Step")
    sagemaker.associate_trial_component(TrialName="first", TrialComponentName="step")
    (component,) = sagemaker.list_trial_components(ExperimentName="study")["TrialComponentSummaries"]
    assert component["TrialComponentName"] == "Step"
    sagemaker.update_trial(TrialName="FIRST", DisplayName="shown")
    assert sagemaker.describe_trial(TrialName="first").items() >= {"TrialName": "First", "DisplayName": "shown"}.items()
    sagemaker.disassociate_trial_component(TrialName="FIRST", TrialComponentName="STEP")
    assert listed(sagemaker.list_trials(ExperimentName="study"), "Trial") == ["First"]
    for kind in ("trial_component", "trial", "experiment"):
        member = f"{''.join(part.capitalize() for part in kind.split('_'))}Name"
        name = {"trial_component": "sTEP", "trial": "fIRST", "experiment": "sTUDY"}[kind]
        getattr(sagemaker, f"delete_{kind}")(**{member: name})
    assert sagemaker.list_experiments()["ExperimentSummaries"] == []
