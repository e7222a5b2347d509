//! `SecAction`: actions that always run; a rule on REMOTE_ADDR with `@unconditionalMatch`, as in ModSecurity v2.

use portcullis_operators::{Environment as OperatorEnvironment, Kind};
use portcullis_seclang::Directive;

use super::{Compiler, DirectiveInfo};
use crate::macros::Template;
use crate::ruleset::{Operator, Target, Test};
use crate::variables::Variable;

/// The record of `SecAction`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecAction",
    aliases: &[],
    arguments: (1, 1),
    in_location: true,
    summary: "Actions that run unconditionally.",
    compile,
};

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let before = compiler.errors();
    let draft = compiler.draft_for_rule(directive, directive.args.first());
    let Some(operator) = unconditional() else {
        compiler.error("internal", directive.span, "the operator @unconditionalMatch is missing");
        return;
    };
    if compiler.errors() != before {
        compiler.skip_broken_rule(draft.chain);
        return;
    }
    let target = Target::all(Variable::RemoteAddr);
    compiler.add_rule(directive, draft, vec![target], operator);
}

fn unconditional() -> Option<Operator> {
    let Kind::Pure(compile) = portcullis_operators::find("unconditionalMatch")?.kind else { return None };
    let none = |_: &str| Err(String::new());
    let environment = OperatorEnvironment { read_file: &none, match_limit: 1, has_macros: false };
    let test = Test::Pure(compile(b"", &environment).ok()?);
    Some(Operator {
        test,
        negated: false,
        name: "unconditionalMatch".to_owned(),
        argument: Template::default(),
    })
}
