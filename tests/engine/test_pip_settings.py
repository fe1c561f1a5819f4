"""What the person has set pip to, and what follows from it for whoever fetches files instead of pip."""

import os
from pathlib import Path

import pytest

from desktop_app.engine import pip_settings
from tests.engine.test_wheel_sources import Answering


@pytest.mark.parametrize(
    ("lines", "chosen"),
    [
        ([], False),
        (["global.find-links='/wheels'", "global.extra-index-url='https://mirror.invalid/simple'"], False),
        ([":env:.no-index='0'"], False),
        (["index.index-url='https://mirror.invalid/simple'"], False),
        (["global.index-url='https://mirror.invalid/simple'"], True),
        ([":env:.index-url='https://mirror.invalid/simple'"], True),
        (["install.index-url='https://mirror.invalid/simple'"], True),
        ([":env:.no-index='1'"], True),
        (["global.no-index='true'"], True),
    ],
)
async def test_other_hosts_are_asked_only_when_nobody_chose_an_index(lines: list[str], chosen: bool) -> None:
    assert pip_settings.chooses_index(await pip_settings.read(Answering(lines).run)) is chosen


async def test_settings_that_cannot_be_read_count_as_private() -> None:
    for silent in (Answering([], code=1), Answering([], hangs=True)):
        settings = await pip_settings.read(silent.run)
        assert pip_settings.chooses_index(settings)
        assert pip_settings.only_pip_can(settings)


async def test_the_environment_wins_over_files() -> None:
    lines = [":env:.proxy='http://b:2'", "global.proxy='http://a:1'", "global.cert='/x.pem'"]
    assert await pip_settings.read(Answering(lines).run) == {"proxy": "http://b:2", "cert": "/x.pem"}


def test_the_persons_proxy_and_certificates_are_used_and_nothing_of_python(tmp_path: Path) -> None:
    settings = {"proxy": "http://me:secret@proxy:8080", "cert": str(tmp_path / "ca.pem")}
    given = {"no_proxy": "*", "PYTHONPATH": "/planted", "PIP_INDEX_URL": "https://me:secret@x", "PATH": os.defpath}
    env = pip_settings.fetch_environment(settings, given)
    assert env["https_proxy"] == env["http_proxy"] == settings["proxy"]
    assert env["SSL_CERT_FILE"] == settings["cert"]
    assert set(env) == {"PATH", "https_proxy", "http_proxy", "HTTPS_PROXY", "SSL_CERT_FILE"}
    assert pip_settings.fetch_environment({"cert": str(tmp_path)}, {}) == {"SSL_CERT_DIR": str(tmp_path)}


def test_a_certificate_of_the_person_is_shown_by_pip_alone() -> None:
    assert pip_settings.only_pip_can({"client-cert": "/me.pem"})
    assert not pip_settings.only_pip_can({"cert": "/x.pem"})
