"""Search: its expressions, orders and pages, and the content of its results."""

from typing import Any

import local_conftest
import pytest
from graphs import arn, component, component_arn
from local_conftest import all_pages, load, refusing

from gateway.local.server import LocalServer
from gateway.local.service import SEARCHES

sagemaker = local_conftest.sagemaker

JOB = arn("training-job", "one")
COMPONENTS = "ExperimentTrialComponent"


@pytest.fixture
def search(sagemaker: Any, service: LocalServer) -> Any:
    """A function that searches four trial components and returns the names found, in order."""

    def made(name: str, at: int, **members: Any) -> dict[str, Any]:
        return component(name, CreationTime=1000 + at, LastModifiedTime=2000 + at, **members)

    load(
        service,
        {"entity": "Experiment", "record": {"ExperimentName": "study"}},
        {"entity": "Trial", "record": {"TrialName": "first", "ExperimentName": "study"}},
        made(
            "one",
            1,
            Parameters={"lr": {"NumberValue": 0.1}, "a.b": {"StringValue": "dotted"}},
            Metrics=[{"MetricName": "auc", "Last": 0.7, "Max": 0.9}, {"MetricName": "loss.val", "Last": 3.0}],
            Tags=[{"Key": "team", "Value": "growth"}],
            Parents=[{"TrialName": "first", "ExperimentName": "study"}],
            InputArtifacts={"train": {"MediaType": "text/csv", "Value": "s3://bucket/train"}},
            Status={"PrimaryStatus": "Completed"},
        ),
        made(
            "two", 2, Parameters={"lr": {"NumberValue": 0.2}}, Metrics=[{"MetricName": "auc", "Last": 0.8, "Max": 0.8}]
        ),
        made("three", 3, job="processing", Parameters={"lr": {"StringValue": "high"}}),
        {"entity": "TrialComponent", "record": {"TrialComponentName": "four", "LastModifiedTime": 2000}},
    )

    def search(*filters: dict[str, Any], **request: Any) -> list[str]:
        asked = {"SearchExpression": {"Filters": [*filters]}} if filters else {}
        found = sagemaker.search(**{"Resource": COMPONENTS} | asked | request)
        return [result["TrialComponent"]["TrialComponentName"] for result in found["Results"]]

    return search


def where(name: str, operator: str = "Equals", value: str | None = None) -> dict[str, str]:
    return {"Name": name, "Operator": operator} | ({} if value is None else {"Value": value})


def test_latest_modified_comes_first(search: Any) -> None:
    assert search() == ["three", "two", "one", "four"]
    assert search(SortOrder="Ascending") == ["four", "one", "two", "three"]
    assert search(SortBy="TrialComponentName") == ["two", "three", "one", "four"]
    assert search(SortBy="Metrics.auc.Max") == ["one", "two", "three", "four"]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (where("TrialComponentName", value="one"), ["one"]),
        (where("TrialComponentName", "In", "one,two,missing"), ["two", "one"]),
        (where("TrialComponentName", "NotEquals", "one"), ["three", "two", "four"]),
        (where("TrialComponentName", "Contains", "o"), ["two", "one", "four"]),
        (where("TrialComponentArn", value=component_arn("two")), ["two"]),
        (where("TrialComponentArn", "In", f"{component_arn('two')},{component_arn('one')}"), ["two", "one"]),
        (where("Source.SourceArn", value=JOB), ["one"]),
        (where("Source.SourceArn", "In", f"{JOB},x"), ["one"]),
        (where("Source.SourceType", value="SageMakerProcessingJob"), ["three"]),
        (where("Source.SourceArn", "NotExists"), ["four"]),
        (where("Source", "Exists"), ["three", "two", "one"]),
        (where("DisplayName", value="four"), ["four"]),
        (where("Status.PrimaryStatus", value="Completed"), ["one"]),
        (where("CreationTime", "LessThan", "1970-01-01T00:16:42Z"), ["one"]),
        (where("CreationTime", "LessThanOrEqualTo", "1970-01-01T00:16:42"), ["two", "one"]),
        (where("LastModifiedTime", "GreaterThanOrEqualTo", "1970-01-01T00:33:22Z"), ["three", "two"]),
        (where("LastModifiedTime", value="1970-01-01T00:33:22Z"), ["two"]),
        (where("Parameters.lr", "GreaterThan", "0.15"), ["two"]),
        (where("Parameters.lr", value="0.10"), ["one"]),
        (where("Parameters.lr", "Exists"), ["three", "two", "one"]),
        (where("Parameters.a.b", value="dotted"), ["one"]),
        (where("Metrics.auc", "GreaterThan", "0.75"), ["two"]),
        (where("Metrics.auc.Max", "GreaterThan", "0.85"), ["one"]),
        (where("Metrics.loss.val.Last", value="3"), ["one"]),
        (where("Tags.team", value="growth"), ["one"]),
        (where("tags.team", "Exists"), ["one"]),
        (where("Parents.TrialName", value="first"), ["one"]),
        (where("Parents.ExperimentName", "In", "study,other"), ["one"]),
        (where("InputArtifacts.train.Value", "Contains", "bucket"), ["one"]),
        (where("InputArtifacts", "Contains", "bucket/tr"), ["one"]),
    ],
)
def test_filters_find_what_meets_them(search: Any, filter_: dict[str, str], expected: list[str]) -> None:
    assert search(filter_) == expected


