//! Settings from every source, and the documents that must agree with the table.

use std::collections::BTreeSet;
use std::fs;

use portcullis_seclang::render::{Style, render};

use super::*;

/// Settings of a `portcullis.toml` and a command line.
fn resolved(text: &str, variables: &[(&str, &str)], flags: &[&str]) -> (Resolved, Sources) {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    let id = sources.add("portcullis.toml".into(), text.into());
    let mut entries = file::read(sources.file(id), id, &mut diagnostics);
    let environment = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    entries.extend(variables::read(environment).entries);
    entries.extend(parse(flags).entries);
    let mut resolved = resolve(Path::new("/site"), entries);
    diagnostics.append(&mut resolved.diagnostics);
    resolved.diagnostics = diagnostics;
    (resolved, sources)
}

fn parse(flags: &[&str]) -> Flags {
    use clap::{Args as _, FromArgMatches as _};
    let command = Flags::augment_args(clap::Command::new("test").no_binary_name(true));
    Flags::from_arg_matches(&command.get_matches_from(flags)).unwrap()
}

/// The drawing of everything that is wrong with a `portcullis.toml`.
fn findings(text: &str) -> String {
    let (resolved, sources) = resolved(text, &[], &[]);
    render(&resolved.diagnostics, &sources, Style::default())
}

/// Every field of the settings: they hold a function, which has no equality of its own.
fn text_of(resolved: &Resolved) -> String {
    format!("{:#?}", resolved.settings)
}

fn defaults() -> String {
    format!("{:#?}", Settings::default())
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let file = "access_log = \"a.log\"\nerror_log = \"e.log\"\naccess_log_format = \"ltsv\"\n";
    let (found, _) = resolved(file, &[("PORTCULLIS_ACCESS_LOG", "b.log")], &["--access-log", "c.log"]);
    let logs = &found.settings.logs;
    assert_eq!(logs.access, Destination::Named("c.log".into()));
    assert_eq!(logs.error, Destination::Named("/site/e.log".into()));
    assert_eq!(logs.access_format, AccessFormat::Ltsv);
    let (found, _) = resolved(file, &[("PORTCULLIS_ACCESS_LOG", "|cat")], &[]);
    assert_eq!(found.settings.logs.access, Destination::Named("|cat".into()));
}

#[test]
fn every_source_spells_lists_and_booleans() {
    for (file, variables, flags) in [
        ("define = [\"A\", \"B\"]\njson_names_v3 = true", [].as_slice(), [].as_slice()),
        ("", &[("PORTCULLIS_DEFINE", "A, B"), ("PORTCULLIS_JSON_NAMES_V3", "true")], &[]),
        ("json_names_v3 = false", &[], &["--define", "A", "--define=B", "--json-names-v3"]),
        ("define = \"C\"", &[], &["--define", "A,B", "--json-names-v3=true"]),
    ] {
        let (found, _) = resolved(file, variables, flags);
        assert_eq!(found.settings.defines, ["A", "B"], "{file} {variables:?} {flags:?}");
        assert!(found.settings.compatibility.json_names_v3);
        assert!(found.diagnostics.is_empty() && found.mistakes.is_empty());
    }
}

#[test]
fn what_is_wrong_in_the_file_is_drawn_in_place() {
    let drawn = findings("# a comment\nacess_log = \"x\"\nlog_queue = true\naccess_log_format = \"jsn\"\n");
    let expected = "\
error[unknown-setting]: unknown setting `acess_log`
 --> portcullis.toml:2:1
  |
2 | acess_log = \"x\"
  | ^^^^^^^^^ did you mean `access_log`?

error[setting-type]: `log_queue` is a boolean, but a size such as \"64KiB\" is expected
 --> portcullis.toml:3:13
  |
3 | log_queue = true
  |             ^^^^

error[setting-value]: `jsn` is not possible here
 --> portcullis.toml:4:21
  |
4 | access_log_format = \"jsn\"
  |                     ^^^^^
  |
  = help: did you mean `json`?
";
    assert_eq!(drawn, expected);
    let syntax = findings("watch = \n\nlog_queue = 5 6\n");
    assert_eq!(syntax.matches("error[settings-syntax]").count(), 2, "{syntax}");
    assert!(findings("watch = true\nwatch = false\n").contains("portcullis.toml:2:1"));
    assert!(findings("access_log = \"a\u{0}b\"\n").contains("settings-syntax"));
}

