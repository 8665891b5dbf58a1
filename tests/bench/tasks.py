"""What plain RQ runs, to compare with."""


def noop() -> None:
    """Do nothing."""
