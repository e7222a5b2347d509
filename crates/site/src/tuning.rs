//! What a rule set's set-up file lets its owner choose: paranoia level, thresholds, allowed methods, limits.
//!
//! `paranoia-level` → `tx.blocking_paranoia_level` of an OWASP CRS 4, `tx.paranoia_level` of a CRS 3, `tx.strictness` of the
//! starter rules. The set-up file is the first active file that mentions the variable, in a directive or a comment. Setting
//! it exchanges the value where a directive has it; else a variable joins the `SecAction` that has its id, or a
//! `SecAction` is added at the end of the file. Every other byte stays.
//!
//! Limit: of several directives for a variable the last one in the file counts and is edited; what rules set at run time or
//! other files set is not looked at.

use std::path::{Path, PathBuf};

use portcullis_seclang::{Directive, Item, Sources, parse_file};

use crate::changes::Changes;
use crate::edit;
use crate::error::SiteError;
use crate::layout::ACTIVATED_RULES;
use crate::site::Site;

/// Which values make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    /// A number in a range.
    Number(u64, u64),
    /// Method names with blanks between.
    Methods,
    /// Words as the rule set wants them, such as `|text/xml|` or `.bak/`.
    Words,
}

/// One choice.
#[derive(Debug)]
pub struct Tuning {
    /// The name on the command line.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// TX variables, one for each kind of rule set.
    variables: &'static [&'static str],
    /// The id that the CRS reserves for the rule that sets it.
    id: u32,
    values: Values,
}

const ANY: Values = Values::Number(1, u32::MAX as u64);

const fn limit(
    name: &'static str,
    variables: &'static [&'static str],
    id: u32,
    summary: &'static str,
) -> Tuning {
    Tuning { name, summary, variables, id, values: ANY }
}

const fn words(
    name: &'static str,
    variables: &'static [&'static str],
    id: u32,
    summary: &'static str,
) -> Tuning {
    Tuning { name, summary, variables, id, values: Values::Words }
}

const fn switch(
    name: &'static str,
    variables: &'static [&'static str],
    id: u32,
    summary: &'static str,
) -> Tuning {
    Tuning { name, summary, variables, id, values: Values::Number(0, 1) }
}

