"""Addresses that people paste, of repositories and of Hubs, and texts that are none."""

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.hub.remote import Hub, default_endpoint, read_address


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Qwen/Qwen3-0.6B", ("Qwen/Qwen3-0.6B", "")),
        ("  'Qwen/Qwen3-0.6B' \n", ("Qwen/Qwen3-0.6B", "")),
        ("hf.co/Qwen/Qwen3-0.6B", ("Qwen/Qwen3-0.6B", "")),
        ("huggingface.co/Qwen/Qwen3-0.6B?library=vllm", ("Qwen/Qwen3-0.6B", "")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B", ("Qwen/Qwen3-0.6B", "")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B/", ("Qwen/Qwen3-0.6B", "")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B#usage", ("Qwen/Qwen3-0.6B", "")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B.git", ("Qwen/Qwen3-0.6B", "")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B/tree/main", ("Qwen/Qwen3-0.6B", "")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B/tree/v1.0", ("Qwen/Qwen3-0.6B", "v1.0")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B/tree/refs/pr/7", ("Qwen/Qwen3-0.6B", "refs/pr/7")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B/tree/refs%2Fpr%2F7", ("Qwen/Qwen3-0.6B", "refs/pr/7")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B/blob/abc123/config.json", ("Qwen/Qwen3-0.6B", "abc123")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B/discussions/5", ("Qwen/Qwen3-0.6B", "")),
        ("https://hf-mirror.com/Qwen/Qwen3-0.6B", ("Qwen/Qwen3-0.6B", "")),
        ("https://mirror.example.org/models/Qwen/Qwen3-0.6B", ("Qwen/Qwen3-0.6B", "")),
        ("hf download Qwen/Qwen3-0.6B", ("Qwen/Qwen3-0.6B", "")),
        ("$ hf download --revision v1 Qwen/Qwen3-0.6B", ("Qwen/Qwen3-0.6B", "v1")),
        ("huggingface-cli download Qwen/Qwen3-0.6B --local-dir .", ("Qwen/Qwen3-0.6B", "")),
        ("vllm serve Qwen/Qwen3-0.6B --max-model-len 100", ("Qwen/Qwen3-0.6B", "")),
        ("git clone https://huggingface.co/Qwen/Qwen3-0.6B", ("Qwen/Qwen3-0.6B", "")),
    ],
)
def test_addresses_that_people_paste(text: str, found: tuple[str, str]) -> None:
    assert read_address(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "qwen", "https://huggingface.co", "https://huggingface.co/Qwen", "../..", "a/b/c", "a/..", "a//b",
        "https://huggingface.co/datasets/a/b", "https://huggingface.co/spaces/a/b", "datasets/a/b", "a/b\u202e",
        "x" * 5000,
        "a/b\x00", "ftp://huggingface.co/a/b", "https://user:pw@huggingface.co/a/b", "http://[", "hf download",
        "https://huggingface.co/a/b/tree/..", "https://huggingface.co/a/b/tree/x y", "file:///etc/passwd", "~/models/x",
        "hf download a/b --revision ../..",
    ],
)  # fmt: skip
def test_texts_that_are_no_address(text: str) -> None:
    with pytest.raises(UserError) as caught:
        read_address(text)
    assert "not the address" in caught.value.title
    assert len(caught.value.details) < 1000


def test_data_and_applications_are_called_so() -> None:
    with pytest.raises(UserError) as caught:
        read_address("https://huggingface.co/datasets/a/b")
    assert "data" in caught.value.reason


def test_the_usual_address_and_another() -> None:
    assert default_endpoint({}) == "https://huggingface.co"
    assert default_endpoint({"HF_ENDPOINT": " https://hf-mirror.com/ "}) == "https://hf-mirror.com"
    assert default_endpoint({"HF_ENDPOINT": "http://localhost:8080"}) == "http://localhost:8080"


@pytest.mark.parametrize(
    "address",
    [
        "http://huggingface.co", "ftp://x", "https://", "huggingface.co", "https://a:b@c", "https://x/?token=1",
        "https://x\u202e", "https://x y", "http://[::1", "https://x:99999", "http://127.0.0.1.evil.org", "file:///etc",
    ],
)  # fmt: skip
def test_addresses_that_may_not_be_asked(address: str) -> None:
    with pytest.raises(UserError):
        default_endpoint({"HF_ENDPOINT": address})
    with pytest.raises(UserError):
        Hub(address)
