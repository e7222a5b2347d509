//! From the targets of the AST to compiled ones: names become variables, keys become selectors.

use std::sync::Arc;

use portcullis_operators::pattern::{Options, Pattern};
use portcullis_seclang::{Diagnostic, Key, KeyKind, Spanned, Target as AstTarget};

use crate::ruleset::{KeyPattern, Selector, Target, TxNames};
use crate::variables::{Shape, VARIABLES, Variable};

/// Compiles a target list. `namespaces` are the rule's `xmlns` prefixes.
pub(crate) fn compile_targets(
    list: &[AstTarget],
    namespaces: &[(String, String)],
    tx_names: &mut TxNames,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Target> {
    list.iter()
        .filter_map(|target| match compile_target(target, namespaces, tx_names) {
            Ok(compiled) => {
                if compiled.variable == Variable::Json {
                    let diagnostic = Diagnostic::warning("no-effect", target.span, "`JSON` holds nothing");
                    diagnostics.push(diagnostic.with_help("the leaves of a JSON body are in ARGS"));
                }
                Some(compiled)
            }
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                None
            }
        })
        .collect()
}

fn compile_target(
    target: &AstTarget,
    namespaces: &[(String, String)],
    tx_names: &mut TxNames,
) -> Result<Target, Box<Diagnostic>> {
    let name = &target.name.value;
    if let Some(header) = name.strip_prefix("HTTP_").filter(|_| target.key.is_none()) {
        let selector = Selector::Name(header.as_bytes().to_vec());
        let (count, exclude) = (target.count, target.exclude);
        let key = Some(header.as_bytes().to_vec());
        return Ok(Target { variable: Variable::RequestHeaders, selector, count, exclude, key });
    }
    let dotted = member_behind_dot(target);
    let (name, key) = match &dotted {
        Some((name, key)) => (*name, Some(key)),
        None => (name.as_str(), target.key.as_ref()),
    };
    let Some(variable) = Variable::find(name.as_bytes()) else {
        return Err(Box::new(unknown_variable(target)));
    };
    let info = variable.info();
    let key = key.filter(|key| !key.value.text.is_empty());
    let selector = match key {
        None => {
            if variable == Variable::Rule && !target.exclude {
                let text = format!("missing mandatory parameter for variable `{}`", info.name);
                let help = format!("name a member: `{}:name`", info.name);
                return Err(Box::new(Diagnostic::error("missing-key", target.span, text).with_help(help)));
            }
            Selector::All
        }
        Some(key) if matches!(info.shape, Shape::Scalar | Shape::Single) => {
            let text = format!("variable `{}` does not support parameters", info.name);
            return Err(Box::new(Diagnostic::error("unexpected-key", key.span, text)));
        }
        Some(key) if variable.is_xml() => {
            let mut expression = String::from_utf8_lossy(&key.value.text).into_owned();
            if key.value.kind == KeyKind::Regex {
                expression = format!("/{expression}/");
            }
            let path = portcullis_bodies::XPath::compile(&expression, namespaces).map_err(|error| {
                let text = format!("bad XPath expression: {error}");
                Box::new(Diagnostic::error("invalid-xpath", key.span, text))
            })?;
            Selector::XPath(Arc::new(path))
        }
        Some(key) => match key.value.kind {
            KeyKind::Regex => {
                let options = Options { caseless: true, ..Options::default() };
                let pattern = Pattern::new(&key.value.text, options).map_err(|error| {
                    let text = format!("bad regular expression: {}", error.message);
                    Box::new(Diagnostic::error("invalid-regex", key.span, text))
                })?;
                Selector::Pattern(Arc::new(KeyPattern::new(&key.value.text, pattern)))
            }
            KeyKind::Text if variable == Variable::Tx => Selector::Slot(tx_names.intern(&key.value.text)),
            KeyKind::Text => Selector::Name(key.value.text.clone()),
        },
    };
    let key = key.map(|key| match key.value.kind {
        KeyKind::Regex => [b"/", key.value.text.as_slice(), b"/"].concat(),
        KeyKind::Text => key.value.text.clone(),
    });
    Ok(Target { variable, selector, count: target.count, exclude: target.exclude, key })
}

/// `TX.name`, as v3 also takes it for `TX:name`.
fn member_behind_dot(target: &AstTarget) -> Option<(&str, Spanned<Key>)> {
    let (name, member) = target.name.value.split_once('.').filter(|_| target.key.is_none())?;
    let is_collection = Variable::find(name.as_bytes())
        .is_some_and(|variable| matches!(variable.info().shape, Shape::List | Shape::Keyed));
    let key = Key { text: member.as_bytes().to_vec(), kind: KeyKind::Text };
    is_collection.then_some((name, Spanned { value: key, span: target.name.span }))
}

fn unknown_variable(target: &AstTarget) -> Diagnostic {
    let name = &target.name.value;
    let diagnostic =
        Diagnostic::error("unknown-variable", target.name.span, format!("unknown variable `{name}`"));
    match portcullis_seclang::nearest(name, VARIABLES.iter().map(|row| row.name)) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}
