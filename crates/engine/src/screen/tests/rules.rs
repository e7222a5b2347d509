//! Random rule sets that use what could tell two evaluators apart.

use super::random::Random;

const TARGETS: &[&str] = &[
    "ARGS",
    "ARGS",
    "ARGS_NAMES",
    "ARGS:a",
    "ARGS:/^a/",
    "&ARGS",
    "ARGS_GET",
    "ARGS_POST",
    "REQUEST_HEADERS",
    "REQUEST_HEADERS:User-Agent",
    "REQUEST_HEADERS:/^X-/",
    "REQUEST_HEADERS_NAMES",
    "REQUEST_COOKIES",
    "REQUEST_COOKIES:a",
    "REQUEST_COOKIES_NAMES",
    "REQUEST_URI",
    "REQUEST_URI_RAW",
    "REQUEST_FILENAME",
    "REQUEST_BASENAME",
    "REQUEST_LINE",
    "REQUEST_METHOD",
    "QUERY_STRING",
    "REQUEST_BODY",
    "FILES",
    "FILES_NAMES",
    "XML:/*",
    "XML://@*",
    "XML",
    "TX:s",
    "&TX:s",
    "&TX:0",
    "TX:/^a/",
    "TX:0",
    "MATCHED_VAR",
    "MATCHED_VARS",
    "MATCHED_VAR_NAME",
    "RESPONSE_BODY",
    "RESPONSE_HEADERS",
    "RESPONSE_HEADERS:X-Echo",
    "RESPONSE_STATUS",
    "REQBODY_PROCESSOR",
    "UNIQUE_ID",
    "ARGS_COMBINED_SIZE",
    "FULL_REQUEST",
    "ENV:e",
    "MULTIPART_PART_HEADERS",
    "HIGHEST_SEVERITY",
];
const EXCLUDED: &[&str] =
    &["ARGS:b", "ARGS:a", "REQUEST_HEADERS:Cookie", "REQUEST_COOKIES:/^s/", "REQUEST_HEADERS:referer"];
const NUMBERS: &[&str] =
    &["@eq 0", "@eq 1", "@lt 2", "@ge 1", "@gt 5", "@streq abc", "@rx (a)(b)?", "@lt %{tx.s}"];
const OPERATORS: &[&str] = &[
    "@rx union.+select",
    "@rx (?i)union\\s+select",
    "@rx ^abc$",
    "@rx (a)(b)?",
    "@rx [^a-z]script",
    "@rx \\bor\\b\\s+\\d",
    "@rx ^$",
    "@rx .",
    "@rx (?i)<script[^>]*>?",
    "@rx (?:foo|bar|xyz)\\b",
    "@rx ^/(?:admin|etc)",
    "@rx %[0-9a-f]{2}",
    "@rx \\xc3\\xa9",
    "@rx (\\w+)\\((\\d+)\\)",
    "@rx a\\s*b",
    "@rx (?=x)xyz",
    "@rx [0-9]+$",
    "@pm union script passwd",
    "@pm select javascript: php",
    "@contains ../",
    "@contains %{tx.s}",
    "@streq abc",
    "@streq POST",
    "@beginsWith /a",
    "@beginsWith http",
    "@endsWith .php",
    "@endsWith 1=1--",
    "@within GET POST abc",
    "@eq 0",
    "@eq 2",
    "@gt 1",
    "@ge 3",
    "@lt 2",
    "@validateByteRange 32-126",
    "@validateByteRange 1-255",
    "@validateUrlEncoding",
    "@validateUtf8Encoding",
    "@detectSQLi",
    "@detectXSS",
    "@containsWord union",
    "@strmatch select",
    "@rx %{tx.s}",
    "@unconditionalMatch",
    "@noMatch",
    "@ipMatch 192.0.2.0/24",
    "@rx (?i)\\$\\((?:ls|cat)",
    "@rx ^[^=]*=[^=]*$",
    "@rx (?i)j(?:avascript|son)",
];
const TRANSFORMATIONS: &[&str] = &[
    "urlDecodeUni",
    "urlDecode",
    "lowercase",
    "uppercase",
    "htmlEntityDecode",
    "jsDecode",
    "cssDecode",
    "removeNulls",
    "removeWhitespace",
    "compressWhitespace",
    "cmdLine",
    "normalizePath",
    "normalizePathWin",
    "base64Decode",
    "base64DecodeExt",
    "utf8toUnicode",
    "replaceComments",
    "removeComments",
    "removeCommentsChar",
    "trim",
    "length",
    "md5",
    "hexEncode",
    "escapeSeqDecode",
    "sqlHexDecode",
    "none",
    "replaceNulls",
];
const ACTIONS: &[&str] = &[
    "capture",
    "capture",
    "multiMatch",
    "log",
    "nolog",
    "auditlog",
    "noauditlog",
    "setvar:tx.s=+1",
    "setvar:tx.s=%{TX.1}",
    "setvar:tx.a_%{MATCHED_VAR_NAME}=%{MATCHED_VAR}",
    "setvar:'tx.n=%{TX.0}-%{rule.id}'",
    "setvar:!tx.s",
    "setvar:tx.abc=abc",
    "setenv:e=%{MATCHED_VAR}",
    "severity:2",
    "severity:5",
    "tag:t",
    "msg:'%{MATCHED_VAR_NAME} %{MATCHED_VAR} %{TX.0} %{TX.2}'",
    "logdata:'%{TX.s} %{ARGS.a}'",
    "ctl:ruleRemoveById=105-109",
    "ctl:ruleRemoveTargetById=110-119;ARGS:a",
    "ctl:ruleRemoveTargetById=100-130;REQUEST_HEADERS",
    "ctl:ruleRemoveByTag=t",
    "ctl:requestBodyProcessor=JSON",
    "ctl:requestBodyProcessor=XML",
    "ctl:ruleEngine=DetectionOnly",
    "sanitiseMatched",
];
const DISRUPTIVE: &[&str] =
    &["pass", "pass", "pass", "pass", "block", "deny,status:406", "allow:phase", "drop"];

