//! `SecRuleInheritance`: whether the rules of outer contexts run in a `<Location>`.
//!
//! ```text
//! SecAction "id:1,phase:2,…"
//! <Location /api>
//!     SecRuleInheritance Off
//!     SecAction "id:2,phase:2,…"
//! </Location>
//! ```
//! For `/api/x` rule 2 runs and rule 1 does not, and neither do those of sections that apply and stand before this one; later
//! sections add their rules. Phase 1 is over when sections are merged, so its rules always run. Outside of all sections
//! there is nothing to inherit from.

use portcullis_seclang::{Diagnostic, Directive};

use super::{Compiler, DirectiveInfo};
use crate::actions::parse_switch;

/// The record of `SecRuleInheritance`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecRuleInheritance",
    aliases: &[],
    arguments: (1, 1),
    in_location: true,
    summary: "Off: in this section the rules outside of it, and those of sections before it, do not run.",
    compile,
};

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let Some(word) = directive.args.first() else { return };
    let Some(inherits) = parse_switch(&word.text) else {
        let text = format!("invalid value `{}` for {}", word.lossy(), directive.name.value);
        let diagnostic = Diagnostic::error("invalid-value", word.span, text);
        compiler.diagnostics.push(diagnostic.with_help("expected On or Off".to_owned()));
        return;
    };
    match compiler.section.and_then(|section| compiler.sections.get_mut(usize::from(section))) {
        Some(section) => section.inherits = inherits,
        None if inherits => {}
        None => {
            let text = "`SecRuleInheritance Off` has no effect outside of a section";
            let help =
                "there are no rules around it; put it into the <Location> that is to have its own rules only";
            let diagnostic = Diagnostic::warning("no-effect", directive.name.span, text);
            compiler.diagnostics.push(diagnostic.with_help(help));
        }
    }
}
