//! The loop: runs the rules of one phase, one after the other, in configuration order.
//!
//! This is the plain evaluator: every rule, every target, every value. For each value: transform, test, and on a match
//! the effects, then the decision of the rule. It can stop in the middle of a rule to ask for something from outside
//! ([`Need`]) and goes on at the same value and effect when the answer is there: the [`Cursor`] is its program counter.
//! (spec: engine, "Transaction and phases", "Per-rule algorithm")

use std::sync::Arc;

use portcullis_operators::{Capture, Failure, Uncaptured};
use portcullis_transformations::{Outcome, Tables};

use crate::actions::{CollectionRef, RemovedKey};
use crate::arena::Text;
use crate::record::{EngineMode, Interception};
use crate::ruleset::{AllowScope, ChainId, Disruptive, Instruction, Rule, RuleIndex, RuleSet, Test, TxNames};
use crate::trace::TraceStep;
use crate::transaction::Transaction;
use crate::variables::Value;
use crate::verdict::{Answer, Need, Phase, Step, Verdict};

/// Where a phase stands.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    pub(crate) phase: Option<Phase>,
    pub(crate) position: usize,
    /// A chain goes on: the link at `position` runs whatever the screen says.
    in_chain: bool,
    /// Where rules have jumped from and to, when somebody wants to know.
    pub(crate) jumps: Option<Vec<(Phase, usize, usize)>>,
    /// The rule at `position` has been left in the middle.
    resume: Option<Resume>,
}

impl Cursor {
    /// Whether the rule at `position` has not begun.
    pub(crate) fn is_at_start(&self) -> bool {
        self.resume.is_none()
    }
}

/// The middle of a rule.
#[derive(Debug, Clone, Copy)]
struct Resume {
    value: usize,
    matched: bool,
    /// `None`: at the operator; else before this effect.
    effect: Option<usize>,
    /// The value as tested.
    tested: Text,
    /// Steps of a multiMatch chain that are done.
    step: usize,
}

/// How a test or a rule ended.
enum RuleOutcome {
    NoMatch,
    Match,
    Intercepted,
    /// The operator could not decide: the rule ends there and counts as no match, whatever matched before.
    Failed,
}

/// Why a rule did not end.
pub(crate) struct Suspended(Need);

impl Transaction {
    /// Runs a phase, or goes on with one that asked for something. `now_micros` is the time since the start.
    ///
    /// Each phase runs once, forward only; after an interception only [`Phase::Logging`] still runs.
    pub fn run(&mut self, phase: Phase, now_micros: u64) -> Step {
        self.now = now_micros;
        let begun = self.clock();
        let step = self.run_or_go_on(phase, now_micros);
        if let Some(begun) = begun {
            self.note_phase(phase, begun);
        }
        step
    }

    fn run_or_go_on(&mut self, phase: Phase, now_micros: u64) -> Step {
        let rules = Arc::clone(&self.rules);
        if self.cursor.phase != Some(phase)
            && let Some(step) = self.begin_phase(phase)
        {
            return step;
        }
        if phase == Phase::RequestBody
            && let Err(need) = self.store_files()
        {
            return Step::Need(need);
        }
        let ran = if rules.has_detecting_rules() {
            self.run_phase_in_two_worlds(&rules, phase)
        } else {
            self.run_phase(&rules, phase)
        };
        let step = match ran {
            Ok(verdict) => {
                self.cursor.position = usize::MAX;
                Step::Done(verdict)
            }
            Err(Suspended(need)) => Step::Need(need),
        };
        if let Some(spent) = self.stopwatch.phases.get_mut(phase.index()) {
            *spent = self.now.saturating_sub(now_micros);
        }
        step
    }

