"""Servers elsewhere: entered, kept, used, forgotten; with the stand-in engine as the server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.endpoint.probe import ModelCard
from desktop_app.paths import Paths
from desktop_app.services.servers import Servers
from desktop_app.store.database import Database
from desktop_app.store.keys import Keys
from desktop_app.store.servers import Server, ServerStore
from tests.endpoint.raw_server import answering_port
from tests.endpoint.running import MODEL, elsewhere, eventually, whole, words

KEY = "sk-canary-0123456789"


@pytest.fixture
async def database(paths: Paths) -> AsyncIterator[Database]:
    database = Database(paths.database)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def servers(database: Database, paths: Paths) -> Servers:
    return Servers(ServerStore(database), Keys(paths.root / "keys.json"))


async def reopened(database: Database, paths: Paths) -> Servers:
    again = Servers(ServerStore(database), Keys(paths.root / "keys.json"))
    await again.load()
    return again


async def test_a_server_is_added_kept_and_talked_to(
    servers: Servers, database: Database, paths: Paths, tmp_path: Path
) -> None:
    async with elsewhere(tmp_path, api_key=KEY, answer="yes") as there:
        url = there.address.url
        server = await servers.add(url.removesuffix("/v1"), KEY, "Home")
        assert server == Server("Home", url, MODEL)
        assert servers.state.value.servers[0].models == (ModelCard(MODEL, 2048),)
        again = await reopened(database, paths)
        (known,) = again.state.value.servers
        assert (known.server, known.has_key, known.key_kept, known.models) == (server, True, True, ())
        model = again.model_ref(server, MODEL)
        assert model == ModelRef(MODEL, address=url)
        endpoint = await again.endpoint_for(model)
        assert endpoint.context_tokens == 2048
        assert words(await whole(endpoint)) == "yes"
        await endpoint.close()
        assert again.endpoint(server, MODEL).context_tokens == 2048


async def test_no_key_in_the_database_nor_in_the_state(servers: Servers, paths: Paths, tmp_path: Path) -> None:
    async with elsewhere(tmp_path, api_key=KEY) as there:
        await servers.add(there.address.url, KEY)
    assert KEY not in repr(servers.state.value)
    files = [file for file in paths.root.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
    assert files == [paths.root / "keys.json"]


async def test_a_key_for_now_only(servers: Servers, database: Database, paths: Paths, tmp_path: Path) -> None:
    async with elsewhere(tmp_path, api_key=KEY) as there:
        server = await servers.add(there.address.url, KEY, keep_key=False)
        assert server is not None
        assert await servers.refresh(server)
        assert not servers.state.value.servers[0].key_kept
        again = await reopened(database, paths)
        assert not await again.refresh(server)
        assert again.state.value.error is not None
        assert "asks for a key" in again.state.value.error.title


@pytest.mark.parametrize(
    ("key", "title"), [("sk-wrong", "refused the key"), ("", "asks for a key"), ("a b", "not a key")]
)
async def test_a_wrong_key_is_published_and_nothing_is_kept(
    servers: Servers, tmp_path: Path, key: str, title: str
) -> None:
    async with elsewhere(tmp_path, api_key=KEY) as there:
        assert await servers.add(there.address.url, key) is None
    state = servers.state.value
    assert state.error is not None
    assert title in state.error.title
    assert (state.servers, state.checking) == ((), "")
    servers.dismiss_error()
    assert servers.state.value.error is None


async def test_an_address_that_is_none_and_one_without_models(servers: Servers) -> None:
    assert await servers.add("not an address") is None
    assert servers.state.value.error is not None
    async with answering_port(b'HTTP/1.1 200 -\r\n\r\n{"data":[]}') as seen:
        assert await servers.add(f"127.0.0.1:{seen.port}") is None
    assert servers.state.value.error is not None
    assert "offers no model" in servers.state.value.error.title


async def test_adding_the_same_address_again_changes_key_and_name(servers: Servers, tmp_path: Path) -> None:
    async with elsewhere(tmp_path) as there:
        await servers.add(there.address.url, "old-key", "Old")
        await servers.add(there.address.url, "new-key", "New")
        await servers.add(there.address.url, "newer-key")
    (known,) = servers.state.value.servers
    assert known.server.name == "New"
    assert servers.address(known.server.url).key == "newer-key"


async def test_checking_keeps_nothing_and_can_be_cancelled(servers: Servers) -> None:
    async with answering_port(keep_open=True) as seen:
        asking = asyncio.create_task(servers.check(f"127.0.0.1:{seen.port}"))
        await eventually(lambda: servers.state.value.checking)
        assert await servers.check("127.0.0.1:1") == ()
        servers.cancel()
        assert await asking == ()
        await seen.closed.wait()
    assert servers.state.value.error is not None
    assert servers.state.value.error.title == "Cancelled."
    assert servers.state.value.servers == ()


async def test_a_removed_server_is_forgotten_with_its_key(
    servers: Servers, database: Database, paths: Paths, tmp_path: Path
) -> None:
    async with elsewhere(tmp_path) as there:
        server = await servers.add(there.address.url, KEY)
        assert server is not None
        await servers.remove(server)
        assert servers.state.value.servers == ()
        assert (await reopened(database, paths)).state.value.servers == ()
        assert KEY not in (paths.root / "keys.json").read_text("utf-8")
        with pytest.raises(UserError, match="not in your list") as caught:
            await servers.endpoint_for(servers.model_ref(server, MODEL))
        assert caught.value.remedy is Remedy.ENGINES


async def test_a_chosen_model_is_remembered(servers: Servers, database: Database, paths: Paths, tmp_path: Path) -> None:
    async with elsewhere(tmp_path) as there:
        server = await servers.add(there.address.url)
        assert server is not None
        await servers.choose(server, "another")
        (known,) = (await reopened(database, paths)).state.value.servers
        assert known.server.model == "another"
        with pytest.raises(UserError, match="does not have the model another"):
            await servers.endpoint_for(servers.model_ref(server, "another"))


async def test_a_server_that_is_gone(servers: Servers, tmp_path: Path) -> None:
    async with elsewhere(tmp_path) as there:
        server = await servers.add(there.address.url)
    assert server is not None
    with pytest.raises(UserError, match="Nobody answers"):
        await servers.endpoint_for(servers.model_ref(server, MODEL))
    assert not await servers.refresh(server)
    assert len(servers.state.value.servers) == 1


async def test_unreadable_keys_leave_the_list(
    servers: Servers, database: Database, paths: Paths, tmp_path: Path
) -> None:
    async with elsewhere(tmp_path) as there:
        await servers.add(there.address.url, KEY)
    (paths.root / "keys.json").write_text("{", "utf-8")
    again = await reopened(database, paths)
    assert len(again.state.value.servers) == 1
    assert again.state.value.error is not None
    assert not again.state.value.servers[0].has_key


async def test_a_warning_where_nothing_is_encrypted(database: Database, paths: Paths) -> None:
    await ServerStore(database).save([Server("far", "http://example.org/v1"), Server("bad", "no address")])
    far, bad = (await reopened(database, paths)).state.value.servers
    assert far.warning.startswith("Not encrypted:")
    assert bad.warning == "This is not the address of a server."
