//! `SecGeoLookupDb`: the database of `@geoLookup`.

use std::sync::Arc;

use portcullis_seclang::Directive;

use super::{Compiler, DirectiveInfo};

/// The record of `SecGeoLookupDb`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecGeoLookupDb",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "The database of @geoLookup: a MaxMind database (.mmdb) or a GeoIP country or city file (.dat).",
    compile,
};

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let Some(file) = directive.args.first() else { return };
    let read = compiler.read_beside(directive, &file.lossy());
    let opened =
        read.and_then(|bytes| portcullis_geo::Database::open(bytes).map_err(|error| error.to_string()));
    match opened {
        Ok(database) => compiler.geo = Some(Arc::new(database)),
        Err(reason) => {
            let text = format!("cannot open the geographic database `{}`: {reason}", file.lossy());
            compiler.error("unreadable-file", file.span, text);
        }
    }
}