    /// What changes between phases; `Some` when no rule of this phase runs.
    fn begin_phase(&mut self, phase: Phase) -> Option<Step> {
        self.cursor.phase = Some(phase);
        self.cursor.position = 0;
        self.cursor.in_chain = false;
        self.cursor.resume = None;
        self.detection.begin_phase();
        self.matched.vars.clear();
        match phase {
            Phase::RequestHeaders => self.begin_request(),
            Phase::RequestBody => self.leave_request_headers(),
            _ => {}
        }
        if self.interception.is_some() && phase != Phase::Logging {
            self.trace(TraceStep::PhaseSkipped(phase));
        }
        if self.control.engine == EngineMode::Off || (self.interception.is_some() && phase != Phase::Logging)
        {
            return Some(Step::Done(Verdict::Pass));
        }
        let allowed = match self.control.allow {
            Some(AllowScope::Exchange) => phase != Phase::Logging,
            Some(AllowScope::Request) => phase <= Phase::RequestBody,
            Some(AllowScope::Phase) | None => false,
        };
        if self.control.allow == Some(AllowScope::Phase) {
            self.control.allow = None;
        }
        if !allowed && self.traces(4) {
            let program = self.rules.programs.get(phase.index()).map_or(&[][..], Vec::as_slice);
            let rules = program.iter().filter(|i| matches!(i, Instruction::Rule(_))).count();
            self.trace(TraceStep::Phase { phase, rules });
        }
        if allowed {
            return Some(Step::Done(Verdict::Pass));
        }
        let rules = Arc::clone(&self.rules);
        self.screen_phase(&rules, phase);
        None
    }

    fn run_phase(&mut self, rules: &Arc<RuleSet>, phase: Phase) -> Result<Verdict, Suspended> {
        let program = rules.programs.get(phase.index()).map_or(&[][..], Vec::as_slice);
        loop {
            let begins = self.is_screened() && !self.cursor.in_chain && self.cursor.resume.is_none();
            if begins {
                self.cursor.position = match self.costs {
                    None => self.next_to_look_at(rules, phase),
                    Some(_) => self.screening.next(self.cursor.position),
                };
                if let Some(prologue) = &rules.prologue
                    && prologue.begins_at(self.cursor.position)
                    && self.take_prologue(prologue)
                {
                    continue;
                }
            }
            let Some(instruction) = program.get(self.cursor.position) else { break };
            let index = match instruction {
                Instruction::Section { section, otherwise } => {
                    let applies = self.section_applies(rules, *section);
                    self.cursor.position =
                        if applies { self.cursor.position + 1 } else { *otherwise as usize };
                    continue;
                }
                Instruction::Rule(index) => *index,
            };
            let Some(rule) = rules.rule(index) else { break };
            if begins && self.costs.is_none() && self.misses(rules, rule) {
                self.cursor.position = rule.after_chain as usize;
                continue;
            }
            if self.cursor.in_chain && self.link_misses(rules, rule) {
                self.matched.vars.clear();
                self.cursor.in_chain = false;
                self.cursor.position = rule.after_chain as usize;
                continue;
            }
            if let Some(verdict) = self.advance(rules, index, rule)? {
                return Ok(verdict);
            }
            if self.control.engine == EngineMode::Off {
                break;
            }
        }
        Ok(Verdict::Pass)
    }

    /// Runs the rule at the cursor and moves the cursor on; a verdict ends the phase.
    pub(crate) fn advance(
        &mut self,
        rules: &Arc<RuleSet>,
        index: RuleIndex,
        rule: &Rule,
    ) -> Result<Option<Verdict>, Suspended> {
        if self.is_removed(index) {
            self.trace(TraceStep::RuleRemoved(index));
            // Of a link that its starter took out, the chain ends as if it did not match.
            self.matched.vars.clear();
            self.cursor.in_chain = false;
            self.cursor.position = rule.after_chain as usize;
            return Ok(None);
        }
        let begun = self.clock();
        let outcome = self.run_rule(rules, index, rule);
        if let Some(begun) = begun {
            let matched = matches!(outcome, Ok(RuleOutcome::Match | RuleOutcome::Intercepted));
            self.note_rule(index, begun, matched);
        }
        match outcome? {
            // The phase ends without a decision; a rule that only detects must not end it.
            RuleOutcome::Failed if rules.settings.intercept_on_error && !self.detection.running => {
                self.matched.vars.clear();
                return Ok(Some(Verdict::Pass));
            }
            RuleOutcome::NoMatch | RuleOutcome::Failed => {
                self.matched.vars.clear();
                self.cursor.in_chain = false;
                self.cursor.position = rule.after_chain as usize;
            }
            RuleOutcome::Match => {
                let next = self.cursor.position + 1;
                self.cursor.in_chain = rule.is_chained;
                if rule.is_chained {
                    self.cursor.position = next;
                } else {
                    self.matched.vars.clear();
                    let starter = rules.rule(rule.starter);
                    let jump = starter.and_then(|starter| Some((starter, starter.jump? as usize)));
                    if let Some((starter, to)) = jump {
                        self.note_jump(starter, self.cursor.position, to);
                    }
                    self.cursor.position = jump.map_or(next, |(_, to)| to);
                }
            }
            RuleOutcome::Intercepted => {
                let verdict = self.interception.as_ref().map(|i| i.verdict.clone());
                return Ok(Some(verdict.unwrap_or(Verdict::Pass)));
            }
        }
        Ok(None)
    }

