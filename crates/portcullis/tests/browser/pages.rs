//! Every page of the console, looked at by axe-core, and photographed where somebody asks for it.
//!
//! The pages are those that the navigation leads to, and the first link of each kind on them. axe-core is an npm package that is
//! fetched and not kept here: `npm install --no-save --prefix target/axe axe-core` puts it where this looks, and
//! `PORTCULLIS_AXE` names another place of `axe.min.js`. Violations that it calls serious or critical fail. With
//! `PORTCULLIS_SCREENSHOTS=DIR` each page is saved in both themes, wide and narrow.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::webdriver::Browser;

/// Finds what is wrong on the page. Only what hinders people.
const JUDGE: &str = "\
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ['violations'] }).then(
  (found) => done(found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map(
    (v) => v.id + ': ' + v.help + '\\n    ' + v.nodes.slice(0, 4).map((n) => n.html + ' ' + n.failureSummary).join('\\n    '))),
  (error) => done(['axe failed: ' + error]));";

/// Goes through the pages of a console where somebody is signed in.
pub fn look_at_all(browser: &Browser, console: &str) {
    let axe = axe();
    let pictures = std::env::var_os("PORTCULLIS_SCREENSHOTS").map(PathBuf::from);
    if axe.is_none() && pictures.is_none() {
        return;
    }
    let paths = paths(browser, console);
    assert!(paths.len() > 12, "{paths:?}");
    let mut wrong = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        for path in &paths {
            browser.open(&format!("{console}{path}"));
            if let Some(axe) = &axe {
                wrong.extend(judge(browser, axe).map(|found| format!("{path} ({scheme}): {found}")));
            }
            if let Some(folder) = &pictures {
                photograph(browser, folder, path, scheme);
            }
        }
    }
    println!("axe-core looked at {} pages in two themes", if axe.is_some() { paths.len() } else { 0 });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    browser.prefer("light");
}

/// Looks at the page that is open, under this name.
pub fn look_at_this(browser: &Browser, name: &str) {
    if let Some(axe) = axe() {
        let wrong: Vec<String> = judge(browser, &axe).collect();
        assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
    }
    if let Some(folder) = std::env::var_os("PORTCULLIS_SCREENSHOTS") {
        for scheme in ["light", "dark"] {
            browser.prefer(scheme);
            photograph(browser, Path::new(&folder), name, scheme);
        }
        browser.prefer("light");
    }
}

fn judge(browser: &Browser, axe: &str) -> impl Iterator<Item = String> {
    browser.script(axe, &[]);
    let Value::Array(found) = browser.later(JUDGE) else { panic!("axe-core gives a list") };
    found.into_iter().map(|found| found.as_str().unwrap_or_default().to_owned())
}

fn axe() -> Option<String> {
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/axe/node_modules/axe-core/axe.min.js");
    let place = std::env::var_os("PORTCULLIS_AXE").map_or(beside, PathBuf::from);
    let script = std::fs::read_to_string(&place).ok();
    if script.is_none() {
        println!("skipped: accessibility; no axe-core at `{}`", place.display());
    }
    script
}

/// The pages of the navigation, some below them, one that is not there, and one with a mistake.
fn paths(browser: &Browser, console: &str) -> Vec<String> {
    let links = |from: &str, selector: &str| -> Vec<String> {
        browser.open(&format!("{console}{from}"));
        let script = "return [...document.querySelectorAll(arguments[0])].map((a) => a.getAttribute('href'))";
        let found = browser.script(script, &[Value::from(selector)]);
        found.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut paths: BTreeSet<String> = links("/", "nav.nav a").into_iter().collect();
    for (from, selector) in [
        ("/events?range=hour", "#events-body a[data-row]"),
        ("/rulesets", "main a[data-row]"),
        ("/history", "a.commit"),
    ] {
        paths.extend(links(from, selector).into_iter().next());
    }
    paths.extend(
        ["/no-such-page", "/events?q=colour:red", "/files/modsecurity.conf", "/files/portcullis.toml"]
            .map(str::to_owned),
    );
    paths.into_iter().collect()
}

fn photograph(browser: &Browser, folder: &Path, path: &str, scheme: &str) {
    std::fs::create_dir_all(folder).unwrap();
    let (page, _) = path.split_once('?').unwrap_or((path, ""));
    let mut parts = page.split('/').skip(1);
    let first = parts.next().filter(|first| !first.is_empty()).unwrap_or("overview");
    let name = if parts.next().is_some() { format!("{first}-one") } else { first.to_owned() };
    for (kind, width, height) in [("desktop", 1280, 900), ("phone", 390, 844)] {
        browser.resize(width, height);
        std::fs::write(folder.join(format!("{name}-{scheme}-{kind}.png")), browser.picture()).unwrap();
    }
    browser.resize(1280, 900);
}