def test_and_and_or_combine_filters(search: Any) -> None:
    both = [where("TrialComponentName", "In", "one,two"), where("Parameters.lr", "GreaterThan", "0.15")]
    assert search(*both) == ["two"]
    either = [where("TrialComponentName", value="three"), where("Source.SourceArn", value=JOB)]
    assert search(SearchExpression={"Filters": either, "Operator": "Or"}) == ["three", "one"]
    partly_indexed = [where("TrialComponentName", value="three"), where("Parameters.lr", value="0.1")]
    assert search(SearchExpression={"Filters": partly_indexed, "Operator": "Or"}) == ["three", "one"]
    nested = {"SubExpressions": [{"Filters": both}, {"Filters": either, "Operator": "Or"}], "Operator": "Or"}
    assert search(SearchExpression=nested) == ["three", "two", "one"]
    assert search(SearchExpression=nested | {"Operator": "And"}) == []


def test_nested_filters_meet_one_element(search: Any) -> None:
    def nested(*filters: dict[str, str]) -> list[str]:
        expression = {"NestedFilters": [{"NestedPropertyName": "Metrics", "Filters": [*filters]}]}
        found: list[str] = search(SearchExpression=expression)
        return found

    auc = where("Metrics.MetricName", value="auc")
    assert nested(auc, where("Metrics.Last", "LessThan", "0.75")) == ["one"]
    assert nested(auc, where("Metrics.Last", "GreaterThan", "1")) == []


@pytest.mark.parametrize(
    "expression",
    [
        {},
        {"Filters": [where("Colour", value="red")]},
        {"Filters": [where("TrialComponentName")]},
        {"Filters": [where("CreationTime", "GreaterThan", "yesterday")]},
        {"Filters": [where("Parameters.lr", "GreaterThan", "much")]},
        {"NestedFilters": [{"NestedPropertyName": "DisplayName", "Filters": [where("DisplayName", value="x")]}]},
        {"NestedFilters": [{"NestedPropertyName": "Parents", "Filters": [where("TrialName", value="first")]}]},
        {"SubExpressions": [{"Filters": [where("DisplayName", value="x")] * 16}] * 3},
    ],
)
def test_senseless_expressions_are_refused(search: Any, expression: dict[str, Any]) -> None:
    with refusing("ValidationException"):
        search(SearchExpression=expression)


def test_fifty_parts_are_the_most(search: Any) -> None:
    name = where("TrialComponentName", value="one")
    assert search(SearchExpression={"SubExpressions": [{"Filters": [name] * 9}] * 5}) == ["one"]


def test_other_resources_are_refused(search: Any) -> None:
    with refusing("ValidationException", "Endpoint"):
        search(Resource="Endpoint")


def test_results_are_whole_records(search: Any, sagemaker: Any) -> None:
    found = sagemaker.search(
        Resource=COMPONENTS, SearchExpression={"Filters": [where("TrialComponentName", value="one")]}
    )
    assert found["TotalHits"] == {"Value": 1, "Relation": "EqualTo"}
    ((member, result),) = found["Results"][0].items()
    assert member == "TrialComponent"
    assert result.pop("Parents") == [{"TrialName": "first", "ExperimentName": "study"}]
    assert result.pop("Tags") == [{"Key": "team", "Value": "growth"}]
    described = sagemaker.describe_trial_component(TrialComponentName="one")
    del described["ResponseMetadata"]
    assert result == described
    assert search(where("TrialComponentName", value="missing")) == []


def test_sources_are_not_in_results(sagemaker: Any, service: LocalServer) -> None:
    line = component("job")
    line["record"]["Sources"] = [line["record"]["Source"]]
    load(service, line)
    assert "Sources" in sagemaker.describe_trial_component(TrialComponentName="job")
    (result,) = sagemaker.search(Resource=COMPONENTS)["Results"]
    assert "Sources" not in result["TrialComponent"]


