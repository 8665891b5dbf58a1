"""Django settings, assembled from the environment. Each module holds one subject."""

from toolbox.settings.apps import *  # noqa: F403
from toolbox.settings.audit import *  # noqa: F403
from toolbox.settings.database import *  # noqa: F403
from toolbox.settings.platform import *  # noqa: F403
from toolbox.settings.queues import *  # noqa: F403
from toolbox.settings.rest import *  # noqa: F403
from toolbox.settings.security import *  # noqa: F403
