//! `SecGuardianLog "|PROGRAM" [env=[!]VAR]`: a line per exchange for a program, or only where an environment variable is set,
//! or is not set, as `setenv` does.

use portcullis_seclang::{Diagnostic, Directive};

use super::{Compiler, DirectiveInfo};
use crate::settings::GuardianLog;

/// The record of `SecGuardianLog`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecGuardianLog",
    aliases: &[],
    arguments: (1, 2),
    in_location: false,
    summary: "A file or |program that gets a line per exchange; env=VAR or env=!VAR restricts it to some.",
    compile,
};

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let [target, conditions @ ..] = directive.args.as_slice() else { return };
    let mut log = GuardianLog { target: target.lossy().into_owned(), condition: None };
    if let Some(word) = conditions.first() {
        let Some(condition) = word.text.strip_prefix(b"env=") else {
            let text = format!("invalid condition `{}` for SecGuardianLog", word.lossy());
            let diagnostic = Diagnostic::error("invalid-value", word.span, text);
            compiler.diagnostics.push(diagnostic.with_help("expected env=VAR or env=!VAR"));
            return;
        };
        log.condition = Some(match condition.strip_prefix(b"!") {
            Some(name) => (name.to_vec(), false),
            None => (condition.to_vec(), true),
        });
    }
    compiler.settings.guardian_log = Some(log);
}