fn pick<'a>(random: &mut Random, list: &[&'a str]) -> &'a str {
    list[random.below(list.len())]
}

/// A configuration.
pub fn rules(random: &mut Random) -> String {
    let engine = if random.below(2) == 0 { "On" } else { "DetectionOnly" };
    let mut text = format!(
        "SecRuleEngine {engine}\nSecRequestBodyAccess On\nSecResponseBodyAccess On\nSecResponseBodyMimeType text/html\n\
         SecRule REQUEST_HEADERS:Content-Type json \"id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON\"\n\
         SecRule REQUEST_HEADERS:Content-Type xml \"id:2,phase:1,pass,nolog,ctl:requestBodyProcessor=XML\"\n\
         SecAction \"id:3,phase:1,pass,nolog,setvar:tx.s=1\"\n"
    );
    let count = 8 + random.below(24);
    for index in 0..count {
        let links = if random.below(5) == 0 { 1 + random.below(2) } else { 0 };
        let phase = 1 + random.below(5);
        let mut actions = vec![format!("id:{}", 100 + index), format!("phase:{phase}")];
        let disruptive = if phase == 5 { "pass" } else { pick(random, DISRUPTIVE) };
        actions.push(disruptive.to_owned());
        match random.below(10) {
            0 => actions.push("skipAfter:M".to_owned()),
            1 => actions.push(format!("skip:{}", 1 + random.below(3))),
            _ => {}
        }
        rule(random, &mut text, actions, links > 0);
        for link in 0..links {
            rule(random, &mut text, Vec::new(), link + 1 < links);
        }
        if random.below(6) == 0 {
            text += "SecMarker M\n";
        }
    }
    text
}

fn rule(random: &mut Random, text: &mut String, mut actions: Vec<String>, chained: bool) {
    let mut targets: Vec<_> = (0..=random.below(3)).map(|_| pick(random, TARGETS).to_owned()).collect();
    if random.below(4) == 0 {
        targets.insert(random.below(targets.len() + 1), format!("!{}", pick(random, EXCLUDED)));
    }
    // What has ways of its own: a long value under a negated operator, a test of one member of TX.
    let kind = random.below(12);
    match kind {
        0 => targets = vec![pick(random, &["RESPONSE_BODY", "REQUEST_BODY"]).to_owned()],
        1 => targets = vec![pick(random, &["TX:s", "&TX:s", "TX:0", "&TX:0", "TX:1"]).to_owned()],
        _ => {}
    }
    let negated = if random.below(if kind == 0 { 2 } else { 8 }) == 0 { "!" } else { "" };
    for _ in 0..if kind == 1 { 0 } else { random.below(4) } {
        actions.push(format!("t:{}", pick(random, TRANSFORMATIONS)));
    }
    let starts = actions.iter().any(|action| action.starts_with("id:"));
    for _ in 0..random.below(4) {
        let action = pick(random, ACTIONS);
        let once = actions.iter().all(|other| other.split(':').next() != action.split(':').next());
        let fits = starts || action.starts_with("setvar") || matches!(action, "capture" | "multiMatch");
        if fits && (once || action.starts_with("setvar")) {
            actions.push(action.to_owned());
        }
    }
    if chained {
        actions.push("chain".to_owned());
    }
    let operator = if kind == 1 { pick(random, NUMBERS) } else { pick(random, OPERATORS) };
    *text += &format!("SecRule {} \"{negated}{operator}\" \"{}\"\n", targets.join("|"), actions.join(","));
}
