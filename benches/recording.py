#!/usr/bin/env python3
"""What the event store costs: processor time per request with it and without, at a fixed rate of requests.

    cargo build --release -p portcullis
    benches/recording.py [--program target/release/portcullis] [--crs FOLDER] [--seconds 60] [--rate 1000] [--store FILE|URL]

The same requests go to a proxy with `--events off` and to one with the store, one after the other: every second one is an
SQL injection. The site detects only, one worker, access and error log off; the origin answers "ok". With the console on, its
pages are asked for while requests come in, and the slowest of each is shown.

Prints the figures; exit status 1 when an event was lost, a request failed or a page took 200 ms. Nothing but Python's own
library is needed.
"""

import argparse
import http.client
import http.cookiejar
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

ATTACK = "%27%20UNION%20SELECT%20name%2Cpassword%20FROM%20users--%20-"
CLIENTS = 4
PAGES = ["/", "/events", "/events?q=rule:942100", "/events?q=text:zzz", "/protection", "/rulesets"]
TICKS = os.sysconf("SC_CLK_TCK")


def origin(listener):
    """Answers "ok" to everything, on connections that stay."""
    def serve(connection):
        waiting = b""
        while True:
            part = connection.recv(65536)
            if not part:
                return
            waiting += part
            while b"\r\n\r\n" in waiting:
                _, waiting = waiting.split(b"\r\n\r\n", 1)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def client(port, rate, seconds, number, done):
    """Asks at a fixed rate; tells how many answers were not 200."""
    connection = socket.create_connection(("127.0.0.1", port))
    answers = connection.makefile("rb")
    begun, count, wrong = time.time(), 0, 0
    while time.time() - begun < seconds:
        time.sleep(max(0, begun + count / rate - time.time()))
        query = f"id={number}x{count}" + (ATTACK if count % 2 == 0 else "")
        connection.sendall(f"GET /item?{query} HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: Mozilla/5.0\r\n"
                           "Accept: */*\r\n\r\n".encode())
        status, length = answers.readline().split()[1], 0
        while (line := answers.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answers.read(length)
        count += 1
        wrong += status != b"200"
    done.put((count, wrong))


class Proxy:
    """A proxy with a site, and what it says on standard error."""

    def __init__(self, program, site, port, more):
        self.site = site
        self.process = subprocess.Popen(
            [program, "run", str(site), "--listen", "127.0.0.1:0", "--upstream", f"http://127.0.0.1:{port}",
             "--watch=false", "--workers", "1", "--access-log", "off", "--error-log", "off", *more],
            stderr=subprocess.PIPE, text=True)
        self.said, self.ready = "", threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()
        if not self.ready.wait(60):
            sys.exit("the proxy did not start:\n" + self.said)
        self.port = int(re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.said).group(1))

    def listen(self):
        for line in self.process.stderr:
            self.said += line
            if "listening on http" in line:
                self.ready.set()

    def ticks(self):
        """User and system time of the process so far, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) / TICKS, int(fields[12]) / TICKS

    def memory(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Reader(threading.Thread):
    """Somebody who looks at the console's pages while requests come in."""

    def __init__(self, proxy):
        super().__init__(daemon=True)
        deadline = time.time() + 10
        while not (link := re.search(r"http://\S+/setup\S*", proxy.said)):
            if time.time() > deadline:
                sys.exit("the console gave no link:\n" + proxy.said)
            time.sleep(0.05)
        self.base = re.match(r"http://[^/]+", link.group(0)).group(0)
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        page = self.opener.open(link.group(0)).read().decode()
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        form = hidden | {"account": "bench", "password": "a long enough password", "again": "a long enough password"}
        request = urllib.request.Request(link.group(0), urllib.parse.urlencode(form).encode(), {"Origin": self.base})
        self.opener.open(request).read()
        self.slowest, self.ends = dict.fromkeys(PAGES, 0.0), threading.Event()

    def run(self):
        while not self.ends.wait(1):
            for page in PAGES:
                begun = time.monotonic()
                self.opener.open(self.base + page).read()
                self.slowest[page] = max(self.slowest[page], time.monotonic() - begun)


def measure(options, folder, port, store):
    """Runs one proxy; returns milliseconds per request in user mode and in the kernel, and whether all was well."""
    site = folder / ("with" if store else "without")
    more = ["--crs", options.crs] if options.crs else []
    subprocess.run([options.program, "init", site, *more], check=True, stdout=subprocess.DEVNULL)
    console = ["--console", "127.0.0.1:0"] if store and options.pages else ["--console", "off"]
    proxy = Proxy(options.program, site, port, ["--events", store or "off", *console])
    load(proxy, options.rate, 2)
    reader = Reader(proxy) if store and options.pages else None
    if reader:
        reader.start()
    before = proxy.ticks()
    count, wrong = load(proxy, options.rate, options.seconds)
    user, system = (after - first for first, after in zip(before, proxy.ticks()))
    if reader:
        reader.ends.set()
        reader.join()
    memory = proxy.memory()
    proxy.stop()
    files = sum(file.stat().st_size for file in (site / "data").glob("events.sqlite*"))
    lost = re.search(r"event store: (\d+)[^\n]*lost", proxy.said)
    print(f"{'with' if store else 'without'} the store: {count} requests, {wrong} wrong, "
          f"{1000 * user / count:.3f} + {1000 * system / count:.3f} ms, {memory:.0f} MiB"
          + (f", {files / (1 << 20):.1f} MiB on disk, lost {lost.group(1) if lost else 0}" if store else ""))
    slow = False
    for page, seconds in (reader.slowest.items() if reader else ()):
        print(f"  {page}: slowest {1000 * seconds:.0f} ms")
        slow |= seconds >= 0.2
    return 1000 * (user + system) / count, not (wrong or lost or slow)


def load(proxy, rate, seconds):
    done = multiprocessing.Queue()
    clients = [multiprocessing.Process(target=client, args=(proxy.port, rate / CLIENTS, seconds, number, done))
               for number in range(CLIENTS)]
    for each in clients:
        each.start()
    results = [done.get() for _ in clients]
    for each in clients:
        each.join()
    return sum(count for count, _ in results), sum(wrong for _, wrong in results)


def main():
    parser = argparse.ArgumentParser(description="What the event store costs.")
    parser.add_argument("--program", default="target/release/portcullis")
    parser.add_argument("--crs", help="a folder with the OWASP CRS; else the starter rules")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--store", default="on", help="the setting `events`")
    parser.add_argument("--pages", action="store_true", help="look at the console meanwhile; its share is in the figures")
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    serving = multiprocessing.Process(target=origin, args=(listener,), daemon=True)
    serving.start()
    with tempfile.TemporaryDirectory() as folder:
        port = listener.getsockname()[1]
        without, good = measure(options, Path(folder), port, None)
        with_it, also = measure(options, Path(folder), port, options.store)
    serving.terminate()
    print(f"per request {without:.3f} ms without, {with_it:.3f} ms with the store ({100 * (with_it / without - 1):+.0f} %), "
          f"per event {2 * (with_it - without):.3f} ms")
    sys.exit(0 if good and also else 1)


if __name__ == "__main__":
    main()