//! `SecDataset NAME` and lines between two backticks: a list that stands in the configuration itself, for `@pmFromDataset` and
//! `@ipMatchFromDataset` behind it.

use portcullis_seclang::{Diagnostic, Directive};

use super::{Compiler, DirectiveInfo};

/// The record of `SecDataset`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecDataset",
    aliases: &[],
    arguments: (2, 2),
    in_location: false,
    summary: "A list of phrases or addresses, one a line between two backticks, for @pmFromDataset and @ipMatchFromDataset.",
    compile,
};

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let [name, content] = directive.args.as_slice() else { return };
    if content.text == b"`" {
        let text = "the list has no end: a line that ends with a backtick";
        compiler.diagnostics.push(
            Diagnostic::error("unclosed-dataset", content.span, text)
                .with_help("write one entry a line, and a line with nothing but a backtick behind them"),
        );
        return;
    }
    if compiler.datasets.insert(name.text.clone(), content.text.clone()).is_some() {
        let text = format!("dataset `{}` is defined again: rules from here on use this one", name.lossy());
        let diagnostic = Diagnostic::warning("duplicate-dataset", name.span, text);
        compiler.diagnostics.push(diagnostic.with_help("give it another name, or put the two together"));
    }
}
