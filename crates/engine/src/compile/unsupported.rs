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
    "SecHashEngine" "The hash engine is not supported yet.";
    "SecHashKey" "The hash engine is not supported yet.";
    "SecHashParam" "The hash engine is not supported yet.";
    "SecHashMethodRx" "The hash engine is not supported yet.";
    "SecHashMethodPm" "The hash engine is not supported yet.";
    "SecGsbLookupDb" "Google Safe Browsing look-ups are not supported yet.";
    "SecGuardianLog" "The guardian log is not supported yet.";
    "SecConnEngine" "Limits on connection states are not supported yet.";
    "SecConnReadStateLimit" "Limits on connection states are not supported yet.";
    "SecConnWriteStateLimit" "Limits on connection states are not supported yet.";
    "SecReadStateLimit" "Limits on connection states are not supported yet.";
    "SecWriteStateLimit" "Limits on connection states are not supported yet.";
    "SecStreamInBodyInspection" "Stream variables are not supported yet.";
    "SecStreamOutBodyInspection" "Stream variables are not supported yet.";
    "SecRulePerfTime" "Rule timing is not supported yet.";
    "SecChrootDir" "Changing the root directory is not supported yet.";
    "SecRemoteRules" "Rules from a URL are not supported yet.";
    "SecRemoteRulesFailAction" "Rules from a URL are not supported yet.";
    "SecUnicodeCodePage" "Name the code page behind SecUnicodeMapFile.";
    "SecParseXmlIntoArgs" "XML leaves as arguments are not supported yet.";
    "SecDataset" "Inline phrase sets are not supported yet.";
    "SecIgnoreRuleCompilationErrors" "A configuration with errors is never loaded.";
}

/// `SecCacheTransformations`: the module's cache, off in its current versions. Here results are remembered anyway.
pub(super) static CACHE_TRANSFORMATIONS: DirectiveInfo = DirectiveInfo {
    name: "SecCacheTransformations",
    aliases: &[],
    arguments: (1, 2),
    in_location: true,
    summary: "Nothing: results of transformations are remembered without being asked.",
    compile: |compiler, directive| {
        let text = "`SecCacheTransformations` has no effect";
        let help = "results of transformations are remembered anyway; the line can go";
        let diagnostic = Diagnostic::warning("no-effect", directive.span, text).with_help(help);
        compiler.diagnostics.push(diagnostic);
    },
};

fn refuse(compiler: &mut Compiler<'_>, directive: &Directive, why: &str) {
    let text = format!("directive `{}` is not supported", directive.name.value);
    let diagnostic = Diagnostic::error("unsupported-directive", directive.name.span, text);
    compiler.diagnostics.push(diagnostic.with_help(why.to_owned()));
}
