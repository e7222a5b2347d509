//! `SecMarker`: a label in all phases for `skipAfter`.

use portcullis_seclang::Directive;

use super::{Compiler, DirectiveInfo, Element, ElementKind};

/// The record of `SecMarker`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecMarker",
    aliases: &[],
    arguments: (1, 1),
    in_location: true,
    summary: "A label that skipAfter can jump behind.",
    compile,
};

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let Some(word) = directive.args.first() else { return };
    // ModSecurity reads the label as the value of an action, so a second pair of quotes may stand around it.
    let label = match word.text.as_slice() {
        [b'\'', inner @ .., b'\''] => inner,
        text => text,
    };
    if label == word.text.as_slice() && label.iter().any(|b| b.is_ascii_whitespace() || *b == b',') {
        compiler.error(
            "invalid-marker",
            word.span,
            "a marker with blanks or commas needs single quotes inside: \"'X Y'\"",
        );
        return;
    }
    compiler.elements.push(Element { section: compiler.section, kind: ElementKind::Marker(label.to_vec()) });
}
