//! Asking a real ModSecurity what it does, where one is installed.
//!
//! The variable `PORTCULLIS_ORACLE` names a program that reads cases, one JSON object per line (`get` or `body`,
//! `rules`, `show`: expressions whose values are wanted), puts each to Apache with mod_security2 2.9.7 and writes one
//! JSON object per case, with the values under `show`. Differential tests are run by hand with it; without it they
//! say that they were skipped. Every sequence of cases is fixed, so that a difference can be looked at twice.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The program to ask.
#[derive(Debug)]
pub struct Oracle(std::ffi::OsString);

impl Oracle {
    /// The program that `PORTCULLIS_ORACLE` names; `None`, said on standard output, when it names none.
    #[must_use]
    pub fn find() -> Option<Self> {
        let program = std::env::var_os("PORTCULLIS_ORACLE");
        if program.is_none() {
            println!("skipped: PORTCULLIS_ORACLE names no program to compare with");
        }
        program.map(Self)
    }

    /// The answers to `cases`, in their order.
    ///
    /// # Panics
    /// When the program does not answer every case.
    #[must_use]
    pub fn ask(&self, arguments: &[&str], cases: &[Value]) -> Vec<Value> {
        let mut child = Command::new(&self.0)
            .args(["--cases", "-"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the oracle starts");
        let mut input = child.stdin.take().expect("its input");
        let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
        // Answers come while cases are still being read: one thread per direction.
        let writer = std::thread::spawn(move || {
            for line in lines {
                writeln!(input, "{line}").expect("the oracle reads");
            }
        });
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let answers: Vec<Value> =
            output.lines().map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON")).collect();
        writer.join().expect("all cases were read");
        child.wait().expect("the oracle ends");
        assert_eq!(answers.len(), cases.len(), "the oracle answers every case");
        answers
    }
}

/// The values of a shown expression.
///
/// # Panics
/// When the answer holds no such expression.
#[must_use]
pub fn shown(answer: &Value, expression: &str) -> Vec<Vec<u8>> {
    let values =
        answer["show"][expression].as_array().unwrap_or_else(|| panic!("no {expression} in {answer}"));
    values.iter().map(|pair| latin1(pair[1].as_str().expect("a text"))).collect()
}

/// Bytes that were written as characters of the same number.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("a byte")).collect()
}

/// `%xx` for every byte: a value as part of a request target.
#[must_use]
pub fn percent(value: &[u8]) -> String {
    value.iter().map(|byte| format!("%{byte:02x}")).collect()
}

/// A fixed sequence of numbers (xorshift): the tests need variety, not quality.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}
