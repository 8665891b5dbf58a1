"""The WSGI application. It refuses to come up on partial configuration."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "toolbox.settings")

application = get_wsgi_application()

from toolbox import preflight  # noqa: E402  (Django must be set up first)
from toolbox.process import hide_from_proc  # noqa: E402

# Gunicorn starts a worker that ends again and again, unless its status says that it cannot boot.
_CANNOT_BOOT = 3

hide_from_proc()
preflight.require(status=_CANNOT_BOOT)
