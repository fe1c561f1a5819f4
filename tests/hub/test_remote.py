"""The Hub: searching, looking at a repository, and everything that can be in the way, in words."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.library import Gate
from desktop_app.hub.files import INDEX
from desktop_app.hub.remote import Hub
from tests.fakes.hub import GOOD, OTHER, FakeHub, Filler, Repo, running_hub
from tests.hub.made import CONFIG, head_of, model_files, weights

BIG = {f"layers.{number}.weight": ("BF16", [1024, 64]) for number in range(2000)}
"""Its header is longer than what is asked for first."""


def filler(tensors: dict[str, tuple[str, list[int]]]) -> Filler:
    raw, size = head_of(tensors)
    return Filler(8 + len(raw) + size, len(raw).to_bytes(8, "little") + raw)


def sharded() -> dict[str, Any]:
    shards = {f"model-0000{number}-of-00002.safetensors": {f"t{number}": ("F16", [500])} for number in (1, 2)}
    index = {"weight_map": {"t1": "model-00001-of-00002.safetensors", "t2": "model-00002-of-00002.safetensors"}}
    files: dict[str, Any] = {name: weights(tensors) for name, tensors in shards.items()}
    rest = {name: content for name, content in model_files().items() if name != "model.safetensors"}
    return {**rest, **files, INDEX: json.dumps(index), "extra.safetensors": weights({"x": ("F16", [9])})}


COUNTED = {"parameters": {"BF16": 40}, "total": 40}
REPOS = [
    Repo(
        "owner/tiny", files=model_files(), facts={"downloads": 5, "likes": 2, "safetensors": COUNTED, "config": CONFIG}
    ),
    Repo("owner/popular", files=model_files(), gate="manual", facts={"downloads": 900, "gated": "manual"}),
    Repo("owner/heads", files={**model_files(), "model.safetensors": filler(BIG), "old.bin": 100, "a.py": "print()"}),
    Repo("owner/sharded", files=sharded()),
    Repo("owner/pickled", files={"config.json": "{}", "pytorch_model.bin": 50}),
    Repo("owner/lies", files={**model_files(), "model.safetensors": b"\x08" + bytes(7) + b'{"a":{}}'}),
    Repo("owner/hidden", files=model_files(), private=True),
    Repo("owner/sounds", files=model_files(), facts={"pipeline_tag": "automatic-speech-recognition"}),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeHub]:
    with running_hub(tmp_path_factory.mktemp("hub"), REPOS) as hub:
        yield hub


@pytest.fixture
def fake(running: FakeHub) -> FakeHub:
    running.control(statuses=[], gone=[], moved={})
    running.forget()
    return running


def refusal(hub: Hub, repo_id: str = "owner/tiny", revision: str = "") -> UserError:
    with pytest.raises(UserError) as caught:
        hub.look(repo_id, revision)
    return caught.value


def test_searching_finds_models_by_their_downloads(fake: FakeHub) -> None:
    found = Hub(fake.endpoint).search("owner")
    assert [model.repo_id for model in found[:2]] == ["owner/popular", "owner/tiny"]
    assert not {"owner/hidden", "owner/sounds"} & {model.repo_id for model in found}
    assert (found[0].gate, found[1].gate) == (Gate.MANUAL, Gate.OPEN)
    tiny = found[1]
    assert (tiny.downloads, tiny.likes, tiny.licence, tiny.modified) == (5, 2, "apache-2.0", "2026-01-02")
    assert tiny.spec is not None
    assert (tiny.spec.weights_bytes, tiny.spec.parameters) == (80, 40)
    assert found[0].spec is None
    (asked,) = fake.log()
    assert asked["query"]["filter"] == "safetensors"
    assert asked["agent"] == "vllm-desktop"


def test_a_search_may_find_nothing_and_has_an_end(fake: FakeHub) -> None:
    assert Hub(fake.endpoint).search("nothing like that") == ()
    assert len(Hub(fake.endpoint).search("", limit=3)) == 3


def test_looking_at_a_model(fake: FakeHub) -> None:
    model = Hub(fake.endpoint).look("owner/tiny")
    assert model.commit == fake.commits["owner/tiny"]
    assert {file.path for file in model.files} == set(model_files())
    assert model.download_bytes == sum(map(len, model_files().values()))
    assert all(file.sha256 or file.git_sha1 for file in model.files)
    assert model.spec is not None
    assert (model.spec.parameters, model.spec.weights_bytes, model.spec.context) == (40, 80, 2048)
    assert not any(asked["path"].endswith(".safetensors") for asked in fake.log()), "the Hub had counted them"


def test_a_pinned_revision(fake: FakeHub) -> None:
    commit = fake.commits["owner/tiny"]
    assert Hub(fake.endpoint).look("owner/tiny", commit).commit == commit
    error = refusal(Hub(fake.endpoint), "owner/tiny", "0" * 40)
    assert "version" in error.title


def test_heads_are_read_where_the_hub_did_not_count_and_nothing_more_is_fetched(fake: FakeHub) -> None:
    model = Hub(fake.endpoint).look("owner/heads")
    assert model.spec is not None
    assert model.spec.parameters == 2000 * 1024 * 64
    assert model.spec.weights_bytes == 2000 * 1024 * 64 * 2
    assert model.left_out == {"old formats that can run programs": 100, "programs": 7}
    raw, _ = head_of(BIG)
    assert fake.sent() < 3 * len(raw)
    fake.control(ranges=False)
    fake.forget()
    try:
        assert Hub(fake.endpoint).look("owner/heads").spec == model.spec
        assert fake.sent() < model.download_bytes // 4, "a Hub without ranges is hung up on"
    finally:
        fake.control(ranges=True)


def test_shards_count_together_and_what_the_index_does_not_name_stays(fake: FakeHub) -> None:
    model = Hub(fake.endpoint).look("owner/sharded")
    assert model.spec is not None
    assert (model.spec.parameters, model.spec.dtype) == (1000, "float16")
    assert "extra.safetensors" not in {file.path for file in model.files}
    assert set(model.left_out) == {"weights that its list of weights does not name"}


def test_a_repository_without_safe_weights(fake: FakeHub) -> None:
    assert "unsafe" in refusal(Hub(fake.endpoint), "owner/pickled").reason


def test_a_weight_file_that_lies(fake: FakeHub) -> None:
    assert "damaged" in refusal(Hub(fake.endpoint), "owner/lies").title


def test_a_missing_and_a_private_repository_look_the_same(fake: FakeHub) -> None:
    for name in ("owner/none", "owner/hidden"):
        error = refusal(Hub(fake.endpoint), name)
        assert "has no such model" in error.title
        assert "or it is private" in error.reason
        assert error.remedy is Remedy.CHOOSE_MODEL
    assert Hub(fake.endpoint, GOOD).look("owner/hidden").files


def test_a_gated_repository_says_what_to_do_in_order(fake: FakeHub) -> None:
    error = refusal(Hub(fake.endpoint), "owner/popular")
    assert "asked first" in error.title
    steps = [error.reason.index(word) for word in ("1. Open", "owner/popular", "2. Make a token", "3. Enter the token")]
    assert steps == sorted(steps)
    assert "Your account" in refusal(Hub(fake.endpoint, OTHER), "owner/popular").title
    assert Hub(fake.endpoint, GOOD).look("owner/popular").gate is Gate.MANUAL


def test_a_token_that_is_none(fake: FakeHub) -> None:
    assert "does not accept your token" in refusal(Hub(fake.endpoint, "hf_wrong")).title


def test_the_token_goes_to_the_hub_only_and_is_shown_nowhere(fake: FakeHub, caplog: pytest.LogCaptureFixture) -> None:
    hub = Hub(fake.endpoint, GOOD)
    with caplog.at_level(logging.DEBUG):
        hub.look("owner/heads")
        refusal(hub, "owner/none")
    assert {asked["token"] for asked in fake.log() if asked["where"] == "hub"} == {GOOD}
    assert {asked["token"] for asked in fake.log() if asked["where"] == "cdn"} == {""}
    assert GOOD not in repr(hub)
    assert GOOD not in caplog.text


def test_a_repository_that_moved(fake: FakeHub) -> None:
    fake.control(moved={"owner/before": "owner/tiny"})
    assert Hub(fake.endpoint).look("owner/before").repo_id == "owner/tiny"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Retry-After": "20"}, "Wait 20 seconds"),
        ({"RateLimit": '"api";r=0;t=240'}, "Wait 4 minutes"),
        ({"Retry-After": "99999999999"}, "a few minutes"),
        ({}, "a few minutes"),
    ],
)
def test_a_hub_that_was_asked_too_often(fake: FakeHub, headers: dict[str, str], words: str) -> None:
    fake.control(statuses=[{"where": "hub", "code": 429, "times": 1, "headers": headers}])
    error = refusal(Hub(fake.endpoint))
    assert "too often" in error.title
    assert words in error.reason


@pytest.mark.parametrize(("code", "words"), [(500, "fault of its own"), (503, "fault of its own"), (418, "refused")])
def test_a_hub_with_a_fault(fake: FakeHub, code: int, words: str) -> None:
    fake.control(statuses=[{"where": "hub", "code": code, "times": 1}])
    error = refusal(Hub(fake.endpoint))
    assert words in error.title
    assert error.remedy is Remedy.RETRY


def test_nobody_at_that_address() -> None:
    assert "cannot be reached" in refusal(Hub("http://127.0.0.1:1")).title


def test_a_connection_that_is_not_safe(fake: FakeHub) -> None:
    assert "safely" in refusal(Hub(fake.endpoint.replace("http:", "https:"))).title


@contextmanager
def answering(content: bytes, code: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Iterator[Hub]:
    """A Hub that says the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            try:
                for begin in range(0, len(content), 1 << 20):
                    self.wfile.write(content[begin : begin + (1 << 20)])
            except OSError:
                return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Hub(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "content",
    [b"<!DOCTYPE html><html>Sign in", b"", b"[[[", b"[" * 200_000, b"{}", b"null", b"7", b'"\xff"', b'{"sha": "x"}'],
    ids=["a page", "nothing", "half a list", "deep", "an object", "null", "a number", "no text", "no commit"],
)  # fmt: skip
def test_something_else_that_answers(content: bytes) -> None:
    with answering(content) as hub:
        assert "is no Hub" in refusal(hub).title
        with pytest.raises(UserError, match="is no Hub"):
            hub.search("x")


