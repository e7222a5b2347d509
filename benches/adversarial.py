#!/usr/bin/env python3
"""Looks for the most expensive kilobyte that a client can send: hill climbing over argument values, with the time of an
exchange in `portcullis bench` as the height.

usage: benches/adversarial.py SITE [--binary target/release/portcullis] [--steps 300] [--bytes 1024] [--seed 1]

Values begin as pieces of attacks, of markup and of what rules look for, repeated to the length, and change a piece, a run or a
byte at a time; whatever costs more stays. What is found is compared with a request without arguments, with a kilobyte of
plain text and with an ordinary attack, in one table; the value is printed so that it can be tried again. Times depend on the
machine: compare within a table only. Everything runs in this process's children, without a socket.
"""
import argparse
import random
import re
import subprocess
import tempfile
import urllib.parse

PIECES = [b"union select ", b"' or '1'='1", b"<script>", b"onerror=", b"javascript:", b"../", b"%2e%2e%2f", b"/etc/passwd",
          b";cat ", b"$(", b"`", b"${jndi:", b"{{", b"<?php ", b"select * from ", b"sleep(", b"/*", b"*/", b"--", b"&#x61;",
          b"%u0061", b"\\x61", b"\\u0061", b"YWxlcnQ=", b"a", b"0", b"=", b"&lt;", b"|| ", b"&& ", b"bash -c ", b"wget http://",
          b"\" ", b"'", b"a,", b"1 and 1=", b"like ", b"char(", b"concat(", b"base64_decode(", b"eval(", b"system(", b"<svg/",
          b"style=", b"expression(", b"\t", b"\n", b"\0", b"\xff", b"@", b"#", b"[", b"]", b"(", b")", b"x=", b"ls ", b"c:\\"]
TIME = re.compile(r"^exchange\s+([0-9.]+) µs", re.M)


def request(value):
    body = b"a=" + urllib.parse.quote_from_bytes(value).encode()
    head = (b"POST /search HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body))
    return head + body


def cost(options, message, rounds=20):
    with tempfile.NamedTemporaryFile(suffix=".http") as file:
        file.write(message)
        file.flush()
        command = [options.binary, "bench", options.site, "--requests", file.name, "--rounds", str(rounds), "--top", "5"]
        report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(TIME.search(report).group(1)), report


def begin(length):
    chosen = [random.choice(PIECES) for _ in range(random.randint(1, 6))]
    unit = b"".join(chosen)
    return (unit * (length // len(unit) + 1))[:length]


def changed(value):
    piece = random.choice(PIECES)
    kind = random.randrange(4)
    if kind == 0:
        at = random.randrange(len(value))
        new = value[:at] + piece + value[at + len(piece):]
    elif kind == 1:
        new = value.replace(random.choice(PIECES), piece)
    elif kind == 2:
        at = random.randrange(len(value))
        run = random.randint(1, len(value) // 2)
        new = value[:at] + (piece * (run // len(piece) + 1))[:run] + value[at + run:]
    else:
        at = random.randrange(len(value))
        new = value[:at] + bytes([random.randrange(256)]) + value[at + 1:]
    return (new + value)[:len(value)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site")
    parser.add_argument("--binary", default="target/release/portcullis")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--bytes", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    value, height = b"", 0.0
    for _ in range(max(1, options.steps // 4)):
        other = begin(options.bytes)
        reached, _ = cost(options, request(other))
        if reached > height:
            value, height = other, reached
    for _ in range(options.steps):
        other = changed(value)
        reached, _ = cost(options, request(other))
        # Noise is not a step.
        if reached > height * 1.02:
            value, height = other, reached
    plain = (b"The quick brown fox jumps over the lazy dog and asks for more. " * 40)[:options.bytes]
    attack = b"1' union select user, password from users where '1'='1"
    rows = [("no value", b""), ("plain text", plain), ("an attack of 54 bytes", attack), ("found", value),
            ("found, twice as long", value * 2), ("found, four times as long", value * 4)]
    print(f"{'value':<28}{'bytes':>7}{'exchange µs':>13}")
    for name, content in rows:
        print(f"{name:<28}{len(content):>7}{cost(options, request(content), 200)[0]:>13.1f}")
    print("\nfound:", value)
    print("\n" + cost(options, request(value), 200)[1])


if __name__ == "__main__":
    main()
