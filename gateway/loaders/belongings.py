"""Loads what is related to an entity but not among its members: tags, trials, pipeline execution, project."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial

from aiodataloader import DataLoader

from gateway import arn as arns
from gateway.aws.kinds import ABSENT, EXECUTION_TAG, PROJECT, TRIAL, TRIAL_COMPONENT, kind_at
from gateway.aws.places import Place
from gateway.errors import BadUserInput, NotFound
from gateway.loaders.asking import Asking, Pages, paged, says_missing, unlogged
from gateway.loaders.entities import Entities
from gateway.loaders.known import Known
from gateway.loaders.listings import Listings
from gateway.records import Page


class Belongings:
    """Loads what is related to entities."""

    def __init__(self, known: Known, asking: Asking, entities: Entities, listings: Listings) -> None:
        """Use the records in ``known`` first."""
        self._known = known
        self._asking = asking
        self._entities = entities
        self._listings = listings
        self.forget()

    def forget(self) -> None:
        """Discard everything loaded so far."""
        self._projects = DataLoader(self._load_projects)

    async def tags(self, arn: str) -> list[dict[str, str]]:
        """Return all tags of any resource with an ARN."""
        kind = kind_at(arn)
        if kind and await self._entities.batch_covers(kind, arn, "Tags"):
            return self._known.record(arn).read("Tags") or []
        return await self._asking.once(("tags", arn), partial(self._load_tags, arn))

    async def trials(self, component: str) -> list[tuple[Place, str]]:
        """Return the trials of a trial component as pairs of place and name, ordered by name."""
        place = self._known.place_of(component)
        if await self._entities.batch_covers(TRIAL_COMPONENT, component, "Parents"):
            trials = self._known.record(component).read("Parents") or []
        else:
            pages = self._listings.pages(TRIAL, {"TrialComponentName": arns.id_of(component)}, place)
            trials = [summary async for page in pages for summary in page.items]
        return [(place, name) for name in sorted({trial["TrialName"] for trial in trials})]

    async def pipeline_execution(self, component: str) -> str | None:
        """Return the ARN of the pipeline execution that created a trial component; None if none did."""
        execution = _execution(await self.tags(component))
        if execution:
            return execution
        # Some tags are only on the job that the component represents.
        record = self._known.record(component)
        if not record.covers("Source.SourceArn"):
            record = await self._entities.describe(TRIAL_COMPONENT, component, "Source.SourceArn")
        job = record.read("Source.SourceArn")
        return _execution(await self.tags(job)) if job else None

    async def project(self, project_id: str, place: Place) -> str | None:
        """Return the key of the project with this id; None if there is none."""
        key: str | None = await asyncio.shield(unlogged(self._projects.load((place, project_id))))
        return key

    async def _load_tags(self, arn: str) -> list[dict[str, str]]:
        async def load(token: str | None) -> Page:
            answer = await self._asking.calls("ListTags", self._known.place_of(arn), ResourceArn=arn, **paged(token))
            return Page(answer["Tags"], answer.get("NextToken"))

        try:
            return [tag async for page in Pages(load) for tag in page.items]
        except (NotFound, BadUserInput) as error:
            if says_missing(error, ABSENT):
                return []
            raise

    async def _load_projects(self, wanted: list[tuple[Place, str]]) -> list[str | None]:
        """Find projects by id: no call takes an id, so the listing is read until all are found."""
        places = dict.fromkeys(place for place, _ in wanted)
        found = await asyncio.gather(
            *(self._projects_in(place, {id for where, id in wanted if where == place}) for place in places)
        )
        keys = dict(zip(places, found, strict=True))
        return [keys[place].get(project_id) for place, project_id in wanted]

    async def _projects_in(self, place: Place, ids: set[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        async for page in self._listings.pages(PROJECT, {}, place):
            found |= {summary["ProjectId"]: PROJECT.key(summary) for summary in page.items}
            if found.keys() >= ids:
                break
        return found


def _execution(tags: Iterable[Mapping[str, str]]) -> str | None:
    return next((tag["Value"] for tag in tags if tag["Key"] == EXECUTION_TAG), None)
