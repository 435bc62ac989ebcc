"""A connection to a Prometheus: prometheus-api-client's PrometheusConnect, made of what the spec says."""

from __future__ import annotations

from dataclasses import replace

from analysis.sources.prometheus.credentials import credentials_of
from analysis.sources.prometheus.settings import Settings, file_of, url_of
from analysis.sources.prometheus.source import Form, Reply, Source

__all__ = ["Form", "Reply", "Settings", "Source", "connect"]


def connect(settings: Settings) -> Source:
    """Return a connection. Nothing is sent yet.

    Parameters
    ----------
    settings : Settings
        Where, and by which references.

    Raises
    ------
    SpecError
        If a reference cannot be resolved, or a certificate cannot be read.

    Examples
    --------
    >>> with connect(Settings("http://localhost:9090/prometheus/")) as source:
    ...     source.name
    'http://localhost:9090/prometheus'
    """
    from prometheus_api_client.prometheus_connect import PrometheusConnect

    from analysis.sources.prometheus.wire import no_retries, own_session

    url, credentials = url_of(settings), credentials_of(settings)
    session = own_session()
    session.verify = file_of(settings.ca_path, "ca") if settings.ca_path and settings.verify else settings.verify
    if settings.client_cert:
        cert = file_of(settings.client_cert, "client_cert")
        session.cert = (cert, file_of(settings.client_key, "client_key")) if settings.client_key else cert
    ready = PrometheusConnect(
        url, retry=no_retries(), auth=credentials, session=session,
        timeout=(settings.connect_seconds, settings.read_seconds),
    )  # fmt: skip
    return Source(ready, credentials, replace(settings, url=url))
