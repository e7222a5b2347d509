//! A rule as the audit log shows it: the text ModSecurity v2 writes anew from what it read.
//!
//! ```text
//! SecRule ARGS "foo" id:1,msg:'a b',log,pass  →  SecRule "ARGS" "@rx foo" "phase:2,auditlog,id:1,msg:'a b',log,pass"
//! ```
//!
//! The list begins with the active `SecDefaultAction`. An action of a group (`deny` and `pass`, `log` and `nolog`)
//! replaces the one before and stands at the end, another one that may occur once is replaced in its place, the rest
//! are added. Chain links show neither what only their starter decides nor what they inherit of that. Quotes stand only
//! around values with white space. (manual: "Audit log, part K")

use crate::actions::ActionInfo;
use crate::escape::log_escape;
use crate::ruleset::{Operator, Test};

/// One action as written.
#[derive(Debug, Clone)]
pub(crate) struct WrittenAction {
    name: &'static str,
    value: Option<Vec<u8>>,
}

/// Actions of which one replaces another.
const GROUPS: [&[&str]; 3] = [
    &["allow", "block", "deny", "drop", "pass", "proxy", "redirect", "skip", "skipAfter"],
    &["log", "nolog"],
    &["auditlog", "noauditlog"],
];

/// Actions that may occur several times.
const REPEATED: [&str; 15] = [
    "ctl",
    "deprecatevar",
    "exec",
    "expirevar",
    "initcol",
    "sanitiseArg",
    "sanitiseMatched",
    "sanitiseMatchedBytes",
    "sanitiseRequestHeader",
    "sanitiseResponseHeader",
    "setenv",
    "setvar",
    "t",
    "tag",
    "xmlns",
];

/// What a chain link does not show beside the groups.
const STARTER_ONLY: [&str; 12] = [
    "accuracy", "id", "logdata", "maturity", "msg", "pause", "phase", "rev", "severity", "status", "tag",
    "ver",
];

/// The list that rules begin with when no `SecDefaultAction` is given.
pub(crate) fn default_actions() -> Vec<WrittenAction> {
    let with = |name, value: Option<&[u8]>| WrittenAction { name, value: value.map(<[u8]>::to_vec) };
    vec![with("phase", Some(b"2")), with("log", None), with("auditlog", None), with("pass", None)]
}

/// Adds an action to a list. `spelling` is the name as written, which may be an alias.
pub(crate) fn add(
    list: &mut Vec<WrittenAction>,
    info: &'static ActionInfo,
    spelling: &str,
    value: Option<&[u8]>,
) {
    let alias = info.aliases.iter().find(|alias| alias.eq_ignore_ascii_case(spelling));
    let name = alias.copied().unwrap_or(info.name);
    let value = value.map(<[u8]>::to_vec);
    if let Some(group) = group(info.name) {
        list.retain(|known| !group.contains(&known.name));
    } else if !REPEATED.contains(&info.name)
        && let Some(known) = list.iter_mut().find(|known| known.name == name)
    {
        known.value = value;
        return;
    }
    list.push(WrittenAction { name, value });
}

/// The text of a rule; `targets` is `None` for a `SecAction` or a `SecRuleScript`.
pub(crate) fn text(
    targets: Option<&[u8]>,
    operator: &Operator,
    actions: &[WrittenAction],
    is_link: bool,
) -> Vec<u8> {
    let mut out = Vec::new();
    if let Test::Script { inspects: false, .. } = operator.test {
        out.extend_from_slice(b"SecRuleScript \"");
        log_escape(operator.argument.raw(), &mut out);
        out.push(b'"');
    } else if let Some(targets) = targets {
        out.extend_from_slice(b"SecRule \"");
        log_escape(targets, &mut out);
        out.extend_from_slice(if operator.negated { b"\" \"!@" } else { b"\" \"@" });
        log_escape(operator.name.as_bytes(), &mut out);
        out.push(b' ');
        log_escape(operator.argument.raw(), &mut out);
        out.push(b'"');
    } else {
        out.extend_from_slice(b"SecAction");
    }
    let shown = |action: &&WrittenAction| {
        !is_link || (group(action.name).is_none() && !STARTER_ONLY.contains(&action.name))
    };
    let mut list = Vec::new();
    for action in actions.iter().filter(shown) {
        if !list.is_empty() {
            list.push(b',');
        }
        write_action(action, &mut list);
    }
    if !list.is_empty() {
        out.extend_from_slice(b" \"");
        log_escape(&list, &mut out);
        out.push(b'"');
    }
    out
}

fn write_action(action: &WrittenAction, out: &mut Vec<u8>) {
    out.extend_from_slice(action.name.as_bytes());
    let Some(value) = &action.value else { return };
    // C's isspace.
    let blank = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let quote: &[u8] = if value.is_empty() || value.iter().any(blank) { b"'" } else { b"" };
    for piece in [b":", quote, value, quote] {
        out.extend_from_slice(piece);
    }
}

fn group(name: &str) -> Option<&'static [&'static str]> {
    GROUPS.iter().find(|group| group.contains(&name)).copied()
}

#[cfg(test)]
mod tests {
    use crate::compile::{Environment, compile};
    use crate::ruleset::RuleSet;
    use crate::settings::Compatibility;

