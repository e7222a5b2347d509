//! A browser driven over the W3C WebDriver protocol: chromedriver, an HTTP request of JSON per command.
//!
//! ```text
//! browser.click("//button[.='Sign in']")  ─▶  POST /session/S/elements, POST /session/S/element/E/click
//! ```
//!
//! A place on a page is a CSS selector, or an XPath expression when it begins with `/` or `(`. Each look is repeated until it
//! succeeds or [`PATIENCE`] is over, so that no test sleeps for a page. The protocol is small; a crate for it would bring an
//! HTTP client and a second runtime.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::PATIENCE;

/// The name under which the protocol hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Between two looks at a page that is not yet what it will be.
const LOOK: Duration = Duration::from_millis(50);

/// A Chromium of its own, without a window.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts one; `None`, with the reason on standard output, where there is none and none is demanded.
    pub fn start() -> Option<Self> {
        let profile = TempDir::new().unwrap();
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // One group with the browser that it starts, so that both can be ended.
        command.process_group(0);
        let (Ok(mut driver), true) = (command.spawn(), is_installed("chromium")) else {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "chromium and chromedriver are needed where CI is true"
            );
            println!(
                "skipped: chromium or chromedriver is not installed (Debian: chromium, chromium-driver)"
            );
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("chromedriver says its port").unwrap();
            if let Some((_, rest)) = line.split_once("started successfully on port ") {
                break rest.trim_end_matches('.').parse().unwrap();
            }
        };
        // What it says later is read, or it would stop at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser = Self { driver, port, session: String::new(), _profile: profile };
        let folder = browser._profile.path().display().to_string();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1000",
            &format!("--user-data-dir={folder}"),
        ];
        let options = json!({ "binary": "/usr/bin/chromium", "args": arguments });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let made = browser.ask("POST", "/session", &wanted).expect("a session of chromedriver");
        browser.session = made["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    /// Goes to an address.
    pub fn open(&self, url: &str) {
        self.command("POST", "/url", &json!({ "url": url })).unwrap();
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.command("GET", "/url", &Value::Null).unwrap().as_str().unwrap().to_owned()
    }

    /// Clicks.
    #[track_caller]
    pub fn click(&self, place: &str) {
        self.patiently(place, |element| {
            self.command("POST", &format!("/element/{element}/click"), &json!({}))
        });
    }

    /// Puts a text into a field in place of what it holds.
    #[track_caller]
    pub fn fill(&self, place: &str, text: &str) {
        self.patiently(place, |element| {
            self.command("POST", &format!("/element/{element}/clear"), &json!({}))?;
            self.command("POST", &format!("/element/{element}/value"), &json!({ "text": text }))
        });
    }

    /// The text that stands there, waiting for the place to be.
    #[track_caller]
    pub fn text(&self, place: &str) -> String {
        let text = self.patiently(place, |element| {
            self.command("GET", &format!("/element/{element}/text"), &Value::Null)
        });
        text.as_str().unwrap().to_owned()
    }

    /// Waits for a text to stand there.
    #[track_caller]
    pub fn sees(&self, place: &str, text: &str) {
        self.until(|| {
            let seen = self.text(place);
            if seen.contains(text) { Ok(()) } else { Err(format!("{place} holds no {text:?} but\n{seen}")) }
        });
    }

    /// How many of them there are now.
    pub fn count(&self, place: &str) -> usize {
        self.elements(place).unwrap().len()
    }

    /// Runs a script and returns what it returns.
    pub fn script(&self, script: &str, arguments: &[Value]) -> Value {
        self.command("POST", "/execute/sync", &json!({ "script": script, "args": arguments })).unwrap()
    }

    /// Runs a script that calls its last argument when it is done.
    pub fn later(&self, script: &str) -> Value {
        self.command("POST", "/execute/async", &json!({ "script": script, "args": [] })).unwrap()
    }

    /// Gives the window a size, in pixels of CSS.
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        let parameters = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": size });
        self.command("POST", "/goog/cdp/execute", &parameters).unwrap();
    }

    /// What the system prefers: `light` or `dark`.
    pub fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let parameters = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
        self.command("POST", "/goog/cdp/execute", &parameters).unwrap();
    }

    /// The page from its first to its last line as PNG.
    pub fn picture(&self) -> Vec<u8> {
        let parameters =
            json!({ "cmd": "Page.captureScreenshot", "params": { "captureBeyondViewport": true } });
        let taken = self.command("POST", "/goog/cdp/execute", &parameters).unwrap();
        base64::engine::general_purpose::STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// Repeats until something holds.
    #[track_caller]
    pub fn until(&self, mut holds: impl FnMut() -> Result<(), String>) {
        let deadline = Instant::now() + PATIENCE;
        while let Err(why) = holds() {
            assert!(Instant::now() < deadline, "at {}: {why}", self.url());
            std::thread::sleep(LOOK);
        }
    }

    /// Does something with the first element of a place until it can be done.
    #[track_caller]
    fn patiently(&self, place: &str, act: impl Fn(&str) -> Result<Value, String>) -> Value {
        let mut done = Value::Null;
        self.until(|| {
            let elements = self.elements(place)?;
            let first = elements.first().ok_or_else(|| format!("there is no {place}"))?;
            done = act(first)?;
            Ok(())
        });
        done
    }

    fn elements(&self, place: &str) -> Result<Vec<String>, String> {
        let using = if place.starts_with(['/', '(']) { "xpath" } else { "css selector" };
        let found = self.command("POST", "/elements", &json!({ "using": using, "value": place }))?;
        let elements = found.as_array().ok_or("no list of elements")?;
        Ok(elements.iter().filter_map(|element| Some(element[ELEMENT].as_str()?.to_owned())).collect())
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let told = |error: std::io::Error| format!("chromedriver: {error}");
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(told)?;
        stream.set_read_timeout(Some(2 * PATIENCE)).map_err(told)?;
        // chromedriver refuses a DELETE whose body is not an object.
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).map_err(told)?;
        let answer = read_answer(stream).map_err(told)?;
        let value = answer["value"].clone();
        match value["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["message"].as_str().unwrap_or_default())),
            None => Ok(value),
        }
    }
}

/// The body of an answer as JSON. Its length is given, whatever becomes of the connection.
fn read_answer(stream: TcpStream) -> std::io::Result<Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

fn is_installed(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its session; whatever is left of it ends with the driver's group.
        let _ = self.command("DELETE", "", &Value::Null);
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
