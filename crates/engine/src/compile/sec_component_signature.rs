//! `SecComponentSignature`: the name and version of a rule set, shown in the audit log.

use portcullis_seclang::Directive;

use super::{Compiler, DirectiveInfo};

/// The record of `SecComponentSignature`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecComponentSignature",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "Name and version of a rule set, for the Producer line of the audit log.",
    compile: |compiler: &mut Compiler<'_>, directive: &Directive| {
        let components = &mut compiler.settings.components;
        let more = directive.args.iter().map(|word| word.lossy().into_owned());
        *components = components.iter().cloned().chain(more).collect();
    },
};
