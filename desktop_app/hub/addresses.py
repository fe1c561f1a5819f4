"""What people paste: addresses of a repository and of a Hub, and tokens. Nothing is asked here."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.hub.manifest import is_repo_id
from desktop_app.hub.small_files import shown

USUAL = "https://huggingface.co"
_LENGTH = 1000
_COMMAND = re.compile(
    r"(?:\$\s*)?(?:hf|huggingface-cli)\s+download\s+(.*)|(?:\$\s*)?(?:vllm\s+serve|git\s+clone)\s+(.*)"
)
_REVISION_FLAG = re.compile(r"--revision[=\s]\s*(\S+)")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,500}")
_OTHER_KINDS = {"datasets": "data", "spaces": "an application", "collections": "a collection", "papers": "a paper"}
_BEFORE_REVISION = ("tree", "blob", "resolve", "commit", "raw", "blame", "commits")


def read_address(text: str) -> tuple[str, str]:
    """Repository (`owner/name`) and revision (empty for the newest) from an id, a link or a command that people paste.

    Raises:
        UserError: it names no repository of models.
    """
    plain = text.strip().strip("\"'`<>").strip()
    if not plain or len(plain) > _LENGTH or shown(plain, _LENGTH) != plain:
        raise _no_address(text)
    revision = ""
    if command := _COMMAND.fullmatch(plain):
        words = (command[1] or command[2] or "").split()
        flag = _REVISION_FLAG.search(plain)
        revision, plain = flag[1] if flag else "", next((word for word in words if "/" in word), "").strip("\"'")
    parts = _parts(plain, text)
    if parts[:1] and parts[0] in _OTHER_KINDS and len(parts) > 1:
        reason = f"It leads to {_OTHER_KINDS[parts[0]]}. A model's page has only its owner and its name in its address."
        raise UserError("This is not the address of a model.", reason, Remedy.NONE, ascii(plain))
    if parts[:1] == ["models"] and len(parts) > 2:
        parts = parts[1:]
    repo_id = "/".join(parts[:2]).removesuffix(".git")
    if len(parts) < 2 or not is_repo_id(repo_id):
        raise _no_address(text)
    if len(parts) > 3 and parts[2] in _BEFORE_REVISION:
        whole = parts[2] in ("tree", "commits") and parts[3] == "refs"
        revision = "/".join(parts[3:6]) if whole else unquote(parts[3])
    elif len(parts) > 2 and "://" not in plain and not plain.startswith(("hf.co/", "huggingface.co/")):
        raise _no_address(text)
    return repo_id, _revision(revision, text)


def default_endpoint(environ: Mapping[str, str]) -> str:
    """Where the Hub is asked when nobody chose: `HF_ENDPOINT`, or the usual place.

    Raises:
        UserError: `HF_ENDPOINT` is no address that may be asked.
    """
    named = environ.get("HF_ENDPOINT", "").strip()
    return check_endpoint(named, "HF_ENDPOINT") if named else USUAL


def check_endpoint(text: str, named: str = "The Hub's address") -> str:
    """The address of a Hub without a slash at its end.

    Raises:
        UserError: it is none, it holds a password, or what is sent there could be read on the way.
    """
    plain = text.strip().rstrip("/")
    try:
        split = urlsplit(plain)
        host, port = split.hostname or "", split.port
    except ValueError:
        split, host, port = urlsplit(""), "", None
    odd = shown(plain, _LENGTH) != plain or " " in plain or split.query or split.fragment or port == 0
    if split.scheme not in ("http", "https") or not host or odd:
        reason = f"{named} should look like {USUAL}."
        raise UserError("This is not the address of a Hub.", reason, Remedy.NONE, ascii(text[:200]))
    if "@" in split.netloc:
        reason = f"{named} has a name or password in it. Leave them away; a token has a field of its own."
        raise UserError("The Hub's address may not hold a password.", reason)
    if split.scheme == "http" and not _is_loopback(host):
        reason = f"{named} begins with http://, so everybody on the way could change what is fetched. Use https://."
        raise UserError("The Hub's address is not safe.", reason)
    return plain


def bearer(token: str) -> str:
    """What lets the owner of *token* in, as a header says it.

    Raises:
        UserError: it cannot be one: anything else could end the header that carries it.
    """
    if not _TOKEN.fullmatch(token):
        reason = "A token is one word, and mostly begins with hf_. Copy it once more from the Hub's settings."
        raise UserError("This is not a token.", reason)
    return f"Bearer {token}"


def _parts(plain: str, text: str) -> list[str]:
    """The parts of the path of a link, or of an id."""
    if "://" in plain:
        try:
            split = urlsplit(plain)
        except ValueError:
            raise _no_address(text) from None
        if split.scheme not in ("http", "https", "hf") or "@" in split.netloc:
            raise _no_address(text)
        path = f"{split.netloc}{split.path}" if split.scheme == "hf" else split.path
    else:
        # Links are pasted without their beginning, too.
        path = re.sub(r"^(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)/", "", plain.partition("?")[0])
    return path.partition("#")[0].strip("/").split("/")


def _revision(revision: str, text: str) -> str:
    if revision and (not _REVISION.fullmatch(revision) or ".." in revision):
        raise _no_address(text)
    return "" if revision == "main" else revision


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _no_address(text: str) -> UserError:
    reason = "A model's address has its owner and its name, e.g. Qwen/Qwen3-0.6B; the link of its page does as well."
    return UserError("This is not the address of a model.", reason, Remedy.NONE, ascii(text[:200]))
