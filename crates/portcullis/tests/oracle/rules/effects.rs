//! Actions that change something at each match: variables, collections, the environment, the engine itself.

use super::super::case::action;
use super::super::words::{TX_NAMES, macro_text};
use super::Maker;

/// What stands behind `=` in a `setvar` that counts, well formed and not.
const ODD_NUMBERS: &[&str] = &[
    "+-3",
    "--3",
    "+ 5",
    "- 2",
    "+1.9",
    "+0x10",
    "+2147483647",
    "-2147483648",
    "+99999999999",
    "-99999999999",
    "+",
    "-",
    "++2",
    "+%{nosuch}",
    "-%{tx.n}%{tx.n}",
    "+1%{tx.n}",
    " +7",
    "%{tx.n}+1",
    "+5 apples",
    "-0",
    "+%{ARGS}",
    "07",
];

/// Targets that are taken from rules while they run.
const REMOVED: &[&str] = &[
    "ARGS",
    "ARGS:a",
    "ARGS:A",
    "args:foo",
    "ARGS_NAMES",
    "ARGS_NAMES:a",
    "ARGS_GET:a,ARGS_POST:foo",
    "REQUEST_HEADERS",
    "REQUEST_HEADERS:X-Test",
    "REQUEST_COOKIES:a",
    "REQUEST_COOKIES_NAMES",
    "TX:a",
    "TX",
    "REQUEST_METHOD",
    "REQUEST_URI",
    "REQUEST_BODY",
    "RESPONSE_BODY",
    "MATCHED_VAR",
    "MATCHED_VARS",
    "MATCHED_VARS:ARGS:a",
    "XML",
    "FILES",
    "FILES:f",
    "&ARGS",
    "!ARGS:a",
    "ARGS:",
    "NOSUCH:a",
    "ARGS:x.y",
    "ARGS:a,ARGS:b,REQUEST_HEADERS:Host",
];

