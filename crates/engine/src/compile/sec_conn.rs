//! `SecConnEngine`, `SecConnReadStateLimit`, `SecConnWriteStateLimit`: see [`crate::connection_limits`].
//!
//! `SecConnReadStateLimit 50 "!@ipMatch 10.0.0.0/8"`: no address but those has more than 50 connections that read. A second
//! line of the same directive sets the number anew and adds its list.

use portcullis_seclang::{Diagnostic, Directive, parse_operator};

use super::{Compiler, DirectiveInfo};
use crate::actions::parse_engine_mode;
use crate::connection_limits::{ConnectionLimits, StateLimit};
use crate::ruleset::Test;

/// The record of `SecConnEngine`.
pub(super) static ENGINE: DirectiveInfo = DirectiveInfo {
    name: "SecConnEngine",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "Whether connections of a client are counted: On closes those over a limit, DetectionOnly logs them.",
    compile: engine,
};

/// The record of `SecConnReadStateLimit`.
pub(super) static READ: DirectiveInfo = DirectiveInfo {
    name: "SecConnReadStateLimit",
    aliases: &["SecReadStateLimit"],
    arguments: (1, 2),
    in_location: false,
    summary: "Most connections of one client whose request has not come yet, for all, for a list, or for all but one.",
    compile: |compiler, directive| limit(compiler, directive, |limits| &mut limits.reading),
};

/// The record of `SecConnWriteStateLimit`.
pub(super) static WRITE: DirectiveInfo = DirectiveInfo {
    name: "SecConnWriteStateLimit",
    aliases: &["SecWriteStateLimit"],
    arguments: (1, 2),
    in_location: false,
    summary: "Most connections of one client whose request is being served, for all, for a list, or for all but one.",
    compile: |compiler, directive| limit(compiler, directive, |limits| &mut limits.writing),
};

fn engine(compiler: &mut Compiler<'_>, directive: &Directive) {
    let Some(word) = directive.args.first() else { return };
    match parse_engine_mode(&word.text) {
        Some(mode) => compiler.settings.connection_limits.mode = mode,
        None => refuse(compiler, directive, "expected On, Off or DetectionOnly"),
    }
}

fn limit(
    compiler: &mut Compiler<'_>,
    directive: &Directive,
    of: fn(&mut ConnectionLimits) -> &mut StateLimit,
) {
    let [number, lists @ ..] = directive.args.as_slice() else { return };
    let digits: String = number.lossy().trim_start().chars().take_while(char::is_ascii_digit).collect();
    let Some(number) = digits.parse().ok().filter(|number| *number > 0) else {
        return refuse(compiler, directive, "expected a number of connections above 0");
    };
    of(&mut compiler.settings.connection_limits).limit = number;
    let Some(word) = lists.first() else { return };
    let expression = parse_operator(word);
    let name = expression.name.as_ref().map_or(String::new(), |name| name.value.to_ascii_lowercase());
    if !matches!(name.as_str(), "ipmatch" | "ipmatchf" | "ipmatchfromfile") {
        let text = format!("`{}` takes a list of addresses", directive.name.value);
        let help = "such as \"@ipMatch 10.0.0.0/8\" or \"!@ipMatchFromFile trusted.txt\"";
        compiler.diagnostics.push(Diagnostic::error("invalid-value", word.span, text).with_help(help));
        return;
    }
    if let Some(operator) = compiler.compile_operator(&expression, directive.span)
        && let Test::Pure(list) = operator.test
    {
        let limit = of(&mut compiler.settings.connection_limits);
        if operator.negated { limit.exempt.push(list) } else { limit.suspicious.push(list) }
    }
}

fn refuse(compiler: &mut Compiler<'_>, directive: &Directive, expected: &str) {
    let Some(word) = directive.args.first() else { return };
    let text = format!("invalid value `{}` for {}", word.lossy(), directive.name.value);
    let diagnostic = Diagnostic::error("invalid-value", word.span, text);
    compiler.diagnostics.push(diagnostic.with_help(expected.to_owned()));
}
