"""What the platform measures of itself, for Prometheus.

``count`` and ``observe`` cost a dictionary entry; the sums of all processes of all hosts are
brought together in Redis, so that one address shows the whole platform whoever answers it. A
flushed Redis starts the counters at zero again, which Prometheus takes for a restart.
"""

from toolbox.metrics.catalogue import METRICS
from toolbox.metrics.store import count, flush, observe

__all__ = ["METRICS", "count", "flush", "observe"]
