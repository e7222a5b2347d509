//! `<Location>` and `<LocationMatch>`: rules that apply to some paths only.
//!
//! httpd merges such a section into a request's configuration after phase 1: its rules run behind all others, from
//! phase 2 on, and begin with no default list. (spec: directives, "Merge parent→child context")

use portcullis_operators::pattern::{Options, Pattern};
use portcullis_seclang::{Diagnostic, Section};

use super::{Compiler, draft::Draft};
use crate::ruleset::{LocationMatcher, LocationSection};
use crate::verdict::Phase;

/// Compiles a section; sections of other kinds are refused.
pub(super) fn compile(compiler: &mut Compiler<'_>, section: &Section) {
    let name = section.name.value.to_ascii_lowercase();
    let matcher = match (name.as_str(), section.args.as_slice()) {
        ("location", [path]) => Ok(LocationMatcher::Prefix(path.text.clone())),
        ("location", [tilde, pattern]) if tilde.text == b"~" => compile_pattern(&pattern.text),
        ("locationmatch", [pattern]) => compile_pattern(&pattern.text),
        ("location" | "locationmatch", _) => {
            Err("the section needs one path or regular expression".to_owned())
        }
        _ => {
            let text = format!("section <{}> is not supported here", section.name.value);
            let help = "<IfModule>, <IfDefine>, <Location> and <LocationMatch> are";
            let diagnostic =
                Diagnostic::error("unsupported-section", section.name.span, text).with_help(help);
            return compiler.diagnostics.push(diagnostic);
        }
    };
    let matcher = match matcher {
        Ok(matcher) => matcher,
        Err(text) => return compiler.error("invalid-section", section.name.span, text),
    };
    if compiler.section.is_some() {
        return compiler.error("nested-section", section.name.span, "sections cannot be nested");
    }
    compiler.end_chain();
    compiler.sections.push(LocationSection { matcher, inherits: true });
    compiler.section = Some((compiler.sections.len() - 1) as u16);
    let outer = std::mem::take(&mut compiler.default);
    compiler.default = Draft { phase: Some(Phase::RequestBody), ..Draft::default() };
    compiler.items(&section.items);
    compiler.end_chain();
    compiler.default = outer;
    compiler.section = None;
}

fn compile_pattern(text: &[u8]) -> Result<LocationMatcher, String> {
    Pattern::new(text, Options::default())
        .map(LocationMatcher::Pattern)
        .map_err(|error| format!("bad regular expression: {}", error.message))
}
