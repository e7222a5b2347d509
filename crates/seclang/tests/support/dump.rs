//! An AST as text: every node with its value and, behind `<-`, the source bytes its span covers.

use std::fmt::Write as _;

use portcullis_seclang::{
    Directive, Item, KeyKind, Sources, Span, Word, parse_actions, parse_operator, parse_targets,
};

/// Dumps items; findings of the grammars inside rules are added to `diagnostics`.
pub fn dump(
    items: &[Item],
    sources: &Sources,
    diagnostics: &mut Vec<portcullis_seclang::Diagnostic>,
) -> String {
    let mut dumper = Dumper { sources, diagnostics, out: String::new() };
    dumper.items(items, 0);
    dumper.out
}

struct Dumper<'a> {
    sources: &'a Sources,
    diagnostics: &'a mut Vec<portcullis_seclang::Diagnostic>,
    out: String,
}

impl Dumper<'_> {
    fn line(&mut self, depth: usize, what: &str, span: Span) {
        let source = escaped(self.sources.text(span));
        let _ = writeln!(self.out, "{:indent$}{what}  <- {source}", "", indent = depth * 2);
    }

    fn items(&mut self, items: &[Item], depth: usize) {
        for item in items {
            match item {
                Item::Directive(directive) => self.directive(directive, depth),
                Item::Section(section) => {
                    let _ = writeln!(self.out, "{:indent$}section", "", indent = depth * 2);
                    self.line(depth + 1, &format!("name {:?}", section.name.value), section.name.span);
                    for word in &section.args {
                        self.line(depth + 1, &format!("word {}", quoted(&word.text)), word.span);
                    }
                    self.items(&section.items, depth + 1);
                }
            }
        }
    }

    fn directive(&mut self, directive: &Directive, depth: usize) {
        let indent = depth * 2;
        let _ = writeln!(self.out, "{:indent$}directive, line {}", "", directive.line);
        self.line(depth + 1, &format!("name {:?}", directive.name.value), directive.name.span);
        for word in &directive.args {
            self.line(depth + 1, &format!("word {}", quoted(&word.text)), word.span);
        }
        match (directive.name.value.as_str(), directive.args.as_slice()) {
            ("SecRule", [targets, operator]) => self.rule(targets, operator, None, depth + 1),
            ("SecRule", [targets, operator, actions]) => {
                self.rule(targets, operator, Some(actions), depth + 1);
            }
            ("SecAction", [actions]) => self.actions(actions, depth + 1),
            _ => {}
        }
    }

    fn rule(&mut self, targets: &Word, operator: &Word, actions: Option<&Word>, depth: usize) {
        match parse_targets(targets) {
            Err(findings) => self.diagnostics.extend(findings),
            Ok(targets) => {
                for target in targets {
                    let sign = if target.exclude { "!" } else { "" };
                    let count = if target.count { "&" } else { "" };
                    self.line(depth, &format!("target {sign}{count}"), target.span);
                    self.line(depth + 1, &format!("name {:?}", target.name.value), target.name.span);
                    if let Some(key) = target.key {
                        let kind = if key.value.kind == KeyKind::Regex { "regex" } else { "key" };
                        self.line(depth + 1, &format!("{kind} {}", quoted(&key.value.text)), key.span);
                    }
                }
            }
        }
        let expression = parse_operator(operator);
        self.line(depth, if expression.negated { "operator !" } else { "operator" }, expression.span);
        if let Some(name) = expression.name {
            self.line(depth + 1, &format!("name {:?}", name.value), name.span);
        }
        let argument = &expression.argument;
        self.line(depth + 1, &format!("argument {}", quoted(&argument.value)), argument.span);
        if let Some(actions) = actions {
            self.actions(actions, depth);
        }
    }

    fn actions(&mut self, word: &Word, depth: usize) {
        match parse_actions(word) {
            Err(findings) => self.diagnostics.extend(findings),
            Ok(actions) => {
                for action in actions {
                    self.line(depth, "action", action.span);
                    self.line(depth + 1, &format!("name {:?}", action.name.value), action.name.span);
                    if let Some(value) = action.value {
                        self.line(depth + 1, &format!("value {}", quoted(&value.value)), value.span);
                    }
                }
            }
        }
    }
}

fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", escaped(bytes))
}

/// Rust's escapes, quotes left alone.
fn escaped(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\'", "'").replace("\\\"", "\"")
}
