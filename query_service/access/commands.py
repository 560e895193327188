"""The command `live-intent keys`: make, derive, list, rotate and revoke API keys."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from query_service.access.scopes import BROWSER_SCOPES, MEANING, SCOPES

if TYPE_CHECKING:
    from query_service.access.key_store import KeyStore
    from query_service.access.scopes import Scope
    from query_service.access.stored_key import StoredKey

MAX_NAME = 200
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Duration(click.ParamType):  # type: ignore[type-arg]
    """A time as `30d`, `12h`, `45m` or `90s`; in seconds, `least` or more."""

    name = "duration"

    def __init__(self, least: float = 0) -> None:
        self._least = least

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        match = re.fullmatch(r"(\d{1,6})([smhd])", str(value))
        if match is None:
            self.fail(f"{value!r}: write 30d, 12h, 45m or 90s", param, ctx)
        seconds = float(match[1]) * _UNITS[match[2]]
        if seconds < self._least:
            self.fail(f"{value!r} is over at once: write 1s or more, 30d", param, ctx)
        return seconds


def _name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    from query_service.access.stored_key import SESSIONS

    value = value.strip()
    if value == SESSIONS:
        raise click.BadParameter(
            f"{SESSIONS!r} is the name of the secret of session tokens: take another"
        )
    if not (value.isprintable() and value and len(value) <= MAX_NAME):
        raise click.BadParameter(
            f"{value[:50]!r}: a name has 1 to {MAX_NAME} characters, no control characters"
        )
    return value


def _rate(context: click.Context, parameter: click.Parameter, value: str) -> str:
    from query_service.setting_texts.rate import checked_rate

    try:
        return checked_rate(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@contextmanager
def _store(*, writing: bool = False) -> Iterator[KeyStore]:
    """The store of the settings' cluster; `writing` says where that is."""
    from plugin_config.connection.command_cluster import command_cluster
    from query_service.access.key_store import KeyStore

    with command_cluster("keys" if writing else "") as (client, names):
        yield KeyStore(client, names)


@click.group()
def keys() -> None:
    """API keys: what may call the service. From the first one on, each request needs one."""


@keys.command(epilog="Scopes: " + "; ".join(f"{name} ({MEANING[name]})" for name in SCOPES) + ".")
@click.argument("name", callback=_name)
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True)
@click.option(
    "--expires", type=Duration(least=1), help="After this time: 90d, 12h. Default: never."
)
@click.option("--rate", default="", callback=_rate, help="Requests at most: 600/minute.")
def create(name: str, scopes: tuple[Scope, ...], expires: float | None, rate: str) -> None:
    """Make a key called NAME, and print it: nobody can read it again.

    The service takes it at once, without a restart. --scope is repeatable.
    """
    with _store(writing=True) as store:
        expires_at = None if expires is None else time.time() + expires
        key, text = store.create(name, scopes, expires_at, rate)
    click.echo(f"the key {key.key_id} ({name}): {', '.join(sorted(key.scopes))}", err=True)
    click.echo(text)


@keys.command(name="list")
def list_() -> None:
    """Show all keys: ids, names, scopes, times; never a secret."""
    with _store() as store:
        found = sorted(store.read().values(), key=lambda key: key.created_at)
    if not found:
        click.echo("there are no keys: anybody on the service's machine may call")
    for key in found:
        click.echo(_line(key))


@keys.command()
@click.argument("key")
@click.option(
    "--overlap",
    type=Duration(),
    default="24h",
    show_default=True,
    help="How long the secret until now counts beside the new one; 0s: not at all.",
)
def rotate(key: str, overlap: float) -> None:
    """Give KEY (an id or a name) a new secret, and print it; its id stays.

    Browser keys that were derived by the earlier secret end with it. `sessions` is the secret of
    session tokens, which nobody sees.
    """
    from query_service.access.stored_key import SESSIONS

    with _store(writing=True) as store:
        changed, text = store.rotate(store.named(key).key_id, overlap)
    click.echo(f"the key {changed.key_id} ({changed.name}) has a new secret", err=True)
    if changed.key_id != SESSIONS:
        click.echo(text)