    /// Whether rules of a section, or outside of all, run: a later section may apply that inherits nothing. Sections see
    /// the decoded path, which exists from phase 2 on.
    pub(crate) fn section_applies(&self, rules: &RuleSet, section: Option<u16>) -> bool {
        let path = self.arena.get(self.request.path);
        let (own, later) = match section.map(usize::from) {
            Some(section) => (rules.sections.get(section), rules.sections.get(section + 1..)),
            None => (None, rules.sections.get(..)),
        };
        own.is_none_or(|section| section.matcher.is_match(path))
            && !later.unwrap_or_default().iter().any(|later| !later.inherits && later.matcher.is_match(path))
    }

    fn run_rule(
        &mut self,
        rules: &Arc<RuleSet>,
        index: RuleIndex,
        rule: &Rule,
    ) -> Result<RuleOutcome, Suspended> {
        let resume = self.cursor.resume.take();
        if resume.is_none() {
            self.rule_failed = false;
            if let Some(matched) = self.keep_books(rules, rule) {
                return Ok(if matched { RuleOutcome::Match } else { RuleOutcome::NoMatch });
            }
            if self.fails_at_once(rule) {
                return Ok(RuleOutcome::NoMatch);
            }
        }
        let mut values = std::mem::take(&mut self.values);
        if resume.is_none() {
            self.expand_targets(rule, &mut values);
            self.keep_candidates(rules, rule, &mut values);
            self.trace_rule(rule, &values);
        }
        let outcome = self.test_values(rules, index, rule, &values, resume);
        self.values = values;
        if let Ok(outcome) = &outcome {
            self.trace(TraceStep::Outcome {
                rule: index,
                matched: !matches!(outcome, RuleOutcome::NoMatch),
                intercepted: matches!(outcome, RuleOutcome::Intercepted),
            });
        }
        outcome
    }

    fn test_values(
        &mut self,
        rules: &Arc<RuleSet>,
        index: RuleIndex,
        rule: &Rule,
        values: &[Value],
        resume: Option<Resume>,
    ) -> Result<RuleOutcome, Suspended> {
        if self.rule_failed {
            self.rule_error(rule);
            return Ok(RuleOutcome::NoMatch);
        }
        let mut check_targets = self.has_removed_targets(index);
        let mut any = resume.is_some_and(|resume| resume.matched);
        let first = resume.map_or(0, |resume| resume.value);
        let mut resume = resume;
        self.argument_is_current = false;
        for (position, value) in values.iter().enumerate().skip(first) {
            if check_targets && self.target_is_removed(index, value) {
                self.trace_removed_target(value);
                continue;
            }
            let at = resume.take();
            let outcome = if rule.multi_match && rule.transformations != 0 {
                self.test_steps(rules, rule, value, at)
            } else {
                let tested = match at {
                    Some(at) => at.tested,
                    None => {
                        self.trace_before(value.value);
                        self.trace_transformations(rules, value.value, rule.transformations);
                        self.transform(rules, value.value, rule.transformations)
                    }
                };
                self.test_once(rules, rule, value, tested, at, 0)
            };
            match outcome {
                Ok(RuleOutcome::NoMatch) => {}
                Ok(RuleOutcome::Match) => {
                    any = true;
                    self.argument_is_current = false;
                    // The rule's own `ctl` acts on the values that are left.
                    check_targets = self.has_removed_targets(index);
                }
                Ok(ended @ (RuleOutcome::Intercepted | RuleOutcome::Failed)) => return Ok(ended),
                Err(suspended) => {
                    if let Some(resume) = &mut self.cursor.resume {
                        resume.value = position;
                        resume.matched = any;
                    }
                    return Err(suspended);
                }
            }
        }
        Ok(if any { RuleOutcome::Match } else { RuleOutcome::NoMatch })
    }

