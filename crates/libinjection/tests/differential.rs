//! Inputs with the answers of the C library: both verdicts and the fingerprint.

mod corpus;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portcullis_libinjection::{html, sql, sqli, xss};

/// Lines on which ModSecurity 2.9.7 answers otherwise than the later version that answered here: the input has an attribute
/// that begins with `on` and is no known event handler. We answer as ModSecurity does.
const HANDLERS_BY_NAME: [usize; 3] = [6_739, 10_739, 14_167];

#[test]
fn answers_agree() {
    let Some(folder) = corpus::folder() else { return };
    let text = std::fs::read_to_string(folder.join("differential.jsonl")).unwrap();
    let mut ran = 0;
    let mut failures = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let input = BASE64_STANDARD.decode(case["input"].as_str().unwrap()).unwrap();
        let found = (sqli(&input).map(|found| found.to_string()), xss(&input));
        let fingerprint = case["fingerprint"].as_str().unwrap().to_owned();
        let expected =
            (case["sqli"].as_bool().unwrap().then_some(fingerprint), case["xss"].as_bool().unwrap());
        let differs = HANDLERS_BY_NAME.contains(&number);
        if (found == expected) == differs || differs && !found.1 {
            failures.push(format!("line {number}: {:?}: {found:?}", String::from_utf8_lossy(&input)));
        }
        check_harmless_bytes(&input, &found);
        ran += 1;
    }
    println!("ran {ran} inputs, {} known to differ, {} failed", HANDLERS_BY_NAME.len(), failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(ran >= 20_114, "only {ran} inputs");
}

/// The sets of harmless bytes may not hide an attack.
fn check_harmless_bytes(input: &[u8], (sqli, xss): &(Option<String>, bool)) {
    let only = |set: &[u64; 4]| input.iter().all(|byte| set[usize::from(byte / 64)] >> (byte % 64) & 1 == 1);
    assert!(sqli.is_none() || !only(&sql::HARMLESS_BYTES));
    assert!(!xss || !only(&html::HARMLESS_BYTES));
}
