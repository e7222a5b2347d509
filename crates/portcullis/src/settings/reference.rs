//! The reference of settings, `docs/settings.md`, as text. A test compares the file with it, and writes it when asked.
//!
//! The row of `access-log` → a heading, the three spellings, default, when it applies, what it is.

use std::fmt::Write as _;

use portcullis_http1::Deviation;

use super::document::{choosable, policies};
use super::setting::{Applies, Setting, Shape};
use super::table;

/// The reference of all settings.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Settings\n\n\
         <!-- Written from crates/portcullis/src/settings/table by a test; PORTCULLIS_BLESS=1 cargo test writes it anew. -->\n\n\
         A setting has one name in three spellings: the flag `--access-log`, the variable `PORTCULLIS_ACCESS_LOG`, the key\n\
         `access_log` in the site's `portcullis.toml`. A flag wins over the variable, the variable over the file, the file over\n\
         the default. Lists are written with commas in variables and flags, and a flag may be repeated. Times have a unit\n\
         (`500ms`, `30s`, `5min`, `1h`), sizes may have one (`8190`, `64KiB`, `8MiB`, `1GiB`). Relative paths in the file start\n\
         from the site's folder, others from the working directory.\n\n\
         A mistake in any of them is an error, with the nearest known name where there is one. Settings marked *reload* take\n\
         effect when the site is reloaded; the others with the next start, and a reload says so when they have changed.\n",
    );
    let mut group = None;
    for setting in table::all() {
        if group != Some(setting.group) {
            group = Some(setting.group);
            let _ = write!(out, "\n## {}\n", setting.group.title());
        }
        section(setting, &mut out);
    }
    fixed_policies(&mut out);
    out
}

fn section(setting: &Setting, out: &mut String) {
    let applies = match setting.applies {
        Applies::AtReload => "*reload*",
        Applies::AtStart => "start",
    };
    let default = match setting.shape {
        Shape::Table => "see below".to_owned(),
        _ => format!("`{}`", setting.default),
    };
    let _ = write!(
        out,
        "\n### {key}\n\n`--{flag} {placeholder}` · `{variable}` · default {default} · {applies}\n\n{text}\n",
        key = setting.key(),
        flag = setting.name,
        placeholder = setting.placeholder,
        variable = setting.variable(),
        text = [setting.summary, setting.detail].join(" ").trim_end(),
    );
    if setting.shape == Shape::Table {
        let _ = write!(
            out,
            "\n| departure | policies, the default first | what it is, and the attack that a strict policy stops |\n|---|---|---|\n"
        );
        for deviation in choosable() {
            let _ = writeln!(
                out,
                "| `{}` | {} | {} |",
                deviation.name(),
                policies(deviation, ", "),
                cell(deviation)
            );
        }
    }
}

fn fixed_policies(out: &mut String) {
    out.push_str(
        "\n## Always refused\n\nThere is no setting for these: no way of forwarding them is safe.\n\n",
    );
    out.push_str(
        "| departure | answer | what it is, and the attack that refusing it stops |\n|---|---|---|\n",
    );
    for deviation in Deviation::ALL.into_iter().filter(|deviation| deviation.policies().len() == 1) {
        let _ = writeln!(out, "| `{}` | {} | {} |", deviation.name(), deviation.status(), cell(deviation));
    }
}

/// Text for a table: a bar would end the cell, a `<` would begin a tag.
fn cell(deviation: Deviation) -> String {
    deviation.attack().replace('|', "\\|").replace('<', "&lt;")
}
