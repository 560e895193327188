"""The beginning of a rebuild that a command runs, kept on this machine while it runs."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from indexer.cli.interruption import Stopped
from plugin_config.command_start import began_ms

if TYPE_CHECKING:
    from indexer.cli.cluster_session import ClusterSession
    from indexer.index.carry_over.beginning import Beginning
    from indexer.index.context import IndexContext


def refuse_time_to_come(exported_at: datetime | None) -> None:
    """Raises SettingsError: the catalogue would be of a time after the command's beginning."""
    from indexer.index.carry_over.beginning import version_of

    version_of(exported_at, began_ms())


@contextmanager
def kept_beginning(
    cluster: "ClusterSession", context: "IndexContext", catalogue: str, as_of: datetime | None
) -> "Iterator[Beginning]":
    """When the rebuild of a catalogue began: with its command, or an earlier try that did not end.

    It is kept until the block ends. After an error, SIGTERM or `kill -9` the next try has it; after
    Ctrl-C, by which somebody gives the rebuild up, it has not.
    """
    from indexer.index.carry_over.beginning import Beginning
    from indexer.index.carry_over.beginning_file import BeginningFile, CatalogueState

    state = CatalogueState.of(catalogue, as_of)
    file = BeginningFile(context, cluster.settings.state_dir, state)
    try:
        yield file.begin(Beginning.now(context, as_of, began_ms()))
    except Stopped as stopped:
        if stopped.number == signal.SIGINT:
            file.forget()
        raise
    file.forget()
