"""A service that is slow, throttles, fails or denies, as configured."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import boto3
import httpx
import local_conftest
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError
from graphs import action, arn, artifact, artifact_arn, component, component_arn, context
from local_conftest import KEYS, REGION, load, refusing

from gateway.local.behaviour import Behaviour
from gateway.local.server import LocalServer

sagemaker = local_conftest.sagemaker


def test_latency_comes_before_every_answer(sagemaker: Any, service: LocalServer) -> None:
    service.behaviour.latency_ms = 80
    for operation in (sagemaker.list_artifacts, lambda: sagemaker.describe_context(ContextName="missing")):
        began = time.monotonic()
        with suppress(ClientError):
            operation()
        assert time.monotonic() - began >= 0.08


def test_slow_answers_do_not_queue(service: LocalServer) -> None:
    """All requests arrive before the first is answered."""
    service.behaviour.latency_ms = 2_000
    headers = {"X-Amz-Target": "SageMaker.ListArtifacts"}
    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(httpx.post, service.url, content=b"{}", headers=headers) for _ in range(10)]
        while service.calls["ListArtifacts"] < 10:
            assert not any(answer.done() for answer in asked)
            time.sleep(0.01)
        assert all(answer.result().status_code == 200 for answer in asked)


def test_too_many_requests_are_throttled(sagemaker: Any, service: LocalServer) -> None:
    service.behaviour.throttle_tps = 1
    sagemaker.list_artifacts()
    with refusing("ThrottlingException", "Rate exceeded"):
        sagemaker.list_artifacts()
    time.sleep(1.1)
    sagemaker.list_artifacts()
    assert service.calls["ListArtifacts"] == 3


def test_artifact_is_denied_by_its_source_too(sagemaker: Any, service: LocalServer) -> None:
    source = {"SourceUri": "s3://bucket/secret"}
    made = sagemaker.create_artifact(ArtifactType="DataSet", Source=source)["ArtifactArn"]
    service.behaviour.deny = [made]
    with refusing("AccessDeniedException"):
        sagemaker.delete_artifact(Source=source)
    with refusing("AccessDeniedException"):
        sagemaker.create_artifact(ArtifactType="DataSet", Source=source)
    sagemaker.create_context(ContextName="of-the-same-source", ContextType="t", Source=source)


def test_names_are_denied_in_any_case(sagemaker: Any, service: LocalServer) -> None:
    load(service, component("Secret"))
    for pattern in ("Secret", component_arn("Secret")):
        service.behaviour.deny = [pattern]
        with refusing("AccessDeniedException"):
            sagemaker.describe_trial_component(TrialComponentName="SECRET")


def test_missing_entities_are_not_denied(sagemaker: Any, service: LocalServer) -> None:
    service.behaviour.deny = ["secret"]
    with refusing("ResourceNotFound"):
        sagemaker.describe_context(ContextName="missing")
    with refusing("ResourceNotFound"):
        sagemaker.delete_artifact(ArtifactArn=artifact_arn(1))


def test_operations_can_be_unknown(sagemaker: Any, service: LocalServer) -> None:
    load(service, artifact(1))
    service.behaviour.unknown = ["QueryLineage"]
    with refusing("UnknownOperationException"):
        sagemaker.query_lineage(StartArns=[artifact_arn(1)])
    sagemaker.describe_artifact(ArtifactArn=artifact_arn(1))


def test_throttling_covers_all_operations(sagemaker: Any, service: LocalServer) -> None:
    service.behaviour.throttle_tps = 1
    sagemaker.list_artifacts()
    with refusing("ThrottlingException"):
        sagemaker.list_contexts()


def test_rates_below_one_let_some_through(sagemaker: Any, service: LocalServer) -> None:
    service.behaviour.throttle_tps = 0.01
    sagemaker.list_artifacts()
    with refusing("ThrottlingException"):
        sagemaker.list_artifacts()


def test_faults_leave_programs_random_numbers(sagemaker: Any, service: LocalServer) -> None:
    service.behaviour.fault_rate = 1e-9
    before = random.getstate()
    sagemaker.list_artifacts()
    assert random.getstate() == before


def test_faults_come_before_any_effect(sagemaker: Any, service: LocalServer) -> None:
    service.behaviour.fault_rate = 1.0
    seen = set()
    for number in range(40):
        with pytest.raises((ClientError, HTTPClientError)) as caught:
            sagemaker.create_context(ContextName=f"c{number}", ContextType="t", Source={"SourceUri": "s3://x"})
        error = caught.value
        seen.add(error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error))
    assert seen == {"InternalFailure", "ServiceUnavailable", ConnectionClosedError}
    service.behaviour.reset()
    assert sagemaker.list_contexts()["ContextSummaries"] == []


def test_faults_follow_the_configured_rate(service: LocalServer) -> None:
    behaviour = Behaviour(fault_rate=0.2)
    found = Counter(behaviour.fault() is not None for _ in range(5000))
    assert 800 < found[True] < 1200
    assert service.behaviour.fault() is None


def test_retries_get_through_faults(service: LocalServer) -> None:
    service.behaviour.fault_rate = 0.3
    retrying = Config(retries={"total_max_attempts": 15, "mode": "standard"})
    sagemaker = boto3.client("sagemaker", endpoint_url=service.url, region_name=REGION, config=retrying, **KEYS)
    for number in range(5):
        sagemaker.create_context(ContextName=f"c{number}", ContextType="t", Source={"SourceUri": "s3://x"})
    service.behaviour.reset()
    assert len(sagemaker.list_contexts()["ContextSummaries"]) == 5
    sagemaker.close()


def test_own_endpoints_are_unaffected(service: LocalServer) -> None:
    service.behaviour.throttle_tps = 0.001
    service.behaviour.fault_rate = 1.0
    service.behaviour.deny = ["*"]
    for _ in range(5):
        assert httpx.get(f"{service.url}/_local/health").status_code == 200
        assert httpx.post(f"{service.url}/_local/import", content=b"").status_code == 200
        assert httpx.get(f"{service.url}/_local/export").status_code == 200


@pytest.mark.parametrize(
    ("pattern", "denied"),
    [
        (artifact_arn(1), ["describe_artifact", "list_tags", "query_lineage", "list_associations"]),
        ("*", ["describe_artifact", "list_tags", "query_lineage", "list_associations", "list_artifacts", "context"]),
        ("arn:aws:sagemaker:*:artifact/*", ["describe_artifact", "list_tags", "query_lineage", "list_associations"]),
        (f"DescribeArtifact:{artifact_arn(1)}", ["describe_artifact"]),
        ("DescribeArtifact:*", ["describe_artifact"]),
        ("List*:*", ["list_tags", "list_associations", "list_artifacts"]),
        ("*:*artifact*", ["describe_artifact", "list_tags", "query_lineage", "list_associations"]),
        ("*:secret", ["context"]),
        ("ListArtifacts:*", ["list_artifacts"]),
        ("secret", ["context"]),
        (arn("context", "secret"), ["context"]),
        (f"{2:032x}", []),
        (f"{1:032x}", ["describe_artifact", "list_tags", "query_lineage", "list_associations"]),
        (artifact_arn(2), []),
        ("SECRET", []),
    ],
)
def test_patterns_deny_what_they_cover(sagemaker: Any, service: LocalServer, pattern: str, denied: list[str]) -> None:
    load(service, artifact(1), context("secret"))
    calls = {
        "describe_artifact": lambda: sagemaker.describe_artifact(ArtifactArn=artifact_arn(1)),
        "list_tags": lambda: sagemaker.list_tags(ResourceArn=artifact_arn(1)),
        "query_lineage": lambda: sagemaker.query_lineage(StartArns=[artifact_arn(1)]),
        "list_associations": lambda: sagemaker.list_associations(SourceArn=artifact_arn(1)),
        "list_artifacts": sagemaker.list_artifacts,
        "context": lambda: sagemaker.describe_context(ContextName="secret"),
    }
    service.behaviour.deny = [pattern]
    for name, call in calls.items():
        if name in denied:
            with refusing("AccessDeniedException", "not authorized to perform: sagemaker:"):
                call()
        else:
            call()


def test_denial_names_caller_and_resource(sagemaker: Any, service: LocalServer) -> None:
    service.behaviour.deny = [arn("action", "secret")]
    load(service, action("secret"))
    user = "User: arn:aws:iam::123456789012:user/local is not authorized to perform"
    with refusing("AccessDeniedException", f"{user}: sagemaker:DescribeAction on resource: {arn('action', 'secret')}"):
        sagemaker.describe_action(ActionName="secret")


def test_search_leaves_out_denied_records(sagemaker: Any, service: LocalServer) -> None:
    load(service, component("open"), component("secret"))

    def found() -> list[str]:
        results = sagemaker.search(Resource="ExperimentTrialComponent")["Results"]
        return [result["TrialComponent"]["TrialComponentName"] for result in results]

    for pattern in ("secret", component_arn("secret"), "*/secret"):
        service.behaviour.deny = [pattern]
        assert found() == ["open"]
    service.behaviour.deny = [f"DescribeTrialComponent:{component_arn('secret')}"]
    assert found() == ["secret", "open"]
    for pattern in ("Search:*", "Search:nothing", "*"):
        service.behaviour.deny = [pattern]
        with refusing("AccessDeniedException", "sagemaker:Search"):
            found()