def test_trials_and_experiments_are_searched(search: Any, sagemaker: Any) -> None:
    assert search()
    (trial,) = sagemaker.search(Resource="ExperimentTrial")["Results"]
    assert trial["Trial"]["ExperimentName"] == "study"
    (part,) = trial["Trial"]["TrialComponentSummaries"]
    assert (part["TrialComponentName"], part["TrialComponentSource"]["SourceArn"]) == ("one", JOB)
    named = {"Filters": [where("ExperimentName", value="study")]}
    (experiment,) = sagemaker.search(Resource="Experiment", SearchExpression=named)["Results"]
    assert experiment["Experiment"]["ExperimentArn"] == arn("experiment", "study")
    assert len(sagemaker.search(Resource="ExperimentTrial", SearchExpression=named)["Results"]) == 1


@pytest.mark.parametrize("order", ["Ascending", "Descending"])
@pytest.mark.parametrize("sort", ["LastModifiedTime", "TrialComponentName", "Parameters.lr", "Nothing"])
def test_pages_hold_everything_once(sagemaker: Any, service: LocalServer, sort: str, order: str) -> None:
    values: list[dict[str, Any]] = [{"NumberValue": 1}, {"StringValue": "x"}, {}, {"NumberValue": "NaN"}]
    load(
        service,
        *(component(f"c{at:02}", LastModifiedTime=at // 3, Parameters={"lr": values[at % 4]}) for at in range(25)),
    )
    request: dict[str, Any] = {"Resource": COMPONENTS, "MaxResults": 4, "SortBy": sort, "SortOrder": order}
    seen = []
    while True:
        page = sagemaker.search(**request)
        assert page["TotalHits"]["Value"] == 25
        seen += [result["TrialComponent"]["TrialComponentName"] for result in page["Results"]]
        if "NextToken" not in page:
            break
        request["NextToken"] = page["NextToken"]
    assert sorted(seen) == [f"c{at:02}" for at in range(25)]


@pytest.mark.parametrize("order", ["Ascending", "Descending"])
def test_searches_survive_their_eviction(search: Any, sagemaker: Any, order: str) -> None:
    request = {"MaxResults": 1, "SortOrder": order}
    assert search(**request)
    token = sagemaker.search(Resource=COMPONENTS, **request)["NextToken"]
    first = search(**request, NextToken=token)
    for _ in range(SEARCHES + 1):
        search(**request)
    assert search(**request, NextToken=token) == first == search(SortOrder=order)[1:2]


def test_searches_end_with_their_account(sagemaker: Any, service: LocalServer) -> None:
    request = {"Resource": COMPONENTS, "MaxResults": 1}
    load(service, component("new", LastModifiedTime=3), component("old", LastModifiedTime=2))
    token = sagemaker.search(**request)["NextToken"]
    service.clear()
    load(service, component("older", LastModifiedTime=1))
    (result,) = sagemaker.search(**request, NextToken=token)["Results"]
    assert result["TrialComponent"]["TrialComponentName"] == "older"


def test_later_pages_leave_out_what_is_gone(search: Any, sagemaker: Any) -> None:
    assert search() == ["three", "two", "one", "four"]
    page = sagemaker.search(Resource=COMPONENTS, MaxResults=1)
    sagemaker.delete_trial_component(TrialComponentName="two")
    sagemaker.update_trial_component(TrialComponentName="one", DisplayName="new")
    rest = sagemaker.search(Resource=COMPONENTS, NextToken=page["NextToken"])
    shown = [result["TrialComponent"]["DisplayName"] for result in rest["Results"]]
    assert (shown, rest["TotalHits"]["Value"]) == (["new", "four"], 4)


def test_tokens_fit_one_search_only(search: Any, sagemaker: Any) -> None:
    assert search()
    token = sagemaker.search(Resource=COMPONENTS, MaxResults=1)["NextToken"]
    with refusing("ValidationException", "NextToken"):
        search(NextToken=token, SortOrder="Ascending")
    with refusing("ValidationException", "NextToken"):
        search(where("TrialComponentName", value="one"), NextToken=token)


def test_hundred_arns_come_in_one_page(sagemaker: Any, service: LocalServer) -> None:
    load(service, *(component(f"c{at:03}") for at in range(150)))
    wanted = [component_arn(f"c{at:03}") for at in range(100)]
    filters = [where("TrialComponentArn", "In", ",".join(wanted[at : at + 10])) for at in range(0, 100, 10)]
    found = sagemaker.search(
        Resource=COMPONENTS, SearchExpression={"Filters": filters, "Operator": "Or"}, MaxResults=100
    )
    assert sorted(result["TrialComponent"]["TrialComponentArn"] for result in found["Results"]) == wanted
    assert "NextToken" not in found


def test_tags_and_parents_are_sorted_by(service: LocalServer, search: Any) -> None:
    load(service, {"tags": {"ResourceArn": component_arn("three"), "Tags": [{"Key": "team", "Value": "zoo"}]}})
    assert search(SortBy="Tags.team") == ["three", "one", "two", "four"]
    assert search(SortBy="Parents.TrialName")[0] == "one"


def test_infinite_numbers_are_sorted_as_numbers(service: LocalServer, search: Any) -> None:
    for name, number in (("five", "Infinity"), ("six", "-Infinity")):
        load(service, component(name, Parameters={"lr": {"NumberValue": number}}))
    found = ["six", "one", "two", "five"]
    assert [name for name in search(SortBy="Parameters.lr", SortOrder="Ascending") if name in found] == found


def test_other_accounts_components_are_found_apart(search: Any, service: LocalServer) -> None:
    theirs = "arn:aws:sagemaker:us-east-1:999999999999:experiment-trial-component/theirs"
    load(service, component("theirs", TrialComponentArn=theirs))
    assert "theirs" not in search()
    assert search(CrossAccountFilterOption="CrossAccount") == ["theirs"]


def test_token_with_long_texts_is_accepted(sagemaker: Any, service: LocalServer) -> None:
    long = {"p": {"StringValue": "\u20ac" * 2500}}
    load(service, component("one", Parameters=long), component("two", Parameters=long))
    pages = all_pages(sagemaker.search, "Results", Resource=COMPONENTS, SortBy="Parameters.p", MaxResults=1)
    assert [[result["TrialComponent"]["TrialComponentName"] for result in page] for page in pages] == [["two"], ["one"]]


def test_few_texts_are_searched_in_repeatedly(search: Any) -> None:
    names = [where("DisplayName", "Contains", "o"), where("TrialComponentName", "Contains", "o")]
    assert search(*names, where("Source.SourceArn", "Contains", "o")) == ["two", "one"]
    with refusing("ValidationException", "'CONTAINS' operator usage limit of 1 exceeded."):
        search(*[where("Source.SourceArn", "Contains", "o")] * 2)


def test_figures_are_named_as_notebooks_name_them(search: Any) -> None:
    assert search({"Name": "metrics.auc.max", "Operator": "GreaterThan", "Value": "0.85"}) == ["one"]
    assert search({"Name": "Metrics.AUC.Max", "Operator": "Exists"}) == []  # whose names are the user's
    assert search(SortBy="metrics.auc.max", SortOrder="Descending")[:2] == ["one", "two"]
    assert search(SortBy="metrics.auc.max", SortOrder="Ascending")[-2:] == ["two", "one"]
    assert search(SortBy="metrics.auc.last", SortOrder="Descending")[:2] == ["two", "one"]


def test_text_equals_no_number(search: Any) -> None:
    """A parameter may be a number in one run and a text in another."""
    assert search({"Name": "Parameters.lr", "Value": "high"}) == ["three"]
    unequal = search({"Name": "Parameters.lr", "Operator": "NotEquals", "Value": "high"})
    assert sorted(unequal) == ["four", "one", "two"]


def test_visibility_conditions_leave_others_out(search: Any, sagemaker: Any) -> None:
    for name, team in (("two", "growth"), ("three", "risk")):
        sagemaker.add_tags(ResourceArn=component_arn(name), Tags=[{"Key": "team", "Value": team}])
    assert search(VisibilityConditions=[{"Key": "Tags.team", "Value": "growth"}]) == ["two", "one", "four"]
    assert search(VisibilityConditions=[{"Key": "Tags.owner", "Value": "me"}]) == search()
    other = [{"Key": "Tags.owner", "Value": "me"}, {"Key": "Tags.team", "Value": "risk"}]
    assert search(VisibilityConditions=other) == ["three", "four"]


def test_conditions_are_about_tags_only(search: Any) -> None:
    with refusing("ValidationException", "Tags.<key>", "'team'"):
        search(VisibilityConditions=[{"Key": "team", "Value": "growth"}])


def test_parents_elsewhere_are_searched_too(search: Any, service: LocalServer) -> None:
    load(service, component("five", Parents=[{"TrialName": "elsewhere", "ExperimentName": "theirs"}]))
    assert search(where("Parents.TrialName", value="elsewhere")) == ["five"]
    assert search(where("Parents.ExperimentName", "In", "theirs,study"), SortBy="TrialComponentName") == ["one", "five"]
    assert search(where("Parents.ExperimentName", value="theirs"), where("Parents.TrialName", value="first")) == []
