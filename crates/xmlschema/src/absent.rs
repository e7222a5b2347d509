//! What this crate is without libxml2: a grammar that cannot be made, with the reason.

use crate::{Failure, Files, Kind, Message, Outcome};

/// A DTD or schema, compiled: there is none in this build.
#[derive(Debug)]
pub enum Grammar {}

impl Grammar {
    /// Says that this build has no libxml2.
    pub fn compile(_: Kind, _: &str, _: Files) -> Result<(Self, Vec<String>), Failure> {
        let text = "this build is without libxml2: build it with `--features libxml2`".to_owned();
        let messages = vec![Message { text, is_warning: false, is_syntax: false }];
        Err(Failure { messages, wanted: Vec::new() })
    }

    /// Cannot be called: there is no grammar.
    pub fn validate(&self, _: &[u8]) -> Outcome {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_for_a_grammar_learns_how_to_get_one() {
        let files = Files::from([("a.dtd".to_owned(), b"<!ELEMENT a EMPTY>".to_vec())]);
        let failure = Grammar::compile(Kind::Dtd, "a.dtd", files).unwrap_err();
        assert!(failure.messages[0].text.contains("--features libxml2"), "{failure:?}");
    }
}
