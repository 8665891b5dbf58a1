"""Sample toolkit: one of everything, commented for authors.

The manifest names this package as the ``entry``. The platform imports it once, at install, and
looks for a variable ``toolkit``. Importing the modules below registers what they define; a small
toolkit can be one module.
"""

from sample_toolkit import cards, inputs, outside, records, results, runs
from sample_toolkit.app import toolkit

__all__ = ["cards", "inputs", "outside", "records", "results", "runs", "toolkit"]
