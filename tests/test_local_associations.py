"""Associations: their ends, their key, and how they are listed."""

from typing import Any

import local_conftest
import pytest
from graphs import action, arn, artifact, artifact_arn, association, component, component_arn, context
from local_conftest import all_pages, load, refusing

from gateway.local import associations
from gateway.local.server import LocalServer

sagemaker = local_conftest.sagemaker

ONE, TWO, THREE = (artifact_arn(number) for number in (1, 2, 3))
MISSING = artifact_arn(99)


@pytest.fixture
def graph(service: LocalServer) -> LocalServer:
    """A dataset, a training job, its unnamed model, and the model's endpoint."""
    model = artifact(2, "Model")
    del model["record"]["ArtifactName"]
    load(
        service,
        artifact(1),
        component("job"),
        model,
        context("endpoint"),
        association(ONE, component_arn("job"), CreationTime=1001),
        association(component_arn("job"), TWO, "Produced", CreationTime=1002),
        association(TWO, arn("context", "endpoint"), "AssociatedWith", CreationTime=1003),
    )
    return service


def ends(page: dict[str, Any]) -> list[tuple[str, str]]:
    return [(summary["SourceArn"], summary["DestinationArn"]) for summary in page["AssociationSummaries"]]


def test_added_association_is_listed(sagemaker: Any, service: LocalServer) -> None:
    load(service, artifact(1), artifact(2, "Model"))
    added = sagemaker.add_association(SourceArn=ONE, DestinationArn=TWO, AssociationType="DerivedFrom")
    assert (added["SourceArn"], added["DestinationArn"]) == (ONE, TWO)
    (summary,) = sagemaker.list_associations(SourceArn=ONE)["AssociationSummaries"]
    created = summary.pop("CreationTime")
    assert created.microsecond % 1000 == 0
    assert summary.pop("CreatedBy")["IamIdentity"]["Arn"].endswith("user/local")
    assert summary == {
        "SourceArn": ONE,
        "DestinationArn": TWO,
        "SourceType": "DataSet",
        "DestinationType": "Model",
        "AssociationType": "DerivedFrom",
        "SourceName": "artifact-1",
        "DestinationName": "artifact-2",
    }


def test_ends_alone_are_the_key(sagemaker: Any, service: LocalServer) -> None:
    load(service, artifact(1), artifact(2))
    sagemaker.add_association(SourceArn=ONE, DestinationArn=TWO, AssociationType="DerivedFrom")
    with refusing("ValidationException", "already exists"):
        sagemaker.add_association(SourceArn=ONE, DestinationArn=TWO, AssociationType="Produced")
    sagemaker.add_association(SourceArn=TWO, DestinationArn=ONE)
    sagemaker.add_association(SourceArn=ONE, DestinationArn=ONE)
    assert len(sagemaker.list_associations()["AssociationSummaries"]) == 3


@pytest.mark.parametrize("pair", [(ONE, MISSING), (MISSING, ONE), (ONE, arn("experiment", "missing"))])
def test_both_ends_must_exist(sagemaker: Any, service: LocalServer, pair: tuple[str, str]) -> None:
    load(service, artifact(1))
    with refusing("ResourceNotFound", "does not exist"):
        sagemaker.add_association(SourceArn=pair[0], DestinationArn=pair[1])


def test_deleted_association_is_gone(sagemaker: Any, graph: LocalServer) -> None:  # noqa: ARG001
    deleted = sagemaker.delete_association(SourceArn=ONE, DestinationArn=component_arn("job"))
    assert (deleted["SourceArn"], deleted["DestinationArn"]) == (ONE, component_arn("job"))
    assert ends(sagemaker.list_associations(SourceArn=ONE)) == []
    with refusing("ResourceNotFound"):
        sagemaker.delete_association(SourceArn=ONE, DestinationArn=component_arn("job"))
    with refusing("ResourceNotFound"):
        sagemaker.delete_association(SourceArn=component_arn("job"), DestinationArn=ONE)


