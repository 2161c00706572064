"""Several accounts and regions, with a local service for each of two accounts."""

import asyncio
from functools import partial
from typing import Any

import accounts
import httpx
import pytest
from accounts import HOME, OTHER, ROLE, STRANGE, both, load, there
from conftest import Ask, asking, expecting_data, expecting_error, running
from endpoint import CLOSE, SILENCE, answer, endpoint
from fault_proxy import fault_proxy
from graphs import arn, artifact, artifact_arn, component, context, experiment, trial

from gateway.arn import parse
from gateway.aws.kinds import EXECUTION_TAG
from gateway.aws.places import Place
from gateway.aws.pool import Pool
from gateway.errors import Forbidden
from gateway.local.server import LocalServer
from gateway.settings import Settings

other_server, other, client = accounts.other_server, accounts.other, accounts.client
ask, refused = accounts.ask, accounts.refused

ARTIFACT = "query ($arn: Arn!) { artifact(arn: $arn) { arn name } }"


async def test_arn_chooses_the_account(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    load(service, artifact(1, ArtifactName="here"))
    load(other, artifact(1, ArtifactName="there"), account=OTHER)
    assert (await ask(ARTIFACT, arn=artifact_arn(1)))["artifact"]["name"] == "here"
    assert (await ask(ARTIFACT, arn=there(artifact_arn(1))))["artifact"]["name"] == "there"
    assert service.calls == {"DescribeArtifact": 1, "AssumeRole": 1}
    assert other.calls == {"DescribeArtifact": 1}


async def test_role_is_assumed_with_its_external_id(service: LocalServer, ask: Ask) -> None:
    await ask(ARTIFACT, arn=there(artifact_arn(1)))
    await ask(ARTIFACT, arn=there(artifact_arn(2)))
    assumed = [asked for operation, asked in service.requests if operation == "AssumeRole"]
    assert [(asked["RoleArn"], asked["ExternalId"]) for asked in assumed] == [(ROLE, "s3cret")]


async def test_credentials_refresh_by_themselves(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    service.behaviour.credential_seconds = 2  # botocore refreshes credentials with less than ten minutes left
    for number in range(3):
        await ask(ARTIFACT, arn=there(artifact_arn(number)))
    assert service.calls["AssumeRole"] >= 2
    assert other.calls == {"DescribeArtifact": 3}


async def test_denied_role_fails_its_field(service: LocalServer, other: LocalServer, refused: Ask) -> None:
    service.behaviour.deny = ["AssumeRole:*"]
    error = await refused(ARTIFACT, "FORBIDDEN", arn=there(artifact_arn(1)))
    assert error["message"] == "AWS denies the gateway AssumeRole here."
    service.behaviour.deny = []
    load(other, artifact(1), account=OTHER)
    async with both(service, other) as client:
        assert await expecting_data(asking(client))(ARTIFACT, arn=there(artifact_arn(1)))


async def test_invalid_endpoint_url_fails_its_field(service: LocalServer) -> None:
    accounts = {HOME: {}, OTHER: {"endpoint_url": "http://no..address"}}
    async with running(Settings(local_url=service.url, accounts=accounts, cache_url="off")) as client:
        await expecting_error(asking(client))(ARTIFACT, "UPSTREAM_UNAVAILABLE", arn=there(artifact_arn(1)))
        assert await expecting_data(asking(client))(ARTIFACT, arn=artifact_arn(1)) == {"artifact": None}


KEYS = b"<AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey><SessionToken>c</SessionToken>"
ASSUMED = b"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
%s</Credentials></AssumeRoleResult></AssumeRoleResponse>"""


@pytest.mark.parametrize(
    "said",
    [
        *map(answer, [b"<html><br></html>", b"<html/>", b"{}", b"", ASSUMED % KEYS]),
        answer(ASSUMED % (KEYS + b"<Expiration>2020</Expiration>")),
        CLOSE,
    ],
    ids=["page", "other", "json", "nothing", "endless", "expired", "away"],
)
async def test_invalid_credentials_fail_their_field(said: bytes) -> None:
    async with endpoint() as sts:
        sts.respond_with(said)
        accounts = {HOME: {}, OTHER: {"role_arn": ROLE, "endpoint_url": "http://127.0.0.1:1"}}
        async with running(Settings(local_url=sts.url, accounts=accounts, cache_url="off")) as client:
            refused = expecting_error(asking(client))
            error = await refused(ARTIFACT, "UPSTREAM_UNAVAILABLE", arn=there(artifact_arn(1)))
    assert error["message"] == "The gateway could not get its AWS credentials."


async def test_silent_sts_has_a_timeout() -> None:
    async with endpoint() as sts:
        sts.respond_with(SILENCE)
        accounts = {HOME: {}, OTHER: {"role_arn": ROLE, "endpoint_url": "http://127.0.0.1:1"}}
        impatient = {"read_timeout_seconds": 0.1, "max_attempts": 2, "deadline_seconds": 20}
        async with running(Settings(local_url=sts.url, accounts=accounts, **impatient)) as client:
            refused = expecting_error(asking(client))
            error = await refused(ARTIFACT, "UPSTREAM_UNAVAILABLE", arn=there(artifact_arn(1)))
    assert error["message"] == "The gateway could not get its AWS credentials."
    assert sum(b"Action=AssumeRole" in request.body for request in sts.requests) == 2


async def test_unlisted_account_is_forbidden_uncalled(service: LocalServer, other: LocalServer, refused: Ask) -> None:
    await refused(ARTIFACT, "FORBIDDEN", arn=there(artifact_arn(1), STRANGE))
    await refused('{ artifacts(account: "333333333333") { nodes { arn } } }', "FORBIDDEN")
    assert not service.calls
    assert not other.calls


async def test_own_account_need_not_be_listed(service: LocalServer, other: LocalServer) -> None:
    load(service, artifact(1))
    accounts = {OTHER: {"endpoint_url": other.url}}
    async with running(Settings(local_url=service.url, accounts=accounts, cache_url="off")) as client:
        assert (await expecting_data(asking(client))(ARTIFACT, arn=artifact_arn(1)))["artifact"]["name"]
        await expecting_error(asking(client))(ARTIFACT, "FORBIDDEN", arn=there(artifact_arn(1), STRANGE))
    assert service.calls == {"DescribeLineageGroup": 1, "DescribeArtifact": 1}


async def test_sharing_account_is_not_own(service: LocalServer, other: LocalServer) -> None:
    load(service, artifact(1))
    async with both(service, other, accounts={OTHER: {}}) as client:
        assert (await expecting_data(asking(client))(ARTIFACT, arn=artifact_arn(1)))["artifact"]["name"]
        shared = f'{{ artifacts(account: "{OTHER}") {{ nodes {{ arn }} }} }}'
        await expecting_error(asking(client))(shared, "FORBIDDEN")


@pytest.mark.parametrize(
    "refuses", [{"deny": ["DescribeLineageGroup:*"]}, {"unknown": ["DescribeLineageGroup"]}], ids=["denied", "unknown"]
)
async def test_own_account_may_be_listed_instead(
    service: LocalServer, other: LocalServer, refuses: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    load(service, artifact(1))
    for behaviour, patterns in refuses.items():
        setattr(service.behaviour, behaviour, patterns)
    async with both(service, other) as client:
        listed = f'{{ artifacts(account: "{HOME}") {{ nodes {{ arn }} }} }}'
        assert (await expecting_data(asking(client))(listed))["artifacts"]["nodes"]
    assert "not known yet" not in caplog.text


async def test_lists_take_account_and_region(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    load(service, artifact(1, ArtifactName="here"), experiment("exp-here"))
    load(other, artifact(1, ArtifactName="there"), experiment("exp-there"), account=OTHER)
    names = """query ($account: String, $region: String) {
        artifacts(account: $account, region: $region) { nodes { name } }
        experiments(account: $account, region: $region) { nodes { name } } }"""
    here = {"artifacts": {"nodes": [{"name": "here"}]}, "experiments": {"nodes": [{"name": "exp-here"}]}}
    assert await ask(names) == here
    assert await ask(names, account=HOME, region="us-east-1") == here
    found = await ask(names, account=OTHER, region="us-east-1")
    assert found == {"artifacts": {"nodes": [{"name": "there"}]}, "experiments": {"nodes": [{"name": "exp-there"}]}}
    assert await ask(names, account=HOME) == here


async def test_own_account_is_looked_up_once(service: LocalServer) -> None:
    query = f'{{ artifacts(account: "{HOME}", region: "us-east-1") {{ nodes {{ name }} }} }}'
    async with running(Settings(local_url=service.url, cache_url="off")) as client:
        for _ in range(2):
            assert await expecting_data(asking(client))(query) == {"artifacts": {"nodes": []}}
    assert service.calls == {"DescribeLineageGroup": 1, "ListArtifacts": 2}


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ('account: "12"', "BAD_USER_INPUT"),
        ('region: "../etc"', "BAD_USER_INPUT"),
        ('region: "eu-west-1"', "FORBIDDEN"),
        ('account: "210987654321", region: "eu-west-1"', "FORBIDDEN"),
    ],
)
async def test_unlisted_region_or_account_is_refused(refused: Ask, argument: str, code: str) -> None:
    await refused(f"{{ contexts({argument}) {{ nodes {{ name }} }} }}", code)


async def test_malformed_filter_takes_no_call(service: LocalServer) -> None:
    query = f'{{ modelCards(account: "{STRANGE}", nameContains: "a b") {{ nodes {{ name }} }} }}'
    async with running(Settings(local_url=service.url)) as client:
        error = await expecting_error(asking(client))(query, "BAD_USER_INPUT")
    assert error["extensions"]["argument"] == "nameContains"
    assert not service.calls


@pytest.mark.parametrize("argument", [f'account: "{STRANGE}"', 'region: "eu-west-1"'])
async def test_refused_list_leaves_other_fields(service: LocalServer, answer: Ask, argument: str) -> None:
    load(service, context("here"))
    said = await answer(f"""{{
        associations({argument}) {{ nodes {{ id }} }}
        contexts({argument}, after: "x") {{ nodes {{ name }} pageInfo {{ hasPreviousPage }} }}
        here: contexts {{ nodes {{ name }} }}
    }}""")
    assert said["data"] == {
        "associations": {"nodes": []},
        "contexts": {"nodes": [], "pageInfo": {"hasPreviousPage": True}},
        "here": {"nodes": [{"name": "here"}]},
    }
    told = {(error["path"][0], error["extensions"]["code"]) for error in said["errors"]}
    assert told == {("associations", "FORBIDDEN"), ("contexts", "FORBIDDEN")}


async def test_finding_own_account_has_a_deadline() -> None:
    query = "query ($account: String) { artifacts(account: $account) { nodes { arn } } }"
    limits: dict[str, Any] = {"deadline_seconds": 0.5, "read_timeout_seconds": 2, "max_attempts": 1}
    async with endpoint() as aws, running(Settings(local_url=aws.url, cache_url="off", **limits)) as client:
        aws.respond_with(SILENCE)
        await expecting_error(asking(client))(query, "DEADLINE_EXCEEDED", account=HOME)


async def test_execution_is_searched_in_its_account(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    execution = there(arn("pipeline", "p/execution/abc"))
    await ask("query ($it: String!) { resolve(reference: $it) { arn } }", it=execution)
    assert (service.calls["Search"], other.calls["Search"]) == (0, 1)


@pytest.mark.parametrize("resource", ["pipeline/p/execution/abc", "training-job/j", "artifact/1", "endpoint/e"])
async def test_unlisted_accounts_reference_finds_nothing(client: httpx.AsyncClient, resource: str) -> None:
    reference = f"arn:aws:sagemaker:us-east-1:{STRANGE}:{resource}"
    said = await asking(client)("query ($it: String!) { resolve(reference: $it) { arn } }", it=reference)
    assert said["data"] == {"resolve": []}
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [(["resolve"], "FORBIDDEN")]


async def test_own_region_is_the_default(service: LocalServer) -> None:
    async with Pool(Settings(local_url=service.url)) as pool:
        assert [pool.checked_region(region) for region in ("", "us-east-1", "eu-west-1")] == ["", "", "eu-west-1"]
        with pytest.raises(Forbidden, match="no region 'mars-1'"):
            pool.checked_region("mars-1")


async def test_fixed_endpoint_serves_every_region(service: LocalServer) -> None:
    elsewhere = parse(artifact_arn(1).replace("us-east-1", "mars-1"))
    assert elsewhere
    async with Pool(Settings(local_url=service.url)) as pool:
        assert pool.place_of(elsewhere) == Place()


async def test_cancelled_caller_leaves_shared_client(service: LocalServer) -> None:
    async with Pool(Settings(local_url=service.url)) as pool:
        leaving, staying = (asyncio.create_task(pool.client(Place(region="eu-west-1"))) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        assert await staying


async def test_failed_client_is_made_again(service: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(region="eu-west-1")
    async with Pool(Settings(local_url=service.url)) as pool:
        monkeypatch.setenv("AWS_CA_BUNDLE", "/missing.pem")
        with pytest.raises(FileNotFoundError, match="/missing"):
            await pool.client(place)
        monkeypatch.delenv("AWS_CA_BUNDLE")
        assert await pool.client(place)


async def test_cursor_fits_only_its_account(service: LocalServer, other: LocalServer, ask: Ask, refused: Ask) -> None:
    load(service, *(context(f"c-{number}") for number in range(3)))
    load(other, *(context(f"c-{number}") for number in range(3)), account=OTHER)
    query = """query ($account: String, $after: String) {
        contexts(first: 1, account: $account, after: $after) { pageInfo { endCursor } } }"""
    after = (await ask(query))["contexts"]["pageInfo"]["endCursor"]
    assert await ask(query, after=after)
    await refused(query, "BAD_USER_INPUT", account=OTHER, after=after)


async def test_related_entities_come_from_its_account(service: LocalServer, other: LocalServer, ask: Ask) -> None:
    load(service, experiment("exp"), trial("here"))
    load(other, experiment("exp"), trial("there"), account=OTHER)
    query = "query ($id: ID!) { node(id: $id) { ... on Experiment { trials { nodes { name experiment { arn } } } } } }"
    exp = f"arn:aws:sagemaker:us-east-1:{OTHER}:experiment/exp"
    found = await ask(query, id=exp)
    assert found == {"node": {"trials": {"nodes": [{"name": "there", "experiment": {"arn": exp}}]}}}


async def test_unlisted_accounts_lists_are_empty(service: LocalServer, client: httpx.AsyncClient) -> None:
    far = f"arn:aws:sagemaker:us-east-1:{STRANGE}"
    tags = [{"Key": EXECUTION_TAG, "Value": f"{far}:pipeline/p/execution/abc"}]
    load(
        service,
        context("group", Source={"SourceUri": f"{far}:model-package-group/g"}),
        component("run", Tags=tags),
    )
    said = await asking(client)("""{
        context(name: "group") { modelPackageGroup { packages { nodes { arn } } } }
        trialComponent(name: "run") {
            pipelineExecution { trialComponents { nodes { arn } } pipeline { executions { nodes { arn } } } }
        }
    }""")
    nothing: dict[str, Any] = {"nodes": []}
    assert said["data"] == {
        "context": {"modelPackageGroup": {"packages": nothing}},
        "trialComponent": {"pipelineExecution": {"trialComponents": nothing, "pipeline": {"executions": nothing}}},
    }
    told = {(error["path"][-1], error["extensions"]["code"]) for error in said["errors"]}
    assert told == {(name, "FORBIDDEN") for name in ("packages", "trialComponents", "executions")}


async def test_mutation_goes_to_its_account(service: LocalServer, other: LocalServer) -> None:
    load(service, context("c"))
    load(other, context("c"), account=OTHER)
    change = """mutation ($arn: Arn!) { updateContext(input: { arn: $arn, description: "changed" }) {
        context { arn description } } }"""
    arn = f"arn:aws:sagemaker:us-east-1:{OTHER}:context/c"
    async with both(service, other, mutations=True) as client:
        said = await expecting_data(asking(client))(change, arn=arn)
    assert said == {"updateContext": {"context": {"arn": arn, "description": "changed"}}}
    assert service.calls == {"AssumeRole": 1}


async def test_associations_and_tags_go_there_too(service: LocalServer, other: LocalServer) -> None:
    load(other, artifact(1), artifact(2), account=OTHER)
    change = """mutation ($from: Arn!, $to: Arn!) {
        addAssociation(input: { sourceArn: $from, destinationArn: $to }) { association { id } }
        deleteAssociation(input: { sourceArn: $from, destinationArn: $to }) { sourceArn }
        addTags(input: { resourceArn: $from, tags: [{ key: "a", value: "b" }] }) { tags { key } }
        deleteTags(input: { resourceArn: $from, tagKeys: ["a"] }) { tags { key } }
    }"""
    ends = {"from": there(artifact_arn(1)), "to": there(artifact_arn(2))}
    async with both(service, other, mutations=True) as client:
        said = await expecting_data(asking(client))(change, **ends)
    assert (said["addTags"], said["deleteTags"]) == ({"tags": [{"key": "a"}]}, {"tags": []})
    assert service.calls == {"AssumeRole": 1}


def test_setting_takes_roles_and_objects() -> None:
    settings = Settings(accounts={OTHER: ROLE, STRANGE: {"roleArn": ROLE, "externalId": "x"}, HOME: {}})
    assert settings.accounts[OTHER].role_arn == ROLE
    assert settings.accounts[STRANGE].external_id == "x"
    assert settings.accounts[HOME].role_arn is None


@pytest.mark.parametrize("accounts", [{"12": ROLE}, {OTHER: "reader"}, {OTHER: {"rolearn": ROLE}}])
def test_setting_refuses_invalid_accounts(accounts: Any) -> None:
    with pytest.raises(ValueError, match="accounts"):
        Settings(accounts=accounts)


async def test_failed_search_fails_its_account(service: LocalServer, other: LocalServer) -> None:
    load(service, experiment("exp-1"), trial("trial-1", "exp-1"))
    load(other, *(experiment(f"exp-{number}") for number in (1, 2)), account=OTHER)
    load(other, *(trial(f"trial-{number}", f"exp-{number}") for number in (1, 2)), account=OTHER)
    arns = [arn("experiment-trial", name) for name in ("trial-1", "trial-2")]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Trial { %s } } }"
    async with fault_proxy(other.url) as proxy, both(service, proxy, cache_url="memory") as client:
        answer = partial(asking(client), ids=[arns[0], *map(there, arns)])
        await expecting_data(answer)(query % "name")  # so that the next query looks for all experiments at once
        proxy.refused = {"Search": ("InternalFailure", "")}
        answered = await answer(query % "experiment { name }")
    assert answered["data"]["nodes"][0] == {"experiment": {"name": "exp-1"}}
    assert [error["path"][1] for error in answered["errors"]] == [1, 2]
