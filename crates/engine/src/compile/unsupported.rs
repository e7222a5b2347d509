//! Directives of ModSecurity that are known and not supported: refused with a clear message, never ignored.

use portcullis_seclang::{Diagnostic, Directive};

use super::{Compiler, DirectiveInfo};

macro_rules! unsupported {
    ($($name:literal $why:literal;)*) => {
        /// The rows.
        pub(super) static DIRECTIVES: &[&DirectiveInfo] = &[$(&DirectiveInfo {
            name: $name,
            aliases: &[],
            arguments: (0, usize::MAX),
            in_location: true,
            summary: $why,
            compile: |compiler, directive| refuse(compiler, directive, $why),
        }),*];
    };
}

unsupported! {
    "SecDataset" "Write the phrases into a file and name it with @pmFromFile or @ipMatchFromFile.";
}

fn refuse(compiler: &mut Compiler<'_>, directive: &Directive, why: &str) {
    let text = format!("directive `{}` is not supported", directive.name.value);
    let diagnostic = Diagnostic::error("unsupported-directive", directive.name.span, text);
    compiler.diagnostics.push(diagnostic.with_help(why.to_owned()));
}