def test_quota_counts_handmade_associations(
    sagemaker: Any, graph: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert associations.QUOTA == 6000
    monkeypatch.setattr(associations, "QUOTA", 1)
    assert len(ends(sagemaker.list_associations())) > 1
    sagemaker.add_association(SourceArn=ONE, DestinationArn=TWO)
    with refusing("ResourceLimitExceeded", "Total number of associations allowed"):
        sagemaker.add_association(SourceArn=TWO, DestinationArn=ONE)
    load(graph, association(ONE, TWO))
    sagemaker.add_association(SourceArn=TWO, DestinationArn=ONE)


def test_lifted_quotas_include_associations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(associations, "QUOTA", 0)
    with LocalServer(quotas=False) as local:
        load(local, artifact(1))
        local_conftest.client(local.url).add_association(SourceArn=ONE, DestinationArn=ONE)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [3, 2, 1]),
        ({"SourceArn": TWO}, [3]),
        ({"DestinationArn": TWO}, [2]),
        ({"SourceArn": component_arn("job"), "DestinationArn": TWO}, [2]),
        ({"SourceArn": ONE, "DestinationArn": TWO}, []),
        ({"SourceArn": MISSING}, []),
        ({"SourceType": "DataSet"}, [1]),
        ({"SourceType": "SageMakerTrainingJob"}, [2]),
        ({"SourceType": "TrainingJob"}, []),
        ({"DestinationType": "Endpoint"}, [3]),
        ({"AssociationType": "Produced"}, [2]),
        ({"CreatedAfter": 1002}, [3, 2]),
        ({"CreatedBefore": 1002}, [2, 1]),
        ({"SortOrder": "Ascending"}, [1, 2, 3]),
        ({"SortBy": "SourceArn", "SortOrder": "Ascending"}, [1, 3, 2]),
        ({"SortBy": "DestinationArn", "SortOrder": "Ascending"}, [2, 3, 1]),
        ({"SortBy": "SourceType", "SortOrder": "Ascending"}, [1, 3, 2]),
        ({"SortBy": "DestinationType"}, [1, 2, 3]),
    ],
)
def test_listing_filters_and_sorts(
    sagemaker: Any,
    graph: LocalServer,  # noqa: ARG001
    filters: dict[str, Any],
    expected: list[int],
) -> None:
    times = [
        round(summary["CreationTime"].timestamp()) - 1000
        for summary in sagemaker.list_associations(**filters)["AssociationSummaries"]
    ]
    assert times == expected


def test_nameless_ends_have_no_name(sagemaker: Any, graph: LocalServer) -> None:  # noqa: ARG001
    (summary,) = sagemaker.list_associations(SourceArn=TWO)["AssociationSummaries"]
    assert "SourceName" not in summary
    assert (summary["DestinationName"], summary["DestinationType"]) == ("endpoint", "Endpoint")


def test_untyped_ends_have_no_type(sagemaker: Any) -> None:
    made = sagemaker.create_trial_component(TrialComponentName="made")["TrialComponentArn"]
    sagemaker.add_association(SourceArn=made, DestinationArn=made)
    (summary,) = sagemaker.list_associations()["AssociationSummaries"]
    assert summary.keys().isdisjoint({"SourceType", "DestinationType"})


def test_types_end_with_the_import_of_untyped_ends(sagemaker: Any, service: LocalServer) -> None:
    far = component_arn("far")
    load(service, association(far, far, SourceType="Job", DestinationType="Job"))
    load(service, {"entity": "TrialComponent", "record": {"TrialComponentName": "far"}})
    (summary,) = sagemaker.list_associations()["AssociationSummaries"]
    assert summary.keys().isdisjoint({"SourceType", "DestinationType"})


def test_listing_has_current_names(sagemaker: Any, graph: LocalServer) -> None:  # noqa: ARG001
    sagemaker.update_artifact(ArtifactArn=ONE, ArtifactName="renamed")
    (summary,) = sagemaker.list_associations(SourceArn=ONE)["AssociationSummaries"]
    assert summary["SourceName"] == "renamed"


def test_types_follow_the_import(sagemaker: Any, graph: LocalServer) -> None:
    load(graph, artifact(1, "Image"))
    assert len(ends(sagemaker.list_associations(SourceType="Image"))) == 1
    assert ends(sagemaker.list_associations(SourceType="DataSet")) == []


def test_dangling_ends_keep_imported_names(sagemaker: Any, service: LocalServer) -> None:
    given = association(ONE, MISSING, DestinationName="far", DestinationType="Model", SourceName="stale")
    load(service, given, artifact(1))
    (summary,) = sagemaker.list_associations(DestinationType="Model")["AssociationSummaries"]
    assert (summary["SourceName"], summary["SourceType"]) == ("artifact-1", "DataSet")
    assert (summary["DestinationName"], summary["DestinationType"]) == ("far", "Model")
    load(service, artifact(99, "Image"))
    (summary,) = sagemaker.list_associations(SourceArn=ONE)["AssociationSummaries"]
    assert (summary["DestinationName"], summary["DestinationType"]) == ("artifact-99", "Image")


@pytest.mark.parametrize("sort", ["SourceArn", "DestinationArn", "SourceType", "DestinationType", "CreationTime"])
def test_every_order_pages_completely(sagemaker: Any, service: LocalServer, sort: str) -> None:
    load(service, *(artifact(number, f"type-{number % 3}") for number in range(10)), action("untyped"))
    pairs = [(artifact_arn(number), artifact_arn(number % 2)) for number in range(10)] + [(ONE, MISSING)]
    load(service, *(association(*pair, CreationTime=1000 + at // 4) for at, pair in enumerate(pairs)))
    pages = all_pages(sagemaker.list_associations, "AssociationSummaries", SortBy=sort, MaxResults=3)
    assert [len(page) for page in pages] == [3, 3, 3, 2]
    found = [summary for page in pages for summary in page]
    assert sorted(ends({"AssociationSummaries": found})) == sorted(pairs)
    keys = [str(summary.get(sort, "")) for summary in found]
    assert keys == sorted(keys, reverse=True)
