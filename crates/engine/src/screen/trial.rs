//! A trial run of a rule set: which rules ordinary transactions pass over.
//!
//! With the CRS at paranoia level 1, `SecRule TX:detection_paranoia_level "@lt 2" "…,skipAfter:END-…"` jumps over the rules
//! of levels 2 to 4 in every request. Which rules those are follows from settings that the rules themselves make, so the
//! cheapest way to know is to run the rules once, on a plain request, and to note where tests of TX alone jump.
//!
//! It is a guess, and nothing rests on it: a rule that is passed over here and reached elsewhere runs as it would without a
//! screen.

use std::sync::Arc;

use crate::ruleset::{BitSet, RuleSet};
use crate::transaction::{RequestLine, Start, Transaction};
use crate::variables::Variable;
use crate::verdict::{Answer, Phase, Step, Verdict};

/// The positions that the trial jumps over, for each phase.
pub(crate) fn passed_over(rules: &Arc<RuleSet>) -> [BitSet; 5] {
    let start = Start { unique_id: "trial".to_owned(), wall_micros: 0, utc_offset_seconds: 0 };
    let mut transaction = Transaction::new(Arc::clone(rules), start);
    transaction.cursor.jumps = Some(Vec::new());
    transaction.request_line(RequestLine {
        raw: b"GET / HTTP/1.1",
        method: b"GET",
        target: b"/",
        protocol: b"HTTP/1.1",
    });
    for (name, value) in [("Host", "localhost"), ("User-Agent", "trial"), ("Accept", "*/*")] {
        transaction.request_header(name.as_bytes(), value.as_bytes());
    }
    transaction.response_head(b"HTTP/1.1", 200, b"OK");
    for phase in Phase::ALL {
        if run(&mut transaction, phase) != Verdict::Pass {
            break;
        }
    }
    let mut passed_over: [BitSet; 5] = Default::default();
    for (phase, from, to) in transaction.cursor.jumps.take().unwrap_or_default() {
        let program = rules.programs.get(phase.index()).map_or(0, Vec::len);
        if let Some(set) = passed_over.get_mut(phase.index()) {
            (from + 1..to.min(program)).for_each(|position| set.insert(position as u32));
        }
    }
    passed_over
}

fn run(transaction: &mut Transaction, phase: Phase) -> Verdict {
    loop {
        match transaction.run(phase, 0) {
            Step::Done(verdict) => return verdict,
            Step::Need(_) => transaction.provide(Answer::Failed("a trial has no outside".to_owned())),
        }
    }
}

impl Transaction {
    /// Notes a jump for the trial: only those of rules that look at nothing but TX.
    pub(crate) fn note_jump(&mut self, starter: &crate::ruleset::Rule, from: usize, to: usize) {
        let Some(phase) = self.cursor.phase else { return };
        if let Some(jumps) = &mut self.cursor.jumps
            && !starter.is_chained
            && starter.targets.iter().all(|target| target.variable == Variable::Tx)
        {
            jumps.push((phase, from, to));
        }
    }
}
