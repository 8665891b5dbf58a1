"""What authors of toolkits import. See the project's documentation for a guide."""

from toolkit_sdk import views
from toolkit_sdk.context import Context
from toolkit_sdk.errors import CallError, Cancelled, TimedOut, ToolkitError
from toolkit_sdk.fields import File, LongText, Record, Secret, Settings
from toolkit_sdk.history import History, Sample
from toolkit_sdk.toolkit import Concurrency, Toolkit

__version__ = "1.0.0"

__all__ = [
    "CallError",
    "Cancelled",
    "Concurrency",
    "Context",
    "File",
    "History",
    "LongText",
    "Record",
    "Sample",
    "Secret",
    "Settings",
    "TimedOut",
    "Toolkit",
    "ToolkitError",
    "views",
]
