//! Random configurations, weighted to what rule sets use and to the corners of the language.

use super::case::{Directive, Rule, action};
use super::random::Random;
use super::words::{NUMBERS, PATTERNS, PHRASES, TEXTS, TRANSFORMATIONS, TX_NAMES, macro_text};

/// The directives of one configuration; the last ones show what variables have become.
pub fn generate(random: &mut Random) -> Vec<Directive> {
    let mut maker = Maker { random, id: 0, directives: Vec::new(), phases: Vec::new(), chained: Vec::new() };
    maker.settings();
    let count = maker.random.below(6) + 1;
    for _ in 0..count {
        maker.directive();
    }
    maker.probes();
    maker.directives
}

struct Maker<'a> {
    random: &'a mut Random,
    id: usize,
    directives: Vec<Directive>,
    /// Phase of each rule made so far, by id.
    phases: Vec<usize>,
    /// Ids of rules that begin a chain.
    chained: Vec<usize>,
}

impl Maker<'_> {
    fn line(&mut self, text: impl Into<String>) {
        self.directives.push(Directive::Line(text.into()));
    }

    fn settings(&mut self) {
        if self.random.chance(12) {
            self.line("SecRuleEngine DetectionOnly");
        }
        if self.random.chance(20) {
            let line = self.random.pick(&[
                "SecRequestBodyLimit 20",
                "SecRequestBodyNoFilesLimit 12",
                "SecArgumentsLimit 2",
                "SecResponseBodyLimit 5",
                "SecResponseBodyAccess Off",
                "SecRequestBodyAccess Off",
                "SecRequestBodyLimitAction ProcessPartial",
                "SecArgumentSeparator ;",
                "SecCookieFormat 1",
                "SecResponseBodyMimeType application/json",
                "SecRequestBodyJsonDepthLimit 1",
                "SecCookieV0Separator ,",
                "SecResponseBodyLimitAction Reject",
                "SecUploadFileLimit 1",
            ]);
            self.line(line);
        }
        if self.random.chance(15) {
            self.line("SecRequestBodyLimit 20");
        }
        let processors = "SecRule REQUEST_HEADERS:Content-Type \"^application/json\" \"id:800,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON\"";
        if self.random.chance(80) {
            self.line(processors);
            self.line(
                "SecRule REQUEST_HEADERS:Content-Type \"xml\" \"id:801,phase:1,pass,nolog,ctl:requestBodyProcessor=XML\"",
            );
        }
        if self.random.chance(12) {
            self.collections();
        }
        if self.random.chance(25) {
            self.default_action();
        }
    }

    /// Persistent collections under keys that no other case has: the reference keeps them from one to the next.
    fn collections(&mut self) {
        let key = self.random.next();
        let action = match self.random.below(4) {
            0 => format!("setsid:s{key:x}"),
            1 => format!("setuid:u{key:x}"),
            2 => format!("initcol:global=%{{REQUEST_METHOD}}{key:x}"),
            _ => format!("initcol:ip=%{{REMOTE_ADDR}}_{key:x}"),
        };
        self.line(format!("SecAction \"id:802,phase:1,pass,nolog,{action}\""));
    }

    fn default_action(&mut self) {
        let disruptive = self.random.pick(&[
            "pass",
            "deny",
            "deny,status:406",
            "redirect:'http://h/%{tx.a}'",
            "drop",
            "allow",
        ]);
        let phase = self.random.below(4) + 1;
        let log = self.random.pick(&["log", "nolog", "log,auditlog", "nolog,auditlog", "log,noauditlog"]);
        let extra = self.random.pick(&[
            "",
            "",
            "",
            ",tag:'def'",
            ",t:lowercase",
            ",setvar:tx.def=+1",
            ",capture",
            ",severity:3",
        ]);
        self.line(format!("SecDefaultAction \"phase:{phase},{log},{disruptive}{extra}\""));
    }

    fn directive(&mut self) {
        match self.random.below(20) {
            0 => {
                let label = self.random.pick(&["M1", "M2", "END"]);
                self.line(format!("SecMarker {label}"));
            }
            1 if self.id > 0 => self.update(),
            2 if self.random.chance(30) => self.default_action(),
            3 | 4 => self.sec_action(),
            _ => self.rule(),
        }
    }

    fn update(&mut self) {
        let id = self.random.below(self.id) + 1;
        let targets = self.targets();
        let line = match self.random.below(9) {
            0 => format!("SecRuleRemoveById {id}"),
            1 => format!("SecRuleRemoveById \"{id}-{}\"", id + 1),
            2 => "SecRuleRemoveByTag t1".to_owned(),
            3 => "SecRuleRemoveByMsg ^m".to_owned(),
            4 => format!("SecRuleUpdateTargetById {id} \"!ARGS:a\""),
            5 => format!(
                "SecRuleUpdateTargetById {id} \"{}\"",
                targets
                    .join(",")
                    .replace('|', ",")
                    .replace("a,b", "a|b")
                    .replace("HTTP_", "REQUEST_HEADERS:")
            ),
            6 => "SecRuleUpdateTargetByTag t1 \"!ARGS,!REQUEST_HEADERS:/^x/\"".to_owned(),
            7 => format!("SecRuleUpdateTargetById {id} \"REQUEST_METHOD\" \"ARGS\""),
            _ => {
                let actions = self.random.pick(&[
                    "pass",
                    "deny",
                    "nolog",
                    "t:none,t:lowercase",
                    "setvar:tx.upd=+1",
                    "msg:'new'",
                    "tag:'t9'",
                    "severity:1",
                    "status:404",
                    "block",
                    "log",
                    "skip:1",
                ]);
                // An update that does not say so takes a rule out of its chain there.
                let chain = if self.chained.contains(&id) { ",chain" } else { "" };
                format!("SecRuleUpdateActionById {id} \"{actions}{chain}\"")
            }
        };
        self.line(line);
    }

    fn next_id(&mut self, phase: usize) -> usize {
        self.id += 1;
        self.phases.push(phase);
        self.id
    }

    fn phase(&mut self) -> usize {
        [1, 1, 2, 2, 2, 2, 3, 4, 5][self.random.below(9)]
    }

    fn sec_action(&mut self) {
        let phase = self.phase();
        let id = self.next_id(phase);
        let mut actions = vec![format!("id:{id}"), format!("phase:{phase}")];
        actions.push(self.random.pick(&["pass", "pass", "pass", "nolog,pass", "log,pass"]).to_owned());
        self.effects(&mut actions);
        self.directives.push(Directive::Rule(Rule { targets: Vec::new(), operator: None, actions }));
    }

    fn rule(&mut self) {
        let phase = self.phase();
        let id = self.next_id(phase);
        let mut actions = vec![format!("id:{id}"), format!("phase:{phase}")];
        self.disruptive(phase, &mut actions);
        self.metadata(&mut actions);
        self.modifiers(&mut actions);
        self.effects(&mut actions);
        let links = if self.random.chance(25) { self.random.below(3) + 1 } else { 0 };
        if links > 0 {
            actions.push("chain".to_owned());
            self.chained.push(id);
        }
        self.push_rule(actions);
        for link in 1..=links {
            let mut actions = Vec::new();
            self.modifiers(&mut actions);
            self.effects(&mut actions);
            if link < links {
                actions.push("chain".to_owned());
            }
            self.push_rule(actions);
        }
    }

    fn push_rule(&mut self, actions: Vec<String>) {
        let targets = self.targets();
        let operator = Some(self.operator());
        self.directives.push(Directive::Rule(Rule { targets, operator, actions }));
    }

    fn disruptive(&mut self, phase: usize, actions: &mut Vec<String>) {
        let choice = match phase {
            5 => self.random.pick(&["pass", "", "allow"]),
            _ => self.random.pick(&[
                "pass",
                "pass",
                "pass",
                "pass",
                "pass",
                "block",
                "block",
                "block",
                "deny",
                "deny,status:404",
                "",
                "allow",
                "allow:phase",
                "allow:request",
                "redirect:'http://h/?%{REQUEST_METHOD}%{MATCHED_VAR_NAME}'",
                "drop",
                "deny,pass",
                "block,status:409",
                "pass,skip:1",
                "skip:2",
                "skipAfter:M1",
                "pass,skipAfter:M2",
                "skipAfter:END",
                "deny,status:999",
                "status:500,deny",
            ]),
        };
        if !choice.is_empty() {
            actions.push(choice.to_owned());
        }
    }

    fn metadata(&mut self, actions: &mut Vec<String>) {
        let text = macro_text(self.random);
        let choices = [
            (60, action("msg", if self.random.chance(60) { "m %{tx.a}" } else { &text })),
            (40, action("logdata", &macro_text(self.random))),
            (
                40,
                format!(
                    "severity:{}",
                    self.random.pick(&["CRITICAL", "2", "5", "warning", "7", "9", "NOTICE"])
                ),
            ),
            (20, "tag:'t1'".to_owned()),
            (15, action("tag", &macro_text(self.random))),
            (8, "rev:'2'".to_owned()),
            (8, "ver:'OWASP/1'".to_owned()),
            (6, "maturity:9".to_owned()),
            (6, "accuracy:3".to_owned()),
            (10, "nolog".to_owned()),
            (10, "log".to_owned()),
            (5, "noauditlog".to_owned()),
            (5, "auditlog".to_owned()),
        ];
        for (percent, action) in choices {
            // A value that begins with a sign is refused, and each refusal costs a start of the reference.
            if self.random.chance(percent) && !action.contains(":'-") {
                actions.push(action);
            }
        }
    }

    fn modifiers(&mut self, actions: &mut Vec<String>) {
        if self.random.chance(40) {
            actions.push("capture".to_owned());
        }
        let mut transforms = false;
        for _ in 0..self.random.below(4) {
            let name = self.random.pick(TRANSFORMATIONS);
            transforms = name != "none";
            actions.push(format!("t:{name}"));
        }
        // Without a transformation the reference never runs such a rule.
        if transforms && self.random.chance(15) {
            actions.push("multiMatch".to_owned());
        }
    }

    fn effects(&mut self, actions: &mut Vec<String>) {
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
        let text = match self.random.below(16) {
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
            _ => format!("tx.{name}={value}"),
        };
        action("setvar", &text)
    }

    fn ctl(&mut self) -> String {
        let id = self.random.below(8) + 1;
        let text = match self.random.below(20) {
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
            _ => format!("ruleRemoveTargetById={id};ARGS:a,ARGS_NAMES"),
        };
        action("ctl", &text)
    }

    fn targets(&mut self) -> Vec<String> {
        let mut targets: Vec<String> = (0..self.random.below(3) + 1).map(|_| self.target()).collect();
        if self.random.chance(20) {
            let exclusion = self.random.pick(&[
                "!ARGS:a",
                "!ARGS",
                "!REQUEST_HEADERS:Host",
                "!ARGS:/^f/",
                "!REQUEST_COOKIES:/a|b/",
                "!ARGS_NAMES:foo",
                "!TX:a",
                "!REQUEST_METHOD",
            ]);
            let at = self.random.below(targets.len() + 1);
            targets.insert(at, exclusion.replace("/a|b/", "'/a|b/'"));
        }
        targets
    }

    fn target(&mut self) -> String {
        let tx = self.random.pick(TX_NAMES);
        match self.random.below(40) {
            0..=4 => "ARGS".to_owned(),
            5 => "ARGS_NAMES".to_owned(),
            6 => "ARGS:a".to_owned(),
            7 => "ARGS:/^[ab]$/".to_owned(),
            8 => "ARGS_GET|ARGS_POST".to_owned(),
            9 => "&ARGS:a".to_owned(),
            10 => "&ARGS".to_owned(),
            11..=14 => format!("TX:{tx}"),
            15 => "TX:/^[a-z]/".to_owned(),
            16 => format!("&TX:{tx}"),
            17 | 18 => "REQUEST_HEADERS".to_owned(),
            19 => "REQUEST_HEADERS:X-Test".to_owned(),
            20 => "&REQUEST_HEADERS:X-Test".to_owned(),
            21 => "REQUEST_COOKIES|REQUEST_COOKIES_NAMES".to_owned(),
            22 => "REQUEST_COOKIES:/^[a-z]$/".to_owned(),
            23 => "REQUEST_METHOD".to_owned(),
            24 => "MATCHED_VARS".to_owned(),
            25 => "MATCHED_VARS_NAMES".to_owned(),
            26 => "MATCHED_VAR".to_owned(),
            27 => "REQUEST_BODY".to_owned(),
            28 => "RESPONSE_BODY".to_owned(),
            29 => "HTTP_X-Test".to_owned(),
            30 => "FILES|FILES_NAMES|FILES_SIZES".to_owned(),
            31 => "RULE:id|RULE:msg|RULE:severity".to_owned(),
            32 => "ENV:e".to_owned(),
            33 => self
                .random
                .pick(&[
                    "IP:a",
                    "IP:n",
                    "&IP:a",
                    "IP:IS_NEW",
                    "IP:UPDATE_COUNTER",
                    "IP:TIMEOUT",
                    "GLOBAL:a",
                    "SESSION:a|SESSIONID",
                    "USER:n|USERID",
                ])
                .to_owned(),
            34 => self.random.pick(&["XML:/*", "XML://@*", "XML", "&XML", "XML://b", "&XML:/*"]).to_owned(),
            _ => self.random.pick(SCALARS).to_owned(),
        }
    }

    fn operator(&mut self) -> String {
        let negation = if self.random.chance(15) { "!" } else { "" };
        let text = match self.random.below(40) {
            0..=10 => format!("@rx {}", self.random.pick(PATTERNS)),
            11 => {
                let pattern = self.random.pick(PATTERNS);
                if pattern.starts_with(['@', '!']) { "x".to_owned() } else { pattern.to_owned() }
            }
            12 => "@rx ^%{tx.a}$".to_owned(),
            13 | 14 => format!("@pm {}", self.random.pick(PHRASES)),
            15 => format!("@contains {}", self.random.pick(TEXTS)),
            16 => format!("@streq {}", self.random.pick(TEXTS)),
            17 => format!("@within {}", self.random.pick(TEXTS)),
            18 => format!("@beginsWith {}", self.random.pick(TEXTS)),
            19 => format!("@endsWith {}", self.random.pick(TEXTS)),
            20 => format!("@containsWord {}", self.random.pick(TEXTS)),
            21 | 22 => format!("@eq {}", self.random.pick(NUMBERS)),
            23 => format!("@ge {}", self.random.pick(NUMBERS)),
            24 => format!("@gt {}", self.random.pick(NUMBERS)),
            25 => format!("@le {}", self.random.pick(NUMBERS)),
            26 => format!("@lt {}", self.random.pick(NUMBERS)),
            27 => "@ipMatch 10.0.0.0/8,127.0.0.1".to_owned(),
            28 => format!("@validateByteRange {}", self.random.pick(&["32-126", "1-255", "97,98,99", ""])),
            29 => "@validateUrlEncoding".to_owned(),
            30 => "@validateUtf8Encoding".to_owned(),
            31 => "@strmatch foo".to_owned(),
            32 => "@noMatch".to_owned(),
            33 => "@detectSQLi".to_owned(),
            34 => "@detectXSS".to_owned(),
            35 => "@pmFromFile words.data".to_owned(),
            36 => "@verifyCC \\d{4}".to_owned(),
            _ => "@unconditionalMatch".to_owned(),
        };
        format!("{negation}{text}")
    }

    /// Rules that match whatever is there, so that a log line shows it.
    fn probes(&mut self) {
        for phase in 1..=5 {
            let always = phase == 5;
            if !always && !self.random.chance(20) {
                continue;
            }
            let mut targets: Vec<String> = (0..self.random.below(4)).map(|_| self.target()).collect();
            if always {
                targets.extend(
                    ["MATCHED_VAR", "MATCHED_VAR_NAME", "TX:/./", "HIGHEST_SEVERITY", "RESPONSE_STATUS"]
                        .map(str::to_owned),
                );
            }
            if targets.is_empty() {
                continue;
            }
            targets
                .retain(|target| !(always && target.starts_with("RESPONSE_") && target != "RESPONSE_STATUS"));
            let id = 900 + phase;
            let actions = format!(
                "id:{id},phase:{phase},t:none,pass,log,logdata:'%{{MATCHED_VAR_NAME}}=%{{MATCHED_VAR}}'"
            );
            let actions = vec![actions];
            self.directives.push(Directive::Rule(Rule {
                targets,
                operator: Some("@unconditionalMatch".to_owned()),
                actions,
            }));
        }
    }
}

