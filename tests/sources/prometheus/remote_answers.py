"""Answers of remote_read as a server writes them, and a stand-in for a connection that gives them, cut and late."""

from contextlib import contextmanager
from types import SimpleNamespace

from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.protobuf import bytes_field, int_field, uvarint
from tests.oracles_xor import encode

STREAMED = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"


def chunk(times_ms, patterns, *, encoding=1, usual=True):
    """A Chunk; not `usual`: its fields in an order that Go does not write, and one that is not known."""
    data = encode(times_ms, patterns)
    parts = [int_field(1, times_ms[0]), int_field(2, times_ms[-1]), int_field(3, encoding), bytes_field(4, data)]
    return b"".join(parts if usual else [parts[3], bytes_field(9, b"later"), parts[2]])


def series(labels, chunks):
    text = b"".join(
        bytes_field(1, (bytes_field(1, k.encode()) if k else b"") + (bytes_field(2, v.encode()) if v else b""))
        for k, v in labels.items()
    )
    return text + b"".join(bytes_field(2, one) for one in chunks)


def frame(*many):
    content = b"".join(bytes_field(1, one) for one in many)
    return uvarint(len(content)) + b"crc!" + content


class Stand:
    """Gives each of the answers once, in pieces of some bytes; an exception in place of a piece is raised."""

    name = "http://stand"

    def __init__(self, *answers, content_type=STREAMED, piece=7):
        self.answers, self.content_type, self.piece = list(answers), content_type, piece
        self.received_bytes = self.requests = 0
        self.asked = []

    @contextmanager
    def stream(self, path, **said):
        self.requests += 1
        self.asked.append((path, said))
        yield SimpleNamespace(content_type=self.content_type, chunks=lambda: self.pieces(self.answers.pop(0)))

    def pieces(self, answer):
        for part in answer if isinstance(answer, list) else [answer]:
            if isinstance(part, Exception):
                raise part
            for at in range(0, len(part), self.piece):
                self.received_bytes += len(part[at : at + self.piece])
                yield part[at : at + self.piece]


def cut():
    return RequestError(Failure("truncated", "retry", 200, "", "the body ended early"))
