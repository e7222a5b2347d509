//! The reference of these variables, `docs/container-variables.md`. A test compares the file with it, and writes it when asked.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::table::{Form, Meaning, ROWS};

fn markdown() -> String {
    let mut out = String::from(
        "# Variables of the CRS container images\n\n\
         <!-- Written from crates/portcullis/src/container/table.rs by a test; PORTCULLIS_BLESS=1 cargo test writes it anew. -->\n\n\
         `portcullis run` understands the environment variables of the OWASP CRS's container images (Apache and nginx), so a\n\
         deployment can change the image and keep its environment. What each of them does is said on standard error at the start;\n\
         one that changes nothing here is named there, with the reason.\n\n\
         What wins, the strongest first: flags, `PORTCULLIS_*` variables, these variables, `--platform`, the site's files, defaults. Of two\n\
         variables for the same thing the one further down wins. Nothing is written into the site: it is read as if its files held\n\
         the values, at each reload too. `portcullis check` reads the site without them.\n\n\
         | variable | effect |\n|---|---|\n",
    );
    for (name, meaning) in ROWS {
        let _ = writeln!(out, "| `{name}` | {} |", effect(meaning));
    }
    out
}

fn effect(meaning: &Meaning) -> String {
    match meaning {
        Meaning::Settings(names, form) => {
            let keys: Vec<String> =
                names.iter().map(|name| format!("`{}`", name.replace('-', "_"))).collect();
            let form = match form {
                Form::Same | Form::Field => "",
                Form::Port => ", on all IPv4 addresses",
                Form::Seconds => ", in seconds",
                Form::Log => "; `/dev/stdout`, `/dev/stderr`, `/dev/null` and `/proc/self/fd/N` as there",
                Form::Networks => ", with commas or blanks between",
            };
            format!("{}{form}", keys.join(", "))
        }
        Meaning::Directive(directive) => format!("`{directive}`"),
        Meaning::Engine => "`SecRuleEngine`".to_owned(),
        Meaning::Tuning(name) => format!("`{name}` of the set-up file"),
        Meaning::Manual => "`1`: variables that change the set-up file change nothing".to_owned(),
        Meaning::Only(value, why) => {
            format!("`{value}` is what is done; another value changes nothing: {why}")
        }
        Meaning::Unsupported(why) => format!("changes nothing: {why}"),
    }
}

#[test]
fn the_reference_is_written_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/container-variables.md");
    let wanted = markdown();
    if std::env::var_os("PORTCULLIS_BLESS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == wanted,
        "docs/container-variables.md is not what the table says; PORTCULLIS_BLESS=1 cargo test writes it"
    );
}
