"""Gunicorn for the web process. ``WEB_CONCURRENCY`` sets the number of workers."""

import os

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = int(os.environ.get("WEB_THREADS", "16"))
timeout = 60
graceful_timeout = 10
keepalive = 5
# The application writes an access log of its own, with request ids.
accesslog = None
errorlog = "-"
loglevel = "warning"
# The socket would be one for all instances of a user.
control_socket_disable = True
