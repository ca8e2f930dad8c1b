"""The command tree: `rtcp <noun> <verb>`."""

from __future__ import annotations

from typing import Any, Final

import click

from rtcp.cli.commands import Entry, Root

_PROFILE: Final = "The Profile store"
_DATA_IN: Final = "Data in"
_MACHINE: Final = "This machine"

ENTRIES: Final = {
    "entities": Entry(_PROFILE, "Merged profiles and other entities, and a person's events.", "entities"),
    "merge-policies": Entry(_PROFILE, "How the fragments of a person become one profile.", "merge_policies"),
    "system-jobs": Entry(_PROFILE, "Requests to delete a dataset or a batch.", "system_jobs"),
    "preview": Entry(_PROFILE, "How many people there are, by dataset, namespace and overlap.", "preview"),
    "audiences": Entry(_PROFILE, "Audiences, to be read.", "audiences"),
    "namespaces": Entry(_PROFILE, "Identity namespaces, to be read.", "namespaces"),
    "computed-attributes": Entry(_PROFILE, "Aggregates over a person's events, as fields.", "computed_attributes"),
    "export-jobs": Entry(_PROFILE, "Exports of profiles into a dataset, and their files.", "export_jobs"),
    "datasets": Entry(_PROFILE, "Where profiles come from and where exports go.", "datasets"),
    "media": Entry(_PROFILE, "Replay what players recorded; send what was watched offline.", "media"),
    "batches": Entry(_DATA_IN, "Files into datasets, and updates of attributes.", "batches"),
    "inlets": Entry(_DATA_IN, "What streaming ingestion sends to.", "inlets"),
    "stream": Entry(_DATA_IN, "Send the rows of a file to an inlet.", "stream"),
    "auth": Entry(_MACHINE, "Do the settings and credentials work?", "auth"),
    "config": Entry(_MACHINE, "Take over a credential file; show what is in force.", "settings"),
    "emulator": Entry(_MACHINE, "A local Profile service, for tests and trials.", "emulator"),
    "demo": Entry(_MACHINE, "Show the main job on a small world in the emulator.", "demo_command"),
    "verify": Entry(_MACHINE, "Compare a real sandbox with what rtcp assumes of the service.", "verify_command"),
    "completion": Entry(_MACHINE, "Print the completion script of a shell.", "completion"),
}


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