    /// `multiMatch`: the value before the first transformation and after every one that changed it.
    fn test_steps(
        &mut self,
        rules: &Arc<RuleSet>,
        rule: &Rule,
        value: &Value,
        resume: Option<Resume>,
    ) -> Result<RuleOutcome, Suspended> {
        let steps = rules.chains.steps(rule.transformations);
        if resume.is_none() {
            self.trace_before(value.value);
        }
        let mut current = resume.map_or(value.value, |resume| resume.tested);
        let mut step = resume.map_or(0, |resume| resume.step);
        let mut changed = true;
        let mut any = false;
        let mut resume = resume;
        loop {
            if changed {
                match self.test_once(rules, rule, value, current, resume.take(), step)? {
                    RuleOutcome::NoMatch => {}
                    RuleOutcome::Match => {
                        any = true;
                        self.argument_is_current = false;
                    }
                    ended @ (RuleOutcome::Intercepted | RuleOutcome::Failed) => return Ok(ended),
                }
            }
            let Some(transformation) = steps.get(step) else { break };
            let tables = Tables { unicode: rules.unicode.as_deref() };
            let outcome = (transformation.apply)(self.arena.get(current), &tables, &mut self.scratch);
            if outcome != Outcome::Unchanged {
                current = self.arena.push(&self.scratch);
            }
            if self.traces(9) {
                let value = self.arena.get(current).to_vec();
                self.trace(TraceStep::Transformed { name: transformation.name, value });
            }
            changed = outcome == Outcome::Changed;
            step += 1;
        }
        Ok(if any { RuleOutcome::Match } else { RuleOutcome::NoMatch })
    }

    /// One test of one value, and what follows a match.
    fn test_once(
        &mut self,
        rules: &Arc<RuleSet>,
        rule: &Rule,
        value: &Value,
        tested: Text,
        resume: Option<Resume>,
        step: usize,
    ) -> Result<RuleOutcome, Suspended> {
        let first_effect = match resume.and_then(|resume| resume.effect) {
            Some(effect) => effect,
            None => {
                match self.test(rules, rule, value, tested) {
                    Ok(RuleOutcome::Match) => {}
                    Ok(outcome) => return Ok(outcome),
                    Err(need) => {
                        self.cursor.resume =
                            Some(Resume { value: 0, matched: false, effect: None, tested, step });
                        return Err(Suspended(need));
                    }
                }
                self.note_match(rules, rule, value, tested);
                0
            }
        };
        for (number, effect) in rule.effects.iter().enumerate().skip(first_effect) {
            if let Err(need) = effect.run(self, rule) {
                self.cursor.resume =
                    Some(Resume { value: 0, matched: false, effect: Some(number), tested, step });
                return Err(Suspended(need));
            }
        }
        if rule.is_chained {
            return Ok(RuleOutcome::Match);
        }
        self.decide(rules, rule, value)
    }

    /// Runs the operator. Captures are set whenever the operator itself matches, also under a negation.
    fn test(
        &mut self,
        rules: &Arc<RuleSet>,
        rule: &Rule,
        value: &Value,
        tested: Text,
    ) -> Result<RuleOutcome, Need> {
        let operator = &rule.operator;
        let literal = operator.argument.as_literal();
        // What macros stand for changes with effects and matches only; a debug log shows each expansion.
        if literal.is_none() && (!std::mem::replace(&mut self.argument_is_current, true) || self.traces(4)) {
            let mut argument = std::mem::take(&mut self.argument);
            argument.clear();
            self.expand_template(&operator.argument, Some(rule), &mut argument);
            self.argument = argument;
        }
        self.trace_operator(rule, value, tested);
        let argument = literal.unwrap_or(&self.argument);
        let result = match &operator.test {
            Test::Pure(_) if operator.negated && self.is_ruled_out(rules, rule, value) => Ok(false),
            Test::Pure(test) => test.test(self.arena.get(tested), argument, rule.capture, &mut self.hit),
            Test::External(external) => {
                let argument = argument.to_vec();
                self.test_external(*external, rule, value, tested, &argument)?
            }
            Test::Validation(validation) => self.test_validation(validation),
            Test::Hash(check) => {
                let address = self.arena.get(tested).to_vec();
                self.test_hash(check, &operator.argument, rule, value, &address)
            }
            Test::Rewrite(rewrite) => self.rewrite(rewrite, rule, value, tested),
            Test::Path(template) => self.test_path(template, rule, value, tested),
            Test::Script { script, inspects } => {
                let argument = inspects.then(|| self.arena.get(tested).to_vec());
                self.test_script(script, rule, argument)?
            }
        };
        self.argument_is_current &= result == Ok(false) && matches!(operator.test, Test::Pure(_));
        match result {
            Ok(matched) => {
                if matched {
                    if !rule.capture {
                        self.hit.captures.clear();
                    }
                    self.set_captures(tested);
                }
                Ok(if matched != operator.negated { RuleOutcome::Match } else { RuleOutcome::NoMatch })
            }
            Err(failure) => {
                self.operator_failed(rules, rule, failure);
                Ok(RuleOutcome::Failed)
            }
        }
    }

