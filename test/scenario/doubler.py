"""Stands between the payment service and its provider, and does things twice."""
import socket
import socketserver
import threading
from urllib.parse import urlsplit

from shop import free_port

REQUESTS, ANSWERS = "requests", "answers"


def read_message(stream):
    """One request or answer of HTTP/1.1 as bytes; b"" at the end. All of ours say how long they are."""
    head = b""
    length = 0
    while line := stream.readline():
        head += line
        name, _, value = line.decode("ascii", "replace").partition(":")
        if name.lower() == "content-length":
            length = int(value)
        if line == b"\r\n":
            return head + stream.read(length)
    return b""


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        doubler = self.server.owner
        while request := read_message(self.rfile):
            answer = doubler.ask(request)
            if doubler.what == REQUESTS:
                answer = doubler.ask(request)
            doubler.times += 1
            self.wfile.write(answer * (2 if doubler.what == ANSWERS else 1))


class Doubler:
    """`what`: REQUESTS, each is made twice and the second answer handed on; ANSWERS, each is given twice."""

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    def __init__(self, provider, what):
        target = urlsplit(provider.url)
        self.target, self.what, self.times = (target.hostname, target.port), what, 0
        self.server = self.Server(("127.0.0.1", free_port()), Connection)
        self.server.owner = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def ask(self, request):
        with socket.create_connection(self.target, 30) as asked, asked.makefile("rb") as stream:
            asked.sendall(request)
            return read_message(stream)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
