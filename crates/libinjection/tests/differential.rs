//! Inputs with the answers of the C library: both verdicts and the fingerprint.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portcullis_libinjection::{html, sql, sqli, xss};
use portcullis_testkit::corpus;
use portcullis_testkit::suite::{Suite, bytes_id};

#[test]
fn answers_agree() {
    let Some(folder) = corpus::folder("libinjection") else { return };
    let Some(text) = corpus::read(&folder.join("differential.jsonl")) else { return };
    let mut suite = Suite::new("libinjection (differential)", include_str!("differential.skip"));
    for (number, line) in (1..).zip(text.lines()) {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let input = BASE64_STANDARD.decode(case["input"].as_str().unwrap()).unwrap();
        let found = (sqli(&input).map(|found| found.to_string()), xss(&input));
        let fingerprint = case["fingerprint"].as_str().unwrap().to_owned();
        let expected =
            (case["sqli"].as_bool().unwrap().then_some(fingerprint), case["xss"].as_bool().unwrap());
        let outcome = if found == expected {
            check_harmless_bytes(&input, &found)
        } else {
            Err(format!("{:?}: {found:?}", String::from_utf8_lossy(&input)))
        };
        suite.case(&bytes_id("differential", &input), &format!("line {number}"), outcome);
    }
    suite.finish();
}

/// The sets of harmless bytes may not hide an attack.
fn check_harmless_bytes(input: &[u8], (sqli, xss): &(Option<String>, bool)) -> Result<(), String> {
    let only = |set: &[u64; 4]| input.iter().all(|byte| set[usize::from(byte / 64)] >> (byte % 64) & 1 == 1);
    if sqli.is_some() && only(&sql::HARMLESS_BYTES) || *xss && only(&html::HARMLESS_BYTES) {
        return Err("an attack of harmless bytes".to_owned());
    }
    Ok(())
}
