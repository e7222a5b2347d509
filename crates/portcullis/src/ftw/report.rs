//! What a run says: failures with their reasons, then the counts; or all of it as one JSON object.
//!
//! ```text
//! failed 942100-7 (tests/942100.yaml): rule 942100 did not match (matched: none)
//! ran 3942, passed 3941, failed 1, skipped 0
//! ```
//!
//! A run in which no test was run is a failure: a wrong path or filter must not look green.

use super::case::Case;
use super::runner::Verdict;
use serde::Serialize;
use std::io::{self, Write};

/// The outcome of a run.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Tests that were judged.
    pub ran: usize,
    /// Of these, how many passed.
    pub passed: usize,
    /// Of these, how many failed.
    pub failed: usize,
    /// Tests that are known to fail, and did.
    pub skipped: usize,
    /// The ids of those that passed.
    #[serde(skip)]
    pub passes: Vec<String>,
    /// The failed ones.
    pub failures: Vec<Finding>,
    /// The skipped ones.
    pub skips: Vec<Finding>,
}

/// A test that did not pass.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// `942100-7`.
    pub test: String,
    /// The file it stands in.
    pub file: String,
    /// Why.
    pub reasons: Vec<String>,
}

impl Report {
    /// Counts a case.
    pub fn add(&mut self, case: &Case, verdict: Verdict) {
        let finding =
            |reasons| Finding { test: case.id.clone(), file: case.file.display().to_string(), reasons };
        match verdict {
            Verdict::Skipped(reason) => {
                self.skipped += 1;
                self.skips.push(finding(vec![reason]));
                return;
            }
            Verdict::Passed => {
                self.passed += 1;
                self.passes.push(case.id.clone());
            }
            Verdict::Failed(reasons) => {
                self.failed += 1;
                self.failures.push(finding(reasons));
            }
        }
        self.ran += 1;
    }

    /// Whether the run counts as a success.
    pub fn ok(&self) -> bool {
        self.failed == 0 && self.ran > 0
    }

    /// Writes it for people.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for finding in &self.failures {
            for reason in &finding.reasons {
                writeln!(out, "failed {} ({}): {reason}", finding.test, finding.file)?;
            }
        }
        for finding in &self.skips {
            writeln!(out, "skipped {}: {}", finding.test, finding.reasons.join("; "))?;
        }
        if self.ran == 0 {
            writeln!(out, "no test was run")?;
        }
        let Report { ran, passed, failed, skipped, .. } = self;
        writeln!(out, "ran {ran}, passed {passed}, failed {failed}, skipped {skipped}")
    }

    /// Writes it for programs.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }
}
