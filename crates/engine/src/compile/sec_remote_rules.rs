//! `SecRemoteRules [crypto] KEY https://…` and `SecRemoteRulesFailAction`.
//!
//! Whoever reads the configuration puts the rules behind the directive, as those of a file that is included; here the line itself
//! is checked. `Abort` refuses a configuration whose remote parts cannot be had, `Warn` leaves them out with a warning, wherever
//! it stands.

use portcullis_seclang::{Diagnostic, Directive, Item, Word};

use super::{Compiler, DirectiveInfo};

/// The record of `SecRemoteRules`.
pub(super) static RULES: DirectiveInfo = DirectiveInfo {
    name: "SecRemoteRules",
    aliases: &[],
    arguments: (2, 3),
    in_location: false,
    summary: "Rules at an https:// address, which portcullis.toml has to name with the hash of their content; the word before it \
              is sent to the server, and with `crypto` before that word it also decrypts what the server sends.",
    compile: rules,
};

/// The record of `SecRemoteRulesFailAction`.
pub(super) static FAIL_ACTION: DirectiveInfo = DirectiveInfo {
    name: "SecRemoteRulesFailAction",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "Whether a configuration whose remote rules or lists cannot be had is refused (Abort) or goes on without (Warn).",
    compile: fail_action,
};

/// The code of rules that are not there.
pub const UNREAD: &str = "unread-remote-rules";

fn rules(compiler: &mut Compiler<'_>, directive: &Directive) {
    if let Some(first) = compiler.remote_rules.replace(directive.span) {
        let text = "`SecRemoteRules` cannot be used more than once";
        let diagnostic = Diagnostic::error("duplicate-directive", directive.name.span, text);
        compiler.diagnostics.push(diagnostic.with_related(first, "first used here"));
    }
    let url = match directive.args.as_slice() {
        // `crypto https://…` has no key.
        [word, url] if !is_crypto(word) => url,
        [word, _, url] if is_crypto(word) => url,
        [word, ..] => {
            let text = format!("invalid arguments of SecRemoteRules at `{}`", word.lossy());
            let help = "expected KEY https://HOST/PATH, or crypto KEY https://HOST/PATH";
            compiler.diagnostics.push(Diagnostic::error("invalid-value", word.span, text).with_help(help));
            return;
        }
        [] => return,
    };
    if !url.text.starts_with(b"https://") {
        let text = format!("invalid address `{}` for SecRemoteRules", url.lossy());
        let diagnostic = Diagnostic::error("invalid-value", url.span, text);
        compiler.diagnostics.push(diagnostic.with_help("expected https://HOST/PATH"));
        return;
    }
    // Who read the configuration may not know what the directive stands for.
    let path = std::path::PathBuf::from(url.lossy().as_ref());
    if !compiler.sources.files().iter().any(|file| file.path == path) {
        let text = format!("the rules at `{}` have not been read", url.lossy());
        let diagnostic = match compiler.remote_failures_warn {
            true => Diagnostic::warning(UNREAD, url.span, text),
            false => Diagnostic::error(UNREAD, url.span, text),
        };
        compiler.diagnostics.push(diagnostic.with_help("name the file with Include instead"));
    }
}

fn is_crypto(word: &Word) -> bool {
    word.text.eq_ignore_ascii_case(b"crypto")
}

fn fail_action(compiler: &mut Compiler<'_>, directive: &Directive) {
    let Some(word) = directive.args.first() else { return };
    if parse(&word.text).is_none() {
        let text = format!("invalid value `{}` for SecRemoteRulesFailAction", word.lossy());
        let diagnostic = Diagnostic::error("invalid-value", word.span, text);
        compiler.diagnostics.push(diagnostic.with_help("expected Abort or Warn"));
    }
}

/// Whether the last `SecRemoteRulesFailAction` of a configuration says `Warn`.
pub fn remote_failures_warn(items: &[Item]) -> bool {
    let words = items.iter().rev().filter_map(|item| match item {
        Item::Directive(directive) if directive.name.value.eq_ignore_ascii_case(FAIL_ACTION.name) => {
            parse(&directive.args.first()?.text)
        }
        _ => None,
    });
    words.take(1).any(|warns| warns)
}

fn parse(text: &[u8]) -> Option<bool> {
    match text.to_ascii_lowercase().as_slice() {
        b"abort" => Some(false),
        b"warn" => Some(true),
        _ => None,
    }
}
