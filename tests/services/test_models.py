"""Choosing a model as a story: what is here, what there is to discover, searched, fetched; against a small Hub."""

import asyncio
from dataclasses import replace

import pytest

from desktop_app.domain.catalog import Catalog
from desktop_app.domain.fit import Proposal, Verdict, Wish
from desktop_app.domain.library import Condition, DownloadStage, Source
from desktop_app.domain.tiers import tier_of
from desktop_app.hub.catalog import read_catalog
from desktop_app.paths import resources
from tests.conftest import reach
from tests.fakes.hub import FakeHub
from tests.services.models_world import (
    CATALOG,
    GB,
    MACHINE,
    OTHER,
    SMALL,
    TINY,
    World,
    condition,
    detail_of,
    here,
    model,
    opened,
    row_of,
    title_of,
)


async def test_opening_the_page_judges_everything_and_asks_nobody(there: World, hub: FakeHub) -> None:
    models = await opened(there)
    state = models.state.value
    assert (state.machine, state.tier, state.looking, state.error) == (MACHINE, tier_of(MACHINE).value, False, None)
    (guide,) = state.local
    assert guide.local is not None
    assert (guide.local.source, guide.local.condition) == (Source.GUIDE, Condition.READY)
    assert row_of(models, "them/small").fit.verdict is Verdict.RUNS_WELL
    assert row_of(models, "them/large").fit.verdict is Verdict.TOO_BIG
    await models.open()
    assert there.looks == 1, "what was just looked at is not looked at again"
    await models.select("them/small")
    assert hub.log() == []


async def test_the_first_suggestion_that_runs_well_is_the_one(there: World) -> None:
    models = await opened(there)
    assert [row.name for row in models.state.value.discover if row.suggested] == ["them/small"]


async def test_on_a_small_machine_what_is_tight_is_suggested(there: World) -> None:
    there.machine = replace(MACHINE, available_bytes=3 * GB)
    there.catalog = replace(CATALOG, models=CATALOG.models[:2])
    models = await opened(there)
    (suggested,) = [row for row in models.state.value.discover if row.suggested]
    assert (suggested.name, suggested.fit.verdict) == ("them/small", Verdict.TIGHT)


async def test_while_it_comes_a_model_is_judged_by_what_is_known_of_it(there: World, hub: FakeHub) -> None:
    models = await opened(there)
    before = row_of(models, TINY.id).fit
    hub.control(stall_after=300_000)
    await there.downloads.start(TINY.id)
    await there.moving()
    await there.downloads.pause(TINY.id)
    await reach(lambda: condition(models, TINY.id) is Condition.UNFINISHED, "the unfinished model")
    hub.control(stall_after=None)
    assert row_of(models, TINY.id).fit.verdict is before.verdict is Verdict.RUNS_WELL
    assert here(models, TINY.id).spec.weights_bytes


async def test_a_smaller_copy_has_a_row_where_the_original_does_not_suit(there: World) -> None:
    models = await opened(there)
    assert row_of(models, SMALL.name).known is not None
    there.machine = replace(MACHINE, memory_bytes=128 * GB, available_bytes=120 * GB)
    there.catalog = Catalog((model("them/small", 1, SMALL), model("them/other", 1, replace(SMALL, name="them/named"))))
    there.catalog = replace(there.catalog, suggestions={tier_of(there.machine).name: ("them/named",)})
    models = await opened(there)
    names = [row.name for row in models.state.value.discover]
    assert names == ["them/small", "them/other", "them/named"]


async def test_the_real_catalogue_has_a_suggestion_here(there: World) -> None:
    there.catalog = read_catalog(resources())
    models = await opened(there)
    (suggested,) = [row for row in models.state.value.discover if row.suggested]
    assert suggested.fit.verdict is Verdict.RUNS_WELL
    assert len(models.state.value.discover) >= len(there.catalog.models)


