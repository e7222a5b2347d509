#!/usr/bin/env python3
"""Pictures of every page of the console, from a quickstart that serves made-up traffic.

    docs/console/screens.py target/release/portcullis docs/console

Starts the program in a temporary folder, sends it requests, goes through the console with a headless Chromium (Debian's chromium-driver), and
writes PAGE.png, PAGE-dark.png and PAGE-phone.png. Needs nothing but Python's own library. Nothing of a run is left behind but the pictures.
"""
import base64, json, os, re, socket, struct, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request, zlib

CUSTOMERS = ["/", "/search?q=beans", "/search?q=decaf", "/products/1", "/products/2", "/about", "/contact"]
MISJUDGED = "/search?q=books+about+information_schema"
ATTACKS = [
    "/search?q=%27+union+select+name,password+from+users--",
    "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/login?user=admin%27+or+%271%27=%271",
    "/download?file=../../../../etc/passwd",
    "/ping?host=127.0.0.1;cat+/etc/passwd",
    "/.git/config",
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Browser:
    """As much of WebDriver as the pictures need."""

    def __init__(self, folder):
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(port)
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/chromium"]
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}}
        self.session = self.call("POST", "/session", wanted)["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            return json.load(urllib.request.urlopen(request))["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:400]) from error

    def go(self, address):
        self.call("POST", f"/session/{self.session}/url", {"url": address})

    def run(self, script, *arguments):
        return self.call("POST", f"/session/{self.session}/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self.call("POST", f"/session/{self.session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def submit(self, form, **fields):
        script = """const form = document.querySelector(arguments[0]);
            for (const [name, value] of Object.entries(arguments[1])) {
              const found = form.elements[name];
              if (found instanceof RadioNodeList || found.type === 'radio') [...form.querySelectorAll(`[name="${name}"]`)].find((one) => one.value === value).checked = true;
              else found.value = value;
            }
            form.requestSubmit();"""
        before = self.run("return performance.timeOrigin")
        self.run(script, form, fields)
        for _ in range(200):
            time.sleep(0.1)
            try:
                if self.run("return performance.timeOrigin") != before and self.run("return document.readyState") == "complete":
                    return
            except RuntimeError:
                continue
        raise RuntimeError(f"{form} led nowhere")

    def picture(self, path, width, dark):
        # Without motion: a picture in the middle of a transition shows colours that are no page's.
        wanted = [("prefers-color-scheme", "dark" if dark else "light"), ("prefers-reduced-motion", "reduce")]
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in wanted])
        size = {"width": width, "deviceScaleFactor": 1, "mobile": width < 600}
        self.devtools("Emulation.setDeviceMetricsOverride", height=900, **size)
        height = self.run("return document.documentElement.scrollHeight")
        if self.run("return document.documentElement.scrollWidth") > width:
            print(f"{path}: wider than {width}", file=sys.stderr)
        self.devtools("Emulation.setDeviceMetricsOverride", height=min(height, 1500), **size)
        data = base64.b64decode(self.devtools("Page.captureScreenshot", format="png")["data"])
        with open(path, "wb") as file:
            file.write(with_palette(data))

    def close(self):
        try:
            self.call("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait()


def wait_for(port):
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing listens on {port}")


def with_palette(png):
    """The picture with at most 256 colours: the most frequent ones, every other one as the nearest of them."""
    width, height, pixels = unpacked(png)
    counts = {}
    for pixel in pixels:
        counts[pixel] = counts.get(pixel, 0) + 1
    palette = sorted(counts, key=counts.get, reverse=True)[:256]
    parts = [(c >> 16, c >> 8 & 255, c & 255) for c in palette]
    index = {color: at for at, color in enumerate(palette)}
    for color in counts:
        if color not in index:
            r, g, b = color >> 16, color >> 8 & 255, color & 255
            index[color] = min(range(len(parts)), key=lambda at: (parts[at][0] - r) ** 2 + (parts[at][1] - g) ** 2 + (parts[at][2] - b) ** 2)
    places = bytes(map(index.__getitem__, pixels))
    rows = b"".join(b"\0" + places[at : at + width] for at in range(0, len(places), width))
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colors = b"".join(bytes(part) for part in parts)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"PLTE", colors) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def unpacked(png):
    """Width, height, and the pixels as numbers 0xrrggbb, of a PNG with 8 bits for each of three or four parts."""
    at, data, head = 8, b"", None
    while at < len(png):
        (length,), name = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + length]
        head = struct.unpack(">IIBBBBB", body) if name == b"IHDR" else head
        data += body if name == b"IDAT" else b""
        at += 12 + length
    width, height, depth, kind = head[:4]
    assert depth == 8 and kind in (2, 6)
    size = 4 if kind == 6 else 3
    raw, above, pixels = zlib.decompress(data), bytearray(width * size), []
    for start in range(0, len(raw), width * size + 1):
        way, row = raw[start], bytearray(raw[start + 1 : start + 1 + width * size])
        if way == 1:
            for i in range(size, len(row)):
                row[i] = row[i] + row[i - size] & 255
        elif way == 2:
            row = bytearray(map(lambda a, b: a + b & 255, row, above))
        elif way == 3:
            for i in range(len(row)):
                row[i] = row[i] + ((row[i - size] if i >= size else 0) + above[i]) // 2 & 255
        elif way == 4:
            for i in range(len(row)):
                left, over, corner = (row[i - size], above[i], above[i - size]) if i >= size else (0, above[i], 0)
                guess = left + over - corner
                near = min((abs(guess - left), 0, left), (abs(guess - over), 1, over), (abs(guess - corner), 2, corner))
                row[i] = row[i] + near[2] & 255
        pixels.extend(r << 16 | g << 8 | b for r, g, b in zip(row[::size], row[1::size], row[2::size]))
        above = row
    return width, height, pixels