#[test]
fn mistakes_in_flags_and_variables_name_their_source() {
    let (found, _) = resolved("", &[("PORTCULLIS_LOG_QUEUE", "much")], &["--access-log-format", "xml"]);
    assert_eq!(
        found.mistakes,
        [
            "PORTCULLIS_LOG_QUEUE: `much` is not a size; write a number of bytes, or 64KiB, 8MiB, 1GiB",
            "--access-log-format: `xml` is not possible here; write json or ltsv",
        ]
    );
    assert_eq!(text_of(&found), defaults());
    let doubts = |name: &str| variables::read([(name.into(), "x".into())].into_iter()).doubts;
    assert_eq!(
        doubts("PORTCULLIS_ACESS_LOG"),
        ["the variable PORTCULLIS_ACESS_LOG is no setting; did you mean PORTCULLIS_ACCESS_LOG?"]
    );
    assert!(doubts("PORTCULLIS_SERVICE_HOST").is_empty());
    assert!(doubts("PORTCULLIS_CORPUS").is_empty());
}

#[test]
fn names_are_unique_and_in_one_spelling() {
    let names: Vec<&str> = table::all().map(|setting| setting.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for name in names {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit()), "{name}");
    }
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    let mut set = 0;
    let text: String = document::toml()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with([' ', '#']) && !setting.is_empty() => {
                set += 1;
                format!("{setting}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    assert!(set >= table::all().count(), "{set} settings in the file");
    let (found, sources) = resolved(&text, &[], &[]);
    assert_eq!(render(&found.diagnostics, &sources, Style::default()), "");
    // A default that only happens to agree with another row's would hide a wrong row, so rows are also taken alone.
    assert_eq!(text_of(&found), defaults());
    for setting in table::all().filter(|setting| setting.shape != setting::Shape::Table) {
        let (found, _) = resolved(&format!("{} = {}\n", setting.key(), setting.default), &[], &[]);
        assert_eq!(text_of(&found), defaults(), "{}", setting.name);
    }
    let (untouched, sources) = resolved(&document::toml(), &[], &[]);
    assert_eq!(render(&untouched.diagnostics, &sources, Style::default()), "");
    assert!(untouched.values.is_empty());
}

#[test]
fn the_reference_is_written_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    let wanted = reference::markdown();
    if std::env::var_os("PORTCULLIS_BLESS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/settings.md is not what the table says; PORTCULLIS_BLESS=1 cargo test writes it"
    );
}

#[test]
fn the_help_names_every_setting_with_its_default() {
    use clap::Args as _;
    let help = Flags::augment_args(clap::Command::new("test")).render_long_help().to_string();
    for setting in table::all() {
        assert!(help.contains(&format!("--{}", setting.name)), "{}", setting.name);
    }
    assert!(help.contains("[default: 64MiB]"));
}

#[test]
fn a_reload_sees_what_changed() {
    let (old, _) = resolved("watch = true\ndefine = [\"A\"]\n", &[], &[]);
    let (new, _) = resolved("watch = true\nlog_queue = \"1MiB\"\n", &[], &[]);
    let names: Vec<&str> = changed(&old, &new).iter().map(|setting| setting.name).collect();
    assert_eq!(names, ["log-queue", "define"]);
}

#[test]
fn policies_are_chosen_by_name() {
    let file = "http_policy.bare-lf = \"normalise\"\nhttp_policy.\"http-0.9\" = \"reject\"\n";
    let (found, _) = resolved(
        file,
        &[("PORTCULLIS_HTTP_POLICY", "obs-fold=reject")],
        &["--http-policy", "bare-lf=reject"],
    );
    let policies = &found.settings.proxy.http.policies;
    use portcullis_http1::{Deviation, Policy};
    assert_eq!(policies.get(Deviation::BareLf), Policy::Reject);
    assert_eq!(policies.get(Deviation::Http09), Policy::Reject);
    assert_eq!(policies.get(Deviation::ObsFold), Policy::Reject);
    assert_eq!(found.values.len(), 3);
    let drawn = findings("[http_policy]\nbare-lff = \"pass\"\nnul = \"pass\"\n");
    assert!(drawn.contains("2:1") && drawn.contains("did you mean `bare-lf`?"), "{drawn}");
    assert!(drawn.contains("`nul` cannot be `pass`") && drawn.contains("possible: reject"), "{drawn}");
}

#[test]
fn an_origin_over_tls_is_refused_clearly() {
    let (found, _) = resolved("", &[], &["--upstream", "https://app:443"]);
    assert!(
        found.mistakes[0].starts_with("--upstream: TLS to the origin is not built"),
        "{:?}",
        found.mistakes
    );
    assert!(findings("upstream = \"http://app/path\"").contains("without anything behind it"));
    let (found, _) = resolved("upstream = \"app:9000\"", &[], &[]);
    assert_eq!(found.settings.proxy.upstream.to_string(), "app:9000");
}