def test_a_mirror_without_lists() -> None:
    with answering(b"", 404) as hub, pytest.raises(UserError, match="is no Hub"):
        hub.search("x")


def test_an_answer_without_an_end_is_not_read_to_it() -> None:
    with answering(b" " * (70 << 20)) as hub:
        assert "more than 64 MB" in refusal(hub).reason


@pytest.mark.parametrize("to", ["/again", "http://127.0.0.1:1/", "gopher://x/", "http://[", ""])
def test_addresses_that_lead_nowhere(to: str) -> None:
    with answering(b"", 302, (("Location", to),)) as hub:
        assert refusal(hub).title


ODD: list[object] = [
    None, 7, "x", [], {}, {"id": 7}, {"id": "../../etc"}, {"id": "a/b\u202e"}, {"id": "a/b", "tags": 7, "gated": []},
    {"id": "a/b", "safetensors": {"parameters": {"BF16": -1}}, "downloads": "many", "likes": True},
    {"id": "a/c", "safetensors": {"parameters": {"BF16": 2**70}}, "config": [], "lastModified": 8, "cardData": []},
    {"id": "a/d", "cardData": {"license": ["mit\u202e"]}, "sha": "x", "config": {"quantization_config": 7}},
]  # fmt: skip


def test_lists_with_nonsense_show_what_is_left_of_them() -> None:
    with answering(json.dumps(ODD).encode()) as hub:
        found = {model.repo_id: model for model in hub.search("x")}
    assert set(found) == {"a/b", "a/c", "a/d"}
    assert all(model.downloads == 0 and model.spec is None and not model.commit for model in found.values())
    assert found["a/d"].licence == "mit\ufffd"


