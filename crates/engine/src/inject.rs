//! Content injection: texts that `append` and `prepend` put around the response body.

use crate::actions::Effect;
use crate::macros::Template;
use crate::ruleset::Rule;
use crate::transaction::Transaction;

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Start,
    End,
}

/// A compiled `append` or `prepend`.
#[derive(Debug, Clone)]
pub(crate) struct Inject {
    side: Side,
    text: Template,
}

/// The effect of `append` or `prepend`.
pub(crate) fn effect(side: Side, text: Template) -> Effect {
    Effect::Inject(Inject { side, text })
}

impl Inject {
    pub(crate) fn run(&self, transaction: &mut Transaction, rule: &Rule) {
        if !transaction.rules.settings.content_injection {
            return;
        }
        let mut text = Vec::new();
        transaction.expand_template(&self.text, Some(rule), &mut text);
        match self.side {
            Side::Start => transaction.injection.start = text,
            Side::End => transaction.injection.end = text,
        }
    }
}

/// What is injected into the response body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Injection {
    /// Before the body.
    pub start: Vec<u8>,
    /// Behind the body.
    pub end: Vec<u8>,
}
