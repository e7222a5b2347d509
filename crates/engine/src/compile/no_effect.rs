//! Directives of ModSecurity and Coraza that are accepted, do nothing here, and say what does their work.
//!
//! `SecChrootDir /srv` → a warning at its place, with the help "the service manager or the container keeps the process away from other files". Whoever brings a configuration from another engine can load it and is told each time what changed
//! hands; nothing is ignored in silence.

use portcullis_seclang::{Diagnostic, Directive};

use super::{Compiler, DirectiveInfo};
use crate::actions::parse_switch;

macro_rules! no_effect {
    ($($name:literal $arguments:expr, $instead:literal;)*) => {
        /// The rows.
        pub(super) static DIRECTIVES: &[&DirectiveInfo] = &[$(&DirectiveInfo {
            name: $name,
            aliases: &[],
            arguments: $arguments,
            in_location: true,
            summary: concat!("Accepted without effect: ", $instead, "."),
            compile: |compiler, directive| warn(compiler, directive, $instead),
        },)* &IGNORE_ERRORS];
    };
}

no_effect! {
    "SecCacheTransformations" (1, 2), "results of transformations are remembered anyway; the line can go";
    "SecChrootDir" (1, 1), "the service manager or the container keeps the process away from other files";
    "SecGsbLookupDb" (1, 1), "Google has ended the list that it names; `@pmFromFile` looks for known addresses";
    "SecRxPreFilter" (1, 1), "expressions are screened by what a match must contain anyway";
}

/// `SecIgnoreRuleCompilationErrors` of Coraza.
static IGNORE_ERRORS: DirectiveInfo = DirectiveInfo {
    name: "SecIgnoreRuleCompilationErrors",
    aliases: &[],
    arguments: (1, 1),
    in_location: true,
    summary: "Accepted without effect: a configuration with errors is never loaded, and the one before it goes on.",
    compile: |compiler, directive| {
        if directive.args.first().and_then(|word| parse_switch(&word.text)) == Some(true) {
            warn(
                compiler,
                directive,
                "a configuration with errors is never loaded, and the one before it goes on",
            );
        }
    },
};

fn warn(compiler: &mut Compiler<'_>, directive: &Directive, instead: &str) {
    let text = format!("`{}` has no effect", directive.name.value);
    compiler.diagnostics.push(Diagnostic::warning("no-effect", directive.name.span, text).with_help(instead));
}