@keys.command()
@click.argument("key")
def revoke(key: str) -> None:
    """End KEY (an id or a name), and all browser keys derived from it.

    Services take it until they look again (LIVE_INTENT_KEYS_POLL_S).
    """
    with _store(writing=True) as store:
        changed = store.revoke(store.named(key).key_id)
    click.echo(f"the key {changed.key_id} ({changed.name}) is revoked")


@keys.command()
def prune() -> None:
    """Remove what is stored of revoked and expired keys."""
    with _store(writing=True) as store:
        count = store.prune()
    click.echo(f"{count} removed")


@keys.command()
@click.option("--scope", "scopes", type=click.Choice(BROWSER_SCOPES), multiple=True)
@click.option("--origin", "origins", multiple=True, help="https://shop.example; repeatable.")
@click.option("--filters", help='As in a search: \'{"brand": "Acme"}\'.')
@click.option("--rate", help="Requests at most of each address: 60/minute.")
@click.option("--expires", type=Duration(least=1), help="After this time: 30d, 1h.")
@click.option("--scenario", type=click.Choice(["shop", "feed", "video"]))
@click.option("--user", "user_id", help="The one user that may be named; *: any.")
def derive(
    scopes: tuple[str, ...], filters: str | None, expires: float | None, **options: Any
) -> None:
    """Print a browser key, derived from the key on standard input; it may be public.

    No cluster is asked. docs/access.md says what each restriction means, and has the same as ten
    lines of Python.
    """
    from pydantic import ValidationError

    from query_service.access.key_text import MAX_RESTRICTIONS, KeyText, browser_key
    from query_service.access.restrictions import Restrictions

    text = (
        click.prompt("Key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
    )
    parent = KeyText.parse(text.strip())
    if parent is None or parent.is_browser_key:
        raise click.UsageError("standard input has no key that begins with li_")
    named = {"scopes": list(scopes), **options, "origins": list(options["origins"])}
    if expires is not None:
        named["expires_at"] = int(time.time() + expires)
    wanted = {name: value for name, value in named.items() if value not in (None, [])}
    if options["rate"] == "":
        raise click.BadParameter("an empty rate restricts nothing", param_hint="--rate")
    if filters is not None:
        wanted["filters"] = _parsed(filters) or {}
    try:
        Restrictions.model_validate(wanted)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise click.UsageError(f"{where}: {first['msg']}") from None
    text = browser_key(parent, json.dumps(wanted, separators=(",", ":")).encode())
    if KeyText.parse(text) is None:
        raise click.UsageError(
            f"the restrictions make a key of {len(text)} characters; they may have "
            f"{MAX_RESTRICTIONS} in base64url, which is 3 kB of JSON: shorten --filters or --origin"
        )
    click.echo(text)


def _parsed(filters: str) -> object:
    try:
        return json.loads(filters)
    except ValueError as error:
        raise click.BadParameter(f"no JSON ({error})", param_hint="--filters") from None
    except RecursionError:
        raise click.BadParameter("nested too deeply", param_hint="--filters") from None


def _line(key: StoredKey) -> str:
    now = time.time()
    state = "valid"
    if key.revoked_at is not None:
        state = f"revoked {_time(key.revoked_at)}"
    elif key.has_expired(now):
        state = f"expired {_time(key.expires_at)}"
    elif key.expires_at is not None:
        state = f"valid until {_time(key.expires_at)}"
    earlier = [each for each in key.hashes[1:] if each.counts(now)]
    overlap = f", the secret before until {_time(earlier[0].until)}" if earlier else ""
    scopes = ",".join(sorted(key.scopes)) or "-"
    rate = f"  {key.rate}" if key.rate else ""
    made = _time(key.created_at)
    return f"{key.key_id}  {key.name}  {scopes}  made {made}  {state}{overlap}{rate}"


def _time(timestamp: float | None) -> str:
    if timestamp is None:
        return "-"
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")
