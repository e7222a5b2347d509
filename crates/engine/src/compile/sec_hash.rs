//! `SecHashEngine`, `SecHashKey`, `SecHashParam`, `SecHashMethodRx`, `SecHashMethodPm`: see [`crate::signing`].

use portcullis_operators::{Environment, Kind};
use portcullis_seclang::{Diagnostic, Directive, Word};

use super::{Compiler, DirectiveInfo};
use crate::actions::parse_switch;
use crate::signing::{Addition, Method, place};

/// The record of `SecHashEngine`.
pub(super) static ENGINE: DirectiveInfo = DirectiveInfo {
    name: "SecHashEngine",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "Whether links in HTML answers are signed, and @validateHash checks addresses; needs SecContentInjection and \
              SecStreamOutBodyInspection.",
    compile: |compiler, directive| match directive.args.first().map(|word| parse_switch(&word.text)) {
        Some(Some(on)) => compiler.settings.signing.on = on,
        _ => refuse(compiler, directive, 0, "expected On or Off"),
    },
};

/// The record of `SecHashKey`.
pub(super) static KEY: DirectiveInfo = DirectiveInfo {
    name: "SecHashKey",
    aliases: &[],
    arguments: (1, 2),
    in_location: false,
    summary: "The key of signatures, or rand for one that this process makes; with SessionID or RemoteIP behind it that of the \
              client is a part of it.",
    compile: key,
};

/// The record of `SecHashParam`.
pub(super) static PARAMETER: DirectiveInfo = DirectiveInfo {
    name: "SecHashParam",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "The parameter that holds a link's signature; crypt unless given.",
    compile: parameter,
};

/// The record of `SecHashMethodRx`.
pub(super) static EXPRESSION: DirectiveInfo = DirectiveInfo {
    name: "SecHashMethodRx",
    aliases: &[],
    arguments: (2, 2),
    in_location: false,
    summary: "Links of a kind that match an expression are signed: HashHref, HashFormAction, HashIframeSrc, HashFrameSrc or \
              HashLocation.",
    compile: |compiler, directive| method(compiler, directive, "rx"),
};

/// The record of `SecHashMethodPm`.
pub(super) static PHRASES: DirectiveInfo = DirectiveInfo {
    name: "SecHashMethodPm",
    aliases: &[],
    arguments: (2, 2),
    in_location: false,
    summary: "Links of a kind that hold one of some phrases are signed: HashHref, HashFormAction, HashIframeSrc, HashFrameSrc \
              or HashLocation.",
    compile: |compiler, directive| method(compiler, directive, "pm"),
};

fn key(compiler: &mut Compiler<'_>, directive: &Directive) {
    let [key, additions @ ..] = directive.args.as_slice() else { return };
    let addition = match additions.first().map(|word| word.text.to_ascii_lowercase()).as_deref() {
        None | Some(b"keyonly") => Addition::Nothing,
        Some(b"sessionid") => Addition::Session,
        Some(b"remoteip") => Addition::Address,
        Some(_) => return refuse(compiler, directive, 1, "expected KeyOnly, SessionID or RemoteIP"),
    };
    let is_random = key.text.eq_ignore_ascii_case(b"rand");
    let signing = &mut compiler.settings.signing;
    signing.key = if is_random { compiler.environment.secret.to_vec() } else { key.text.clone() };
    signing.addition = addition;
}

fn parameter(compiler: &mut Compiler<'_>, directive: &Directive) {
    let Some(word) = directive.args.first() else { return };
    if word.text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~'))
    {
        compiler.settings.signing.parameter = word.text.clone();
    } else {
        refuse(
            compiler,
            directive,
            0,
            "expected letters, digits and any of `-._~`, which no link has to escape",
        );
    }
}

fn method(compiler: &mut Compiler<'_>, directive: &Directive, operator: &str) {
    let [kind, argument] = directive.args.as_slice() else { return };
    let Some(place) = place(&kind.text) else {
        let known = "expected HashHref, HashFormAction, HashIframeSrc, HashFrameSrc or HashLocation";
        return refuse(compiler, directive, 0, known);
    };
    let Some(Kind::Pure(compile)) = portcullis_operators::find(operator).map(|operator| operator.kind) else {
        return;
    };
    let environment = Environment {
        read_file: &|_| Err("no file is read here".to_owned()),
        match_limit: compiler.settings.pcre_match_limit,
        has_macros: false,
    };
    match compile(&argument.text, &environment) {
        Ok(test) => {
            let is_expression = operator == "rx";
            compiler.settings.signing.methods.push(Method { place, is_expression, test });
        }
        Err(error) => compiler.error("invalid-argument", argument.span, error.message),
    }
}

fn refuse(compiler: &mut Compiler<'_>, directive: &Directive, at: usize, expected: &str) {
    let Some(word): Option<&Word> = directive.args.get(at) else { return };
    let text = format!("invalid value `{}` for {}", word.lossy(), directive.name.value);
    let diagnostic = Diagnostic::error("invalid-value", word.span, text);
    compiler.diagnostics.push(diagnostic.with_help(expected.to_owned()));
}

impl Compiler<'_> {
    /// What keeps links from being signed although they should be, told at the end.
    pub(super) fn check_signing(&mut self) {
        let settings = &mut self.settings;
        if settings.signing.key.is_empty() {
            settings.signing.key = self.environment.secret.to_vec();
        }
        let is_heard = settings.content_injection && settings.stream_response_body;
        let signs_bodies = settings.signing.on && !settings.signing.methods.is_empty();
        if signs_bodies && !is_heard {
            let text = "links in answers are not signed: `SecHashEngine` needs more than itself";
            let help = "switch SecContentInjection and SecStreamOutBodyInspection on, as for ModSecurity 2";
            let diagnostic = Diagnostic::new(portcullis_seclang::Severity::Warning, "no-effect", None, text);
            self.diagnostics.push(diagnostic.with_help(help));
        }
    }
}
