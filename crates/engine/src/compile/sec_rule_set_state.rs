//! `SecRuleSetState`: lets rule files detect while the others protect.
//!
//! `SecRuleSetState Detect REQUEST-942-APPLICATION-ATTACK-SQLI.conf` → the rules of that file run, log and score apart, and
//! never block ([`crate::worlds`]). `Protect` is the state of every file that is not named; of several directives for a
//! file the last one counts. The directive is ours: it stands inside `<IfModule portcullis>`, which Apache skips.
//!
//! A file in detection may hold rules and markers only: any other directive would reach what follows, or rules of other files.

use std::collections::HashMap;
use std::path::Path;

use portcullis_seclang::{Diagnostic, Directive, Severity, Span};

use super::{Compiler, DirectiveInfo};

/// The record of `SecRuleSetState`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecRuleSetState",
    aliases: &[],
    arguments: (2, 1000),
    in_location: false,
    summary: "Lets the rules of files detect without blocking (`Detect`), or block as ever (`Protect`).",
    compile,
};

/// What stands in a file that detects.
const ALLOWED: &[&str] = &["SecRule", "SecAction", "SecMarker", "SecComponentSignature"];

/// The states that directives set, and what they must be checked against.
#[derive(Debug, Default)]
pub(crate) struct States {
    /// By file name: whether it detects, and where that is said.
    files: HashMap<Vec<u8>, (bool, Span)>,
    /// Directives that a detecting file may not hold.
    others: Vec<(&'static str, Span)>,
}

impl States {
    /// Remembers a directive.
    pub(super) fn note(&mut self, name: &'static str, directive: &Directive) {
        if !ALLOWED.contains(&name) {
            self.others.push((name, directive.name.span));
        }
    }

    fn detects(&self, path: &str) -> bool {
        let name = Path::new(path).file_name().map(|name| name.as_encoded_bytes());
        name.and_then(|name| self.files.get(name)).is_some_and(|(detects, _)| *detects)
    }

    /// Of each file, whether its rules only detect; empty when none does.
    pub(super) fn detecting(&self, files: &[String]) -> Vec<bool> {
        let states: Vec<bool> = files.iter().map(|path| self.detects(path)).collect();
        if states.contains(&true) { states } else { Vec::new() }
    }
}

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let Some((state, files)) = directive.args.split_first() else { return };
    let detects = match state.text.to_ascii_lowercase().as_slice() {
        b"detect" => true,
        b"protect" => false,
        _ => {
            let text = format!("`{}` is no state of a rule set", state.lossy());
            let help = "write `Detect` or `Protect`; a set that shall not run is not activated";
            compiler.diagnostics.push(Diagnostic::error("invalid-state", state.span, text).with_help(help));
            return;
        }
    };
    for file in files {
        compiler.states.files.insert(file.text.clone(), (detects, file.span));
    }
}

impl Compiler<'_> {
    /// Checks what states name, and what detecting files hold.
    pub(super) fn check_states(&mut self) {
        let mut found = Vec::new();
        let paths: Vec<String> =
            self.sources.files().iter().map(|file| file.path.display().to_string()).collect();
        for (name, span) in &self.states.others {
            let path = self.sources.path(span.file).display().to_string();
            if self.states.detects(&path) {
                let text =
                    format!("`{name}` stands in a file that is in detection, and would reach beyond it");
                let help = "move it to a file that protects; a file in detection may hold rules and markers";
                found.push(Diagnostic::error("state-reaches-beyond", *span, text).with_help(help));
            }
        }
        let named = |name: &[u8]| {
            paths.iter().any(|path| Path::new(path).file_name().is_some_and(|n| n.as_encoded_bytes() == name))
        };
        for (name, (_, span)) in self.states.files.iter().filter(|(name, _)| !named(name)) {
            let text = format!("no file `{}` is loaded", String::from_utf8_lossy(name));
            let mut finding = Diagnostic::new(Severity::Warning, "state-of-nothing", Some(*span), text);
            finding.help = Some("name a file of rules/activated_rules, without its folder".to_owned());
            found.push(finding);
        }
        found.sort_by_key(|finding| finding.span.map(|span| (span.file, span.start)));
        self.diagnostics.extend(found);
    }
}
