//! `docs/reference/`: what the language's lists say, a page per family, written from them.
//!
//! `PORTCULLIS_BLESS=1 cargo test -p portcullis-engine --test language reference` (`cargo xtask docs`) writes the pages anew;
//! without it the test fails when one is not what the lists say. Summaries and examples come from the items themselves; which
//! engines know an item stands in `corpus/language/engines.txt`, how it is taken here in `items.txt` beside it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use portcullis_engine::actions::{ACTIONS, Group, ValueRule};
use portcullis_engine::compile::directives;
use portcullis_engine::variables::{Naming, Shape, VARIABLES};
use portcullis_operators::{ALL as OPERATORS, Kind};
use portcullis_transformations::ALL as TRANSFORMATIONS;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What is written beside the items.
struct Beside {
    /// `("directive", "SecRule")` → `23C`.
    engines: HashMap<(String, String), String>,
    /// How each line of `items.txt` is taken, and the line.
    items: Vec<(String, String)>,
    differences: String,
}

impl Beside {
    fn read() -> Self {
        let mut engines = HashMap::new();
        for line in read("corpus/language/engines.txt").lines().filter(|line| !line.starts_with('#')) {
            if let [kind, name, known] = line.split(' ').collect::<Vec<_>>()[..] {
                engines.insert((kind.to_owned(), name.to_owned()), known.to_owned());
            }
        }
        let item = |line: &str| {
            let (taken, text) = line.split_once(' ')?;
            Some((taken.to_owned(), text.trim_start().to_owned()))
        };
        let items = read("corpus/language/items.txt")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(item)
            .collect();
        Self { engines, items, differences: read("docs/differences.md") }
    }

    /// The lines that every item has: engines, and whether we differ.
    fn facts(&self, kind: &str, name: &str) -> String {
        let known = &self.engines.get(&(kind.to_owned(), name.to_owned()));
        let known = known.unwrap_or_else(|| panic!("engines.txt lacks {kind} {name}"));
        let names: Vec<&str> = [
            ('H', "httpd's mod_headers"),
            ('2', "ModSecurity 2.9"),
            ('3', "libmodsecurity 3"),
            ('C', "Coraza"),
        ]
        .iter()
        .filter_map(|(letter, name)| known.contains(*letter).then_some(*name))
        .collect();
        let mut text = if names.is_empty() {
            "Engines: no other.".to_owned()
        } else {
            format!("Engines: {}.", names.join(", "))
        };
        if self.is_different(name) {
            text.push_str(" Differs: see [differences](../differences.md).");
        }
        text
    }

    /// Whether the page of differences names it: as code, or in capitals as variables are written.
    fn is_different(&self, name: &str) -> bool {
        let has = |text: &str| {
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
        };
        let is_variable = name.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase());
        let mut code = self.differences.split('`').skip(1).step_by(2);
        code.any(has) || is_variable && has(&self.differences)
    }

    /// The configuration that `items.txt` shows for an operator, and how it is taken: one that loads, when there is one.
    fn operator(&self, name: &str) -> (&str, &str) {
        let has = |end: char| move |text: &str| text.contains(&format!("\"@{name}{end}"));
        let mut lines: Vec<_> =
            self.items.iter().filter(|(_, text)| has(' ')(text) || has('"')(text)).collect();
        lines.sort_by_key(|(taken, _)| taken != "accepted");
        let (taken, text) = lines.first().unwrap_or_else(|| panic!("items.txt lacks @{name}"));
        (taken, text)
    }

    /// The configuration that `items.txt` shows for a directive, and how it is taken.
    fn example(&self, directive: &str) -> (&str, &str) {
        let names = |text: &str| {
            let last = text.rsplit("\\n").next().unwrap_or(text);
            last.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(directive))
        };
        let found = self.items.iter().find(|(_, text)| names(text));
        let (taken, text) = found.unwrap_or_else(|| panic!("items.txt lacks {directive}"));
        (taken, text.rsplit("\\n").next().unwrap_or(text))
    }
}

fn aliases(aliases: &[&str]) -> String {
    if aliases.is_empty() { String::new() } else { format!(" Also written `{}`.", aliases.join("`, `")) }
}

fn page(title: &str, intro: &str) -> String {
    format!(
        "# {title}\n\n<!-- Written from the lists of the language by a test; `cargo xtask docs` writes it anew. -->\n\n{intro}\n"
    )
}

fn directives_page(beside: &Beside) -> String {
    let mut out = page(
        "Directives",
        "Names are case-insensitive. `Include` and `IncludeOptional` are read before all others.",
    );
    let mut all: Vec<_> = directives().collect();
    all.sort_by_key(|info| info.name.to_ascii_lowercase());
    for info in all {
        let (taken, example) = beside.example(info.name);
        let _ = write!(out, "\n## {}\n\n{}{}", info.name, info.summary, aliases(info.aliases));
        let (least, most) = info.arguments;
        let words = match most {
            usize::MAX => format!("{least} or more"),
            most if most == least => least.to_string(),
            most => format!("{least} to {most}"),
        };
        let _ = write!(out, "\n\n```apache\n{example}\n```\n\nArguments: {words}.");
        let _ = match taken {
            "accepted" if info.in_location => write!(out, " May stand inside `<Location>`."),
            "accepted" => Ok(()),
            "notice" => write!(out, " Loads with a warning."),
            refused => write!(out, " As shown it is refused: `{refused}`."),
        };
        let _ = writeln!(out, " {}", beside.facts("directive", info.name));
    }
    out
}

