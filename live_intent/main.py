"""The command `live-intent`: one lazy group, so that `--help` loads none of the packages below."""

import importlib
import traceback
from importlib.metadata import PackageNotFoundError, version

import click

from live_intent import LOADED_NS
from live_intent.search_tools import search_tools
from live_intent.terminal import make_output_plain
from plugin_config.command_start import COMMAND_BEGAN, process_began_ns
from plugin_config.errors import LiveIntentError

# name -> ("module:attribute", one line of help); the module is imported when its command runs.
COMMANDS = {
    "demo": (
        "live_intent.demo.command:demo",
        "Show it all on the sample catalogue, on this machine.",
    ),
    "node": ("plugin_config.node.commands:node", "Keep a local OpenSearch node for development."),
    "plugin": (
        "plugin_config.node.plugin_commands:plugin",
        "Build and install the plugin inside OpenSearch.",
    ),
    "config": ("live_intent.config_command:config", "Tell OpenSearch what it has to know."),
    "index": ("indexer.cli.commands:index", "Put items into OpenSearch as searchable vectors."),
    "serve": ("query_service.cli.serve_command:serve", "Run the query service."),
    "rules": ("query_service.cli.rule_commands:rules", "Pin, boost, hide: merchandisers' rules."),
    "synonyms": (
        "query_service.cli.synonym_commands:synonyms",
        "Words that count as others in a query.",
    ),
    "keys": ("query_service.access.commands:keys", "Make, list, rotate and revoke API keys."),
    "sessions": ("query_service.cli.session_commands:sessions", "Show or erase what is kept."),
    "explain": (
        "query_service.records.commands:explain",
        "Say why the hits of a query were shown.",
    ),
    "experiment": (
        "learning.evaluation.experiments.commands:experiment",
        "Compare two configurations on live visitors.",
    ),
    "evaluate": ("learning.evaluation.commands:evaluate", "Measure the quality of search."),
    "judgments": (
        "learning.evaluation.judgment_commands:judgments",
        "Exchange judgments with other tools.",
    ),
    "learn": ("learning.training.commands:learn", "Learn from a shop's behaviour."),
    "sample": ("live_intent.sample.commands:sample", "Write the sample catalogue to a file."),
    "size": ("live_intent.sizing.commands:size", "Estimate what an installation takes."),
    "settings": ("live_intent.settings_commands:settings", "Show every setting and its origin."),
}


class LazyGroup(click.Group):
    """A group of COMMANDS; it imports a command's module when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Turn a LiveIntentError, or a full disk, into `Error: <message>` and its exit code."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if (shown := _shown(error)) is None:
                raise
            if ctx.params["debug"]:
                traceback.print_exc()
            click.ClickException(str(shown)).show()
            return ctx.exit(shown.exit_code)


def _shown(error: Exception) -> LiveIntentError | None:
    """What the user reads of an error; None: the traceback."""
    if isinstance(error, LiveIntentError):
        return error
    from plugin_config.full_disk import DiskFull, is_disk_full

    return DiskFull.of(error) if is_disk_full(error) else None


def _version() -> str:
    try:
        return version("opensearch-live-intent")
    except PackageNotFoundError:  # run from a source folder that was never installed
        return "unknown"


def import_settings() -> None:
    """Import every package's settings classes: importing registers them in `known_settings`."""
    for module in (
        "plugin_config.settings",
        "plugin_config.engine_plugin.settings",
        "indexer.settings",
        "indexer.gate.settings",
        "query_service.settings",
    ):
        importlib.import_module(module)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(_version(), prog_name="live-intent")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:
    """Search and recommendation that answer what a visitor wants now.

    Settings are read from the environment (LIVE_INTENT_*), then from the command's options;
    `live-intent settings` shows them all.
    """
    from plugin_config.settings import check_environment

    context.obj = search_tools
    import_settings()
    check_environment()  # a misspelt variable would otherwise be a setting that does nothing


def main() -> None:
    """Entry point of the command `live-intent`."""
    COMMAND_BEGAN.set(process_began_ns(LOADED_NS))
    make_output_plain()
    cli(prog_name="live-intent")


if __name__ == "__main__":
    main()