/// Every choice.
pub static TUNINGS: &[Tuning] = &[
    Tuning {
        name: "paranoia-level",
        summary: "How strict the rules are, 1 to 4.",
        variables: &["blocking_paranoia_level", "paranoia_level", "strictness"],
        id: 900_000,
        values: Values::Number(1, 4),
    },
    Tuning {
        name: "detection-paranoia-level",
        summary: "Up to which level rules run and log without adding to the score, 1 to 4.",
        variables: &["detection_paranoia_level", "executing_paranoia_level"],
        id: 900_001,
        values: Values::Number(1, 4),
    },
    limit(
        "inbound-threshold",
        &["inbound_anomaly_score_threshold", "inbound_anomaly_score_level", "request_threshold"],
        900_110,
        "The score from which a request is refused.",
    ),
    limit(
        "outbound-threshold",
        &["outbound_anomaly_score_threshold", "outbound_anomaly_score_level", "response_threshold"],
        900_110,
        "The score from which a response is refused.",
    ),
    Tuning {
        name: "allowed-methods",
        summary: "Methods that requests may have, with blanks between.",
        variables: &["allowed_methods"],
        id: 900_200,
        values: Values::Methods,
    },
    words(
        "allowed-content-types",
        &["allowed_request_content_type"],
        900_220,
        "Types that request bodies may have, |TYPE| with blanks between.",
    ),
    words(
        "allowed-charsets",
        &["allowed_request_content_type_charset"],
        900_280,
        "Character sets that request bodies may have, as the rule set writes them.",
    ),
    words(
        "allowed-http-versions",
        &["allowed_http_versions"],
        900_230,
        "Protocols that requests may have, with blanks between.",
    ),
    words(
        "restricted-extensions",
        &["restricted_extensions"],
        900_240,
        "Extensions that no file asked for may have, .EXT/ with blanks between.",
    ),
    words(
        "restricted-headers",
        &["restricted_headers_basic", "restricted_headers"],
        900_250,
        "Header fields that no request may have, /NAME/ with blanks between.",
    ),
    words(
        "restricted-headers-extended",
        &["restricted_headers_extended"],
        900_255,
        "Header fields that no request may have at a higher paranoia level.",
    ),
    words(
        "static-extensions",
        &["static_extensions"],
        900_260,
        "Extensions of files for which fewer rules run, /.EXT/ with blanks between.",
    ),
    Tuning {
        name: "reporting-level",
        summary: "How many requests get a line with their scores, 0 (none) to 5 (all).",
        variables: &["reporting_level"],
        id: 900_115,
        values: Values::Number(0, 5),
    },
    switch(
        "enforce-bodyproc-urlencoded",
        &["enforce_bodyproc_urlencoded"],
        900_010,
        "1 reads every body as a form, whatever its type.",
    ),
    switch(
        "validate-utf8-encoding",
        &["crs_validate_utf8_encoding"],
        900_950,
        "1 refuses what is not UTF-8.",
    ),
    switch("skip-response-analysis", &["crs_skip_response_analysis"], 900_500, "1 leaves answers alone."),
    limit("max-num-args", &["max_num_args"], 900_300, "How many arguments a request may have."),
    limit("arg-name-length", &["arg_name_length"], 900_310, "How long an argument's name may be."),
    limit("arg-length", &["arg_length"], 900_320, "How long an argument's value may be."),
    limit("total-arg-length", &["total_arg_length"], 900_330, "How long all arguments together may be."),
    limit("max-file-size", &["max_file_size"], 900_340, "How large an uploaded file may be."),
    limit(
        "combined-file-sizes",
        &["combined_file_sizes"],
        900_350,
        "How large all uploaded files together may be.",
    ),
];

impl Tuning {
    /// The choice of that name.
    pub fn named(name: &str) -> Option<&'static Tuning> {
        TUNINGS.iter().find(|tuning| tuning.name == name)
    }

    fn check(&self, value: &str) -> Result<(), SiteError> {
        let wrong = |expected: String| SiteError::Tuning { name: self.name, reason: expected };
        match self.values {
            Values::Number(least, most) => match value.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(()),
                _ => Err(wrong(format!("`{value}` is no number from {least} to {most}"))),
            },
            Values::Words => {
                let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !b"'\"\\%".contains(&byte);
                let good = !value.trim().is_empty() && value.bytes().all(is_plain);
                if good { Ok(()) } else { Err(wrong("write words without quotes, `\\` and `%`".to_owned())) }
            }
            Values::Methods => {
                let is_token =
                    |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
                let good = !value.trim().is_empty()
                    && value.split(' ').all(|word| !word.is_empty() && is_token(word));
                if good { Ok(()) } else { Err(wrong("write method names with one blank between".to_owned())) }
            }
        }
    }
}

/// A set-up file, and which variable of a tuning it knows.
struct Setup {
    path: PathBuf,
    text: Vec<u8>,
    variable: &'static str,
}

/// Where a value stands in a text.
type Place = (usize, usize);

impl Site {
    /// The value the set-up file gives; `None` when it leaves the rule set's default.
    ///
    /// # Errors
    /// When no active file knows the choice, or one cannot be read.
    pub fn tuning(&self, tuning: &Tuning) -> Result<Option<String>, SiteError> {
        let setup = self.setup(tuning)?;
        let place = setup.place();
        Ok(place.map(|(start, end)| String::from_utf8_lossy(&setup.text[start..end]).into_owned()))
    }

