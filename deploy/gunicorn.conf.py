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
# Who may speak for a client is said by TRUSTED_PROXIES alone, and looked at in the application.
forwarded_allow_ips = ""
# The socket would be one for all instances of a user.
control_socket_disable = True


def post_worker_init(worker):
    """Tell of this process, and have open event streams end when the worker is asked to stop,
    instead of holding it up until they are cut off: their clients come again and go on where they
    were."""
    import signal  # noqa: PLC0415

    from toolkits import processes  # noqa: PLC0415  (Django is set up by now)
    from toolkits.api.jobs.events import closing  # noqa: PLC0415

    processes.begin("web", runs_code=False)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        before = signal.getsignal(number)

        def stop(signum, frame, before=before):
            closing.set()
            if callable(before):
                before(signum, frame)

        signal.signal(number, stop)