impl Maker<'_> {
    pub(super) fn effects(&mut self, actions: &mut Vec<String>) {
        for _ in 0..[0, 0, 1, 1, 2, 3][self.random.below(6)] {
            let effect = match self.random.below(10) {
                0..=6 => self.setvar(),
                7 => self.ctl(),
                8 => self
                    .random
                    .pick(&[
                        "expirevar:ip.a=60",
                        "deprecatevar:ip.n=1/1",
                        "setvar:!ip.a",
                        "setvar:!ip.KEY",
                        "expirevar:tx.a=1",
                        "setenv:e=1",
                        "setenv:e=%{MATCHED_VAR}",
                        "setenv:!e",
                        "setenv:'%{tx.a}=x'",
                        "setenv:f",
                        "expirevar:session.n=%{tx.n}",
                        "expirevar:'ip.%{tx.a}=5'",
                        "expirevar:nosuch.a=5",
                        "expirevar:global.a",
                        "deprecatevar:ip.n=%{tx.n}/1",
                        "deprecatevar:tx.n=1/1",
                        "setvar:!session.a",
                        "setenv:'e=%{MATCHED_VAR_NAME} %{tx.0}'",
                        "sanitiseArg:nosuch",
                        "sanitiseRequestHeader:nosuch",
                        "sanitiseResponseHeader:nosuch",
                        "sanitizeArg:nosuch",
                        "setsid:%{tx.a}",
                        "setuid:%{ARGS.a}",
                    ])
                    .to_owned(),
                _ => self.setvar(),
            };
            actions.push(effect);
        }
    }

    fn setvar(&mut self) -> String {
        let name = self.random.pick(TX_NAMES);
        let value = macro_text(self.random);
        let text = match self.random.below(19) {
            0 => format!("tx.{name}"),
            1 => format!("!tx.{name}"),
            2 => format!("tx.{name}=+1"),
            3 => format!("TX.{name}=+%{{tx.n}}"),
            4 => format!("tx.{name}=-2"),
            5 => format!("tx.{name}=-%{{tx.a}}"),
            6 => format!("tx.%{{rule.id}}-{name}=%{{MATCHED_VAR}}"),
            7 => format!("tx.{name}=%{{MATCHED_VAR}}"),
            8 => format!("tx.{name}=  x y "),
            9 => format!("tx.%{{MATCHED_VAR_NAME}}={value}"),
            10 => format!("tx.{name}=+{value}"),
            11 => {
                let collection = self.random.pick(&["nosuch", "ip", "ip", "IP", "session", "user", "global"]);
                let operation = self.random.pick(&["=1", "=+1", "=-1", "", "=%{MATCHED_VAR}", "=+%{tx.n}"]);
                format!("{collection}.{name}{operation}")
            }
            12 => "tx.n=+5".to_owned(),
            13 => format!("tx.%{{tx.a}}={value}"),
            14 => {
                let odd = self.random.pick(ODD_NUMBERS);
                format!("tx.{name}={odd}")
            }
            15 => format!("tx.{name}=-{value}"),
            16 => "tx.n=+%{ARGS.a}".to_owned(),
            _ => format!("tx.{name}={value}"),
        };
        action("setvar", &text)
    }

    fn ctl(&mut self) -> String {
        let id = self.random.below(8) + 1;
        let text = match self.random.below(36) {
            0 => format!("ruleRemoveById={id}"),
            1 => format!("ruleRemoveById={id}-{}", id + 2),
            2 => "ruleRemoveByTag=t1".to_owned(),
            3 => "ruleRemoveByMsg=m".to_owned(),
            4 => format!("ruleRemoveTargetById={id};ARGS"),
            5 => format!("ruleRemoveTargetById={id};ARGS:a"),
            6 => "ruleRemoveTargetByTag=t1;ARGS:FOO,REQUEST_HEADERS:x-test".to_owned(),
            7 => "ruleRemoveTargetByMsg=m;REQUEST_METHOD".to_owned(),
            8 => format!("ruleRemoveTargetById={id}-9;REQUEST_COOKIES:a"),
            9 => "ruleEngine=DetectionOnly".to_owned(),
            10 => "ruleEngine=Off".to_owned(),
            11 => "requestBodyProcessor=URLENCODED".to_owned(),
            12 => "forceRequestBodyVariable=On".to_owned(),
            13 => "requestBodyAccess=Off".to_owned(),
            14 => "responseBodyAccess=Off".to_owned(),
            15 => "requestBodyLimit=10".to_owned(),
            16 => "responseBodyLimit=5".to_owned(),
            17 => "requestBodyProcessor=JSON".to_owned(),
            18 => "ruleEngine=On".to_owned(),
            19 => format!("ruleRemoveById={id},{}-{}", id + 2, id + 3),
            20 => format!("ruleRemoveTargetByTag=^t;{}", self.random.pick(REMOVED)),
            21 => format!("ruleRemoveTargetByMsg=m.*x;{}", self.random.pick(REMOVED)),
            22..=25 => format!("ruleRemoveTargetById={id};{}", self.random.pick(REMOVED)),
            26 => format!("ruleRemoveTargetById={id}-{};{}", id + 3, self.random.pick(REMOVED)),
            27 => format!(
                "requestBodyProcessor={}",
                self.random.pick(&["MULTIPART", "XML", "xml", "FOO", "JSON"])
            ),
            28 => self
                .random
                .pick(&["auditEngine=On", "auditLogParts=+E", "auditLogParts=ABZ", "debugLogLevel=0"])
                .to_owned(),
            29 => self
                .random
                .pick(&[
                    "forceRequestBodyVariable=Off",
                    "forceRequestBodyVariable=On",
                    "requestBodyAccess=On",
                    "responseBodyAccess=On",
                ])
                .to_owned(),
            30 => "ruleRemoveByTag=^(t1|def)$".to_owned(),
            31 => "ruleRemoveByMsg=^m .*".to_owned(),
            32 => self
                .random
                .pick(&[
                    "requestBodyLimit=1",
                    "requestBodyLimit=60",
                    "responseBodyLimit=15",
                    "responseBodyLimit=1",
                ])
                .to_owned(),
            _ => format!("ruleRemoveTargetById={id};ARGS:a,ARGS_NAMES"),
        };
        action("ctl", &text)
    }
}