def ask(port, target, client):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{target}", headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)", "Accept": "text/html", "X-Forwarded-For": client})
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError:
        pass


def traffic(port):
    for turn in range(40):
        for at, target in enumerate(CUSTOMERS):
            ask(port, target, f"198.51.100.{10 + (turn * 3 + at) % 40}")
        if turn % 4 == 0:
            ask(port, MISJUDGED, f"198.51.100.{10 + turn}")
        if turn % 3 == 0:
            ask(port, ATTACKS[turn // 3 % len(ATTACKS)], f"203.0.113.{5 + turn % 4}")


def main(program, to):
    program, to = os.path.abspath(program), os.path.abspath(to)
    with tempfile.TemporaryDirectory() as folder:
        port, console = free_port(), free_port()
        error = open(f"{folder}/error", "w+")
        # The first commit is by whoever git says runs this: a name of no machine.
        author = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "Ann"), ("EMAIL", "ann@shop.test"))}
        environment = dict(os.environ, **author, PORTCULLIS_CONSOLE=f"127.0.0.1:{console}", PORTCULLIS_TRUSTED_PROXIES="127.0.0.0/8")
        run = subprocess.Popen([program, "quickstart", "--listen", f"127.0.0.1:{port}"], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=error)
        browser = None
        try:
            wait_for(port)
            wait_for(console)
            link = re.search(r"http://\S+/setup\?token=\S+", open(f"{folder}/error").read())[0]
            browser = Browser(folder)
            traffic(port)
            pages(browser, f"http://127.0.0.1:{console}", link, to)
        finally:
            if browser:
                browser.close()
            run.terminate()
            run.wait()


def pages(browser, base, link, to):
    def see(name, path=None):
        if path:
            browser.go(base + path)
        for ending, width, dark in [("", 1280, False), ("-dark", 1280, True), ("-phone", 390, False)]:
            browser.picture(f"{to}/{name}{ending}.png", width, dark)
        browser.devtools("Emulation.clearDeviceMetricsOverride")
        print(name, flush=True)

    browser.go(link)
    see("setup")
    words = "correct horse battery"
    browser.submit("form", account="ada", password=words, again=words)
    time.sleep(2)  # The store writes what was counted once a second.
    see("overview", "/")
    see("events", "/events")
    see("rule-sets", "/rulesets")
    see("rule-set", "/rulesets/50-sql-injection.conf")
    see("protection", "/protection")
    found = "return document.querySelector('tbody a[data-row]').getAttribute('href')"
    browser.go(base + "/events?q=rule:15010")
    see("event", browser.run(found))
    browser.go(base + "/events?q=rule:15030")
    event = browser.run(found).rsplit("/", 1)[1]
    see("exclusion", f"/exclusions/new?event={event}&rule=15030")
    browser.submit("form.exclusion", reason="A bookshop sells books about databases")
    see("review")
    browser.submit("form[action='/changes/commit']")
    see("exclusions", "/exclusions")
    see("history", "/history")
    see("settings", "/settings")
    see("people", "/people")
    browser.go(base + "/people")
    browser.submit("form[action='/logout']")
    see("login", "/login")


if __name__ == "__main__":
    main(*sys.argv[1:])
