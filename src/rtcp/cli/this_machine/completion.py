"""`rtcp completion`: print the completion script of a shell."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

from rtcp.cli.tree import Verb

_SHELLS: Final = ("bash", "zsh", "fish")


@click.command(cls=Verb)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: eval "$(rtcp completion bash)"   in ~/.bashrc
    zsh:  eval "$(rtcp completion zsh)"   in ~/.zshrc
    fish: rtcp completion fish > ~/.config/fish/completions/rtcp.fish
    rtcp completion bash
    """
    kind = get_completion_class(shell)
    assert kind is not None
    root = context.find_root().command
    click.echo(kind(root, {}, "rtcp", "_RTCP_COMPLETE").source())
