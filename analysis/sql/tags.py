"""What the comments of a statement say of who sent it: sqlcommenter and its relatives."""

from __future__ import annotations

import re
from urllib.parse import unquote

__all__ = ["tags_of"]

COMMENT = re.compile(r"\A\s*/\*(.*?)\*/|/\*((?:(?!\*/).)*)\*/\s*;?\s*\Z", re.DOTALL)
TAG = re.compile(r"(?:^|[\s,;])([A-Za-z_][\w.%-]*)\s*(?:=\s*'((?:[^'\\]|\\.)*)'|[=:]\s*([^\s,;'=]+))", re.DOTALL)


def tags_of(text: str) -> dict[str, str]:
    """Return the tags in the comments at the beginning and end of a statement.

    The form of sqlcommenter (key='value', values percent-encoded), and the plainer key=value and key:value that
    libraries write. They may be personal: only chosen ones, as the route, are to be shown.

    Parameters
    ----------
    text : str
        The statement as it was sent.

    Returns
    -------
    dict of str to str
        Empty where there is none; of a key that comes twice the last.

    Examples
    --------
    >>> tags_of("SELECT 1 /* route='%2Fv1%2Fitems',framework='flask' */")
    {'route': '/v1/items', 'framework': 'flask'}
    >>> tags_of("/* request_id=a7 */ SELECT ':no=tag'")
    {'request_id': 'a7'}
    """
    if "/*" not in text:
        return {}
    found: dict[str, str] = {}
    for comment in COMMENT.finditer(text):
        for tag in TAG.finditer(comment[1] if comment[1] is not None else comment[2]):
            value = tag[2].replace("\\'", "'") if tag[2] is not None else tag[3]
            found[unquote(tag[1])] = unquote(value)
    return found
