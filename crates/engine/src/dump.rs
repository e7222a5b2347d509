//! A transaction's state in words, for comparing two runs of the same exchange.
//!
//! `TX:blocking_inbound_anomaly_score=5`, one line for each alert, member, variable of the environment and decision.
//! Whoever runs an exchange through both evaluators compares these texts: what rules, logs or the driver could see of
//! the transaction is in them, how it was found out is not. Nothing on the path of a request calls it.

use std::fmt::Write as _;

use crate::transaction::Transaction;

impl Transaction {
    /// The state that rules, logs or the driver could see, in lines of text.
    pub fn dump(&self) -> String {
        let text = |text| self.arena.get(text).escape_ascii().to_string();
        let mut out = String::new();
        // Writing to a String cannot fail.
        for alert in &self.alerts {
            let _ = writeln!(out, "{} {:?} {}", alert.level, alert.phase, alert.text.escape_ascii());
        }
        for (_, member) in self.tx.in_order() {
            let _ = writeln!(out, "TX:{}={}", text(member.name), text(member.value));
        }
        for pair in &self.env {
            let _ = writeln!(out, "ENV:{}={}", text(pair.name), text(pair.value));
        }
        for update in self.collection_updates() {
            let _ = writeln!(out, "{update:?}");
        }
        let mut latest = Vec::new();
        if let Some(source) = self.matched.source {
            self.write_name(&source, &mut latest);
        }
        let control = &self.control;
        let _ = write!(
            out,
            "matched {:?}\nlatest {} {}\nseverity {} relevant {} limits {}\ncontrol {:?} {:?} {:?}\ninterception {:?}\n",
            self.matched_rules,
            String::from_utf8_lossy(&latest),
            text(self.matched.value),
            self.highest_severity,
            self.relevant,
            self.limits_exceeded,
            control.engine,
            control.allow,
            control.removed_rules,
            self.interception,
        );
        out
    }
}
