"""Which workload a pod belongs to: from what is known to exist, else from the shape of the pod's name."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["workload_of"]

_REPLICA_SET = re.compile(r"(?P<name>.+)-(?=[a-z0-9]*\d)[a-z0-9]{6,10}-[a-z0-9]{5}")  # a Deployment's pod
_SHAPES = (  # StatefulSet ordinal, DaemonSet or Job suffix
    re.compile(r"(?P<name>.+)-\d+"),
    re.compile(r"(?P<name>.+)-[bcdfghjklmnpqrstvwxz2456789]{5}"),
)


def workload_of(pod: str, known: Collection[str] = ()) -> str:
    """Return the workload of a pod.

    Parameters
    ----------
    pod : str
        Pod name.
    known : collection of str
        Workloads that exist in its namespace. A name of a Deployment's shape decides by itself; of other names the
        longest known workload that the pod's name continues is taken.

    Examples
    --------
    >>> workload_of("payment-api-7d9c6b5f4-x2k8p"), workload_of("redis-0"), workload_of("api-canary-1", {"api"})
    ('payment-api', 'redis', 'api')
    """
    if found := _REPLICA_SET.fullmatch(pod):
        return found["name"]
    fitting = [name for name in known if pod == name or pod.startswith(name + "-")]
    if fitting:
        return max(fitting, key=len)
    for shape in _SHAPES:
        if found := shape.fullmatch(pod):
            return found["name"]
    return pod
