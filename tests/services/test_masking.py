"""Masking: what is secret by its form, by the name before it, or because it is known; and who and where somebody is."""

import json
import random
import string
import time
from collections.abc import Callable

import pytest

from desktop_app.services.masking import MASK, Masker, Person, is_secret, secrets_of

ANN = Person("/home/ann-k", "ann-k", "anns-box.example.org")
PLAIN = Masker(ANN)
_LETTERS = string.ascii_letters + string.digits
_ODD = _LETTERS + "!#$%&*+,-./:;<=>?@^_|~()[]{}"
"""What passwords are made of; without quotes, backslashes and blanks."""


def secret(dice: random.Random, alphabet: str = _LETTERS, length: int = 24) -> str:
    """Begins with a letter or digit, so that it could not be taken for a bracket or the next flag."""
    return dice.choice(_LETTERS) + "".join(dice.choice(alphabet) for _ in range(length - 1))


SHAPES: tuple[Callable[[str], str], ...] = (
    lambda s: f"hf_{s}",
    lambda s: f"sk-{s}",
    lambda s: f"sk-proj-{s}",
    lambda s: f"ghp_{s}",
    lambda s: f"github_pat_{s}",
    lambda s: f"glpat-{s}",
    lambda s: f"AKIA{s.upper()}",
    lambda s: f"xoxb-{s}",
    lambda s: f"AIza{s}",
    lambda s: f"nvapi-{s}",
    lambda s: f"eyJ{s}.{s}.{s}",
)
AROUND = (
    "{}",
    "x {} y",
    "'{}'",
    "({})",
    "a={},b",
    '"message": "first\\nsecond {}"',
    '"a\\n{}"',
    "\x1b[31m{}\x1b[0m",
    "/x/{}/y",
)


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_a_secret_is_known_by_its_form_whatever_stands_around_it(shape: int) -> None:
    dice = random.Random(shape)
    for around in AROUND:
        planted = secret(dice)
        whole = SHAPES[shape](planted)
        assert planted.lower() not in PLAIN.mask(around.format(whole)).lower(), around


