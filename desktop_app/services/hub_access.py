"""The way to the Hub: where it is asked, whether it may be asked at all, and the token that opens closed repositories.

Owns one `HubState`. `services/models` and `services/downloads` ask here for a `Hub`; nobody else makes one. Nothing is
sent anywhere by anything in this file.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.observable import Observable
from desktop_app.services.models_view import HubState
from desktop_app.store.settings import Settings
from desktop_app.store.tokens import Tokens

if TYPE_CHECKING:
    from desktop_app.hub.remote import Hub

_OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
"""What keeps huggingface_hub off the network; a program that was started with one of them stays off it, too."""
_TRUE = ("1", "ON", "YES", "TRUE")
"""What huggingface_hub takes for yes (`constants.py`)."""


class HubAccess:
    """Knows how the Hub is reached.

    Args:
        settings: keeps address and offline mode; read before `load()`.
        tokens: keeps the token.
        environ: the environment that the program was started in.
        endpoint: where the Hub is asked this time, whatever was chosen; empty for what was. Raises UserError.
    """

    def __init__(self, settings: Settings, tokens: Tokens, environ: Mapping[str, str], endpoint: str = "") -> None:
        self._once = _read_endpoint(endpoint) if endpoint else ""
        self._settings = settings
        self._tokens = tokens
        self._environ = environ
        self._token: str | None = None
        """None until it was needed."""
        self.state = Observable(HubState(endpoint=""))

    def load(self) -> None:
        """Publish what was chosen. No network is asked for anything, and no keyring, which may have to be unlocked."""
        self._show()

    async def set_endpoint(self, text: str) -> None:
        """Ask another address from now on; an empty one is the usual place. Errors are published.

        A token is only for the place that it was entered for: it is forgotten when another one is chosen.
        """
        try:
            await self._settings.set_hub_endpoint(_read_endpoint(text))
        except UserError as error:
            self._change(error=error, note="")
            return
        self._show()
        kept = self._settings.hub_token_for
        if kept and kept != _origin(self.state.value.endpoint):
            await self.forget_token()
            self._change(note="The token was forgotten, because it was for another place.")

    async def set_offline(self, offline: bool) -> None:
        """Forbid, or allow again, to ask the Hub anything; errors are published."""
        try:
            await self._settings.set_hub_offline(offline)
        except UserError as error:
            self._change(error=error, note="")
            return
        self._show()

    async def set_token(self, text: str) -> None:
        """Keep a token for closed repositories; it is sent to the Hub's own address only. Errors are published."""
        from desktop_app.hub.addresses import bearer  # noqa: PLC0415 - the window opens without it

        token = text.strip()
        try:
            bearer(token)
            origin = _origin(self.endpoint)
            await asyncio.to_thread(self._tokens.set, token)
            place = await asyncio.to_thread(lambda: self._tokens.place)
            await self._settings.set_hub_token(origin, place)
        except UserError as error:
            self._change(error=error, note="")
            return
        self._token = token
        self._show(f"The token is kept in {place}.")

    async def forget_token(self) -> None:
        """Keep no token any more; errors are published."""
        try:
            await asyncio.to_thread(self._tokens.forget)
            await self._settings.set_hub_token("", "")
        except UserError as error:
            self._change(error=error, note="")
            return
        self._token = None
        self._show("The token was forgotten.")

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        self._change(error=None)

    @property
    def endpoint(self) -> str:
        """Where the Hub is asked. Raises UserError where HF_ENDPOINT is no address."""
        from desktop_app.hub.addresses import default_endpoint  # noqa: PLC0415 - the window opens without it

        return self._once or self._settings.hub_endpoint or default_endpoint(self._environ)

    @property
    def offline(self) -> bool:
        """Whether nothing may be asked."""
        return self._settings.hub_offline or bool(self._offline_from())

    def hub(self) -> "Hub":
        """The way to the Hub; nothing is asked yet. May read the token the first time, so it is called in a thread.

        Raises:
            UserError: the Hub may not be asked, its address is none, or the token cannot be read.
        """
        self._refuse_offline()
        from desktop_app.hub.remote import Hub  # noqa: PLC0415 - the window opens without it

        return Hub(self.endpoint, self.token(), self._refuse_offline)

    def token(self) -> str:
        """The token for the present place; empty when there is none, or the keyring does not answer. Blocks.

        Raises:
            UserError: it cannot be read.
        """
        if self._settings.hub_token_for != _origin(self.endpoint):
            return ""
        if self._token is None:
            self._token = self._tokens.get()
        return self._token

    @property
    def known_token(self) -> str:
        """The token, if it was needed already, so that others can hide it; empty otherwise."""
        return self._token or ""

    def _show(self, note: str = "") -> None:
        """Publish where and whether the Hub is asked, and whether there is a token for it."""
        variable = "HF_ENDPOINT" if self._environ.get("HF_ENDPOINT") else ""
        endpoint, error = "", None
        try:
            endpoint = self.endpoint
        except UserError as problem:
            error = problem
        kept = bool(endpoint) and self._settings.hub_token_for == _origin(endpoint)
        self._change(
            endpoint=endpoint,
            endpoint_from="chosen here" if self._settings.hub_endpoint else variable,
            offline=self.offline,
            offline_from=self._offline_from(),
            has_token=kept,
            token_place=self._settings.hub_token_place if kept else "",
            note=note,
            error=error,
        )

    def _offline_from(self) -> str:
        """The variable that forbids to ask; empty for none."""
        values = ((name, self._environ.get(name, "").upper()) for name in _OFFLINE_VARIABLES)
        return next((name for name, value in values if value in _TRUE), "")

    def _refuse_offline(self) -> None:
        """Raise UserError where the Hub may not be asked; called from threads, too."""
        if not self.offline:
            return
        reason, remedy = "Switch Offline mode off on the Models page, then try again.", Remedy.RETRY
        if variable := self._offline_from():
            reason, remedy = f"The program was started with {variable}=1. Start it without that.", Remedy.NONE
        raise UserError("You work offline: the Hub is not asked for anything.", reason, remedy)

    def _change(self, **changes: object) -> None:
        self.state.set(replace(self.state.value, **changes))  # type: ignore[arg-type]  # names are this module's own


def _read_endpoint(text: str) -> str:
    """The address that a person typed, https where they did not say; empty for none. Raises UserError."""
    from desktop_app.hub.addresses import check_endpoint  # noqa: PLC0415 - the window opens without it

    text = text.strip()
    return check_endpoint(text if "://" in text else f"https://{text}") if text else ""


def _origin(address: str) -> str:
    """What a token is for: scheme, host and port."""
    split = urlsplit(address)
    return f"{split.scheme}://{split.netloc.lower()}"
