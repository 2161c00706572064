"""Experiments and trials: their fields, their contents, and the calls to navigate between them."""

from collections import Counter
from collections.abc import Callable

import pytest
from conftest import Ask
from graphs import arn, component, component_arn, experiment, member, trial

from gateway.local.server import LocalServer

EXPERIMENT = arn("experiment", "exp")
TRIAL = arn("experiment-trial", "first")


@pytest.fixture
def study(load: Callable[..., None]) -> None:
    """An experiment with two trials, which share a job and have one more each."""
    load(
        experiment("exp", DisplayName="Experiment", Description="Which is best?", CreationTime=1_700_000_000.5),
        trial("first", CreationTime=1_700_000_001),
        trial("second", CreationTime=1_700_000_002),
        *(component(name, CreationTime=1_700_000_003 + place) for place, name in enumerate(("a", "b", "both"))),
        member("first", "a"),
        member("second", "b"),
        member("first", "both"),
        member("second", "both"),
    )


@pytest.mark.usefixtures("study")
async def test_experiment_and_trial_by_name(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """{
          experiment(name: "exp") { id arn name displayName description creationTime source { sourceArn } }
          trial(name: "first") { id arn name experimentName metadataProperties { commitId } tags { key } }
        }"""
    )
    assert data["experiment"] == {
        "id": EXPERIMENT,
        "arn": EXPERIMENT,
        "name": "exp",
        "displayName": "Experiment",
        "description": "Which is best?",
        "creationTime": "2023-11-14T22:13:20.500+00:00",
        "source": None,
    }
    assert data["trial"] == {
        "id": TRIAL,
        "arn": TRIAL,
        "name": "first",
        "experimentName": "exp",
        "metadataProperties": None,
        "tags": [],
    }
    assert calls == {"DescribeExperiment": 1, "DescribeTrial": 1, "ListTags": 1}


@pytest.mark.usefixtures("study")
async def test_experiment_lists_trials_and_components(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """{ experiment(name: "exp") {
          trials { nodes { arn name displayName creationTime trialComponents { nodes { name } } } }
          trialComponents(first: 2) { nodes { name } pageInfo { hasNextPage endCursor } }
        } }"""
    )
    trials = data["experiment"]["trials"]["nodes"]
    assert [(node["arn"], node["name"]) for node in trials] == [
        (arn("experiment-trial", "second"), "second"),
        (TRIAL, "first"),
    ]
    runs = [[run["name"] for run in node["trialComponents"]["nodes"]] for node in trials]
    assert runs == [["both", "b"], ["both", "a"]]
    assert [run["name"] for run in data["experiment"]["trialComponents"]["nodes"]] == ["both", "b"]
    assert data["experiment"]["trialComponents"]["pageInfo"]["hasNextPage"]
    assert calls == {"DescribeExperiment": 1, "ListTrials": 1, "ListTrialComponents": 3}


@pytest.mark.usefixtures("study")
async def test_trials_share_one_experiment(ask: Ask, calls: Counter[str]) -> None:
    data = await ask("{ trials { nodes { experiment { arn name description } } } }")
    found = {"arn": EXPERIMENT, "name": "exp", "description": "Which is best?"}
    assert data["trials"]["nodes"] == [{"experiment": found}] * 2
    assert calls == {"ListTrials": 1, "Search": 1, "DescribeExperiment": 1}


