//! A grammar that threads share: as many compiled copies as are in use at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::compiled::Compiled;
use crate::{Failure, Files, Kind, Outcome};

/// The most copies that wait for the next document.
const KEPT: usize = 64;

/// A DTD or schema, compiled.
#[derive(Debug)]
pub struct Grammar {
    copies: Mutex<Vec<Compiled>>,
    source: Source,
}

/// What a copy of a grammar is made from.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) files: Arc<Files>,
}

impl Grammar {
    /// Compiles the file `name` of `files`. On success the second value holds names that were asked for in vain.
    pub fn compile(kind: Kind, name: &str, files: Files) -> Result<(Self, Vec<String>), Failure> {
        let source = Source { kind, name: name.to_owned(), files: Arc::new(files) };
        let (compiled, wanted) = Compiled::new(&source)?;
        Ok((Self { copies: Mutex::new(vec![compiled]), source }, wanted))
    }

    /// Validates a document.
    pub fn validate(&self, document: &[u8]) -> Outcome {
        let kept = self.copies().pop();
        let compiled = match kept {
            Some(compiled) => compiled,
            // It compiled before, from the same bytes.
            None => match Compiled::new(&self.source) {
                Ok((compiled, _)) => compiled,
                Err(failure) => return Outcome::Invalid(failure.messages),
            },
        };
        let outcome = compiled.validate(document);
        let mut copies = self.copies();
        if copies.len() < KEPT {
            copies.push(compiled);
        }
        outcome
    }

    pub(crate) fn copies(&self) -> MutexGuard<'_, Vec<Compiled>> {
        // A list of whole copies is whole whenever somebody panics.
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