/// Variables of one value.
const SCALARS: &[&str] = &[
    "REQUEST_URI",
    "REQUEST_URI_RAW",
    "REQUEST_FILENAME",
    "REQUEST_BASENAME",
    "REQUEST_LINE",
    "QUERY_STRING",
    "REQUEST_PROTOCOL",
    "ARGS_COMBINED_SIZE",
    "REQBODY_PROCESSOR",
    "REQBODY_ERROR",
    "REQBODY_ERROR_MSG",
    "REQUEST_BODY_LENGTH",
    "FILES_COMBINED_SIZE",
    "MULTIPART_STRICT_ERROR",
    "MULTIPART_UNMATCHED_BOUNDARY",
    "URLENCODED_ERROR",
    "REMOTE_ADDR",
    "SERVER_NAME",
    "HIGHEST_SEVERITY",
    "MATCHED_VAR_NAME",
    "RESPONSE_STATUS",
    "RESPONSE_HEADERS:X-Test",
    "RESPONSE_CONTENT_TYPE",
    "INBOUND_DATA_ERROR",
    "OUTBOUND_DATA_ERROR",
    "MULTIPART_PART_HEADERS",
    "MULTIPART_NAME",
    "MULTIPART_FILENAME",
    "REQUEST_HEADERS_NAMES",
    "ARGS_GET_NAMES",
    "ARGS_POST_NAMES",
    "MULTIPART_LF_LINE|MULTIPART_CRLF_LINE|MULTIPART_CRLF_LF_LINES",
    "MULTIPART_DATA_AFTER|MULTIPART_DATA_BEFORE|MULTIPART_BOUNDARY_QUOTED",
    "AUTH_TYPE|REMOTE_USER|PATH_INFO",
    "WEBAPPID|SESSIONID|USERID",
];
