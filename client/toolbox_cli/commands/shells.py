"""Completion for shells."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands, toolkits, operations, inputs and jobs.

    For bash: toolbox completion bash > ~/.local/share/bash-completion/completions/toolbox
    """
    root = context.find_root().command
    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(root, {}, "toolbox", "_TOOLBOX_COMPLETE").source())


COMMANDS = [completion]
