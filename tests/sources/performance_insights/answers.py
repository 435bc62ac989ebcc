"""Small answers of Performance Insights, made for tests."""

import json

START = 1_795_369_380  # s, a minute of its own


def metrics(values, *, period=60, start=START, end=None, group="db.wait_event", iso="", **more):
    """An answer of get-resource-metrics: values by name of a wait ("" is the total), one a period."""
    count = max(map(len, values.values()))

    def stamp(n):
        at = start + period * (n + 1)
        return at if not iso else _iso(at, iso)

    entries = []
    for name, series in values.items():
        key = {"Metric": "db.load.avg"}
        if name:
            key["Dimensions"] = {f"{group}.name": name, f"{group}.type": name.split(":")[0]}
        points = [{"Timestamp": stamp(n)} | ({"Value": v} if v is not None else {}) for n, v in enumerate(series)]
        entries.append({"Key": key, "DataPoints": points})
    last = end if end is not None else start + period * count
    edges = {"AlignedStartTime": start, "AlignedEndTime": last} if not iso else {
        "AlignedStartTime": _iso(start, iso), "AlignedEndTime": _iso(last, iso)
    }  # fmt: skip
    return edges | {"Identifier": "db-MADEUP", "MetricList": entries} | more


def _iso(seconds, offset):
    from datetime import UTC, datetime, timedelta, timezone

    hours = int(offset)
    return datetime.fromtimestamp(seconds, UTC).astimezone(timezone(timedelta(hours=hours))).isoformat()


def saved(folder, name, *documents):
    """Write documents one after the other; return the path."""
    path = folder / name
    path.write_text("\n".join(json.dumps(d) for d in documents))
    return path
