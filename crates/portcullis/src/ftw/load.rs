//! Test files from disk to cases.
//!
//! `load(["tests/"])` reads every `*.yaml` and `*.yml` below, in byte order of their paths, and returns the cases in
//! file order. The rule id of the older layout comes from the test's title, else from the file's name, as in the
//! reference runner. An empty document is an empty file; anything that cannot be understood is an error with the
//! file's name, and no test is run.

use super::case::{CannedResponse, Case, Expectations, Input, Message, Parts, Stage};
use super::schema::{FileText, InputText, OutputText, OverridesText, StageText, TestText};
use super::template;
use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use regex::bytes::Regex;
use std::fs;
use std::path::{Path, PathBuf};

/// Reads every test file under the given files and folders.
pub fn load(paths: &[PathBuf]) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for path in paths {
        let mut files = Vec::new();
        collect(path, &mut files).with_context(|| format!("cannot read {}", path.display()))?;
        for file in files {
            cases.extend(load_file(&file).with_context(|| file.display().to_string())?);
        }
    }
    Ok(cases)
}

/// Reads one file's text.
pub fn parse(text: &str, file: &Path) -> Result<Vec<Case>> {
    let Some(parsed) = serde_saphyr::from_str_with_options::<Option<FileText>>(text, options())? else {
        return Ok(Vec::new());
    };
    let mut cases = Vec::new();
    for (index, test) in parsed.tests.into_iter().enumerate() {
        let (rule_id, test_id) = numbers(&test, parsed.rule_id, file, index)?;
        let id = test.test_title.clone().unwrap_or_else(|| format!("{rule_id}-{test_id}"));
        let stages = test.stages.into_iter().map(stage).collect::<Result<Vec<_>>>();
        let stages = stages.with_context(|| format!("test {id}"))?;
        if stages.is_empty() {
            bail!("test {id} has no stages");
        }
        cases.push(Case { id, rule_id, test_id, file: file.to_owned(), stages });
    }
    Ok(cases)
}

/// Replaces expectations as an overrides file says; returns how many stages it changed.
pub fn apply_overrides(text: &str, cases: &mut [Case]) -> Result<usize> {
    let parsed = serde_saphyr::from_str_with_options::<OverridesText>(text, options())?;
    let mut changed = 0;
    for entry in parsed.test_overrides {
        let mut expect = expectations(entry.output)?;
        expect.retry_once |= entry.retry_once.unwrap_or(false);
        let affected = cases
            .iter_mut()
            .filter(|c| c.rule_id == entry.rule_id)
            .filter(|c| entry.test_ids.is_empty() || entry.test_ids.contains(&c.test_id));
        for case in affected {
            for (index, stage) in case.stages.iter_mut().enumerate() {
                if entry.stage_ids.is_empty() || entry.stage_ids.contains(&index) {
                    stage.expect = expect.clone();
                    changed += 1;
                }
            }
        }
    }
    Ok(changed)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|e| Ok(e?.path())).collect::<Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        let is_test = entry.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if entry.is_dir() || is_test {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

fn load_file(file: &Path) -> Result<Vec<Case>> {
    parse(&fs::read_to_string(file)?, file)
}

/// Test files are the user's own and hold requests of any size, so the parser's guards against hostile documents stay
/// on but with room for bodies of several megabytes.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_total_scalar_bytes: 256 << 20,
            max_nodes: 10_000_000,
            max_events: 20_000_000,
        },
    }
}

fn numbers(test: &TestText, rule_id: Option<u64>, file: &Path, index: usize) -> Result<(u64, u64)> {
    let title = test.test_title.as_deref().unwrap_or_default();
    let (title_rule, title_test) = title.rsplit_once('-').unwrap_or((title, ""));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let rule = test
        .rule_id
        .or(rule_id)
        .or_else(|| title_rule.parse().ok())
        .or_else(|| first_number(&name))
        .ok_or_else(|| anyhow!("no rule_id, and neither title nor file name holds a number"))?;
    Ok((rule, test.test_id.or_else(|| title_test.parse().ok()).unwrap_or(index as u64 + 1)))
}

