"""The Hub: what it has, and what a repository holds. Blocking; services call it in a thread, only when asked to.

Nothing is asked but what a verb says, nothing of an answer is trusted, and the token goes to the Hub's own address
only. Small files and the heads of weight files are read to know a model's shape; its weights are `download`'s.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.library import HubFile, HubModel
from desktop_app.domain.model_spec import ModelSpec, Tensors
from desktop_app.hub import answers, hub_errors
from desktop_app.hub.addresses import check_endpoint, default_endpoint, read_address
from desktop_app.hub.asking import Asking
from desktop_app.hub.files import INDEX, choose, weights
from desktop_app.hub.manifest import is_repo_id
from desktop_app.hub.safetensors import header_length, parse_header, together
from desktop_app.hub.small_files import parse_json, shown
from desktop_app.hub.spec import QUANT_FILE, spec_from, with_quantisation

__all__ = ["Hub", "default_endpoint", "read_address"]

_LIST_LIMIT = 32 << 20
"""Bytes. A list of 100 models has 0.3 MB."""
_REPO_LIMIT = 64 << 20
_CONFIG_LIMIT = 8 << 20
_INDEX_LIMIT = 64 << 20
"""Bytes. The index of a model with 90,000 tensors has 9 MB."""
_HEAD_BYTES = 1 << 16
"""Of a weight file that are asked for first: enough for the heads of most."""
_HEADS = 100
"""Weight files whose heads are read; of more, only the sizes are used."""
_AT_ONCE = 8
_MOST = 100
"""Models of one list; the Hub gives no more at a time."""

_EXPAND = (
    "config", "downloads", "gated", "lastModified", "library_name", "likes", "pipeline_tag", "safetensors", "sha",
    "tags",
)  # fmt: skip


class Hub:
    """One Hub.

    Args:
        endpoint: its address, e.g. `https://huggingface.co`.
        token: opens closed repositories; empty for none.
        permit: called before each question; raises UserError when it may not be asked (any more).

    Raises:
        UserError: the address may not be asked, or the token is none.
    """

    def __init__(self, endpoint: str, token: str = "", permit: Callable[[], None] = lambda: None) -> None:
        self._asking = Asking(check_endpoint(endpoint), token, permit)

    def __repr__(self) -> str:
        return f"<Hub {self._asking.endpoint}>"

    def search(self, text: str, limit: int = 50) -> tuple[HubModel, ...]:
        """Models whose weights can be served, by their downloads; an empty *text* finds the most wanted.

        Raises:
            UserError: the Hub cannot be asked, in words.
        """
        query = [
            ("search", text.strip()[:200]), ("filter", "safetensors"), ("apps", "vllm"), ("sort", "downloads"),
            ("limit", str(max(1, min(limit, _MOST)))), *(("expand", field) for field in _EXPAND),
        ]  # fmt: skip
        told = self._asking.json("/api/models", _LIST_LIMIT, query=[pair for pair in query if pair[1]])
        if not isinstance(told, list):
            raise hub_errors.not_a_hub(self._asking.endpoint, "It answers without a list of models.")
        found = [model for one in told[:_MOST] if (model := answers.found_model(one))]
        return tuple(sorted(found, key=lambda model: -model.downloads)[:limit])

    def look(self, repo_id: str, revision: str = "") -> HubModel:
        """What a repository holds at *revision* (the newest when empty): the files that serving needs, and its shape.

        Raises:
            UserError: it is not there, not open to everybody, or holds no model that can be served.
        """
        if not is_repo_id(repo_id):
            raise UserError("This is not the name of a model.", f"{shown(repo_id)} is no owner/name.")
        path = f"/api/models/{repo_id}/revision/{quote(revision or 'main', safe='')}"
        told = self._asking.json(path, _REPO_LIMIT, repo_id, [("blobs", "True")])
        model = answers.described_model(told, repo_id)
        if model is None or not isinstance(told, dict):
            raise hub_errors.not_a_hub(self._asking.endpoint, "It does not say what the repository is.")
        if told.get("disabled") is True:
            raise hub_errors.disabled(repo_id)
        return self._look_inside(model, answers.files_of(told), answers.tensors_of(told))

    def _look_inside(self, model: HubModel, files: Sequence[HubFile], counted: Tensors) -> HubModel:
        chosen, left_out = choose(files)
        config = self._config(model, chosen)
        listed = self._index(model, chosen)
        if listed:
            chosen, left_out = choose(files, set(listed.values()))
        tensors = self._tensors(model, weights(chosen), counted, len(listed))
        spec: ModelSpec = spec_from(model.repo_id, config, tensors)
        return replace(model, spec=spec, files=chosen, left_out=left_out)

    def _config(self, model: HubModel, files: Sequence[HubFile]) -> dict[str, object]:
        config = self._small(model, "config.json", _CONFIG_LIMIT)
        if not config.get("model_type") and not config.get("architectures"):
            reason = "Its config.json does not name the kind of model."
            raise UserError("This model's description is not usable.", reason, Remedy.CHOOSE_MODEL)
        if any(file.path == QUANT_FILE for file in files) and not config.get("quantization_config"):
            return with_quantisation(config, self._small(model, QUANT_FILE, _CONFIG_LIMIT))
        return config

    def _index(self, model: HubModel, files: Sequence[HubFile]) -> dict[str, str]:
        """Which weight file each tensor lies in; empty when there is no list of that."""
        if not any(file.path == INDEX for file in files):
            return {}
        listed = self._small(model, INDEX, _INDEX_LIMIT).get("weight_map")
        if not isinstance(listed, dict) or not listed or not all(isinstance(name, str) for name in listed.values()):
            raise UserError("The model's list of weight files is not usable.", f"{INDEX} lists no files.")
        return listed

    def _tensors(self, model: HubModel, files: Sequence[HubFile], counted: Tensors, names: int) -> Tensors:
        """The tensors of *files*: as the Hub counted them where that agrees with their sizes, else from their heads."""
        size = sum(file.size_bytes for file in files)
        if counted.size_bytes and 0 <= size - counted.size_bytes <= size // 100 + (_HEAD_BYTES << 1) * len(files):
            return replace(counted, names=names)
        if len(files) > _HEADS:
            return Tensors(size_bytes=size, names=names)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return together(pool.map(lambda file: self._head(model, file), files))

    def _head(self, model: HubModel, file: HubFile) -> Tensors:
        path = self._resolve(model, file.path)
        begin = self._asking.first_bytes(path, _HEAD_BYTES, model.repo_id)
        with _on_the_hub():
            length = header_length(begin[:8], file.size_bytes, file.path)
        if len(begin) < 8 + length:
            begin = self._asking.first_bytes(path, 8 + length, model.repo_id)
        with _on_the_hub():
            return parse_header(begin[8 : 8 + length], file.size_bytes, file.path)

    def _small(self, model: HubModel, name: str, limit: int) -> dict[str, object]:
        raw = self._asking.content(self._resolve(model, name), limit, model.repo_id)
        told = parse_json(raw, name)
        if not isinstance(told, dict):
            raise UserError("This model's description is not usable.", f"Its {name} is no object.", Remedy.CHOOSE_MODEL)
        return told

    def _resolve(self, model: HubModel, path: str) -> str:
        return f"/{model.repo_id}/resolve/{model.commit}/{quote(path)}"


@contextmanager
def _on_the_hub() -> Iterator[None]:
    """Says of a damaged file that it is so for everybody: to fetch it again would not help."""
    try:
        yield
    except UserError as error:
        reason = error.reason.removesuffix(" Download it again.")
        title = "The model is damaged where it lies, on the Hub."
        raise UserError(title, reason, Remedy.CHOOSE_MODEL, error.details) from error