    /// Sets TX.0, TX.1, … to the groups up to the last one that took part, and unsets the others up to TX.9 unless the
    /// operator says otherwise.
    fn set_captures(&mut self, tested: Text) {
        let kept = self.hit.uncaptured == Uncaptured::Kept;
        if self.hit.captures.is_empty() && self.hit.uncaptured != Uncaptured::AlwaysUnset {
            return;
        }
        // Groups of an expression are set anew, so that they come last in TX; a number that was verified, a phrase and a
        // fingerprint take their place.
        let is_new = self.hit.uncaptured == Uncaptured::Unset;
        if is_new && matches!(self.hit.captures.first(), Some(Capture::Range(..))) {
            self.tx.unset_slots(0..10);
        }
        let used = self.hit.captures.iter().rposition(|c| *c != Capture::Empty).map_or(0, |last| last + 1);
        for (slot, capture) in self.hit.captures.iter().take(used.min(TxNames::CAPTURES)).enumerate() {
            let value = match capture {
                Capture::Range(start, end) => tested.slice(*start as usize, *end as usize),
                Capture::Text(text) => self.arena.push(text),
                Capture::Empty if kept => continue,
                Capture::Empty => Text::EMPTY,
            };
            let name = match slot {
                0 | 1 => self.constants.digit(slot == 1),
                _ => self.arena.push_count(slot as u64),
            };
            self.tx.set_slot(slot as u16, value, name);
        }
        if !kept && used < 10 {
            self.tx.unset_slots(used as u16..10);
        }
        self.trace_captures(used);
    }

    fn note_match(&mut self, rules: &Arc<RuleSet>, rule: &Rule, value: &Value, tested: Text) {
        // A script that is a rule matches on no variable.
        let is_script = matches!(rule.operator.test, Test::Script { inspects: false, .. });
        self.note_latest(rules, rule, (!is_script).then_some((value, tested)));
        self.trace_match();
        if !is_script {
            self.matched.vars.push((*value, tested));
        }
    }

    /// As much of a match as any rule can ask about later: that it was, and the latest value.
    pub(crate) fn note_latest(&mut self, rules: &RuleSet, rule: &Rule, latest: Option<(&Value, Text)>) {
        if !self.detection.is_silent {
            self.matched_rules.push(rule.index);
        }
        if let Some((value, tested)) = latest {
            self.matched.name = None;
            self.matched.value = tested;
            self.matched.source = Some(*value);
        }
        if !rule.is_chained {
            let severity = rules.rule(rule.starter).and_then(|starter| starter.metadata.severity);
            if let Some(severity) = severity.filter(|s| *s > 0) {
                self.highest_severity = self.highest_severity.min(severity);
            }
        }
    }