fn operators_page(beside: &Beside) -> String {
    let intro = "`@name argument`, with `!` before it for the opposite. Examples: argument, value, whether it matches.";
    let mut out = page("Operators", intro);
    for info in OPERATORS {
        let _ = write!(out, "\n## @{}\n\n{}{}", info.name, info.summary, aliases(info.aliases));
        if info.expands_macros {
            out.push_str(" Macros in the argument are expanded.");
        }
        if !info.examples.is_empty() {
            out.push_str("\n\n| argument | value | matches |\n|---|---|---|");
        }
        for example in info.examples {
            let argument = cell(example.argument.as_bytes());
            let matches = if example.matches { "yes" } else { "no" };
            let _ = write!(out, "\n| {argument} | {} | {matches} |", cell(example.value));
        }
        let asks = matches!(info.kind, Kind::External(_));
        let (taken, example) = beside.operator(info.name);
        if asks {
            let _ = write!(out, "\n\n```apache\n{example}\n```");
        }
        let _ = match taken {
            "accepted" => write!(out, "\n\n"),
            "libxml2" => {
                write!(
                    out,
                    "\n\nNeeds a build with the feature `libxml2`; refused with a message without it. "
                )
            }
            "notice" => write!(out, "\n\nLoads with a warning. "),
            _ => write!(out, "\n\nRefused with a message that says so. "),
        };
        let _ = writeln!(out, "{}", beside.facts("operator", info.name));
    }
    out
}

fn variables_page(beside: &Beside) -> String {
    let intro = "Names are case-insensitive. `&NAME` counts members, `!NAME:member` takes what was selected before it away.";
    let mut out = page("Variables", intro);
    for info in VARIABLES {
        let selected = match info.shape {
            Shape::Scalar => "One value.",
            Shape::Single => "A list of one value.",
            Shape::List => "Members; `:name` or `:/expression/` selects.",
            Shape::Keyed => "Members, selected by `:name`.",
        };
        let shown = match (info.shape, info.naming) {
            (Shape::List | Shape::Keyed, Naming::Bare) => " Logs show the name of the variable alone.",
            _ => "",
        };
        let facts = beside.facts("variable", info.name);
        let _ = writeln!(out, "\n## {}\n\n{}\n\n{selected}{shown} {facts}", info.name, info.summary);
    }
    out
}

fn transformations_page(beside: &Beside) -> String {
    let mut out = page(
        "Transformations",
        "`t:name`, applied in the order written; `t:none` takes away those before it.",
    );
    for info in TRANSFORMATIONS {
        let _ = write!(out, "\n## t:{}\n\n{}{}", info.name, info.summary, aliases(info.aliases));
        out.push_str("\n\n| value | result |\n|---|---|");
        for example in info.examples {
            let _ = write!(out, "\n| {} | {} |", cell(example.input), cell(example.output));
        }
        let _ = writeln!(out, "\n\n{}", beside.facts("transformation", info.name));
    }
    out
}

fn actions_page(beside: &Beside) -> String {
    let mut out = page(
        "Actions",
        "A comma-separated list behind the operator. Text with commas or blanks goes into `'…'`.",
    );
    for info in ACTIONS {
        let group = match info.group {
            Group::Disruptive => "Decides what happens to the exchange.",
            Group::Flow => "Decides which rule runs next.",
            Group::Metadata => "Says something about the rule.",
            Group::Effect => "Runs at each match.",
            Group::Modifier => "Changes how the rule tests or logs.",
        };
        let value = match info.value {
            ValueRule::None => "",
            ValueRule::Optional => " A value may be given.",
            ValueRule::Required => " Needs a value.",
        };
        let place = if info.starter_only { " Not on a chain link." } else { "" };
        let _ = write!(out, "\n## {}\n\n{}{}\n\n", info.name, info.summary, aliases(info.aliases));
        let facts = beside.facts("action", info.name);
        let _ = writeln!(out, "```apache\n{}\n```\n\n{group}{value}{place} {facts}", info.example);
    }
    out
}

/// Bytes in a cell of a table.
fn cell(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "(empty)".to_owned();
    }
    let text = bytes.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'").replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

#[test]
fn pages_are_what_the_lists_say() {
    let beside = Beside::read();
    let folder = root().join("docs/reference");
    let index = "# Reference\n\nEvery item of the rule language that is known here: its meaning, an example, the engines that act on it, and whether we \
                 differ.\n\n[Directives](directives.md) · [Variables](variables.md) · [Operators](operators.md) · \
                 [Transformations](transformations.md) · [Actions](actions.md)\n";
    for (name, text) in [
        ("README.md", index.to_owned()),
        ("directives.md", directives_page(&beside)),
        ("variables.md", variables_page(&beside)),
        ("operators.md", operators_page(&beside)),
        ("transformations.md", transformations_page(&beside)),
        ("actions.md", actions_page(&beside)),
    ] {
        let file = folder.join(name);
        if std::env::var_os("PORTCULLIS_BLESS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &text).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == text,
            "docs/reference/{name} is not what the lists say; `cargo xtask docs` writes it"
        );
    }
}
