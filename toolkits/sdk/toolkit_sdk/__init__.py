"""What authors of toolkits import. See the project's documentation for a guide."""

from toolkit_sdk import views
from toolkit_sdk.asking import Choices, ShowIf
from toolkit_sdk.children import Child, ChildFailed
from toolkit_sdk.context import Context, Failure
from toolkit_sdk.errors import CallError, Cancelled, TimedOut, ToolkitError
from toolkit_sdk.fields import File, LongText, Record, Secret, Settings
from toolkit_sdk.history import History, Sample
from toolkit_sdk.platform import PlatformHealth
from toolkit_sdk.steps import Step, StepsFailed
from toolkit_sdk.toolkit import Backoff, Concurrency, Toolkit

__version__ = "1.0.0"

__all__ = [
    "Backoff",
    "CallError",
    "Cancelled",
    "Child",
    "ChildFailed",
    "Choices",
    "Concurrency",
    "Context",
    "Failure",
    "File",
    "History",
    "LongText",
    "PlatformHealth",
    "Record",
    "Sample",
    "Secret",
    "Settings",
    "ShowIf",
    "Step",
    "StepsFailed",
    "TimedOut",
    "Toolkit",
    "ToolkitError",
    "views",
]
