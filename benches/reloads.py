#!/usr/bin/env python3
"""Reloads under load: does every request get an answer, from the right rule set, in the same memory?

    cargo build --release -p portcullis
    benches/reloads.py [--program target/release/portcullis] [--crs FOLDER] [--reloads 1000] [--clients 4]

Each reload exchanges a rule file whose rules put the version they belong to into the answer, once in phase 1 and once in
phase 2. A client notes the version that was in force for certain when it asked, and the one that may be when it was
answered: the version of the answer must lie between them, and both phases must agree. After that it measures how long a
site takes whose configuration includes a thousand folders with ten rules each.

Prints the figures; exit status 1 when a request failed, a version was wrong, memory grew by more than 5 %, or the large
site took two seconds or more. Nothing but Python's own library is needed.
"""

import argparse
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

VERSION = """\
SecAction "id:90001,phase:1,pass,nolog,setvar:tx.version_of_phase_1={version}"
SecRule REQUEST_FILENAME "@streq /version" "id:90002,phase:2,log,redirect:http://version/%{{tx.version_of_phase_1}}/{version}"
"""


class Proxy:
    """A proxy that runs with a site, in front of nobody: every request is answered by a rule."""

    def __init__(self, program, site):
        self.site = site
        self.process = subprocess.Popen(
            [program, "run", str(site), "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:9",
             "--watch=false", "--access-log", "off", "--error-log", "off"],
            env=os.environ | {"PORTCULLIS_CONSOLE": "off"}, stderr=subprocess.PIPE, text=True)
        self.port = None
        for line in self.process.stderr:
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        if self.port is None:
            sys.exit("the proxy did not start")
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()

    def reload(self):
        """Asks for a reload over the control socket and waits for the outcome; returns the seconds it took."""
        begun = time.monotonic()
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.site / "data" / "control.sock"))
            control.sendall(b"reload\n")
            told = b"".join(iter(lambda: control.recv(65536), b""))
        if not told.endswith(b"ok\n"):
            sys.exit("a reload was refused:\n" + told.decode())
        return time.monotonic() - begun

    def memory(self):
        """Resident memory in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Load:
    """Clients that ask for the version as fast as they are answered."""

    def __init__(self, port, clients):
        self.port = port
        self.certain = 0
        self.possible = 0
        self.answers = [0] * clients
        self.failed, self.wrong = [], []
        self.ends = threading.Event()
        self.threads = [threading.Thread(target=self.ask, args=(number,)) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def ask(self, number):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.ends.is_set():
            least = self.certain
            try:
                connection.request("GET", "/version", headers={"User-Agent": "Mozilla/5.0", "Accept": "*/*"})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                connection.close()
                continue
            most = self.possible
            found = re.fullmatch(r"http://version/(\d+)/(\d+)", answer.getheader("Location") or "")
            if answer.status != 302 or not found:
                self.failed.append(f"status {answer.status}")
            else:
                one, two = map(int, found.groups())
                if one != two or not least <= one <= most:
                    self.wrong.append((one, two, least, most))
            self.answers[number] += 1

    def end(self):
        self.ends.set()
        for thread in self.threads:
            thread.join()


def replace(path, text):
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)


def median(values):
    return sorted(values)[len(values) // 2]


def under_load(options, folder):
    site = folder / "site"
    more = ["--crs", options.crs] if options.crs else []
    subprocess.run([options.program, "init", site, *more], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([options.program, "mode", site, "protect"], check=True, stdout=subprocess.DEVNULL)
    rules = site / "rules" / "activated_rules" / "zzz-version.conf"
    replace(rules, VERSION.format(version=0))
    proxy = Proxy(options.program, site)
    load = Load(proxy.port, options.clients)
    times, memory = [], []
    for version in range(1, options.reloads + 1):
        load.possible = version
        replace(rules, VERSION.format(version=version))
        times.append(proxy.reload())
        load.certain = version
        memory.append(proxy.memory())
    load.end()
    proxy.stop()
    # A sample depends on how many requests still hold the rules before: the second tenth is compared with the last.
    tenth = max(1, options.reloads // 10)
    first, last, highest = median(memory[tenth:2 * tenth] or memory), median(memory[-tenth:]), max(memory)
    growth = (last / first - 1) * 100
    print(f"reloads {options.reloads}, median {median(times) * 1000:.0f} ms, longest {max(times) * 1000:.0f} ms")
    print(f"requests {sum(load.answers)}, failed {len(load.failed)}, from a wrong rule set {len(load.wrong)}")
    print(f"memory in the second tenth {first:.1f} MiB, in the last {last:.1f} MiB ({growth:+.1f} %, medians), highest {highest:.1f} MiB")
    for problem in (load.failed + load.wrong)[:5]:
        print("  ", problem)
    return not load.failed and not load.wrong and growth <= 5


def includes(options, folder):
    site = folder / "large"
    subprocess.run([options.program, "init", site], check=True, stdout=subprocess.DEVNULL)
    lines, identity = [], 100_000
    for number in range(1000):
        tenant = site / "tenants" / f"{number:04}"
        tenant.mkdir(parents=True)
        texts = []
        for rule in range(10):
            identity += 1
            texts.append(f'SecRule ARGS:tenant{number} "@rx ^bad-{rule}[a-z]{{3,9}}$" '
                         f'"id:{identity},phase:2,deny,log,t:lowercase,msg:\'rule {rule} of tenant {number}\'"\n')
        (tenant / "rules.conf").write_text("".join(texts))
        lines.append(f"Include tenants/{number:04}/*.conf\n")
    configuration = site / "modsecurity.conf"
    replace(configuration, configuration.read_text() + "".join(lines))
    proxy = Proxy(options.program, site)
    times = []
    for number in range(5):
        replace(site / "tenants" / "0500" / "more.conf", f'SecAction "id:{90000 + number},phase:1,pass,nolog"\n')
        times.append(proxy.reload())
    proxy.stop()
    print(f"1000 included folders, 10000 rules: reload median {median(times):.2f} s, longest {max(times):.2f} s")
    return max(times) < 2


def main():
    parser = argparse.ArgumentParser(description="Reloads under load.")
    parser.add_argument("--program", default="target/release/portcullis")
    parser.add_argument("--crs", help="a folder with the OWASP CRS; else the starter rules")
    parser.add_argument("--reloads", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    with tempfile.TemporaryDirectory() as folder:
        good = under_load(options, Path(folder))
        good = includes(options, Path(folder)) and good
    sys.exit(0 if good else 1)


main()