    fn compiled(text: &str) -> RuleSet {
        let mut sources = portcullis_seclang::Sources::default();
        let file = sources.add("rules.conf".into(), text.as_bytes().to_vec());
        let items = portcullis_seclang::parse_file(&sources, file, &mut Vec::new());
        let read_file = |_: &std::path::Path| Err(String::new());
        let environment = Environment {
            read_file: &read_file,
            variables: &[],
            secret: [0; 32],
            compatibility: Compatibility::default(),
        };
        let (rules, diagnostics) = compile(&items, &sources, &environment);
        rules.unwrap_or_else(|| panic!("{diagnostics:?}"))
    }

    /// The texts of all rules; the expectations were seen in audit logs of ModSecurity 2.9.7.
    #[track_caller]
    fn check(rules: &str, expected: &[&str]) {
        let texts: Vec<String> =
            compiled(rules).rules.iter().map(|rule| String::from_utf8(rule.text.clone()).unwrap()).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn defaults_come_first_and_groups_move_to_the_end() {
        check(
            concat!(
                "SecRule ARGS:a foo \"id:1,pass,logdata:''\"\n",
                "SecRule ARGS:a \"!@streq y\" id:2,pass,phase:request\n",
                "SecAction \"id:3,phase:2,pass,log,severity:'2',ver:'a b',rev:'1',skip:1\"\n",
                "SecAction \"id:4,phase:2,pass,auditlog,log,noauditlog,auditlog\"\n",
                "SecAction \"id:5,phase:2,nolog,auditlog,pass,t:none,expirevar:ip.x=1,sanitizeArg:x\"\n",
                "SecAction \"id:6,phase:2,deny,log,pause:5\"\n",
                "SecRule ARGS:a \"@UnconditionalMatch\" \"id:7,phase:2,PASS,Log\"\n",
            ),
            &[
                r#"SecRule "ARGS:a" "@rx foo" "phase:2,log,auditlog,id:1,pass,logdata:''""#,
                r#"SecRule "ARGS:a" "!@streq y" "phase:request,log,auditlog,id:2,pass""#,
                r#"SecAction "phase:2,auditlog,id:3,log,severity:2,ver:'a b',rev:1,skip:1""#,
                r#"SecAction "phase:2,id:4,pass,log,auditlog""#,
                r#"SecAction "phase:2,id:5,nolog,auditlog,pass,t:none,expirevar:ip.x=1,sanitizeArg:x""#,
                r#"SecAction "phase:2,auditlog,id:6,deny,log,pause:5""#,
                r#"SecRule "ARGS:a" "@UnconditionalMatch " "phase:2,auditlog,id:7,pass,log""#,
            ],
        );
    }

    #[test]
    fn links_show_only_what_is_theirs() {
        check(
            concat!(
                "SecDefaultAction \"phase:2,nolog,auditlog,deny,status:406,tag:dflt,t:lowercase\"\n",
                "SecRule ARGS:a \"@rx x\" \"id:1,phase:2,block,chain,msg:'x'\"\n",
                "SecRule ARGS:a \"@rx x\" \"chain,t:none,capture,log,tag:zz,setvar:tx.a=1\"\n",
                "SecRule ARGS:a \"@rx x\"\n",
            ),
            &[
                r#"SecRule "ARGS:a" "@rx x" "phase:2,nolog,auditlog,status:406,tag:dflt,t:lowercase,id:1,block,chain,msg:x""#,
                r#"SecRule "ARGS:a" "@rx x" "t:lowercase,chain,t:none,capture,setvar:tx.a=1""#,
                r#"SecRule "ARGS:a" "@rx x" "t:lowercase""#,
            ],
        );
        check(
            "SecRule ARGS:a \"@rx x\" \"id:1,pass,chain\"\nSecRule ARGS:a \"@rx y\"\n",
            &[
                r#"SecRule "ARGS:a" "@rx x" "phase:2,log,auditlog,id:1,pass,chain""#,
                r#"SecRule "ARGS:a" "@rx y""#,
            ],
        );
    }

    #[test]
    fn updates_are_shown() {
        check(
            concat!(
                "SecRule ARGS:a|ARGS:b \"@rx x\" \"id:1,phase:2,pass\"\n",
                "SecRuleUpdateTargetById 1 \"ARGS:c\" \"ARGS:b\"\n",
                "SecRule ARGS:a|ARGS:b \"@rx x\" \"id:2,phase:2,pass,tag:foo\"\n",
                "SecRuleUpdateTargetByTag foo \"!ARGS:c,ARGS:d|ARGS:e\"\n",
                "SecRule ARGS:a \"@rx x\" \"id:3,phase:2,deny,log,status:403\"\n",
                "SecRuleUpdateActionById 3 \"pass,msg:'new msg',tag:q,nolog,auditlog\"\n",
            ),
            &[
                r#"SecRule "ARGS:a|ARGS:c" "@rx x" "phase:2,log,auditlog,id:1,pass""#,
                r#"SecRule "ARGS:a|ARGS:b|!ARGS:c|ARGS:d|ARGS:e" "@rx x" "phase:2,log,auditlog,id:2,pass,tag:foo""#,
                r#"SecRule "ARGS:a" "@rx x" "phase:2,id:3,status:403,pass,msg:'new msg',tag:q,nolog,auditlog""#,
            ],
        );
    }

    #[test]
    fn texts_are_escaped_once() {
        check(
            "SecRule \" ARGS:a , ARGS:b\" \"@rx \\\"\\\\\\\\ ?\" \"id:1,pass,msg:'it\\'s, x'\"\n",
            &[r#"SecRule " ARGS:a , ARGS:b" "@rx \"\\\\ ?" "phase:2,log,auditlog,id:1,pass,msg:'it's, x'""#],
        );
    }
}
