"""Events as kubectl writes them, written by hand."""

import json

import pandas as pd
from hypothesis import strategies as st

from analysis.sources.kubernetes import read_events

START = pd.Timestamp("2026-11-22T18:00:00Z")


def core(seconds=0, message="m", kind="Pod", name="api-0", **more):
    stamp = (START + pd.Timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    return {
        "kind": "Event", "involvedObject": {"kind": kind, "namespace": "shop", "name": name}, "reason": "Unhealthy",
        "message": message, "type": "Warning", "firstTimestamp": stamp, "lastTimestamp": stamp, "count": 1,
        "eventTime": None, "metadata": {"namespace": "shop"}, **more,
    }  # fmt: skip


def scaled(seconds, message, deployment="api"):
    return core(seconds, message, "Deployment", deployment, reason="ScalingReplicaSet")


def read(folder, text, reader=read_events):
    path = folder / "file"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return reader(path)


def events(folder, *items):
    return read(folder, json.dumps({"kind": "List", "items": items}))


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("2026-11-22T18:00:00Z"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["items", "object", "involvedObject", "reason", "firstTimestamp", "count", "series", "message"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
