"""The command `live-intent sessions`: show, erase and expire what is stored of visitors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from query_service.sessions.store import SessionStore


@contextmanager
def _store(*, writing: bool = True) -> Iterator[SessionStore]:
    """The store of the settings' cluster; `writing` says where that is."""
    from plugin_config.connection.client import connect, destination
    from plugin_config.schema import IndexNames
    from plugin_config.settings import ClusterSettings, load
    from query_service.sessions.limits import limits_of
    from query_service.sessions.store import SessionStore
    from query_service.settings import ServiceSettings

    cluster = load(ClusterSettings)
    settings = load(ServiceSettings)
    pseudonyms = settings.pseudonyms
    limits = limits_of(settings)
    client, names = connect(cluster), IndexNames(cluster.index_prefix)
    if writing:
        click.echo(destination(cluster, *names.stores), err=True)
    store = SessionStore(client, names, limits, pseudonyms=pseudonyms)
    try:
        yield store
    finally:
        store.close()
        client.close()


@click.group()
def sessions() -> None:
    """Show, erase and expire what is kept of visitors."""


@sessions.command()
@click.argument("session_id", required=False)
@click.option("--user", "user_id", help="All of this user, and of all sessions of the user.")
def export(session_id: str | None, user_id: str | None) -> None:
    """Print all that is kept of SESSION_ID, or of a user; of vectors only their lengths."""
    _check_either(session_id, user_id)
    with _store(writing=False) as store:
        kept = store.export(session_id) if session_id else store.export_user(user_id or "")
        click.echo(json.dumps(kept, ensure_ascii=False, indent=2))


@sessions.command()
@click.argument("session_id", required=False)
@click.option("--user", "user_id", help="Erase this user, and all sessions of the user.")
@click.option(
    "--bundles",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of learned bundles to look through, or one bundle; again for more. Default: that "
    "of LIVE_INTENT_BUNDLE.",
)
def erase(session_id: str | None, user_id: str | None, folders: tuple[Path, ...]) -> None:
    """Erase SESSION_ID, or a user, for good.

    Prints how many documents of each kind are gone, and the bundles that learned from the visitor.
    """
    from indexer.settings import EncoderSettings
    from plugin_config.settings import load
    from query_service.sessions.rights.learned_bundles import LearnedBundles

    _check_either(session_id, user_id)
    bundle = load(EncoderSettings).bundle
    with _store() as store:
        bundles = (
            LearnedBundles(store, folders) if folders else LearnedBundles.beside(store, bundle)
        )
        deleted, learned = (
            bundles.erase_user(user_id) if user_id else bundles.erase_session(session_id or "")
        )
    click.echo(json.dumps({**asdict(deleted), "bundles": [asdict(each) for each in learned]}))


sessions.add_command(
    click.Command("delete", callback=erase.callback, params=erase.params, hidden=True)
)


@sessions.command()
def rekey() -> None:
    """Rename what is stored to what it is under the newest of LIVE_INTENT_PSEUDONYM_KEYS."""
    with _store() as store:
        if not store.stored_names.pseudonyms.keys:
            raise click.UsageError("there is no key: set LIVE_INTENT_PSEUDONYM_KEYS_FILE")
        click.echo(json.dumps(store.renew_pseudonyms()))


def _check_either(session_id: str | None, user_id: str | None) -> None:
    if bool(session_id) == bool(user_id):
        raise click.UsageError("give either a SESSION_ID or --user USER_ID")


@sessions.command()
@click.option(
    "--older-than-days",
    type=click.FloatRange(min=0),
    help="Default: the setting LIVE_INTENT_SESSION_TTL_DAYS.",
)
def purge(older_than_days: float | None) -> None:
    """Erase at once what is older: quiet sessions and users, and UBI rows.

    Services do so by themselves (LIVE_INTENT_RETENTION_INTERVAL_S), for what has expired.
    """
    with _store() as store:
        deleted = store.purge(older_than_days)
    click.echo(json.dumps(asdict(deleted)))


@sessions.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, times in ms since 1970.")
def status(as_json: bool) -> None:
    """Show how much is kept, how old it is, for how long, and what was removed last."""
    from query_service.retention.status import read_status, status_lines

    with _store(writing=False) as store:
        report = read_status(store)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
    else:
        click.echo("\n".join(status_lines(report)))