fn first_number(text: &str) -> Option<u64> {
    text.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty())?.parse().ok()
}

fn stage(text: StageText) -> Result<Stage> {
    let (input, output) = match (text.stage, text.input, text.output) {
        (Some(body), None, None) => (body.input, body.output),
        (None, Some(input), output) => (input, output.unwrap_or_default()),
        (None, None, _) => bail!("a stage without input"),
        (Some(_), _, _) => bail!("a stage holds either `stage:` or `input:` and `output:`, not both"),
    };
    Ok(Stage { input: self::input(input)?, expect: expectations(output)? })
}

fn input(text: InputText) -> Result<Input> {
    if let Some(protocol) = text.protocol.as_deref().filter(|p| !p.eq_ignore_ascii_case("http")) {
        bail!("protocol {protocol:?}: only http is spoken here");
    }
    let response = text.response.map(canned).transpose()?;
    let message = match (text.encoded_request, text.raw_request, text.data, text.encoded_data) {
        (Some(encoded), None, None, None) => Message::Raw(decode(&encoded).context("encoded_request")?),
        (None, Some(raw), None, None) => Message::Raw(raw.into_bytes()),
        (None, None, data, encoded) => {
            let data = match (data, encoded) {
                (Some(_), Some(_)) => bail!("both data and encoded_data"),
                (Some(data), None) => template::expand(&data).into_bytes(),
                (None, Some(encoded)) => decode(&encoded).context("encoded_data")?,
                (None, None) => Vec::new(),
            };
            let one = vec![text.uri.unwrap_or_else(|| "/".to_owned())];
            Message::Parts(Parts {
                method: text.method.unwrap_or_else(|| "GET".to_owned()),
                uris: if text.uris.is_empty() { one } else { text.uris },
                version: text.version.unwrap_or_else(|| "HTTP/1.1".to_owned()),
                headers: text.headers.0,
                data,
                autocomplete: text.autocomplete_headers.unwrap_or(!text.stop_magic.unwrap_or(false)),
            })
        }
        _ => bail!("choose one of data, encoded_data, encoded_request and raw_request"),
    };
    Ok(Input {
        message,
        save_cookie: text.save_cookie.unwrap_or(false),
        follow_redirect: text.follow_redirect.unwrap_or(false),
        response,
    })
}

fn canned(text: super::schema::ResponseText) -> Result<CannedResponse> {
    let body = match (text.body, text.encoded_body) {
        (Some(_), Some(_)) => bail!("response with both body and encoded_body"),
        (Some(body), None) => body.into_bytes(),
        (None, Some(encoded)) => decode(&encoded).context("response: encoded_body")?,
        (None, None) => Vec::new(),
    };
    let status = text.status.unwrap_or(200);
    Ok(CannedResponse { status, headers: text.headers.0, body })
}

fn expectations(text: OutputText) -> Result<Expectations> {
    let log = text.log.unwrap_or_default();
    Ok(Expectations {
        status: text.status.0,
        response_contains: text.response_contains.filter(|piece| !piece.is_empty()),
        expect_ids: log.expect_ids.0,
        no_expect_ids: log.no_expect_ids.0,
        match_regex: patterns([text.log_contains, log.match_regex])?,
        no_match_regex: patterns([text.no_log_contains, log.no_match_regex])?,
        expect_error: text.expect_error.unwrap_or(false),
        isolated: text.isolated.unwrap_or(false),
        retry_once: text.retry_once.unwrap_or(false),
    })
}

fn patterns(texts: [Option<String>; 2]) -> Result<Vec<Regex>> {
    let given = texts.into_iter().flatten().filter(|text| !text.is_empty());
    given.map(|text| Regex::new(&text).with_context(|| format!("pattern {text:?}"))).collect()
}

fn decode(encoded: &str) -> Result<Vec<u8>> {
    let packed: String = encoded.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(&packed).context("not base64")
}