@pytest.mark.parametrize(
    "siblings",
    [
        None, 7, [7], [{}], [{"rfilename": "a.json"}], [{"rfilename": "a.json", "size": -1, "blobId": "0" * 40}],
        [{"rfilename": "a.json", "size": True, "blobId": "0" * 40}],
        [{"rfilename": "a.json", "size": 5, "blobId": "x"}],
        [{"rfilename": "a.safetensors", "size": 5, "blobId": "0" * 40, "lfs": {"sha256": "x"}}],
    ],
)  # fmt: skip
def test_files_that_could_not_be_checked(siblings: object) -> None:
    told = {"id": "owner/tiny", "sha": "0" * 40, "siblings": siblings}
    with answering(json.dumps(told).encode()) as hub:
        assert "safely" in refusal(hub).title


def test_names_of_files_that_lead_elsewhere_are_left_out() -> None:
    names = ("../../etc/passwd.json", "/etc/x.json", "a\u202e.json", "C:\\x.json", "model.safetensors")
    siblings = [{"rfilename": name, "size": 5, "blobId": "0" * 40} for name in names]
    with answering(json.dumps({"id": "owner/tiny", "sha": "0" * 40, "siblings": siblings}).encode()) as hub:
        assert "config.json" in refusal(hub).reason


@pytest.mark.parametrize("name", ["", "x", "a/b/c", "../b", "a/..", "a/b\n", "a/b?x", "a b/c"])
def test_names_that_are_none_are_not_asked_for(name: str) -> None:
    assert "not the name" in refusal(Hub("http://127.0.0.1:1"), name).title


def test_nothing_is_asked_when_the_library_works_offline(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "offline" in refusal(Hub(fake.endpoint)).title
    assert not fake.log()


def test_answers_that_may_hold_a_thousand_times_their_size_are_refused() -> None:
    with answering(b"(\xb5/\xfd", headers=(("Content-Encoding", "zstd"),)) as hub, pytest.raises(UserError) as caught:
        hub.search("x")
    assert "packs its answers" in caught.value.reason
