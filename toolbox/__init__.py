"""The project package: settings, foundations, and the parts that tie the apps together."""

__version__ = "1.0.0"
