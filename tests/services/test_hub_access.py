"""The way to the Hub: its address, Offline mode, and a token that goes nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.paths import Paths
from tests.fakes.hub import GOOD, Repo, running_hub
from tests.services.models_world import TINY, World, world

USUAL = "https://huggingface.co"
MIRROR = "https://mirror.example.org"


@pytest.fixture
async def there(paths: Paths) -> AsyncIterator[World]:
    async with world(paths, None) as made:
        yield made


async def test_the_usual_place_a_mirror_and_back(there: World) -> None:
    state = there.access.state
    assert (state.value.endpoint, state.value.endpoint_from) == (USUAL, "")
    await there.access.set_endpoint(f" {MIRROR}/ ")
    assert (state.value.endpoint, state.value.endpoint_from) == (MIRROR, "chosen here")
    await there.access.set_endpoint("mirror.example.org/hf")
    assert state.value.endpoint == f"{MIRROR}/hf"
    await there.access.set_endpoint("")
    assert (state.value.endpoint, state.value.endpoint_from) == (USUAL, "")


async def test_what_was_chosen_goes_before_the_variable_and_is_remembered(paths: Paths) -> None:
    environ = {"HF_ENDPOINT": MIRROR}
    async with world(paths, None, environ) as first:
        assert (first.access.endpoint, first.access.state.value.endpoint_from) == (MIRROR, "HF_ENDPOINT")
        await first.access.set_endpoint("http://127.0.0.1:8080")
        await first.access.set_offline(True)
    async with world(paths, None, environ) as second:
        assert second.access.state.value.endpoint == "http://127.0.0.1:8080"
        assert second.access.state.value.offline


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("http://example.org", "not safe"),
        ("http://192.168.1.5:8080", "not safe"),
        ("ftp://example.org", "not the address"),
        ("https://", "not the address"),
        ("https://exa mple.org", "not the address"),
        ("https://example.org:99999", "not the address"),
        ("https://example.org/?a=b", "not the address"),
        ("https://example.org\u202e/", "not the address"),
        ("https://name:word@example.org", "may not hold a password"),
    ],
)
async def test_an_address_that_is_none_changes_nothing(there: World, typed: str, title: str) -> None:
    await there.access.set_endpoint(typed)
    error = there.access.state.value.error
    assert error is not None
    assert title in error.title
    assert there.access.endpoint == USUAL
    there.access.dismiss_error()
    assert there.access.state.value.error is None


async def test_a_variable_that_is_no_address_is_told_and_not_passed_over(paths: Paths) -> None:
    async with world(paths, None, {"HF_ENDPOINT": "http://example.org"}) as there:
        assert there.access.state.value.endpoint == ""
        assert there.access.state.value.error is not None
        with pytest.raises(UserError, match="not safe"):
            there.access.hub()


async def test_offline_refuses_in_words_until_it_is_switched_off(there: World) -> None:
    await there.access.set_offline(True)
    with pytest.raises(UserError, match="You work offline") as caught:
        there.access.hub()
    assert caught.value.remedy is Remedy.RETRY
    await there.access.set_offline(False)
    assert not there.access.state.value.offline
    there.access.hub()


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
async def test_a_variable_that_says_offline_cannot_be_overruled(paths: Paths, variable: str) -> None:
    async with world(paths, None, {variable: "yes"}) as there:
        await there.access.set_offline(False)
        assert there.access.state.value.offline
        assert there.access.state.value.offline_from == variable
        with pytest.raises(UserError, match="You work offline") as caught:
            there.access.hub()
        assert variable in caught.value.reason


async def test_a_token_is_kept_and_forgotten_and_never_published(paths: Paths) -> None:
    async with world(paths, None) as there:
        await there.access.set_token(f" {GOOD}\n")
        state = there.access.state.value
        assert state.has_token
        assert state.token_place
        assert GOOD not in repr(state)
        assert GOOD not in repr(there.access.hub())
    async with world(paths, None) as again:
        assert again.access.state.value.has_token
        assert again.access.token() == GOOD
        assert GOOD.encode() not in paths.database.read_bytes()
        await again.access.forget_token()
        assert (again.access.token(), again.access.state.value.has_token) == ("", False)
    assert not _files_with(paths.root, GOOD)


@pytest.mark.parametrize("typed", ["", "two words", "hf_\x1b", "hf_ä", "x" * 501])
async def test_what_cannot_be_a_token_is_refused(there: World, typed: str) -> None:
    await there.access.set_token(typed)
    error = there.access.state.value.error
    assert error is not None
    assert error.title == "This is not a token."
    assert not there.access.state.value.has_token


async def test_a_token_is_for_one_place_only(there: World) -> None:
    await there.access.set_token(GOOD)
    await there.access.set_endpoint(f"{USUAL}/")
    assert there.access.token() == GOOD
    await there.access.set_endpoint(MIRROR)
    assert there.access.token() == ""
    assert "forgotten" in there.access.state.value.note


@pytest.mark.parametrize("kept", ["hf_secret\nX-Other: 1", "hf_secret\u20ac", "hf_secret two"])
async def test_a_token_that_was_changed_by_hand_is_refused_and_not_shown(kept: str, paths: Paths) -> None:
    async with world(paths, None) as there:
        await there.access.set_token(GOOD)
        paths.token.write_text(kept, encoding="utf-8")
    async with world(paths, None) as again:
        with pytest.raises(UserError, match="not a token") as caught:
            again.access.hub()
        assert "secret" not in f"{caught.value.sentence()} {caught.value.details}"


async def test_what_began_before_offline_mode_asks_nothing_more(paths: Paths, tmp_path: Path) -> None:
    with running_hub(tmp_path, [TINY]) as hub:
        async with world(paths, hub) as there:
            way = there.access.hub()
            await there.access.set_offline(True)
            with pytest.raises(UserError, match="You work offline"):
                await asyncio.to_thread(way.look, TINY.id)
        assert hub.log() == []


async def test_the_support_bundle_is_told_the_token_to_hide_it(there: World) -> None:
    assert there.access.known_token == ""
    await there.access.set_token(GOOD)
    assert there.access.known_token == GOOD


async def test_without_an_address_no_token_is_kept(paths: Paths) -> None:
    async with world(paths, None, {"HF_ENDPOINT": "nonsense"}) as there:
        await there.access.set_token(GOOD)
        assert there.access.state.value.error is not None
        assert there.tokens.get() == ""


async def test_nothing_is_asked_by_choosing(paths: Paths, tmp_path: Path) -> None:
    with running_hub(tmp_path, [Repo(TINY.id, TINY.folder, gate="manual")]) as hub:
        async with world(paths, hub) as there:
            await there.access.set_token(GOOD)
            await there.access.set_endpoint(hub.endpoint)
            await there.access.set_offline(True)
            await there.access.forget_token()
        assert hub.log() == []


def _files_with(folder: Path, secret: str) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]
