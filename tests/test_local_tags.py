"""Tags: on anything with an ARN."""

from typing import Any

import local_conftest
import pytest
from graphs import arn, artifact_arn
from local_conftest import load, refusing

from gateway.local.server import LocalServer

sagemaker = local_conftest.sagemaker

ENDPOINT = arn("endpoint", "serving")


def tag(key: str, value: str = "") -> dict[str, str]:
    return {"Key": key, "Value": value}


def test_tags_need_no_resource(sagemaker: Any) -> None:
    added = sagemaker.add_tags(ResourceArn=ENDPOINT, Tags=[tag("b", "2"), tag("a", "1")])
    assert added["Tags"] == [tag("a", "1"), tag("b", "2")]
    assert sagemaker.list_tags(ResourceArn=ENDPOINT, MaxResults=50)["Tags"] == [tag("a", "1"), tag("b", "2")]
    assert sagemaker.list_tags(ResourceArn=arn("endpoint", "other"))["Tags"] == []


def test_tags_are_overwritten_by_key(sagemaker: Any) -> None:
    sagemaker.add_tags(ResourceArn=ENDPOINT, Tags=[tag("a", "1"), tag("b", "2")])
    added = sagemaker.add_tags(ResourceArn=ENDPOINT, Tags=[tag("a", "3")])
    assert added["Tags"] == [tag("a", "3"), tag("b", "2")]


def test_tags_are_deleted_by_key(sagemaker: Any) -> None:
    sagemaker.add_tags(ResourceArn=ENDPOINT, Tags=[tag("a"), tag("b")])
    sagemaker.delete_tags(ResourceArn=ENDPOINT, TagKeys=["a", "missing"])
    assert sagemaker.list_tags(ResourceArn=ENDPOINT)["Tags"] == [tag("b")]


def test_fifty_tags_are_the_most(sagemaker: Any) -> None:
    sagemaker.add_tags(ResourceArn=ENDPOINT, Tags=[tag(f"key-{number}") for number in range(50)])
    sagemaker.add_tags(ResourceArn=ENDPOINT, Tags=[tag("key-7", "again")])
    with refusing("ValidationException", "50"):
        sagemaker.add_tags(ResourceArn=ENDPOINT, Tags=[tag("one-more")])
    assert len(sagemaker.list_tags(ResourceArn=ENDPOINT)["Tags"]) == 50


@pytest.mark.parametrize("tags", [[tag("aws:mine")], [tag("AWS:mine")], [tag("a"), tag("a")], [tag("x" * 129)]])
def test_impossible_tags_are_refused(sagemaker: Any, tags: list[dict[str, str]]) -> None:
    with refusing("ValidationException"):
        sagemaker.add_tags(ResourceArn=ENDPOINT, Tags=tags)
    with refusing("ValidationException"):
        sagemaker.create_artifact(ArtifactType="t", Source={"SourceUri": "s3://x"}, Tags=tags)
    assert sagemaker.list_artifacts()["ArtifactSummaries"] == []


def test_import_keeps_reserved_tags(sagemaker: Any, service: LocalServer) -> None:
    load(service, {"tags": {"ResourceArn": ENDPOINT, "Tags": [tag("aws:cloudformation:stack-name", "s")]}})
    record = {"ArtifactArn": artifact_arn(1), "Tags": [tag("aws:x"), tag("sagemaker:y")]}
    load(service, {"entity": "Artifact", "record": record})
    assert len(sagemaker.list_tags(ResourceArn=artifact_arn(1))["Tags"]) == 2
    assert len(sagemaker.list_tags(ResourceArn=ENDPOINT)["Tags"]) == 1


def test_import_replaces_all_tags(sagemaker: Any, service: LocalServer) -> None:
    for tags in ([tag("kept"), tag("old")], [tag("kept"), tag("new")], []):
        load(service, {"tags": {"ResourceArn": ENDPOINT, "Tags": tags}})
        load(service, {"entity": "Artifact", "record": {"ArtifactArn": artifact_arn(1), "Tags": tags}})
        for tagged in (ENDPOINT, artifact_arn(1)):
            assert sagemaker.list_tags(ResourceArn=tagged)["Tags"] == tags


def test_listing_has_no_second_page(sagemaker: Any) -> None:
    with refusing("ValidationException", "NextToken"):
        sagemaker.list_tags(ResourceArn=ENDPOINT, NextToken="x")
