#!/usr/bin/env python3
"""How long the console's pages and API answers take with a full event store, at rest and while events are recorded.

    cargo build --release -p portcullis
    benches/pages.py [--program target/release/portcullis] [--crs FOLDER] [--events 100000] [--rate 1000] [--times 5]

Fills the store of a fresh site by attacks through the proxy, then asks for every page and every answer of the API: first
with no other request, then while requests come at the rate, every second one an attack. Of pages whose address holds a name
(events, files, sets of rules, commits) a few are asked for. The ten slowest are shown, with median and slowest time.

Exit status 1 when one took 200 ms, or failed. Nothing but Python's own library is needed.
"""

import argparse
import json
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import recording

BAR = 0.2
ATTACKS = [
    "/item?id={n}%27%20UNION%20SELECT%20name%2Cpassword%20FROM%20users--%20-",
    "/search?q=%3Cscript%3Ealert({n})%3C%2Fscript%3E",
    "/view?file=..%2F..%2F..%2Fetc%2Fpasswd&n={n}",
    "/run/{m}?cmd=%3Bcat%20%2Fetc%2Fpasswd&n={n}",
    "/.git/config?n={n}",
]


def attack(port, count, number, done):
    """Sends so many attacks, sixteen at a time."""
    connection = socket.create_connection(("127.0.0.1", port))
    answers, sent, got = connection.makefile("rb"), 0, 0
    while got < count:
        some = min(16, count - sent)
        lines = []
        for n in range(sent, sent + some):
            target = ATTACKS[n % len(ATTACKS)].format(n=n, m=n % 500)
            lines.append(f"GET {target} HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: Mozilla/5.0\r\n"
                         f"X-Forwarded-For: 198.51.{number}.{n % 200}\r\nAccept: */*\r\n\r\n")
        connection.sendall("".join(lines).encode())
        sent += some
        for _ in range(some):
            length = 0
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answers.read(length)
            got += 1
    done.put(got)


def fill(proxy, events):
    done = multiprocessing.Queue()
    each = events // recording.CLIENTS + 1
    clients = [multiprocessing.Process(target=attack, args=(proxy.port, each, number, done))
               for number in range(recording.CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        done.get()
        client.join()


def targets(reader):
    """Every address worth asking for: what pages link to, a few of each kind, and the paths of the API."""
    fetch = lambda path: reader.opener.open(reader.base + path).read().decode()
    found, kinds, waiting = [], {}, ["/"]
    while waiting:
        path = waiting.pop(0)
        parts = urllib.parse.urlsplit(path)
        segments = parts.path.split("/")
        names = sorted(urllib.parse.parse_qs(parts.query))
        kind = ("/".join(segments[:2]), len(segments) > 2, segments[2] if segments[1] == "exclusions" and len(segments) > 2 else "",
                tuple(names), urllib.parse.parse_qs(parts.query).get("range", [""])[0])
        most = 4 if len(segments) > 2 else 2
        if path in found or kinds.get(kind, 0) >= most or parts.path.startswith(("/assets", "/api", "/events/live")):
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        found.append(path)
        for link in re.findall(r'<a [^>]*href="(/[^"#]*)', fetch(path)):
            waiting.append(link.replace("&amp;", "&"))
    found += ["/events?q=text:zzz&range=month", "/events?q=tag:attack-sqli&range=month", "/events?q=path:/run/7&range=month",
              "/events?q=client:198.51.1.7&range=month", "/events?q=score:%3E%3D20&range=month"]
    api = json.loads(fetch("/api/v1/openapi.json"))["paths"]
    first = lambda path, of, name: json.loads(fetch(path))[of][0][name]
    event = json.loads(fetch("/api/v1/events"))["items"][0]
    rule = next(rule for rule in event["rules"] if rule < 949000)
    values = {"id": event["id"], "commit": first("/api/v1/history", "commits", "id"),
              "name": first("/api/v1/rule-sets", "rule_sets", "name"), "path": "modsecurity.conf"}
    for path, methods in api.items():
        if "get" in methods and "live" not in path:
            query = {"event": event["id"], "rule": rule} if path.endswith("proposals") else {}
            names = [one["name"] for one in methods["get"].get("parameters", [])]
            asked = re.sub(r"\{(\w+)\}", lambda name: urllib.parse.quote(values[name.group(1)]), path)
            for span in (["hour", "month"] if "range" in names else [None]):
                more = query | ({"range": span} if span else {})
                found.append(asked + ("?" + urllib.parse.urlencode(more) if more else ""))
    found.append(f"/exclusions/new?event={event['id']}&rule={rule}")
    return list(dict.fromkeys(found))


def ask(reader, paths, times, name):
    taken, failed = {}, 0
    for _ in range(times):
        for path in paths:
            begun = time.monotonic()
            try:
                reader.opener.open(reader.base + path).read()
            except OSError as error:
                print(f"  {path}: {error}")
                failed += 1
            taken.setdefault(path, []).append(time.monotonic() - begun)
    slowest = sorted(taken.items(), key=lambda one: -max(one[1]))
    every = [one for some in taken.values() for one in some]
    print(f"{name}: {len(paths)} addresses, median {1000 * statistics.median(every):.0f} ms, slowest {1000 * max(every):.0f} ms")
    for path, some in slowest[:10]:
        print(f"  {1000 * statistics.median(some):4.0f} ms, slowest {1000 * max(some):4.0f} ms  {path}")
    return max(every) < BAR and not failed


def main():
    parser = argparse.ArgumentParser(description="How long the console's pages take.")
    parser.add_argument("--program", default="target/release/portcullis")
    parser.add_argument("--crs", help="a folder with the OWASP CRS; else the starter rules")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    serving = multiprocessing.Process(target=recording.origin, args=(listener,), daemon=True)
    serving.start()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        more = ["--crs", options.crs] if options.crs else []
        subprocess.run([program, "init", site, *more], check=True, stdout=subprocess.DEVNULL)
        proxy = recording.Proxy(program, site, listener.getsockname()[1],
                                ["--console", "127.0.0.1:0", "--trusted-proxies", "127.0.0.1"])
        reader = recording.Reader(proxy)
        fill(proxy, options.events)
        time.sleep(1)
        paths = targets(reader)
        files = sum(file.stat().st_size for file in (site / "data").glob("events.sqlite*"))
        print(f"store: {files / (1 << 20):.0f} MiB, memory {proxy.memory():.0f} MiB")
        good = ask(reader, paths, options.times, "at rest")
        loading = threading.Thread(target=recording.load, args=(proxy, options.rate, 10 * options.times))
        ends = time.time() + 10 * options.times
        loading.start()
        time.sleep(1)
        good &= ask(reader, paths, options.times, f"at {options.rate:.0f} requests a second")
        print(f"asked for {time.time() - ends + 10 * options.times:.0f} s of {10 * options.times} s")
        loading.join()
        proxy.stop()
    serving.terminate()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
