"""The story of servers elsewhere: entered by address and key, asked for their models, chatted with.

Owns one `ServersState`. The engines page draws it and calls the verbs; `services/serving` asks for endpoints. A server
is asked for something only when a person adds, refreshes or uses it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.observable import Observable
from desktop_app.endpoint.address import Address, parse_address
from desktop_app.endpoint.client import Endpoint
from desktop_app.endpoint.probe import ModelCard, list_models
from desktop_app.store.keys import Keys
from desktop_app.store.servers import Server, ServerStore

_NAME_LENGTH = 80


@dataclass(frozen=True)
class KnownServer:
    """A server in the list, and what is known of it."""

    server: Server
    models: tuple[ModelCard, ...] = ()
    """What it offers; empty until it was asked since the program began."""
    warning: str = ""
    """Why something should not be sent there, as a sentence; empty when there is nothing to say."""
    has_key: bool = False
    key_kept: bool = False
    """Whether its key outlives the program."""


@dataclass(frozen=True)
class ServersState:
    """The servers that were entered."""

    servers: tuple[KnownServer, ...] = ()
    checking: str = ""
    """The address that is being asked right now; empty when none is."""
    error: UserError | None = None

    def find(self, url: str) -> KnownServer | None:
        """The server with this address."""
        return next((known for known in self.servers if known.server.url == url), None)


class Servers:
    """Keeps the servers and opens the way to them.

    Args:
        store: keeps the list.
        keys: keeps the keys.
    """

    def __init__(self, store: ServerStore, keys: Keys) -> None:
        self._store = store
        self._keys = keys
        self._asking: asyncio.Task[list[ModelCard]] | None = None
        self.state = Observable(ServersState())

    async def load(self) -> None:
        """Read list and keys; nothing is asked of any server. Errors are published."""
        try:
            servers = await self._store.load()
        except UserError as error:
            self._change(error=error)
            return
        try:
            await asyncio.to_thread(self._keys.load)
        except UserError as error:
            self._change(error=error)
        self._change(servers=tuple(self._known(server) for server in servers))

    async def check(self, url: str, key: str = "") -> tuple[ModelCard, ...]:
        """Ask the server at *url* for its models and keep nothing; errors are published, and nothing is returned."""
        if self._asking is not None:
            return ()
        self._change(error=None)
        try:
            address = parse_address(url, key)
            models = await self._ask(address)
            if not models:
                raise EngineError(f"The server at {address.host} offers no model.", address.url, Remedy.RETRY)
        except UserError as error:
            self._change(error=error)
            return ()
        return tuple(models)

    async def add(
        self, url: str, key: str = "", name: str = "", model: str = "", keep_key: bool = True
    ) -> Server | None:
        """Ask the server at *url* for its models and, when it has some, keep it; errors are published.

        An address that is in the list already gets the new key, and the new name and model where they are given.
        """
        models = await self.check(url, key)
        return await self._keep(parse_address(url, key), models, name, model, keep_key) if models else None

    async def look(self, url: str, key: str = "") -> tuple[ModelCard, ...] | None:
        """What the server at *url* offers, without keeping anything; None when it does not say, which is published."""
        if self._asking is not None:
            return None
        self._change(error=None)
        try:
            return tuple(await self._ask(parse_address(url, key)))
        except UserError as error:
            self._change(error=error)
            return None

    @staticmethod
    def warning_of(url: str, key: str) -> str:
        """Why something should not be sent to *url*, in a sentence; empty when there is nothing to say."""
        try:
            return parse_address(url, key).warning
        except UserError:
            return ""  # it is told when the address is asked

    async def refresh(self, server: Server) -> bool:
        """Ask a known server for its models again; True when it answered. Errors are published."""
        if self._asking is not None:
            return False
        self._change(error=None)
        try:
            models = await self._ask(self.address(server.url))
        except UserError as error:
            self._change(error=error)
            return False
        self._replace(server.url, models=tuple(models))
        return True

    def cancel(self) -> None:
        """End a question that takes too long."""
        if self._asking is not None:
            self._asking.cancel()

    async def choose(self, server: Server, model: str) -> None:
        """Remember which model is used there; errors are published."""
        known = self.state.value.find(server.url)
        if known is not None:
            self._replace(server.url, server=replace(known.server, model=model))
            await self._save()

    async def remove(self, server: Server) -> None:
        """Forget a server and its key; errors are published."""
        self._change(servers=tuple(known for known in self.state.value.servers if known.server.url != server.url))
        try:
            await asyncio.to_thread(self._keys.set, server.url, "", False)
        except UserError as error:
            self._change(error=error)
        await self._save()

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        self._change(error=None)

    def model_ref(self, server: Server, model: str) -> ModelRef:
        """A model of a server, as everything else speaks of models."""
        return ModelRef(name=model, folder=Path(), address=server.url)

    def warning(self, url: str, key: str = "") -> str:
        """Why nothing should be sent to what was typed, as a sentence; empty when there is nothing to say, or yet."""
        try:
            return parse_address(url, key).warning
        except UserError:
            return ""

    def address(self, url: str) -> Address:
        """Where a server answers, with its key. Raises UserError for an address that is none."""
        return parse_address(url, self._keys.get(url))

    def endpoint(self, server: Server, model: str) -> Endpoint:
        """The way to a model of a server; nothing is asked yet. Raises UserError for an address that is none."""
        known = self.state.value.find(server.url)
        cards = known.models if known else ()
        return Endpoint(self.address(server.url), model, context_tokens=_context(cards, model))

    async def endpoint_for(self, model: ModelRef) -> Endpoint:
        """The way to *model*, after its server said that it has it; warm, and with its context if that is told.

        Raises:
            UserError: the server is not in the list, cannot be reached, refuses, or does not have the model.
        """
        known = self.state.value.find(model.address)
        if known is None:
            raise EngineError("This server is not in your list any more.", model.address, Remedy.ENGINES)
        address = self.address(model.address)
        cards = await list_models(address)
        self._replace(model.address, models=tuple(cards))
        if all(card.id != model.name for card in cards):
            title = f"The server at {address.host} does not have the model {model.name} any more."
            raise EngineError(title, "", Remedy.ENGINES)
        endpoint = Endpoint(address, model.name, context_tokens=_context(cards, model.name))
        await endpoint.warm_up()
        return endpoint

    async def _ask(self, address: Address) -> list[ModelCard]:
        """The models of *address*; none when the question was cancelled."""
        self._change(checking=address.url)
        asking = self._asking = asyncio.ensure_future(list_models(address))
        try:
            await asyncio.wait([asking])
            if asking.cancelled():
                raise UserError("Cancelled.", f"{address.url} was not asked to the end.")
            return asking.result()
        finally:
            asking.cancel()
            self._asking = None
            self._change(checking="")

    async def _keep(
        self, address: Address, models: tuple[ModelCard, ...], name: str, model: str, keep_key: bool
    ) -> Server:
        url = address.url
        before = self.state.value.find(url)
        earlier = before.server if before else Server(address.host, url, models[0].id if len(models) == 1 else "")
        server = Server(name.strip()[:_NAME_LENGTH] or earlier.name, url, model or earlier.model)
        try:
            await asyncio.to_thread(self._keys.set, url, address.key, keep_key)
        except UserError as error:
            self._change(error=error)
        entry = replace(self._known(server), models=models)
        servers = self.state.value.servers
        servers = tuple(entry if known is before else known for known in servers) if before else (*servers, entry)
        self._change(servers=servers)
        await self._save()
        return server

    def _known(self, server: Server) -> KnownServer:
        key = self._keys.get(server.url)
        try:
            warning = parse_address(server.url, key).warning
        except UserError as error:
            warning = error.title
        return KnownServer(server, (), warning, bool(key), self._keys.is_kept(server.url))

    def _replace(self, url: str, **changes: object) -> None:
        servers = self.state.value.servers
        self._change(
            servers=tuple(
                replace(known, **changes) if known.server.url == url else known  # type: ignore[arg-type]
                for known in servers
            )
        )

    async def _save(self) -> None:
        try:
            await self._store.save([known.server for known in self.state.value.servers])
        except UserError as error:
            self._change(error=error)

    def _change(self, **changes: object) -> None:
        self.state.set(replace(self.state.value, **changes))  # type: ignore[arg-type]  # names are this module's own


def _context(cards: Iterable[ModelCard], model: str) -> int:
    return next((card.context_tokens for card in cards if card.id == model), 0)
