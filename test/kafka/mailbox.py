"""Where mails go: a folder, or a mail server of the test's own that takes them by SMTP and refuses whom
the test says. Both show what came as letters."""
import email
import email.policy
import os
import re
import socketserver
import threading

from shop import free_port


class Letter:
    """One mail as it came. `name` is its Message-ID's first part: ORDER.KIND."""

    def __init__(self, raw):
        self.raw = raw
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self.to, self.subject = str(message["To"]), str(message["Subject"])
        self.name = re.fullmatch(r"<(.+)@[^@]+>", str(message["Message-ID"]).strip()).group(1)
        self.order, _, self.kind = self.name.rpartition(".")
        part = message.get_body(("plain",))
        self.text = part.get_content() if part else ""

    def __repr__(self):
        return f"{self.name} to {self.to}: {self.subject}"


class Maildir:
    def __init__(self, folder):
        self.folder = folder
        self.url = f"maildir:{folder}"

    def letters(self):
        new = os.path.join(self.folder, "new")
        found = []
        for name in sorted(os.listdir(new)) if os.path.isdir(new) else ():
            with open(os.path.join(new, name), "rb") as text:
                found.append(Letter(text.read()))
        return found

    def accept_all(self):
        """A folder refuses nobody."""

    def close(self):
        pass


class Session(socketserver.StreamRequestHandler):
    """RFC 5321, as much of it as a client needs."""

    def say(self, words):
        self.wfile.write(words.encode() + b"\r\n")

    def handle(self):
        try:
            self.talk()
        except ConnectionError:
            pass  # whoever sent it was killed

    def talk(self):
        self.say("220 sink ready")
        while line := self.rfile.readline().decode("utf-8", "backslashreplace").rstrip("\r\n"):
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO", "MAIL", "RSET", "NOOP"):
                self.say("250 ok")
            elif verb == "RCPT":
                self.say(self.server.owner.answer(line))
            elif verb == "DATA":
                self.say("354 go on")
                self.server.owner.take(self.data())
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("500 what is that")

    def data(self):
        """Up to the line with a dot alone; of others that begin with one it was doubled."""
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


class MailServer:
    """Takes mails until it is closed."""

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        request_queue_size = 128  # after a start many mails come at once; who is dropped tries again in seconds

    def __init__(self):
        self.refusals = {}  # by address: what RCPT is answered, "550 5.1.1 No such user"
        self.taken, self.lock = [], threading.Lock()
        self.server = self.Server(("127.0.0.1", free_port()), Session)
        self.server.owner = self
        self.url = f"smtp://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()

    def refuse(self, address, words):
        self.refusals[address] = words

    def accept_all(self):
        self.refusals.clear()

    def answer(self, line):
        address = re.search(r"<([^>]*)>", line)
        return self.refusals.get(address.group(1) if address else "", "250 ok")

    def take(self, raw):
        with self.lock:
            self.taken.append(Letter(raw))

    def letters(self):
        with self.lock:
            return list(self.taken)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
