//! The starter rule set and the files every new site has, built in.
//!
//! The files are those of `rules/` at the top of the project, which has the layout of a site. Base rules are laid down and
//! activated; optional ones are laid down only.

use std::path::Path;

use crate::init::{InitError, Plan};
use crate::layout::{ACTIVATED_RULES, BASE_RULES, OPTIONAL_RULES};

/// `modsecurity.conf` of a new site.
pub(crate) const CONFIGURATION: &[u8] = include_bytes!("../../../rules/modsecurity.conf");

/// `unicode.mapping` of a new site.
pub(crate) const UNICODE_MAP: &[u8] = include_bytes!("../../../rules/unicode.mapping");

/// A file's name and content.
type File = (&'static str, &'static [u8]);

macro_rules! files {
    ($folder:literal: $($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../../../rules/", $folder, "/", $name)))),*]
    };
}

/// The release of the rules, as their `ver` says it.
const VERSION: &str = "1.0";

/// Rules that run in a new site.
const BASE: &[File] = files!("base_rules":
    "00-setup.conf"
    "10-protocol.conf"
    "20-scanners.conf"
    "30-files.conf"
    "40-commands.conf"
    "50-sql-injection.conf"
    "60-cross-site-scripting.conf"
    "79-request-verdict.conf"
    "80-response-leaks.conf"
    "99-response-verdict.conf"
);

/// Rules to choose from.
const OPTIONAL: &[File] = files!("optional_rules":
    "11-strict-protocol.conf"
    "21-bots.conf"
    "70-php.conf"
    "71-javascript.conf"
);

/// Plans a site with the starter rules.
pub(crate) fn plan(plan: &mut Plan) -> Result<(), InitError> {
    for (name, content) in BASE {
        plan.add(Path::new(ACTIVATED_RULES).join(name), content)?;
        plan.add(Path::new(BASE_RULES).join(name), content)?;
    }
    for (name, content) in OPTIONAL {
        plan.add(Path::new(OPTIONAL_RULES).join(name), content)?;
    }
    plan.title = format!("Portcullis starter rules {VERSION}");
    plan.notes.push(format!("{OPTIONAL_RULES} holds more; copy what fits to {ACTIVATED_RULES}"));
    Ok(())
}
