"""Requests to a service, one connection each, over the standard library's client."""
import http.client
import json
from urllib.parse import urlsplit

from process import Failure


class Answer:
    def __init__(self, asked, status, headers, body):
        self.asked, self.status, self.headers, self.body = asked, status, headers, body

    def header(self, name):
        """None: it has no such header."""
        return self.headers.get(name)

    @property
    def text(self):
        return self.body.decode("utf-8", "backslashreplace")

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Failure(f"no JSON ({error}): {self}") from None

    def expect(self, status):
        """Itself, if the status is that."""
        if self.status != status:
            raise Failure(f"expected {status}: {self}")
        return self

    def __repr__(self):
        return f"{self.asked}\n  {self.status} {dict(self.headers)}\n  {self.text}"


def ask(method, url, body=None, headers=None, seconds=30):
    """`body` is sent as it is when it is text or bytes, else as JSON. What goes wrong on the way is
    an OSError or http.client.HTTPException, which is an answer that never came."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (str, bytes)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    try:
        connection.request(method, target or "/", body, headers)
        got = connection.getresponse()
        return Answer(f"{method} {url} {headers}", got.status, got.headers, got.read())
    finally:
        connection.close()