NAMES = (
    *("HF_TOKEN", "OPENAI_API_KEY", "api_key", "apiKey", "X-Api-Key", "client_secret", "DB_PASSWORD", "passwd"),
    *("Authorization", "proxy-authorization", "Cookie", "Set-Cookie", "AWS_SECRET_ACCESS_KEY", "credentials"),
    *("ssl_keyfile_password", "auth", "my_tokens", "MYTOKENX", "TOKENIZERS_API_KEY", "X-Amz-Signature", "access.key"),
)
FORMS = (
    "{n}={v}",
    "{n} = {v}",
    "export {n}={v}",
    "{n}: {v}",
    "{n}: Bearer {v}",
    '{{"{n}": "{v}", "x": 1}}',
    "{{'{n}': '{v}', 'x': 1}}",
    '{{"{n}":"{v}"}}',
    '{{\\"{n}\\": \\"{v}\\"}}',
    "{{'{n}': ['{v}', '{v}']}}",
    '"{n}": [\n  "{v}"\n]',
    "('{n}', '{v}')",
    "(b'{n}', b'Basic {v}')",
    "https://example.org/x?a=1&{n}={v}&b=2",
    'curl -H "{n}: {v}" https://example.org',
    "--{n} {v}",
    "--{n}={v}",
    "['--{n}', '{v}']",
    'INFO 11-21 [utils.py:1] non-default args: {{"model": "m", "{n}": "{v}"}}',
    "{n}='{v}",
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_the_value_after_a_secrets_name_is_masked(name: str, form: str) -> None:
    dice = random.Random(f"{name}{form}")
    for alphabet in (_LETTERS, _ODD):
        planted = secret(dice, alphabet)
        masked = PLAIN.mask(f"before\n{form.format(n=name, v=planted)}\nafter")
        assert planted not in masked
        assert planted[-8:] not in masked
        assert masked.startswith("before\n")
        assert masked.endswith("\nafter")
        assert name in masked


def test_passwords_of_several_words_are_masked_whole() -> None:
    for line in (
        "password: correct horse",
        "DB_PASSWORD=correct horse",
        "password='correct horse'",
        "Cookie: a=1; b=horse",
    ):
        assert "horse" not in PLAIN.mask(line)


@pytest.mark.parametrize(
    "line",
    [
        "non-default args: {'max_num_batched_tokens': 2048, 'tokenizer': '/m', 'skip_tokenizer_init': False}",
        "Using max model len 2048, max_num_batched_tokens=2,048, tokenizer_mode=auto, tokenizer='/models/x'",
        "GPU KV cache size: 131,072 tokens, Maximum concurrency for 2,048 tokens per request: 64.00x",
        "Avg prompt throughput: 12.0 tokens/s, Running: 1 reqs",
        '"num_key_value_heads": 8, "eos_token_id": [1, 2], "bos_token": "<s>", "pad_token_id": 0',
        """--custom-histogram-buckets '{"inter_token_latency":[0.001],"time_to_first_token":[1]}'""",
        "KeyError: 'rope_scaling'",
        "--max-num-batched-tokens 2048 --tokenizer /models/x --api-key",
        "TOKENIZERS_PARALLELISM=false api_key=None token='' HF_HUB_DISABLE_IMPLICIT_TOKEN=true",
        "http://127.0.0.1:8000/v1/models and unix:/x/y.sock",
        "disk-usage: 12, task-scheduler-name, hf_overrides={}, hf_config_path=None",
        "author: somebody, keywords: a, b",
    ],
)
def test_what_vllm_says_of_its_own_tokens_can_still_be_read(line: str) -> None:
    assert PLAIN.mask(line) == line


@pytest.mark.parametrize("around", ["{}", "Proxy {} failed", "'{}'", "url={}"])
def test_passwords_in_addresses_are_masked(around: str) -> None:
    for user, password in (
        ("ann", "p4ssw0rd"),
        ("", "p4ssw0rd"),
        ("p4ssw0rd", ""),
        ("u", "p4ss/w0rd"),
        ("u", "p4s@s/w0rd"),
    ):
        colon = ":" if password else ""
        masked = PLAIN.mask(around.format(f"https://{user}{colon}{password}@proxy.example:3128/simple"))
        assert "p4s" not in masked
        assert "w0rd" not in masked
        assert "proxy.example:3128/simple" in masked


def test_known_values_are_masked_however_they_are_written() -> None:
    keys = ("sp ace/ke+y", "schlüssel-ü", 'quo"te\\d', "x7")
    masker = Masker(ANN, keys)
    for key in keys:
        for written in (f"got {key}.", json.dumps({"x": key}), repr(key), f"{key!a}"):
            masked = masker.mask(written)
            assert MASK in masked
            assert key not in masked
    assert masker.mask("hex7ed") == "hex7ed"


def test_private_keys_are_masked_whole_and_in_part() -> None:
    body = "\n".join("QUJD" * 16 for _ in range(25))
    whole = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"
    for text in (whole, whole[:-60], whole[40:], json.dumps(whole)):
        masked = PLAIN.mask(f"a\n{text}\n(b)")
        # Of the line in which it begins, too little is left to be of use.
        assert "QUJD" * 16 not in masked
        assert masked.startswith("a\n")
        assert masked.endswith("(b)")


def test_home_name_and_computer_are_replaced() -> None:
    text = (
        "/home/ann-k/models, file:///home/ann-k, -I/home/ann-k/x, ann-k@anns-box ANN-K ANNS-BOX.example.org /home/bob/x"
    )
    masked = PLAIN.mask(text)
    assert masked == "~/models, file://~, -I~/x, <user>@<host> <user> <host> /home/<user>/x"
    assert PLAIN.mask("/home/ann-kathrin") == "/home/<user>"
    assert PLAIN.mask("joann-kai and myanns-boxes") == "joann-kai and myanns-boxes"


def test_odd_names_and_common_ones() -> None:
    jorg = Masker(Person("/home/jörg", "jörg", "localhost"))
    for written in ("/home/jörg/x", json.dumps("/home/jörg/x"), "file:///home/j%C3%B6rg/x"):
        assert "rg/x" not in jorg.mask(written)
    assert "\\u00f6" not in jorg.mask(json.dumps("I am jörg"))
    root = Masker(Person("/root", "root", "h"))
    assert root.mask("/root/x root=1 localhost h") == "~/x root=1 localhost h"
    assert Masker(Person("/")).mask("/x/y") == "/x/y"


def test_variables_show_their_names_and_only_allowed_values() -> None:
    shown = PLAIN.mask_variables({"LANG": "C", "B": "two\nlines", "EMPTY": "", "A_KEY": "12345"}, ("LANG", "A_KEY"))
    assert shown.splitlines() == [f"A_KEY={MASK}", f"B={MASK}", "EMPTY=", "LANG=C"]


def test_which_names_are_secret() -> None:
    assert all(is_secret(name) for name in NAMES)
    assert not is_secret("PATH")
    assert secrets_of({"HF_TOKEN": "abcdefghij", "PATH": "/usr/bin:/bin", "A_KEY": "short"}) == {"abcdefghij"}


@pytest.mark.parametrize(
    "text",
    [
        *("key" * 70_000, "a=" * 100_000, "\\" * 200_000, '"' * 200_000, "://" * 70_000, "key=[" * 40_000),
        *("-----BEGIN PRIVATE KEY-----" * 7_000, "://a:" * 40_000, "key='" * 40_000, "A" * 200_000, "eyJ" * 70_000),
        *("key\\" * 50_000, 'key" , ' * 30_000, "A" * 16 + "\n", ("A" * 16 + "\n") * 12_000, "- " * 100_000),
    ],
    ids=lambda text: f"{text[:8]!r}",
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    PLAIN.mask(text)
    assert time.process_time() - began < 10  # 0.1 s are usual; what grows with the square takes hours


def test_masking_twice_is_masking_once() -> None:
    text = "HF_TOKEN=abc password: a b\nhttps://u:p@h/x {'api_key': ['x']} /home/ann-k"
    assert PLAIN.mask(PLAIN.mask(text)) == PLAIN.mask(text)
