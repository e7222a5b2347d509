//! Ordinary traffic as a file of tests: what a shop's visitors send, and one attack.
//!
//! [`write`] → `scenarios.json` (YAML too) with seven kinds of requests, several of each: a search, an address form, an
//! order in JSON with long and with many values, an upload, an SQL injection, a large page. They expect nothing: the
//! comparison beside a reference looks at what both say.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Requests of each kind.
const OF_EACH: usize = 4;
const NAMES: [&str; 4] = ["Ida", "Jonas", "Klara", "Ludwig"];
const TOWNS: [&str; 4] = ["Bremen", "Porto", "Bergen", "Graz"];

/// Makes a request; its number tells the variants apart.
type Make = fn(usize) -> Value;

/// What kinds there are.
const KINDS: [(&str, Make); 7] = [
    ("search", search),
    ("address", address),
    ("order", order),
    ("many", many),
    ("upload", upload),
    ("attack", attack),
    ("page", page),
];

/// Writes the tests into a folder.
pub fn write(folder: &Path) {
    let test = |name: &str, at: usize, input: Value| json!({"test_title": format!("{name}-{}", at + 1), "stages": [{"input": input, "output": {}}]});
    let all = KINDS.iter().flat_map(|(name, kind)| (0..OF_EACH).map(|at| test(name, at, kind(at))));
    let file = json!({"rule_id": 1, "tests": all.collect::<Vec<Value>>()});
    fs::write(folder.join("scenarios.yaml"), file.to_string()).unwrap();
}

fn headers(more: &[(&str, &str)]) -> Value {
    let mut headers = json!({
        "Host": "shop.test",
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language": "de,en;q=0.7",
        "Referer": "https://shop.test/shoes",
        "Cookie": "session=6f4922f45568161a8cdf4ad2299f6d23; theme=light",
    });
    more.iter().for_each(|(name, value)| headers[name] = (*value).into());
    headers
}

fn post(uri: &str, kind: &str, body: &str) -> Value {
    json!({"method": "POST", "uri": uri, "headers": headers(&[("Content-Type", kind)]), "data": body})
}

fn search(at: usize) -> Value {
    json!({"uri": format!("/search?q=walking+shoes&page={at}&sort=price"), "headers": headers(&[])})
}

fn address(at: usize) -> Value {
    let (name, town) = (NAMES[at], TOWNS[at]);
    let body = format!(
        "firstname={name}&lastname=Weber&email={name}.{at}%40example.org&phone=0421900{at}&street=Am+Wall+{at}\
         &city={town}&zip=2819{at}&country=DE&newsletter=no&comment=The+bell+is+broken%2C+please+knock"
    );
    post("/account/address", "application/x-www-form-urlencoded", &body)
}

fn items(count: usize, at: usize, describe: impl Fn(usize) -> Value) -> String {
    let items: Vec<Value> = (0..count).map(describe).collect();
    json!({"order": 1000 + at, "customer": {"name": NAMES[at], "city": TOWNS[at]}, "items": items})
        .to_string()
}

fn order(at: usize) -> Value {
    let text = "Sewn by hand from two pieces of felt and packed in a flat box. It lasts for years when it is kept dry, \
                and can be returned within a month after the parcel has arrived";
    let body = items(7, at, |n| json!({"sku": format!("F{at}{n}"), "text": text, "count": n, "price": 19.5}));
    post("/api/orders", "application/json", &body)
}

fn many(at: usize) -> Value {
    let body = items(40, at, |n| json!({"sku": format!("M{at}{n}"), "count": n, "gift": n % 2 == 0}));
    post("/api/orders", "application/json", &body)
}

fn upload(at: usize) -> Value {
    let mut rows = String::new();
    for n in 0..700 {
        let _ = write!(rows, "{};{};{};{}\r\n", n * 7919 % 10007, NAMES[n % 4], TOWNS[n / 4 % 4], n % 97);
    }
    let body = format!(
        "--frontier{at}\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nprices {at}\r\n\
         --frontier{at}\r\nContent-Disposition: form-data; name=\"list\"; filename=\"list{at}.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{rows}\r\n--frontier{at}--\r\n"
    );
    post("/import", &format!("multipart/form-data; boundary=frontier{at}"), &body)
}

fn attack(at: usize) -> Value {
    let uri = format!("/item?id={at}%27%20UNION%20SELECT%20name%2Cpassword%20FROM%20users%20--%20-");
    json!({"uri": uri, "headers": headers(&[])})
}

fn page(at: usize) -> Value {
    let mut html = format!("<!doctype html><html><head><title>Page {at}</title></head><body>");
    for n in 0..900 {
        let _ = writeln!(html, "<p class=\"row\">Shoe number {n}, from {}, in stock</p>", TOWNS[n % 4]);
    }
    let asked = json!({"status": 200, "headers": {"Content-Type": "text/html"}, "body": html});
    post("/reflect", "application/json", &asked.to_string())
}