async def test_from_the_search_to_a_model_that_is_ready(there: World, hub: FakeHub) -> None:
    models = await opened(there)
    await models.search("other")
    state = models.state.value
    assert (state.searched, state.searching, state.error) == ("other", False, None)
    found = row_of(models, OTHER.id)
    assert (found.local, found.known) == (None, None)
    await models.select(found.key)
    await models.look_closer()
    assert detail_of(models).row.found is not None
    assert detail_of(models).row.spec.geometry is not None
    assert detail_of(models).fit is not None
    hub.control(stall_after=2_000_000)
    await models.download(found.key)
    await there.moving(OTHER.id)
    await there.downloads.pause(OTHER.id)
    await reach(lambda: condition(models, OTHER.id) is Condition.UNFINISHED, "the unfinished one")
    hub.control(stall_after=None)
    await there.downloads.resume(OTHER.id)
    await there.at(DownloadStage.DONE, OTHER.id)
    await reach(lambda: condition(models, OTHER.id) is Condition.READY, "the finished one")
    row = here(models, OTHER.id)
    assert row.fit.verdict is Verdict.RUNS_WELL
    assert row_of(models, OTHER.id).local == row.local
    assert detail_of(models).row.local == row.local, "the open page follows the model onto the disk"


async def test_the_last_search_wins_and_an_empty_one_ends_it(there: World) -> None:
    models = await opened(there)
    await asyncio.gather(models.search("tiny"), models.search("other"))
    names = [row.name for row in models.state.value.discover]
    assert OTHER.id in names
    await models.search(" ")
    assert OTHER.id not in [row.name for row in models.state.value.discover]
    assert models.state.value.searched == ""


async def test_what_is_in_the_catalogue_is_found_once(there: World) -> None:
    models = await opened(there)
    await models.search("tiny")
    (row,) = [row for row in models.state.value.discover if row.name == TINY.id]
    assert row.known is not None
    assert row.found is not None


async def test_offline_mode_refuses_everything_and_asks_nothing(there: World, hub: FakeHub) -> None:
    await there.access.set_offline(True)
    models = await opened(there)
    assert models.state.value.offline
    await models.search("tiny")
    assert title_of(models).startswith("You work offline")
    models.dismiss_error()
    await models.open_address(TINY.id)
    assert title_of(models).startswith("You work offline")
    await models.select(TINY.id)
    await models.look_closer()
    assert "offline" in str(detail_of(models).error)
    assert not detail_of(models).looking
    await models.download(TINY.id)
    await there.at(DownloadStage.FAILED)
    assert hub.log() == []
    await there.access.set_offline(False)
    assert not models.state.value.offline


async def test_a_pasted_link_stands_first_and_is_open(there: World, hub: FakeHub) -> None:
    models = await opened(there)
    await models.open_address(f"https://huggingface.co/{OTHER.id}/tree/main")
    assert models.state.value.discover[0].name == OTHER.id
    assert detail_of(models).row.name == OTHER.id
    found = detail_of(models).row.found
    assert found is not None
    assert found.commit == hub.commits[OTHER.id]


@pytest.mark.parametrize("typed", ["nonsense", "nobody/nothing", "/no/such/folder", "~nobody-at-all/models"])
async def test_an_address_that_leads_nowhere_is_told(there: World, typed: str) -> None:
    models = await opened(there)
    before = models.state.value.discover
    await models.open_address(typed)
    assert title_of(models)
    assert not models.state.value.searching
    assert models.state.value.discover == before


async def test_the_commit_that_was_looked_at_is_what_comes(there: World, hub: FakeHub) -> None:
    models = await opened(there)
    await models.open_address(TINY.id)
    hub.control(commits={TINY.id: "b" * 40})
    await models.download(detail_of(models).row.key)
    assert (await there.at(DownloadStage.DONE)).commit == hub.commits[TINY.id]


