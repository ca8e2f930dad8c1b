"""The command tree: `rtcp <noun> <verb>`."""

from __future__ import annotations

from typing import Any, Final

import click

from rtcp.cli.tree import Root, find_entries

# A command is a module in one of these folders, which are the sections of the help.
ENTRIES: Final = find_entries("profile_store", "data_in", "this_machine")


def _show_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    # Reading package metadata costs as much as all the rest of --help.
    from importlib.metadata import version

    click.echo(f"rtcp {version('rtcp')}")
    context.exit()


@click.group(
    cls=Root,
    entries=ENTRIES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings come from RTCP_* variables or a profile (rtcp config import FILE). No tenant? Type: rtcp demo",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Print the version."
)
def app(**_: Any) -> None:
    """Adobe's Real-Time Customer Profile API at a prompt, and a local emulator to try it on.

    \b
    rtcp auth check
    rtcp entities get jane@example.com --namespace Email
    rtcp merge-policies list -o json
    """
