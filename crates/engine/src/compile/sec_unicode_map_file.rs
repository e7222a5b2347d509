//! `SecUnicodeMapFile`: the table that `t:urlDecodeUni` maps code points with.

use std::sync::Arc;

use portcullis_seclang::{Directive, Word};
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

/// The record of `SecUnicodeCodePage`.
pub(super) static CODE_PAGE: DirectiveInfo = DirectiveInfo {
    name: "SecUnicodeCodePage",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "The code page of a SecUnicodeMapFile behind it that names none; 20127 without it.",
    compile: |compiler, directive| {
        let page = directive.args.first().and_then(|word| code_page(compiler, word));
        compiler.code_page = page.unwrap_or(compiler.code_page);
    },
};

fn code_page(compiler: &mut Compiler<'_>, word: &Word) -> Option<u32> {
    let page = word.lossy().trim().parse::<u32>().ok().filter(|page| *page > 0);
    if page.is_none() {
        let text = format!("invalid code page `{}`", word.lossy());
        compiler.error("invalid-code-page", word.span, text);
    }
    page
}

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let Some(file) = directive.args.first() else { return };
    let page = match directive.args.get(1) {
        None => compiler.code_page,
        Some(word) => match code_page(compiler, word) {
            Some(page) => page,
            None => return,
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
