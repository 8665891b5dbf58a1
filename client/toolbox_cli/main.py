"""``toolbox``: the command line of SRE Toolbox."""

from __future__ import annotations

import sys

import click

from toolbox_cli import __version__
from toolbox_cli.app import App
from toolbox_cli.commands import audit, auth, jobs, raw, run, schedules, shells, toolkits
from toolbox_cli.errors import INTERRUPTED, USAGE


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--url", metavar="URL", help="Server, in place of the profile's (TOOLBOX_URL).")
@click.option("--profile", metavar="NAME", help="Profile, for several servers (TOOLBOX_PROFILE).")
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print."
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing beside the output.")
@click.version_option(__version__, prog_name="toolbox")
@click.pass_context
def cli(
    context: click.Context, url: str | None, profile: str | None, output: str, quiet: bool
) -> None:
    """Run the operations of SRE Toolbox from a shell.

    Exit codes: 0 done; 1 the job failed; 2 wrong usage; 3 not signed in, or not allowed; 4 not
    found; 5 refused as invalid or conflicting; 6 the server cannot be reached or is too busy; 7
    the job was cancelled; 8 it timed out; 9 it was lost, and its outcome is unknown; 130
    interrupted.
    """
    context.obj = App(profile or "", url or "", output == "json", quiet)


for command in (
    *auth.COMMANDS, *toolkits.COMMANDS, *run.COMMANDS, *jobs.COMMANDS, *schedules.COMMANDS,
    *audit.COMMANDS, *raw.COMMANDS, *shells.COMMANDS,
):  # fmt: skip
    cli.add_command(command)


def main() -> None:
    """Run the command of the command line."""
    try:
        code = cli.main(standalone_mode=False, prog_name="toolbox")
    except click.exceptions.Abort as abort:
        if isinstance(abort.__context__, EOFError):
            click.echo("\nThere is nobody to answer: give it as an option (--help).", err=True)
            sys.exit(USAGE)
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read the output has enough; Python must not complain while it ends.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)
