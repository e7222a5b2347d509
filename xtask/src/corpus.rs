//! `cargo xtask corpus [NAME…]`: runs the public test data and prints a line per corpus.
//!
//! ```text
//! $ cargo xtask corpus mrts modsecurity-v2
//! mrts: ran 80, passed 80, failed 0, skipped 12
//! modsecurity-v2/unit: ran 4207, passed 4207, failed 0, skipped 3
//! modsecurity-v2/regression: ran 226, passed 226, failed 0, skipped 36
//! ```
//!
//! A corpus is a folder of what `PORTCULLIS_CORPUS` names, else of `../shared/conformance`; a name may also be a folder
//! that holds several. The runners are tests of the crates they prove, so that `cargo test` runs them too: this starts
//! them one by one and adds up the lines they print. Without names it runs what it finds. Failures go to standard
//! error. It fails when a case failed and when a corpus that was asked for ran nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The runners of a corpus: package, test target, and the tests in it.
struct Corpus {
    name: &'static str,
    runners: &'static [Runner],
}

/// Package, test target, test.
type Runner = (&'static str, &'static str, &'static str);

const CORPORA: &[Corpus] = &[
    Corpus {
        name: "secrules-language-tests",
        runners: &[
            ("portcullis-operators", "unit_cases", "secrules_language_tests"),
            ("portcullis-transformations", "unit_cases", "secrules_language_tests"),
        ],
    },
    Corpus {
        name: "modsecurity-v2/unit",
        runners: &[
            ("portcullis-operators", "unit_cases", "modsecurity_v2_unit"),
            ("portcullis-transformations", "unit_cases", "modsecurity_v2_unit"),
        ],
    },
    Corpus {
        name: "modsecurity-v2/regression",
        runners: &[("portcullis", "corpora", "modsecurity_v2_regression")],
    },
    Corpus {
        name: "modsecurity-v3/regression",
        runners: &[("portcullis", "corpora", "modsecurity_v3_regression")],
    },
    Corpus { name: "mrts", runners: &[("portcullis", "corpora", "mrts")] },
    Corpus {
        name: "crs-v4",
        runners: &[("portcullis", "corpora", "crs_v4"), ("portcullis", "corpora", "crs_v4_over_sockets")],
    },
    Corpus {
        name: "crs-v3",
        runners: &[("portcullis", "corpora", "crs_v3"), ("portcullis", "corpora", "crs_v3_over_sockets")],
    },
    Corpus {
        name: "libinjection",
        runners: &[
            ("portcullis-libinjection", "upstream", "upstream_files_agree"),
            ("portcullis-libinjection", "differential", "answers_agree"),
        ],
    },
];

/// What a corpus's runners counted.
#[derive(Default)]
struct Counts {
    ran: usize,
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// Runs the named corpora, or all that are there.
pub fn run(root: &Path, names: &[String]) -> Result<()> {
    let folder = folder(root)?;
    let mut wrong = Vec::new();
    for name in names.iter().map(|name| name.trim_end_matches('/')) {
        if !CORPORA.iter().any(|corpus| covers(name, corpus)) {
            let known: Vec<_> = CORPORA.iter().map(|corpus| corpus.name).collect();
            bail!("unknown corpus {name}; one of: {}", known.join(", "));
        }
    }
    for corpus in CORPORA {
        let named = names.iter().any(|name| covers(name.trim_end_matches('/'), corpus));
        if !named && (!names.is_empty() || !folder.join(corpus.name).is_dir()) {
            continue;
        }
        let (counts, whole) = play(root, &folder, corpus)?;
        let Counts { ran, passed, failed, skipped } = counts;
        println!("{}: ran {ran}, passed {passed}, failed {failed}, skipped {skipped}", corpus.name);
        if failed > 0 || !whole {
            wrong.push(format!("{} failed", corpus.name));
        } else if named && ran + skipped == 0 {
            wrong.push(format!("{} ran nothing", corpus.name));
        }
    }
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join(", ")) }
}

/// `modsecurity-v2` covers its two parts.
fn covers(name: &str, corpus: &Corpus) -> bool {
    corpus.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Absolute, because the tests run in the folders of their packages.
fn folder(root: &Path) -> Result<PathBuf> {
    let folder = std::env::var_os("PORTCULLIS_CORPUS")
        .map_or_else(|| root.join("../shared/conformance"), PathBuf::from);
    folder.canonicalize().with_context(|| format!("no test data at {}", folder.display()))
}

/// Starts the runners; false when one of them ended badly without counting a failure.
fn play(root: &Path, folder: &Path, corpus: &Corpus) -> Result<(Counts, bool)> {
    let mut counts = Counts::default();
    let mut whole = true;
    for (package, target, test) in corpus.runners {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let features = if *package == "portcullis" { crate::features::arguments() } else { &[] };
        command
            .args(["test", "--quiet", "--package", package, "--test", target])
            .args(features)
            .arg("--")
            .args(["--exact", test, "--nocapture"])
            .current_dir(root)
            .env("PORTCULLIS_CORPUS", folder)
            // There, absent data fails a test; here, it is counted and judged below.
            .env_remove("CI");
        let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let failed_before = counts.failed;
        let mut details = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("corpus ").and_then(parse) {
                Some(more) => counts.add(&more),
                None => details.push(line),
            }
        }
        if !output.status.success() {
            details.iter().for_each(|line| eprintln!("{line}"));
            if counts.failed == failed_before {
                whole = false;
                eprint!("{}", String::from_utf8_lossy(&output.stderr));
            }
        }
    }
    Ok((counts, whole))
}

/// `NAME: ran 3, passed 2, failed 1, skipped 0`.
fn parse(line: &str) -> Option<Counts> {
    let mut counts = Counts::default();
    for pair in line.rsplit_once(": ")?.1.split(", ") {
        let (word, number) = pair.split_once(' ')?;
        let number = number.parse().ok()?;
        match word {
            "ran" => counts.ran = number,
            "passed" => counts.passed = number,
            "failed" => counts.failed = number,
            "skipped" => counts.skipped = number,
            _ => return None,
        }
    }
    Some(counts)
}

impl Counts {
    fn add(&mut self, more: &Counts) {
        self.ran += more.ran;
        self.passed += more.passed;
        self.failed += more.failed;
        self.skipped += more.skipped;
    }
}
