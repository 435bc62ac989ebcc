"""Lines of access logs as they are written in the field, and how the tests read them."""

from analysis.sources.access_log import read_access_log

START = "2026-11-22T18:04:30.250Z"
ENVOY = f'[{START}] "GET /api/pay?card=1 HTTP/1.1" 503 UF,URX 0 91 1500 - "-" "curl/8" "0b1c" "pay" "10.1.2.3:80"'
ISTIO = (
    f'[{START}] "POST /api/pay HTTP/2" 200 - via_upstream - "-" 12 345 250 249 "-" "okhttp/4" "7f" "pay:8080" '
    '"10.1.2.3:8080" inbound|8080|| 127.0.0.6:40000 10.1.2.3:8080 10.1.2.4:50000 outbound_.8080_._.pay default'
)
ISTIO_FAILED = (
    f'[{START}] "GET /a HTTP/1.1" 503 UF,URX upstream_reset_before_response_started{{connection_failure}} - '
    '"delayed connect error: 111" 0 157 12 - "-" "ua" "id" "pay" "10.0.0.1:80" outbound|80||pay - - - - default'
)
TCP = f'[{START}] "- - -" 0 - - - "-" 500 600 86400000 - "-" "-" "-" "-" "10.9.9.9:6379" outbound|6379||redis - - - - -'
NGINX = '10.0.0.1 - - [23/Nov/2026:03:04:30 +0900] "GET /pay?x=1 HTTP/1.1" 200 12 "-" "curl \\"8\\""'


def read(folder, text, kind, mapping=None, end="\n"):
    path = folder / "log"
    lines = [text] if isinstance(text, str) else text
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    return read_access_log(path, kind, mapping)


def one(frame):
    assert len(frame) == 1
    return frame.iloc[0]
