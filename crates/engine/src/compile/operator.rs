//! From the operator of the AST to a compiled test.

use portcullis_operators::pattern::{Options, Pattern};
use portcullis_operators::{Environment as OperatorEnvironment, External, Kind, PathTemplate};
use portcullis_seclang::{Diagnostic, OperatorExpr, Span};

use super::Compiler;
use crate::macros::Template;
use crate::rewrite::Rewrite;
use crate::ruleset::{Operator, Test};
use crate::signing::HashCheck;

impl Compiler<'_> {
    /// Compiles an operator; `None` when it could not be, which has been reported.
    pub(super) fn compile_operator(
        &mut self,
        expression: &OperatorExpr,
        directory_of: Span,
    ) -> Option<Operator> {
        let name = expression.name.as_ref().map_or("rx", |name| name.value.as_str());
        let argument = &expression.argument;
        let Some(operator) = portcullis_operators::find(name) else {
            self.unknown_operator(expression, name);
            return None;
        };
        if operator.needs_argument && argument.value.is_empty() {
            let text = format!("missing parameter for operator `@{}`", operator.name);
            self.diagnostics.push(Diagnostic::error("missing-argument", expression.span, text));
            return None;
        }
        let has_macros = operator.expands_macros && memchr::memmem::find(&argument.value, b"%{").is_some();
        let template = if has_macros {
            Template::parse(&argument.value, &mut self.tx_names)
        } else {
            Template::literal(&argument.value)
        };
        let test = match operator.kind {
            Kind::External(External::InspectFile) if is_script(&argument.value) => {
                let name = String::from_utf8_lossy(&argument.value).into_owned();
                let script = self.script(directory_of, name.trim(), argument.span)?;
                Test::Script { script, inspects: true }
            }
            Kind::External(external @ (External::ValidateDtd | External::ValidateSchema)) => {
                let kind = match external {
                    External::ValidateDtd => portcullis_xmlschema::Kind::Dtd,
                    _ => portcullis_xmlschema::Kind::Schema,
                };
                let name = String::from_utf8_lossy(&argument.value).into_owned();
                Test::Validation(self.grammar(kind, directory_of, &name, argument.span)?)
            }
            Kind::External(External::ValidateHash) => {
                let has_macros = template.as_literal().is_none();
                Test::Hash(
                    (!has_macros)
                        .then(|| self.pattern(expression))
                        .map_or(Some(HashCheck(None)), |pattern| {
                            pattern.map(|pattern| HashCheck(Some(pattern)))
                        })?,
                )
            }
            Kind::External(External::RestPath) => Test::Path(Box::new(self.path_template(expression)?)),
            Kind::External(External::Rsub) => Test::Rewrite(Box::new(self.rewrite(expression)?)),
            Kind::External(external) => self.external(external, expression)?,
            Kind::Dataset(compile) => {
                let read_file = |name: &str| {
                    let found = self.datasets.get(name.as_bytes()).cloned();
                    found.ok_or_else(|| format!("no SecDataset `{name}` stands before this rule"))
                };
                let match_limit = self.settings.pcre_match_limit;
                let environment = OperatorEnvironment { read_file: &read_file, match_limit, has_macros };
                match compile(&argument.value, &environment) {
                    Ok(test) => Test::Pure(test),
                    Err(error) => {
                        self.argument_error(expression, &error);
                        return None;
                    }
                }
            }
            Kind::Pure(compile) => {
                let directory =
                    self.sources.path(directory_of.file).parent().map(std::path::Path::to_path_buf);
                let read = self.environment.read_file;
                let left_out = std::cell::RefCell::new(None);
                let may_be_left_out = self.remote_failures_warn;
                let read_file = |file: &str| {
                    if !file.starts_with("https://") {
                        let path = directory.as_deref().unwrap_or(std::path::Path::new("")).join(file);
                        return read(&path);
                    }
                    read(std::path::Path::new(file)).or_else(|reason| match may_be_left_out {
                        true => {
                            left_out.replace(Some(format!("`{file}` is left out: {reason}")));
                            Ok(Vec::new())
                        }
                        false => Err(reason),
                    })
                };
                let environment = OperatorEnvironment {
                    read_file: &read_file,
                    match_limit: self.settings.pcre_match_limit,
                    has_macros,
                };
                let compiled = compile(&argument.value, &environment);
                if let Some(text) = left_out.take() {
                    let help = "SecRemoteRulesFailAction Abort would refuse the configuration instead";
                    let diagnostic = Diagnostic::warning("remote-failed", argument.span, text);
                    self.diagnostics.push(diagnostic.with_help(help));
                }
                match compiled {
                    Ok(test) => Test::Pure(test),
                    Err(error) => {
                        self.argument_error(expression, &error);
                        return None;
                    }
                }
            }
        };
        Some(Operator { test, negated: expression.negated, name: name.to_owned(), argument: template })
    }

    fn rewrite(&mut self, expression: &OperatorExpr) -> Option<Rewrite> {
        let limit = self.settings.pcre_match_limit;
        match Rewrite::new(&expression.argument.value, limit, &mut self.tx_names) {
            Ok(rewrite) => Some(rewrite),
            Err(error) => {
                self.argument_error(expression, &error);
                None
            }
        }
    }

    fn path_template(&mut self, expression: &OperatorExpr) -> Option<PathTemplate> {
        match PathTemplate::parse(&expression.argument.value, self.settings.pcre_match_limit) {
            Ok(template) => Some(template),
            Err(error) => {
                self.argument_error(expression, &error);
                None
            }
        }
    }

    fn pattern(&mut self, expression: &OperatorExpr) -> Option<Pattern> {
        let options = Options { match_limit: self.settings.pcre_match_limit, ..Options::default() };
        match Pattern::new(&expression.argument.value, options) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let text = format!("Error compiling pattern (offset {}): {}", error.offset, error.message);
                self.error("invalid-argument", expression.argument.span, text);
                None
            }
        }
    }

    fn external(&mut self, external: External, expression: &OperatorExpr) -> Option<Test> {
        if matches!(external, External::Rbl | External::GeoLookup | External::InspectFile) {
            return Some(Test::External(external));
        }
        let name = expression.name.as_ref().map_or("", |name| name.value.as_str());
        let never = match external {
            External::GsbLookup => Some("Google has ended the list that it looked in"),
            _ => None,
        };
        if let Some(reason) = never {
            let text = format!("operator `@{name}` never matches");
            self.diagnostics.push(Diagnostic::warning("no-effect", expression.span, text).with_help(reason));
            return Some(Test::External(external));
        }
        let text = format!("operator `@{name}` is not supported");
        let help = "take the rule out: documents are not validated against a DTD or a schema";
        self.diagnostics
            .push(Diagnostic::error("unsupported-operator", expression.span, text).with_help(help));
        None
    }

    fn argument_error(&mut self, expression: &OperatorExpr, error: &portcullis_operators::ArgumentError) {
        let whole = expression.argument.span;
        let span = match error.offset.and_then(|offset| u32::try_from(offset).ok()) {
            Some(offset) if whole.start + offset < whole.end => {
                Span { start: whole.start + offset, end: whole.start + offset + 1, ..whole }
            }
            _ => whole,
        };
        let mut diagnostic = Diagnostic::error("invalid-argument", span, error.message.clone());
        if let Some(help) = &error.help {
            diagnostic = diagnostic.with_help(help.clone());
        }
        self.diagnostics.push(diagnostic);
    }

    fn unknown_operator(&mut self, expression: &OperatorExpr, name: &str) {
        let span = expression.name.as_ref().map_or(expression.span, |name| name.span);
        let diagnostic = Diagnostic::error("unknown-operator", span, format!("unknown operator `@{name}`"));
        let known = portcullis_operators::ALL.iter().map(|operator| operator.name);
        self.diagnostics.push(match portcullis_seclang::nearest(name, known) {
            Some(near) => diagnostic.with_help(format!("did you mean `@{near}`?")),
            None => diagnostic,
        });
    }
}

/// Whether `@inspectFile` names a Lua script; anything else is a program.
fn is_script(argument: &[u8]) -> bool {
    argument.trim_ascii().ends_with(b".lua")
}