@pytest.mark.usefixtures("study")
async def test_several_experiments_come_by_search(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(experiment("other", Description="another"))
    data = await ask("{ experiments(sortBy: NAME, sortOrder: ASCENDING) { nodes { description tags { key } } } }")
    assert [node["description"] for node in data["experiments"]["nodes"]] == ["Which is best?", "another"]
    assert calls == {"ListExperiments": 1, "Search": 1}


@pytest.mark.usefixtures("study")
async def test_component_leads_to_its_trials(ask: Ask, calls: Counter[str]) -> None:
    data = await ask('{ trialComponent(name: "both") { parentTrials { nodes { arn name creationTime } } } }')
    trials = data["trialComponent"]["parentTrials"]["nodes"]
    assert [(node["arn"], node["name"]) for node in trials] == [
        (TRIAL, "first"),
        (arn("experiment-trial", "second"), "second"),
    ]
    assert calls == {"DescribeTrialComponent": 1, "ListTrials": 1}


@pytest.mark.usefixtures("study")
async def test_trials_of_many_components_come_together(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """{ trialComponents(sortBy: NAME, sortOrder: ASCENDING) { nodes {
          name metrics { last } tags { key } parentTrials { nodes { name experiment { name } } }
        } } }"""
    )
    names = [[trial["name"] for trial in node["parentTrials"]["nodes"]] for node in data["trialComponents"]["nodes"]]
    assert names == [["first"], ["second"], ["first", "second"]]
    assert calls == {"ListTrialComponents": 1, "Search": 2, "DescribeExperiment": 1}


@pytest.mark.usefixtures("study")
async def test_denied_search_describes_each_trial(ask: Ask, calls: Counter[str], service: LocalServer) -> None:
    service.behaviour.deny = ["Search:*"]
    trials = (await ask("{ trials { nodes { name experiment { name } } } }"))["trials"]["nodes"]
    assert [trial["experiment"] for trial in trials] == [{"name": "exp"}] * 2
    assert calls == {"ListTrials": 1, "Search": 1, "DescribeTrial": 2, "DescribeExperiment": 1}


@pytest.mark.usefixtures("study")
async def test_parent_trials_page_alike_either_way(ask: Ask) -> None:
    """Search and ListTrials give the same pages, and a cursor of one continues in the other."""
    page = "parentTrials(first: 1, after: $after) { nodes { name } pageInfo { endCursor hasNextPage } }"
    many = await ask(
        f"query($ids: [ID!]!, $after: String) {{ nodes(ids: $ids) {{ ... on TrialComponent {{ {page} }} }} }}",
        ids=[component_arn(name) for name in ("both", "a")],
    )
    first = many["nodes"][0]["parentTrials"]
    assert (first["nodes"], first["pageInfo"]["hasNextPage"]) == ([{"name": "first"}], True)
    alone = await ask(
        f'query($after: String) {{ trialComponent(name: "both") {{ {page} }} }}', after=first["pageInfo"]["endCursor"]
    )
    second = alone["trialComponent"]["parentTrials"]
    assert (second["nodes"], second["pageInfo"]["hasNextPage"]) == ([{"name": "second"}], False)


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("field", ["parentTrials", "trials"])
async def test_new_trials_leave_cursors_valid(ask: Ask, load: Callable[..., None], field: str) -> None:
    page = f"{field}(first: 1, after: $after) {{ nodes {{ name }} pageInfo {{ endCursor }} }}"
    document = f'query($after: String) {{ trialComponent(name: "both") {{ {page} }} }}'
    one = (await ask(document))["trialComponent"][field]
    assert one["nodes"] == [{"name": "first"}]
    load(trial("before"), member("before", "both"))
    other = (await ask(document, after=one["pageInfo"]["endCursor"]))["trialComponent"][field]
    assert other["nodes"] == [{"name": "second"}]


async def test_deleted_trial_is_left_out(ask: Ask, load: Callable[..., None]) -> None:
    load(component("a"), component("b"), trial("kept"), member("gone", "a"), member("kept", "a"))
    data = await ask("{ trialComponents { nodes { name parentTrials { nodes { name } } } } }")
    names = {node["name"]: node["parentTrials"]["nodes"] for node in data["trialComponents"]["nodes"]}
    assert names == {"a": [{"name": "kept"}], "b": []}


@pytest.mark.usefixtures("study")
async def test_trials_are_listed_by_either_end(ask: Ask, calls: Counter[str]) -> None:
    data = await ask(
        """{
          all: trials(experimentName: "exp", sortBy: NAME, sortOrder: ASCENDING) { nodes { name } }
          around: trials(trialComponentName: "a") { nodes { name } }
          none: trials(experimentName: "gone") { nodes { name } }
        }"""
    )
    assert data == {
        "all": {"nodes": [{"name": "first"}, {"name": "second"}]},
        "around": {"nodes": [{"name": "first"}]},
        "none": {"nodes": []},
    }
    assert calls == {"ListTrials": 3}


@pytest.mark.parametrize(
    ("field", "id"),
    [
        ('experiment(name: "gone")', arn("experiment", "gone")),
        ('trial(name: "gone")', arn("experiment-trial", "gone")),
    ],
)
async def test_missing_one_is_null(ask: Ask, field: str, id: str) -> None:
    data = await ask(f'{{ found: {field} {{ id }} node(id: "{id}") {{ id }} }}')
    assert data == {"found": None, "node": None}


@pytest.mark.usefixtures("study")
async def test_namesake_in_other_account_is_null(ask: Ask) -> None:
    """DescribeExperiment takes only a name, and would return this account's experiment."""
    data = await ask("query($id: ID!) { node(id: $id) { id } }", id=EXPERIMENT.replace("123456789012", "999999999999"))
    assert data == {"node": None}


@pytest.mark.usefixtures("study")
async def test_denied_experiment_fails_its_field(answer: Ask, service: LocalServer) -> None:
    service.behaviour.deny = ["DescribeExperiment:exp"]
    said = await answer('{ trial(name: "first") { name experimentName experiment { name } } }')
    assert said["data"]["trial"] == {"name": "first", "experimentName": "exp", "experiment": None}
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [
        (["trial", "experiment"], "FORBIDDEN")
    ]


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        ('{ experiment(name: "a b") { arn } }', "name"),
        ('{ trial(name: "-") { arn } }', "name"),
        ('{ trials(experimentName: "") { nodes { arn } } }', "experimentName"),
        ('{ trials(trialComponentName: "a/b") { nodes { arn } } }', "trialComponentName"),
        ('{ node(id: "arn:aws:sagemaker:us-east-1:123456789012:experiment/a/b") { id } }', "id"),
    ],
)
async def test_wrong_argument_is_named(refused: Ask, query: str, argument: str) -> None:
    error = await refused(query, "BAD_USER_INPUT")
    assert error["extensions"]["argument"] == argument
