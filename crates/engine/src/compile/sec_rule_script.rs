//! `SecRuleScript`: a rule that is a Lua script. It matches when its `main` returns something, which is the message.

use portcullis_seclang::Directive;

use super::{Compiler, DirectiveInfo};
use crate::macros::Template;
use crate::ruleset::{Operator, Target, Test};
use crate::variables::Variable;

/// The record of `SecRuleScript`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecRuleScript",
    aliases: &[],
    arguments: (1, 2),
    in_location: true,
    summary: "A rule that is a Lua script: it matches when its function main returns a text, which is the message.",
    compile,
};

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let [file, actions @ ..] = directive.args.as_slice() else { return };
    let before = compiler.errors();
    let draft = compiler.draft_for_script(directive, actions.first());
    let script = compiler.script(directive.span, &file.lossy(), file.span);
    let Some(script) = script.filter(|_| compiler.errors() == before) else {
        compiler.skip_broken_rule(draft.chain);
        return;
    };
    // It runs once, for a target that is always there; the match is nobody's.
    let target = Target::all(Variable::RemoteAddr);
    let operator = Operator {
        test: Test::Script { script, inspects: false },
        negated: false,
        name: "script".to_owned(),
        argument: Template::literal(&file.text),
    };
    compiler.add_rule(directive, draft, vec![target], operator);
}
