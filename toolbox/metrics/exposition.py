"""The page that Prometheus reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import redis
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric as Family

from toolbox import __version__
from toolbox.metrics import gauges, store
from toolbox.metrics.catalogue import METRICS, Metric

Values = dict[tuple[str, ...], dict[str, float]]


class _Collector:
    def collect(self) -> Iterator[Family]:
        build = GaugeMetricFamily(
            "toolbox_build_info", "The version that answers.", labels=["version"]
        )
        build.add_metric([__version__], 1)
        yield build
        yield from _sums()
        yield from _gauges()


def _sums() -> Iterator[Family]:
    store.flush()
    try:
        found = store.sums()
    except redis.RedisError:
        # The gauge of the dependency says so; what can be measured without it follows.
        return
    values: dict[str, Values] = defaultdict(lambda: defaultdict(dict))
    for (name, labels, bucket), value in found.items():
        values[name][labels][bucket] = value
    for name, metric in METRICS.items():
        yield _histogram(metric, values[name]) if metric.buckets else _counter(metric, values[name])


def _counter(metric: Metric, values: Values) -> Family:
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, parts in sorted(values.items()):
        family.add_metric(labels, parts.get("", 0.0))
    return family


def _histogram(metric: Metric, values: Values) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, parts in sorted(values.items()):
        bounds = [str(bound) for bound in metric.buckets]
        buckets = [(bound, parts.get(bound, 0.0)) for bound in [*bounds, "+Inf"]]
        family.add_metric(labels, buckets, parts.get("sum", 0.0))
    return family


def _gauges() -> Iterator[Family]:
    families: dict[str, GaugeMetricFamily] = {}
    for gauge in gauges.read():
        names, values = [name for name, _ in gauge.labels], [value for _, value in gauge.labels]
        family = families.setdefault(
            gauge.name, GaugeMetricFamily(gauge.name, gauge.help, labels=names)
        )
        family.add_metric(values, gauge.value)
    yield from families.values()


def page() -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector())
    return generate_latest(registry)
