//! `corpus/site`: a site with something wrong in, what a user reads about it out.
//!
//! A case is one text file: `=== PATH` begins a file of the site, `=== folder PATH`, `=== link PATH -> TO` and
//! `=== pipe PATH` stand for what is no file, and what follows `=== findings` must be drawn. A case without a
//! `modsecurity.conf` gets an empty one. After an intended change run the test with `PORTCULLIS_BLESS=1`, which writes the
//! findings anew, and review the diff.

#[path = "support/laid_down.rs"]
mod laid_down;
mod support;

use std::fs;
use std::path::Path;

use laid_down::build;
use portcullis_site::{ACTIVATED_RULES, CONFIGURATION, Site};
use support::drawn;

const FINDINGS: &str = "=== findings\n";

fn outcome(case: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    build(&root, case);
    let loaded = Site::open(&root).unwrap().load(Default::default());
    assert_eq!(loaded.rule_set.is_none(), loaded.has_errors());
    drawn(&loaded, &root)
}

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/site");
    let bless = std::env::var("PORTCULLIS_BLESS").as_deref() == Ok("1");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        let (case, expected) = text.split_once(FINDINGS).unwrap_or((&text, ""));
        let found = outcome(case);
        if bless {
            fs::write(path, format!("{case}{FINDINGS}{found}")).unwrap();
        } else if found != expected {
            wrong.push(format!("{}: expected\n{expected}\nfound\n{found}", path.display()));
        }
    }
    assert!(paths.len() >= 10, "only {} cases", paths.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every line of that case is one mistake, and gets one finding that points at it; a section's end alone may have none.
#[test]
fn each_of_many_mistakes_is_found_once() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/site/two-hundred-mistakes.txt");
    let text = fs::read_to_string(path).unwrap();
    let (case, _) = text.split_once(FINDINGS).unwrap();
    let (_, lines) = case.split_once("activated_rules/a.conf\n").unwrap();
    let found = outcome(case);
    let places = found
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--> S/rules/activated_rules/a.conf:"));
    let mut counts = vec![0; lines.lines().count()];
    for place in places {
        let line: usize = place.split(':').next().unwrap().parse().unwrap();
        counts[line - 1] += 1;
    }
    assert!(counts.iter().sum::<usize>() >= 200);
    for (line, count) in lines.lines().zip(counts) {
        let ends_section = line.starts_with("</");
        assert!(count == 1 || (ends_section && count == 0), "{count} findings for `{line}`");
    }
}

/// Everything readable loads without a word, so a case above cannot be silent by accident.
#[test]
fn a_good_site_is_silent() {
    let case = "=== modsecurity.conf\nSecRuleEngine On\nInclude rules/local/*.inc\n\
        === rules/local/a.inc\nSecAction \"id:1,phase:1,pass,nolog\"\n\
        === rules/activated_rules/a.conf\nSecRule ARGS \"@pmFromFile words.data\" \"id:2,phase:2,deny\"\n\
        === rules/activated_rules/words.data\nevil\n\
        === rules/activated_rules/.hidden.conf\nNonsense\n\
        === rules/activated_rules/b.conf.off\nNonsense\n\
        === .git/x\n\
        === link .git/y -> x\n\
        === link logs/current -> today.log\n";
    assert_eq!(outcome(case), "");
}

#[test]
fn what_was_read_is_known() {
    let case = |word: &str| {
        format!(
            "=== modsecurity.conf\nSecRuleEngine On\nIncludeOptional rules/local/*.inc\n\
             === rules/activated_rules/a.conf\nSecRule ARGS \"@pmFromFile words.data\" \"id:2,phase:2,deny\"\n\
             === rules/activated_rules/words.data\n{word}\n=== notes.txt\n{word} is not read\n"
        )
    };
    let load = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("site");
        build(&root, text);
        let loaded = Site::open(&root).unwrap().load(Default::default());
        let places = loaded.looks.paths(&root);
        let watched = places.iter().map(|p| p.strip_prefix(&root).unwrap().display().to_string());
        (loaded.fingerprint, watched.collect::<Vec<_>>())
    };
    let (first, watched) = load(&case("evil"));
    assert_eq!(
        watched,
        [
            "modsecurity.conf",
            "rules/activated_rules",
            "rules/activated_rules/a.conf",
            "rules/activated_rules/words.data",
            "rules/local"
        ]
    );
    assert_eq!(load(&case("evil")).0, first, "the folder does not count");
    assert_ne!(load(&case("bad")).0, first, "a data file counts");
    assert_eq!(load(&case("evil").replace("is not read", "is")).0, first, "only what is read counts");
    let renamed = case("evil").replace("words.data", "phrases.data");
    assert_ne!(load(&renamed).0, first, "names count");
}