    /// The change of the set-up file that gives a value; empty when it has it.
    ///
    /// # Errors
    /// When the value makes no sense, no active file knows the choice, or one cannot be read.
    pub fn tuning_change(&self, tuning: &Tuning, value: &str) -> Result<Changes, SiteError> {
        tuning.check(value)?;
        let setup = self.setup(tuning)?;
        let mut changes = Changes::default();
        let text = match (setup.place(), setup.action(tuning.id)) {
            (Some((start, end)), _) if &setup.text[start..end] == value.as_bytes() => return Ok(changes),
            (Some((start, end)), _) => [&setup.text[..start], value.as_bytes(), &setup.text[end..]].concat(),
            (None, Some(at)) => {
                let more = format!("setvar:'tx.{}={value}',", setup.variable);
                [&setup.text[..at], more.as_bytes(), &setup.text[at..]].concat()
            }
            (None, None) => {
                let action = format!(
                    "SecAction \"id:{},phase:1,pass,nolog,t:none,setvar:'tx.{}={value}'\"",
                    tuning.id, setup.variable
                );
                edit::append_lines(&setup.text, &[&action])
            }
        };
        let after = Setup { text: text.clone(), ..setup };
        if after.place().map(|(start, end)| &after.text[start..end]) != Some(value.as_bytes()) {
            let reason = format!("`{}` cannot be edited so that it has this value", after.path.display());
            return Err(SiteError::Tuning { name: tuning.name, reason });
        }
        changes.write(after.path, text);
        Ok(changes)
    }

    fn setup(&self, tuning: &Tuning) -> Result<Setup, SiteError> {
        let folder = Path::new(ACTIVATED_RULES);
        let mut names: Vec<_> = self.files().list(folder).unwrap_or_default();
        names.retain(|(name, _)| Path::new(name).extension().is_some_and(|extension| extension == "conf"));
        names.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, _) in names {
            let path = folder.join(name);
            let text = self.text(&path)?;
            let knows = |variable: &&&str| contains(&text, format!("tx.{variable}=").as_bytes());
            if let Some(variable) = tuning.variables.iter().find(knows) {
                return Ok(Setup { path, variable, text });
            }
        }
        let reason = "no active rule set has this choice".to_owned();
        Err(SiteError::Tuning { name: tuning.name, reason })
    }
}

impl Setup {
    /// The directives of the file.
    fn directives(&self) -> Vec<Directive> {
        let mut sources = Sources::default();
        let id = sources.add(self.path.clone(), self.text.clone());
        let mut found = Vec::new();
        collect(parse_file(&sources, id, &mut Vec::new()), &mut found);
        found.retain(|directive| directive.name.value.eq_ignore_ascii_case("SecAction"));
        found
    }

    /// Where the value stands that counts.
    fn place(&self) -> Option<Place> {
        let mark = format!("tx.{}=", self.variable).into_bytes();
        self.directives().iter().rev().find_map(|directive| {
            let (start, end) = (directive.span.start as usize, directive.span.end as usize);
            let text = self.text.get(start..end)?;
            let at = text.windows(mark.len()).rposition(|window| window == mark.as_slice())?;
            let is_quoted = at.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'\'');
            let from = at + mark.len();
            let ends = |byte: &u8| match byte {
                b'\'' | b'"' => true,
                b',' => !is_quoted,
                byte => !is_quoted && byte.is_ascii_whitespace(),
            };
            let length = text.get(from..)?.iter().position(ends)?;
            Some((start + from, start + from + length))
        })
    }

    /// Behind the id of the `SecAction` that has it.
    fn action(&self, id: u32) -> Option<usize> {
        self.directives().iter().find_map(|directive| {
            let (start, end) = (directive.span.start as usize, directive.span.end as usize);
            let text = self.text.get(start..end)?;
            [format!("id:{id},"), format!("id:'{id}',")].iter().find_map(|mark| {
                let at = text.windows(mark.len()).position(|window| window == mark.as_bytes())?;
                Some(start + at + mark.len())
            })
        })
    }
}

fn collect(items: Vec<Item>, found: &mut Vec<Directive>) {
    for item in items {
        match item {
            Item::Directive(directive) => found.push(directive),
            Item::Section(section) => collect(section.items, found),
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