async def test_what_the_catalogue_knows_is_what_comes(there: World, hub: FakeHub) -> None:
    known = model(TINY.id, 0.01)
    there.catalog = Catalog((replace(known, commit=hub.commits[TINY.id]),))
    hub.control(commits={TINY.id: "b" * 40})
    models = await opened(there)
    await models.download(TINY.id)
    assert (await there.at(DownloadStage.DONE)).commit == hub.commits[TINY.id]


async def test_of_two_unfinished_versions_the_one_that_is_named_goes_on(there: World, hub: FakeHub) -> None:
    models = await opened(there)
    for commit in (hub.commits[TINY.id], "b" * 40):
        hub.control(stall_after=1_000_000, commits={TINY.id: commit})
        await there.downloads.start(TINY.id, commit)
        await reach(lambda commit=commit: there.status().commit == commit and there.status().done_bytes > 0, commit)  # type: ignore[misc]
        await there.downloads.pause(TINY.id)
    hub.control(stall_after=None)
    await models.look()
    first = next(row for row in models.state.value.local if row.local and row.local.commit == hub.commits[TINY.id])
    await models.download(first.key)
    assert (await there.at(DownloadStage.DONE)).commit == hub.commits[TINY.id]


async def test_a_wish_is_judged_at_once_and_survives_a_look(there: World) -> None:
    models = await opened(there)
    await models.select("them/small")
    before = detail_of(models).fit
    models.set_wish(Wish(context=32_768, people=2))
    wished = detail_of(models)
    assert wished.fit is not None
    assert before is not None
    assert wished.fit.parts is not None
    assert before.parts is not None
    assert wished.fit.parts.kv_cache > before.parts.kv_cache
    await models.look()
    assert detail_of(models).wish == Wish(context=32_768, people=2)
    await models.select("")
    assert models.detail.value is None


async def test_a_model_that_is_too_big_proposes_its_smaller_copy(there: World) -> None:
    models = await opened(there)
    await models.select("them/large")
    (proposal,) = [one for one in detail_of(models).proposals if one.sibling]
    assert [(one.name, fit.verdict) for one, fit in detail_of(models).siblings] == [(SMALL.name, Verdict.RUNS_WELL)]
    await models.apply(proposal)
    assert detail_of(models).row.name == SMALL.name


async def test_what_was_proposed_is_set_for_the_model(there: World) -> None:
    models = await opened(there)
    (guide,) = models.state.value.local
    assert guide.local is not None
    await models.select(guide.key)
    wish = Wish(context=1024)
    flags = (("--max-model-len", "1024"),)
    proposal = Proposal("Use a context of 1,024", "", guide.fit, wish, flags)
    await models.apply(proposal)
    assert there.flags == [(guide.local.ref, flags)]
    assert detail_of(models).wish == wish
    assert detail_of(models).note
    await models.apply(replace(proposal, flags=(("--max-model-len", None),)))
    assert detail_of(models).error is not None
    await models.apply(Proposal("Stop the other model", "", guide.fit, stop=True))
    assert (there.stops, there.looks) == (1, 2)


async def test_a_model_that_runs_is_judged_as_if_it_did_not_and_is_not_deleted(there: World) -> None:
    models = await opened(there)
    (guide,) = models.state.value.local
    there.running = {guide.key: 11 * GB}
    there.machine = replace(MACHINE, available_bytes=1 * GB)
    await models.refresh()
    assert models.state.value.local[0].fit.verdict is Verdict.RUNS_WELL
    assert row_of(models, "them/small").fit.verdict is not Verdict.RUNS_WELL
    await models.select(guide.key)
    await models.delete(guide.key)
    assert "is running" in str(detail_of(models).error)


async def test_nothing_is_looked_at_before_the_page_is_opened(there: World) -> None:
    models = there.models()
    await models.refresh()
    assert there.looks == 0
    await models.select("them/small")
    models.set_wish(Wish())
    assert models.detail.value is None
