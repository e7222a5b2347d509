//! The settings table as text: `portcullis.toml` for a new site and the reference `docs/settings.md`.
//!
//! The row of `access-log-format` → `# The form of access lines: json or ltsv.` and `#access_log_format = "json"`. Every line
//! of the file is a comment, so a new site runs on defaults; removing one `#` changes one setting. Tests read the result
//! back, compare it with the defaults, and compare `docs/settings.md` with [`markdown`].

use std::fmt::Write as _;

use portcullis_http1::Deviation;

use super::setting::{Applies, Setting, Shape};
use super::table;

/// Columns of comments in `portcullis.toml`.
const WIDTH: usize = 100;

/// The text of `portcullis.toml`: every setting with its default, commented out.
pub fn toml() -> String {
    let mut out = String::from(
        "# Settings of portcullis. Every line that begins with #NAME is a setting with its default: remove the # to change it.\n\
         # A variable PORTCULLIS_NAME wins over this file, and a flag --name over both. Rules and what they do stand in\n\
         # modsecurity.conf and rules/. `portcullis check` reads this file too.\n",
    );
    let mut group = None;
    for setting in table::all() {
        if group != Some(setting.group) {
            group = Some(setting.group);
            let _ = write!(out, "\n\n## {}\n", setting.group.title());
        }
        out.push('\n');
        comment(&paragraph(setting), &mut out);
        match setting.shape {
            Shape::Table => entries(setting, &mut out),
            _ => {
                let _ = writeln!(out, "#{} = {}", setting.key(), setting.default);
            }
        }
    }
    out
}

/// The entries of the one table setting: a policy per deviation that offers a choice.
fn entries(setting: &Setting, out: &mut String) {
    for deviation in choosable() {
        out.push('\n');
        comment(&format!("{} ({})", deviation.attack(), policies(deviation, ", ")), out);
        let name = deviation.name();
        let key = if name.contains('.') { format!("\"{name}\"") } else { name.to_owned() };
        let _ = writeln!(out, "#{}.{key} = \"{}\"", setting.key(), default_policy(deviation));
    }
}

/// Departures from HTTP for which there is something to choose.
fn choosable() -> impl Iterator<Item = Deviation> {
    Deviation::ALL.into_iter().filter(|deviation| deviation.policies().len() > 1)
}

fn policies(deviation: Deviation, between: &str) -> String {
    deviation.policies().iter().map(|policy| policy.name()).collect::<Vec<_>>().join(between)
}

fn default_policy(deviation: Deviation) -> &'static str {
    deviation.policies().first().map_or("reject", |policy| policy.name())
}

fn paragraph(setting: &Setting) -> String {
    let applies = match setting.applies {
        Applies::AtReload => "",
        Applies::AtStart => " (Read at start.)",
    };
    let blank = if setting.detail.is_empty() { "" } else { " " };
    format!("{}{blank}{}{applies}", setting.summary, setting.detail)
}

/// Appends a text as comment lines.
fn comment(text: &str, out: &mut String) {
    let mut column = 0;
    for word in text.split_whitespace() {
        if column > 0 && column + 1 + word.len() > WIDTH {
            out.push('\n');
            column = 0;
        }
        let lead = if column == 0 { "# " } else { " " };
        out.push_str(lead);
        out.push_str(word);
        column += lead.len() + word.len();
    }
    out.push('\n');
}

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
        let _ = write!(out, "\n| departure | policies, the default first | what it is, and the attack that a strict policy stops |\n|---|---|---|\n");
        for deviation in choosable() {
            let _ = writeln!(out, "| `{}` | {} | {} |", deviation.name(), policies(deviation, ", "), cell(deviation));
        }
    }
}

fn fixed_policies(out: &mut String) {
    out.push_str("\n## Always refused\n\nThere is no setting for these: no way of forwarding them is safe.\n\n");
    out.push_str("| departure | answer | what it is, and the attack that refusing it stops |\n|---|---|---|\n");
    for deviation in Deviation::ALL.into_iter().filter(|deviation| deviation.policies().len() == 1) {
        let _ = writeln!(out, "| `{}` | {} | {} |", deviation.name(), deviation.status(), cell(deviation));
    }
}

/// Text for a table: a bar would end the cell, a `<` would begin a tag.
fn cell(deviation: Deviation) -> String {
    deviation.attack().replace('|', "\\|").replace('<', "&lt;")
}
