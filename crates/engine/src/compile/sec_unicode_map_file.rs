//! `SecUnicodeMapFile`: the table that `t:urlDecodeUni` maps code points with.

use std::sync::Arc;

use portcullis_seclang::Directive;
use portcullis_transformations::UnicodeMap;

use super::{Compiler, DirectiveInfo};

/// The record of `SecUnicodeMapFile`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecUnicodeMapFile",
    aliases: &["SecUnicodeMap"],
    arguments: (1, 2),
    in_location: false,
    summary: "A file of code-page maps and the code page to use, for t:urlDecodeUni.",
    compile,
};

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let Some(file) = directive.args.first() else { return };
    let page = match directive.args.get(1) {
        None => 20127,
        Some(word) => match word.lossy().trim().parse::<u32>() {
            Ok(page) if page > 0 => page,
            _ => {
                let text = format!("invalid code page `{}`", word.lossy());
                compiler.error("invalid-code-page", word.span, text);
                return;
            }
        },
    };
    let read = compiler.read_beside(directive, &file.lossy());
    let map = read.and_then(|text| UnicodeMap::parse(&text, page).map_err(|error| error.to_string()));
    match map {
        Ok(map) => compiler.unicode = Some(Arc::new(map)),
        Err(reason) => {
            let text = format!("cannot load the Unicode map `{}`: {reason}", file.lossy());
            compiler.error("unreadable-file", file.span, text);
        }
    }
}
