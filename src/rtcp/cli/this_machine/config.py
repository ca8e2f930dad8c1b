"""`rtcp config`: take over a credential file; show what is in force."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from rtcp.cli import options, profile_file, provenance
from rtcp.cli.output import show_many
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun
from rtcp.config import Config
from rtcp.config.sources import PROFILE, profile_path
from rtcp.errors import ConfigError


@click.group(cls=Noun)
def command() -> None:
    """Take over a credential file; show what is in force.

    \b
    rtcp config show
    """


@command.command("import")
@click.argument("file", type=options.LocalPath(exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace the profile if there is one of this name.")
@click.option("--store-secret", is_flag=True, help="Write the client secret itself into the profile file.")
@click.option(
    "--secret-env", default="RTCP_CLIENT_SECRET", show_default=True, metavar="NAME", help="Variable that will hold it."
)
@pass_shell
def import_(shell: Shell, file: Path, force: bool, store_secret: bool, secret_env: str) -> None:
    """Put a credential file into a profile: 'default', or the one that --profile names.

    \b
    rtcp config import oauth_server_to_server.json --sandbox dev
    FILE is what the Developer Console downloads (a credential, a project or a Postman environment), or aepp's
    config.json. The client secret stays out of the profile file unless --store-secret is given.
    """
    path, name = profile_path(), shell.profile or "default"
    settings = _settings(Config.from_file(file), shell, store_secret=store_secret, secret_env=secret_env)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if name in profile_file.profiles(text, path) and not force:
        raise ConfigError(f"profile {name!r} is in {path} already: add --force to replace it, or --profile NAME")
    profile_file.write_private(path, profile_file.with_profile(text, name, settings, path))
    shell.note(f"wrote profile {name!r} to {path}, readable by you alone")
    if "client_secret" in settings and not store_secret:
        shell.note(f"the client secret was not stored: export {secret_env}=... before you use this profile")
    option = f" --profile {name}" if shell.profile else ""
    shell.note(f"try it: rtcp auth check{option}")


@command.command("list")
@pass_shell
def list_(shell: Shell) -> None:
    """List the profiles of the settings file, and mark the one in force.

    \b
    rtcp config list
    """
    path = profile_path()
    found = profile_file.profiles(path.read_text(encoding="utf-8"), path) if path.exists() else {}
    chosen = shell.profile or os.environ.get(PROFILE) or "default"
    rows = [
        {
            "profile": name,
            "inForce": name == chosen,
            "sandbox": table.get("sandbox"),
            "orgId": table.get("org_id"),
            "clientId": table.get("client_id"),
        }
        for name, table in found.items()
    ]
    show_many(
        shell.format,
        rows,
        {"profile": "profile", "in force": "inForce", "sandbox": "sandbox", "organisation": "orgId", "key": "clientId"},
    )
    if not found:
        shell.note(f"{path} holds no profile; make one with: rtcp config import FILE")
    elif chosen not in found:
        shell.note(f"there is no profile {chosen!r} in {path}: settings come from the environment alone")
    else:
        shell.note(f"of {path}; another one with --profile NAME or {PROFILE}")


@command.command()
@pass_shell
def show(shell: Shell) -> None:
    """Show every setting, and where it came from. Secrets are masked.

    \b
    rtcp config show -o csv
    """
    show_many(shell.format, provenance.settings(shell), {"setting": "name", "value": "value", "source": "source"})


def _settings(config: Config, shell: Shell, *, store_secret: bool, secret_env: str) -> dict[str, Any]:
    secrets = [secret.resolve() for secret in config.secrets]
    settings: dict[str, Any] = {"client_id": config.client_id}
    if secrets and store_secret:
        settings["client_secret"] = secrets if len(secrets) > 1 else secrets[0]
    elif secrets:
        settings["client_secret"] = {"env": secret_env}
    settings["org_id"] = config.org_id
    settings["scopes"] = list(config.scopes)
    settings["sandbox"] = shell.sandbox or config.sandbox
    return {name: value for name, value in settings.items() if value}