    /// What the rule (the starter of the chain) says of a complete match.
    fn decide(&mut self, rules: &Arc<RuleSet>, rule: &Rule, value: &Value) -> Result<RuleOutcome, Suspended> {
        let Some(starter) = rules.rule(rule.starter) else { return Ok(RuleOutcome::Match) };
        let decision = &starter.decision;
        self.relevant |= decision.audit_log;
        let phase = starter.phase;
        let passive = phase == Phase::Logging
            || self.detection.running
            || self.control.engine == EngineMode::DetectionOnly
            || decision.disruptive == Disruptive::Pass;
        if passive {
            if decision.log || decision.audit_log {
                let level = if decision.log { 2 } else { 4 };
                self.alert(rules, starter, rule, value, level, b"Warning.", false);
            } else {
                self.trace_unlogged(rules, starter, rule, value, b"Warning.");
            }
            return Ok(RuleOutcome::Match);
        }
        if let Some(pause) = &decision.pause
            && self.answer.take().is_none()
        {
            let mut text = Vec::new();
            self.expand_template(pause, Some(rule), &mut text);
            let milliseconds = u64::try_from(crate::actions::atoi(&text)).unwrap_or(0);
            self.notice(3, format!("Pausing transaction for {milliseconds} msec."));
            self.cursor.resume = Some(Resume {
                value: 0,
                matched: false,
                effect: Some(rule.effects.len()),
                tested: self.matched.value,
                step: usize::MAX,
            });
            return Err(Suspended(Need::Pause { milliseconds }));
        }
        self.intercept(rules, starter, rule, value);
        Ok(RuleOutcome::Intercepted)
    }

    fn intercept(&mut self, rules: &Arc<RuleSet>, starter: &Rule, rule: &Rule, value: &Value) {
        // As in ModSecurity the line is written when the rule is over: MATCHED_VARS is empty in its texts.
        self.matched.vars.clear();
        let decision = &starter.decision;
        let phase = starter.phase;
        let suffix = format!(" (phase {})", phase.number());
        let mut action = Vec::new();
        let verdict = match &decision.disruptive {
            Disruptive::Pass => Verdict::Pass,
            Disruptive::Deny => match decision.status.unwrap_or(403) {
                0 => {
                    action.extend_from_slice(
                        format!("Access denied with code 500{suffix} (Internal Error: Invalid status code requested 0).").as_bytes(),
                    );
                    Verdict::Deny { status: 500 }
                }
                status => {
                    action.extend_from_slice(format!("Access denied with code {status}{suffix}.").as_bytes());
                    Verdict::Deny { status }
                }
            },
            Disruptive::Drop => {
                action.extend_from_slice(format!("Access denied with connection close{suffix}.").as_bytes());
                Verdict::Drop
            }
            Disruptive::Redirect(url) => {
                let mut location = Vec::new();
                self.expand_template(url, Some(rule), &mut location);
                // A line end in the value would split the response.
                location.retain(|byte| !matches!(byte, b'\r' | b'\n'));
                let status =
                    decision.status.filter(|s| matches!(s, 301 | 302 | 303 | 307 | 308)).unwrap_or(302);
                action.extend_from_slice(b"Access denied with redirection to ");
                crate::escape::log_escape_keep_quotes(&location, &mut action);
                action.extend_from_slice(format!(" using status {status}{suffix}.").as_bytes());
                Verdict::Redirect { status, location }
            }
            Disruptive::Proxy(url) if phase <= Phase::RequestBody => {
                let mut target = Vec::new();
                self.expand_template(url, Some(rule), &mut target);
                action.extend_from_slice(format!("Access denied using proxy to{suffix} ").as_bytes());
                crate::escape::log_escape(&target, &mut action);
                action.push(b'.');
                Verdict::Proxy { url: target }
            }
            Disruptive::Proxy(_) => {
                action.extend_from_slice(
                    format!("Access denied with code 500{suffix} (Configuration Error: Proxy action requested but it does not work in output phases).").as_bytes(),
                );
                Verdict::Deny { status: 500 }
            }
            Disruptive::Allow(scope) => {
                let what = match scope {
                    AllowScope::Exchange => "Access allowed",
                    AllowScope::Phase => "Access to phase allowed",
                    AllowScope::Request => "Access to request allowed",
                };
                action.extend_from_slice(format!("{what}{suffix}.").as_bytes());
                let scope = match scope {
                    // Used in phase 3 or 4 it ends only that phase.
                    AllowScope::Request if phase > Phase::RequestBody => AllowScope::Phase,
                    scope => *scope,
                };
                self.control.allow = Some(scope);
                Verdict::Pass
            }
        };
        let level = if decision.log { 1 } else { 4 };
        if decision.log || decision.audit_log {
            self.alert(rules, starter, rule, value, level, &action, verdict != Verdict::Pass);
        } else {
            self.trace_unlogged(rules, starter, rule, value, &action);
        }
        if verdict != Verdict::Pass {
            let message = self.alerts.last().map(|alert| alert.text.clone()).unwrap_or_default();
            self.response.status = match &verdict {
                Verdict::Deny { status } if *status >= 600 => 500,
                Verdict::Deny { status } | Verdict::Redirect { status, .. } => *status,
                _ => 403,
            };
            self.interception = Some(Interception { phase, verdict, message });
        }
    }

