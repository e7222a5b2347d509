//! The settings table as text: `portcullis.toml` for a new site.
//!
//! The row of `access-log-format` → `# The form of access lines: json or ltsv.` and `#access_log_format = "json"`. Every line
//! of the file is a comment, so a new site runs on defaults; removing one `#` changes one setting. Tests read the result
//! back and compare it with the defaults. The reference for people is written by `reference`.

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
         # modsecurity.conf and rules/. `portcullis check` reads this file too. Changes take effect with the next start, but\n\
         # where it says otherwise.\n",
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
pub fn choosable() -> impl Iterator<Item = Deviation> {
    Deviation::ALL.into_iter().filter(|deviation| deviation.policies().len() > 1)
}

/// The policies offered, the default first.
pub fn policies(deviation: Deviation, between: &str) -> String {
    deviation.policies().iter().map(|policy| policy.name()).collect::<Vec<_>>().join(between)
}

fn default_policy(deviation: Deviation) -> &'static str {
    deviation.policies().first().map_or("reject", |policy| policy.name())
}

fn paragraph(setting: &Setting) -> String {
    let applies = match setting.applies {
        Applies::AtReload => " (Takes effect with a reload.)",
        Applies::AtStart => "",
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
