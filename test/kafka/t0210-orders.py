"""evt order place, watch, cancel, while the order service is away, stops, or is slow to know what it took.
The service is a few lines that say whatever the test wants; no broker is asked."""
import contextlib
import http.server
import json
import os
import re
import threading

from process import BUILD, command
from shop import free_port

ORDER = "01980000-0000-7000-8000-0000000000cc"
PATH = f"/v1/orders/{ORDER}"
PLACE = ("order", "place", "tea=2", "--total", "900", "--currency", "EUR")
SHOWN = (200, {}, {"order_id": ORDER, "status": "confirmed", "reason": None})
TAKEN = (202, {"Location": PATH, "Retry-After": "1"}, {"order_id": ORDER, "status": "placed"})
STEPS = ("reserve", "authorise", "capture")


def problem(status, detail, **headers):
    return status, headers, {"detail": detail}


def event(number, name, data):
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n"


def steps(first, last):
    """The events of these numbers, as one text."""
    return "".join(event(i, "step", {"time": f"T{i}", "step": STEPS[i - 1], "what": "done", "item": 0})
                   for i in range(first, last + 1))


END = event(9, "end", {"time": "T9", "step": "", "what": "ended"})


class Edge(http.server.ThreadingHTTPServer):
    """Answers each path's requests by the answers in turn, the last one again and again: (status, headers,
    body); a text is a stream of events that is cut off behind it; None closes the connection unanswered."""
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answers, port=0):
        super().__init__(("127.0.0.1", port), Answer)
        self.answers = {what: list(turns) for what, turns in answers.items()}
        self.asked, self.lock = [], threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, what, headers):
        with self.lock:
            self.asked.append((what, headers))
            turns = self.answers[what]
            return turns.pop(0) if len(turns) > 1 else turns[0]

    def headers(self, what, name):
        return [headers[name] for asked, headers in self.asked if asked == what]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Answer(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        answer = self.server.take(f"{self.command} {self.path}", self.headers)
        if answer is None:
            self.close_connection = True
            return
        if isinstance(answer, str):
            status, headers, data = 200, {"Content-Type": "text/event-stream"}, answer.encode()
            headers["Content-Length"] = str(len(data) + 10)  # what does not come any more
        else:
            status, headers, data = answer[0], dict(answer[1]), json.dumps(answer[2]).encode()
            if status != 204:
                headers["Content-Length"] = str(len(data))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if status != 204:
            with contextlib.suppress(OSError):  # who has seen the end reads no more
                self.wfile.write(data)

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


def edge(events=("".join((steps(1, 3), END)),), post=(TAKEN,), shown=(SHOWN,), port=0):
    return Edge({"POST /v1/orders": post, f"POST {PATH}/cancellation": post, f"GET {PATH}/events": events,
                 f"GET {PATH}": shown}, port)


def evt(*args, url, status=0, **how):
    return command([os.path.join(BUILD, "evt"), *args, "--order-url", url], status=status, **how)


def told(done):
    """The steps that were shown: each once, in order."""
    return re.findall(r"^T\d  (\w+) done$", done.out, re.M)


def test_nothing_breaks(shop):
    with edge() as service:
        done = evt(*PLACE, url=service.url)
        assert told(done) == list(STEPS) and done.out.endswith("the order is confirmed\n"), done
        assert done.err == "", done


def test_words_of_others_do_not_move_the_cursor(shop):
    red = (200, {}, {"order_id": ORDER, "status": "cancelled", "reason": "\x1b[31mno\nT9  paid"})
    step = event(1, "step", {"time": "T1", "step": "authorise", "what": "refused", "why": "\x1b[2J", "item": 0})
    with edge(events=[step + END], shown=(red,)) as service:
        done = evt("order", "watch", ORDER, url=service.url, status=1)
        assert "T1  authorise refused: \\u001b[2J\n" in done.out, done
        assert done.out.endswith("the order is cancelled: \\u001b[31mno\\u000aT9  paid\n"), done


def test_no_proxy_is_asked_for_this_machine(shop):
    with edge() as service:
        evt("order", "show", ORDER, url=service.url, http_proxy=f"http://127.0.0.1:{free_port()}", no_proxy="")


def test_a_stream_that_breaks_off_goes_on_behind_its_last_event(shop):
    """In the middle of an event, then unanswered, then while the service says that it is stopping."""
    half = steps(2, 2)[:-9]
    with edge(events=[steps(1, 1) + half, None, problem(503, "this process is stopping; try again"),
                      steps(2, 3) + END]) as service:
        done = evt("order", "watch", ORDER, url=service.url)
        assert told(done) == list(STEPS) and done.out.endswith("the order is confirmed\n"), done
        assert service.headers(f"GET {PATH}/events", "Last-Event-ID") == [None, "1", "1", "1"], service.asked
        assert len(re.findall("; trying again for 30 s$", done.err, re.M)) == 1, done


def test_a_stream_that_ends_early(shop):
    """As a service does that stops: whole, without the order's end. 204 says that there is no more."""
    whole = (200, {"Content-Type": "text/event-stream"}, None)
    with edge(events=[whole, steps(1, 3), (204, {}, None)]) as service:
        done = evt("order", "watch", ORDER, url=service.url)
        assert told(done) == list(STEPS) and done.out.endswith("the order is confirmed\n"), done
        assert f"{PATH}/events: the stream broke off; trying again" in done.err, done


def test_a_service_that_is_away(shop):
    """It comes while evt waits."""
    port = free_port()
    waiting = shop.process("away", os.path.join(BUILD, "evt"), *PLACE, "--order-url", f"http://127.0.0.1:{port}")
    waiting.wait_line(r": is the service there\? \(--order-url, --product-url\); trying again for 30 s$")
    with edge(port=port):
        waiting.wait_end()
        assert waiting.said().endswith("the order is confirmed\n"), waiting.said()


def test_a_post_is_made_again_under_its_key(shop):
    """Unanswered, refused for now, while the first one is worked on: it is one order."""
    with edge(post=[None, problem(503, "the log takes no commands now"), problem(502, "broke off"),
                    problem(409, "an equal request is being worked on", **{"Retry-After": "0"}), TAKEN]) as service:
        done = evt(*PLACE, url=service.url)
        assert done.out.count(f"order {ORDER} over 9.00 EUR\n") == 1, done
        keys = service.headers("POST /v1/orders", "Idempotency-Key")
        assert len(keys) == 5 and len(set(keys)) == 1 and len(keys[0]) == 36, keys
        service.answers[f"POST {PATH}/cancellation"] = [None, TAKEN]
        service.answers[f"GET {PATH}"] = [(200, {}, {"status": "cancelled"})]
        evt("order", "cancel", ORDER, "--key", "mine", url=service.url)
        assert service.headers(f"POST {PATH}/cancellation", "Idempotency-Key") == ["mine", "mine"]


def test_what_is_refused_is_not_asked_again(shop):
    for status, answer, words in ((1, problem(409, "the order has ended"), "409 the order has ended"),
                                  (1, problem(422, "tea: no"), "422 tea: no"),
                                  (3, problem(404, "there is no such order"), "404 there is no such order")):
        with edge(post=[answer], events=[answer]) as service:
            for args, path in ((PLACE, "/v1/orders"), (("order", "cancel", ORDER), f"{PATH}/cancellation"),
                               (("order", "watch", ORDER), f"{PATH}/events")):
                done = evt(*args, url=service.url, status=status)
                assert done.out == "" and done.err == f"evt: {service.url}{path}: {words}\n", done
            assert len(service.asked) == 3, service.asked
    done = evt("order", "watch", ORDER, url="ftp://127.0.0.1", status=1)
    assert "is the service there?" in done.err and "again" not in done.err, done


def test_patience_that_is_asked_for(shop):
    """Retry-After is kept: within a second it is asked once."""
    with edge(post=[problem(429, "too many", **{"Retry-After": "3600"})]) as service:
        done = evt(*PLACE, "--timeout", "1", url=service.url, status=4)
        assert len(service.asked) == 1 and "429 too many; trying again for 1 s\n" in done.err, done


def test_an_order_that_is_not_known_yet(shop):
    """The service has taken it, and its store is a little behind."""
    with edge(events=[problem(404, "there is no such order"), steps(1, 3) + END]) as service:
        assert told(evt(*PLACE, url=service.url)) == list(STEPS)


def test_no_end_in_time(shop):
    """It says what to type."""
    with edge(events=[steps(1, 1), None]) as service:
        done = evt(*PLACE, "--timeout", "1", url=service.url, status=4)
        typed = re.search(r"^evt: no end of the order is known after 1 s; to look on: evt (.*)$", done.err, re.M)
        assert typed and told(done) == ["reserve"], done
        service.answers[f"GET {PATH}/events"] = [steps(1, 3) + END]
        done = command([os.path.join(BUILD, "evt"), *typed.group(1).split()])
        assert told(done) == list(STEPS) and done.out.endswith("the order is confirmed\n"), done


def test_no_answer_in_time(shop):
    """Nobody knows whether it was taken: what to type never does it twice."""
    with edge(post=[None]) as service:
        done = evt(*PLACE, "--timeout", "1", url=service.url, status=4)
        typed = re.search(r"^evt: no answer came within 1 s, but perhaps it was done: type the same with"
                          r" (--total 900 --currency EUR --key \S+), which never does it twice$", done.err, re.M)
        assert typed and done.out == "", done
        service.answers["POST /v1/orders"] = [TAKEN]
        evt("order", "place", "tea=2", *typed.group(1).split(), url=service.url)
        assert len(set(service.headers("POST /v1/orders", "Idempotency-Key"))) == 1, service.asked
        service.answers[f"POST {PATH}/cancellation"] = [None]
        done = evt("order", "cancel", ORDER, "--timeout", "1", "--key", "k", url=service.url, status=4)
        assert "type the same with --key k, which never does it twice\n" in done.err, done
