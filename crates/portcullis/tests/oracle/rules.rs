//! Random configurations, weighted to what rule sets use and to the corners of the language.
//!
//! A configuration is settings, one to six rules and updates of rules, and probes: rules that log what variables have
//! become. Each file of the folder makes one part of it.

mod effects;
mod operators;
mod settings;
mod targets;
mod updates;

use super::case::{Directive, Rule, Style, action};
use super::random::Random;
use super::words::{TRANSFORMATIONS, macro_text};

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

    fn directive(&mut self) {
        match self.random.below(20) {
            0 => {
                let label = self.random.pick(&["M1", "M2", "END", "\"M1\"", "7", "END"]);
                self.line(format!("SecMarker {label}"));
            }
            1 if self.id > 0 => self.update(),
            2 if self.random.chance(30) => self.default_action(),
            3 | 4 => self.sec_action(),
            _ => self.rule(),
        }
    }

    fn next_id(&mut self, phase: usize) -> usize {
        self.id += 1;
        self.phases.push(phase);
        self.id
    }

    fn phase(&mut self) -> usize {
        [1, 1, 2, 2, 2, 2, 2, 3, 4, 4, 5][self.random.below(11)]
    }

    fn sec_action(&mut self) {
        let phase = self.phase();
        let id = self.next_id(phase);
        let mut actions = vec![format!("id:{id}"), format!("phase:{phase}")];
        actions.push(self.random.pick(&["pass", "pass", "pass", "nolog,pass", "log,pass"]).to_owned());
        self.effects(&mut actions);
        let style = self.style();
        self.directives.push(Directive::Rule(Rule { targets: Vec::new(), operator: None, actions, style }));
    }

    fn rule(&mut self) {
        let phase = self.phase();
        let id = self.next_id(phase);
        let named = match phase {
            2 if self.random.chance(8) => "request".to_owned(),
            4 if self.random.chance(8) => "response".to_owned(),
            5 if self.random.chance(8) => "logging".to_owned(),
            _ => phase.to_string(),
        };
        let mut actions = vec![format!("id:{id}"), format!("phase:{named}")];
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
            if self.random.chance(10) {
                let tolerated =
                    self.random.pick(&["block", "log", "nolog", "auditlog", "tag:'t1'", "status:404"]);
                actions.push(tolerated.to_owned());
            }
            if link < links {
                actions.push("chain".to_owned());
            }
            if self.random.chance(4) {
                self.line("SecMarker M2");
            }
            self.push_rule(actions);
        }
    }

    fn push_rule(&mut self, actions: Vec<String>) {
        let targets = self.targets();
        let operator = Some(self.operator());
        let style = self.style();
        self.directives.push(Directive::Rule(Rule { targets, operator, actions, style }));
    }

    fn style(&mut self) -> Style {
        match self.random.below(30) {
            0 => Style::Spaced,
            1 => Style::Shouted,
            2 => Style::Continued,
            3 => Style::Single,
            _ => Style::Plain,
        }
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
                "skipAfter:7",
                "pass,skip:0",
                "redirect:/x,status:307",
                "redirect:'/%{REQUEST_METHOD}',status:404",
                "deny,status:302",
                "allow,pass",
                "pass,deny,status:401",
                "block,skipAfter:M1",
                "deny,status:200",
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
        let count = if self.random.chance(5) { 6 } else { self.random.below(4) };
        for _ in 0..count {
            let name = self.random.pick(TRANSFORMATIONS);
            transforms = name != "none";
            actions.push(format!("t:{name}"));
        }
        // Without a transformation the reference never runs such a rule.
        if transforms && self.random.chance(25) {
            actions.push("multiMatch".to_owned());
        }
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
            targets.retain(|target| !(always && target.contains("RESPONSE_") && target != "RESPONSE_STATUS"));
            let id = 900 + phase;
            let actions = format!(
                "id:{id},phase:{phase},t:none,pass,log,logdata:'%{{MATCHED_VAR_NAME}}=%{{MATCHED_VAR}}'"
            );
            let actions = vec![actions];
            self.directives.push(Directive::Rule(Rule {
                targets,
                operator: Some("@unconditionalMatch".to_owned()),
                actions,
                style: Style::Plain,
            }));
        }
    }
}