    fn has_removed_targets(&self, index: RuleIndex) -> bool {
        self.control.rules_with_removed_targets.contains(index)
            || self.detection.running && self.detection.rules_with_removed_targets.contains(index)
    }

    fn target_is_removed(&self, index: RuleIndex, value: &Value) -> bool {
        let name = value.variable.info().name.as_bytes();
        let here = self.control.removed_targets.iter();
        let apart = self.detection.removed_targets.iter().filter(|_| self.detection.running);
        here.chain(apart).any(|(selected, targets)| {
            selected.contains(index)
                && targets.iter().any(|target| {
                    target.name == name
                        && match (&target.key, value.name) {
                            (RemovedKey::All, _) => true,
                            (RemovedKey::Text(key), crate::variables::MemberName::Member(member)) => {
                                key.eq_ignore_ascii_case(self.arena.get(member))
                            }
                            (RemovedKey::Pattern(pattern), crate::variables::MemberName::Member(member)) => {
                                pattern.is_match(self.arena.get(member)).unwrap_or(false)
                            }
                            _ => false,
                        }
                })
        })
    }

    /// The value after a chain of transformations. Results are remembered for the transaction: many rules share a chain
    /// or the beginning of one.
    pub(crate) fn transform(&mut self, rules: &RuleSet, value: Text, chain: ChainId) -> Text {
        let Some(node) = rules.chains.node(chain) else { return value };
        let (start, len) = value.key();
        if let Some(known) = self.transformed.get(&(start, len, chain)) {
            return *known;
        }
        let input = self.transform(rules, value, node.parent);
        let tables = Tables { unicode: rules.unicode.as_deref() };
        let result = match (node.step.apply)(self.arena.get(input), &tables, &mut self.scratch) {
            Outcome::Unchanged => input,
            Outcome::Changed | Outcome::Quiet => self.arena.push(&self.scratch),
        };
        self.transformed.insert((start, len, chain), result);
        result
    }

    /// An operator that could not decide: logged, no match (neither for a negated operator).
    fn operator_failed(&mut self, rules: &RuleSet, rule: &Rule, failure: Failure) {
        match failure {
            Failure::MatchLimit(code) => {
                self.limits_exceeded |= !self.detection.running;
                self.set_member(CollectionRef::Tx(b"MSC_PCRE_LIMITS_EXCEEDED"), b"1");
                let id = rules.rule(rule.starter).map_or(0, |starter| starter.id);
                let file = rules.files.get(usize::from(rule.file)).map_or("", String::as_str);
                let text = format!(
                    "Rule {:x} [id \"{id}\"][file \"{file}\"][line \"{}\"] - Execution error - PCRE limits exceeded ({code}): (null).",
                    rule.line, rule.line
                );
                self.notice(3, text);
            }
            Failure::Other(text) => {
                self.notice(1, text);
                self.rule_error(rule);
            }
            Failure::Unexplained => self.rule_error(rule),
        }
    }

    /// Names the rule; a chain link has neither id nor message.
    fn rule_error(&mut self, rule: &Rule) {
        let id = if rule.is_link { String::new() } else { rule.id.to_string() };
        let mut text = format!("Rule processing failed (id={id}, msg=").into_bytes();
        text.extend_from_slice(rule.metadata.msg.as_ref().map_or(b"", |msg| msg.raw()));
        text.extend_from_slice(b").");
        self.notice(1, text);
    }

    /// Takes the answer to the last need, when one is there.
    pub(crate) fn take_answer(&mut self) -> Option<Answer> {
        self.answer.take()
    }
}