#[test]
fn a_change_is_found_where_something_was_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    build(
        &root,
        "=== modsecurity.conf\nSecRuleEngine On\nIncludeOptional rules/*/local.inc\n\
         === rules/activated_rules/a.conf\nSecRule ARGS \"@pmFromFile words.data\" \"id:2,phase:2,deny\"\n\
         === rules/activated_rules/words.data\nevil\n=== rules/local/notes.txt\nnone\n",
    );
    let site = Site::open(&root).unwrap();
    let mut looks = site.load(Default::default()).looks;
    let write = |path: &str, text: &str| std::fs::write(root.join(path), text).unwrap();
    assert!(site.finds_again(&looks));
    write("rules/local/notes.txt", "nobody reads this");
    write("rules/activated_rules/words.data", "evil\n");
    assert!(site.finds_again(&looks), "the same content, and a file that counts for nothing");
    for (path, text) in [
        ("rules/activated_rules/words.data", "bad\n"),
        ("rules/activated_rules/b.conf", "SecAction id:3,phase:1,pass\n"),
        ("rules/local/local.inc", "SecAction id:4,phase:1,pass\n"),
    ] {
        write(path, text);
        assert!(!site.finds_again(&looks), "{path}");
        looks = site.load(Default::default()).looks;
        assert!(site.finds_again(&looks), "{path}");
    }
    std::fs::remove_file(root.join("rules/activated_rules/words.data")).unwrap();
    assert!(!site.finds_again(&looks));
    looks = site.load(Default::default()).looks;
    write("rules/activated_rules/words.data", "bad\n");
    assert!(!site.finds_again(&looks), "what was asked for in vain is there");
}

#[test]
#[cfg(unix)]
fn a_link_that_becomes_a_file_is_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    build(
        &root,
        "=== modsecurity.conf\nSecRuleEngine On\n=== rules/activated_rules/a.conf\nSecAction id:1,phase:1,pass\n",
    );
    let link = root.join("rules/activated_rules/b.conf");
    std::os::unix::fs::symlink("a.conf", &link).unwrap();
    let site = Site::open(&root).unwrap();
    let looks = site.load(Default::default()).looks;
    std::fs::remove_file(&link).unwrap();
    std::fs::write(&link, "SecAction id:2,phase:1,pass\n").unwrap();
    assert!(!site.finds_again(&looks));
}

#[test]
fn a_file_without_permission() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    build(&root, "=== rules/activated_rules/a.conf\n\n");
    let file = root.join(ACTIVATED_RULES).join("a.conf");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&file).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let loaded = Site::open(&root).unwrap().load(Default::default());
    let expected =
        "error[unreadable-file]: cannot read `S/rules/activated_rules/a.conf`: permission denied\n";
    assert!(drawn(&loaded, &root).starts_with(expected));
}

#[test]
fn what_is_no_site() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    let said = |root: &Path| {
        Site::open(root).unwrap_err().to_string().replace(&folder.path().display().to_string(), "T")
    };
    assert_eq!(
        said(&root),
        "`T/site` is not a site: there is no such folder; `portcullis init` lays a site down"
    );
    fs::create_dir(&root).unwrap();
    assert_eq!(
        said(&root),
        "`T/site` is not a site: it has no `modsecurity.conf`; `portcullis init` lays a site down"
    );
    fs::write(root.join(CONFIGURATION), "").unwrap();
    assert_eq!(
        said(&root),
        "`T/site` is not a site: it has no `rules/activated_rules`; `portcullis init` lays a site down"
    );
}
