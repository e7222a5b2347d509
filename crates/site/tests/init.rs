//! Laying sites down: what is written, what is refused, and that nothing is ever overwritten.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis_site::{ACTIVATED_RULES, BASE_RULES, InitError, Mode, RuleSource, SETTINGS, Site, init};

/// A folder with files; `PATH = TEXT` each.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    folder
}

/// Every file below a folder with its content, in order.
fn tree(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(!path.is_symlink(), "{}", path.display());
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.push((name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
            }
        }
    }
    found.sort();
    found
}

fn activated(root: &Path) -> Vec<String> {
    let files = tree(&root.join(ACTIVATED_RULES));
    files.into_iter().map(|(name, _)| name).collect()
}

const RULE_901: &str = "SecAction \"id:901000,phase:1,pass,nolog,ver:'OWASP_CRS/4.99.0'\"\n";

/// A CRS 4 in miniature.
fn crs_4() -> tempfile::TempDir {
    folder(&[
        ("LICENSE", "licence\n"),
        ("crs-setup.conf.example", "SecAction \"id:900990,phase:1,pass,nolog\"\n"),
        ("rules/REQUEST-901-INITIALIZATION.conf", RULE_901),
        ("rules/REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf.example", "# before\n"),
        ("rules/RESPONSE-999-EXCLUSION-RULES-AFTER-CRS.conf.example", "# after\n"),
        ("rules/words.data", "evil\n"),
        ("rules/.hidden.conf", "Nonsense\n"),
        ("plugins/README.md", "not copied\n"),
        ("plugins/shop-config.conf", "SecAction \"id:1,phase:1,pass,nolog\"\n"),
        ("plugins/shop-before.conf", "SecRule ARGS \"@pmFromFile shop.data\" \"id:2,phase:1,pass,nolog\"\n"),
        ("plugins/shop-after.conf", "SecAction \"id:3,phase:1,pass,nolog\"\n"),
        ("plugins/shop.data", "shop\n"),
        ("plugins/odd.conf", "Nonsense\n"),
    ])
}

#[test]
fn crs_4_with_plugins() {
    let source = crs_4();
    let target = tempfile::tempdir().unwrap();
    let root = target.path().join("a/new/site");
    let report = init(&root, &RuleSource::Crs(source.path().to_path_buf()), "# settings\n").unwrap();
    assert_eq!(report.rule_set, "OWASP CRS 4.99.0");
    assert_eq!(
        activated(&root),
        [
            "000-crs-setup.conf",
            "010-shop-config.conf",
            "020-shop-before.conf",
            "REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf",
            "REQUEST-901-INITIALIZATION.conf",
            "RESPONSE-999-EXCLUSION-RULES-AFTER-CRS.conf",
            "shop.data",
            "words.data",
            "zzz-shop-after.conf",
        ]
    );
    let names: Vec<String> = tree(&root).into_iter().map(|(name, _)| name).collect();
    for name in ["rules/LICENSE", "rules/crs-setup.conf.example", "rules/plugins/shop-after.conf", SETTINGS] {
        assert!(names.iter().any(|known| known == name), "{name} in {names:?}");
    }
    assert!(root.join(BASE_RULES).join("REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf.example").is_file());
    assert_eq!(report.notes.len(), 1, "{:?}", report.notes);
    assert!(report.notes[0].starts_with("plugins/odd.conf was left out"));
    assert_eq!(report.activated.len(), 7);
    assert!(report.created.iter().all(|path| root.join(path).is_file()));
    let site = Site::open(&root).unwrap();
    assert_eq!(site.mode(), Ok(Mode::Detect));
    let order: Vec<String> = site
        .load(Default::default())
        .rule_set
        .unwrap()
        .summary()
        .iter()
        .map(|file| Path::new(&file.path).file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        order,
        [
            "modsecurity.conf",
            "000-crs-setup.conf",
            "010-shop-config.conf",
            "020-shop-before.conf",
            "REQUEST-901-INITIALIZATION.conf",
            "zzz-shop-after.conf"
        ]
    );
}

#[test]
fn crs_2() {
    let source = folder(&[
        ("modsecurity_crs_10_setup.conf.example", "SecAction \"id:'900001',phase:1,pass,nolog\"\n"),
        (
            "base_rules/modsecurity_crs_20.conf",
            "SecAction \"id:'20',phase:1,pass,nolog,ver:'OWASP_CRS/2.2.9'\"\n",
        ),
        ("base_rules/modsecurity_20.data", "x\n"),
        ("base_rules/modsecurity_crs_48_local_exceptions.conf.example", "# local\n"),
        (
            "optional_rules/modsecurity_crs_10_ignore_static.conf",
            "SecAction \"id:'10',phase:1,pass,nolog\"\n",
        ),
        ("experimental_rules/modsecurity_crs_11.conf", "SecRuleScript x.lua \"id:11\"\n"),
    ]);
    let target = tempfile::tempdir().unwrap();
    let root = target.path().to_path_buf();
    let report = init(&root, &RuleSource::Crs(source.path().to_path_buf()), "").unwrap();
    assert_eq!(report.rule_set, "OWASP CRS 2.2.9");
    assert_eq!(
        activated(&root),
        [
            "000-modsecurity_crs_10_setup.conf",
            "modsecurity_20.data",
            "modsecurity_crs_10_ignore_static.conf",
            "modsecurity_crs_20.conf",
        ]
    );
    assert!(root.join("rules/experimental_rules/modsecurity_crs_11.conf").is_file());
    assert!(root.join("rules/base_rules/modsecurity_crs_48_local_exceptions.conf.example").is_file());
    assert_eq!(report.notes.len(), 1, "{:?}", report.notes);
    assert!(Site::open(&root).unwrap().load(Default::default()).rule_set.is_some());
}

#[test]
fn crs_of_debian_in_two_folders() {
    let etc = folder(&[
        ("crs-setup.conf", "# setup\n"),
        ("REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf", "SecAction \"id:900,phase:1,pass,nolog\"\n"),
    ]);
    let list = format!(
        "# list\nInclude {0}/crs-setup.conf\nIncludeOptional {0}/REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf\n\
         Include /usr/share/modsecurity-crs/rules/*.conf\nIncludeOptional {0}/RESPONSE-999-EXCLUSION-RULES-AFTER-CRS.conf\n",
        etc.path().display()
    );
    let source = folder(&[("owasp-crs.load", &list), ("rules/REQUEST-901-INITIALIZATION.conf", RULE_901)]);
    let target = tempfile::tempdir().unwrap();
    init(target.path(), &RuleSource::Crs(source.path().to_path_buf()), "").unwrap();
    assert_eq!(
        activated(target.path()),
        [
            "000-crs-setup.conf",
            "REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf",
            "REQUEST-901-INITIALIZATION.conf"
        ]
    );
}

#[test]
fn links_in_the_source_become_files() {
    let source = crs_4();
    let elsewhere = folder(&[("x.conf", "# linked\n")]);
    let link = source.path().join("rules/REQUEST-999-LINKED.conf");
    std::os::unix::fs::symlink(elsewhere.path().join("x.conf"), link).unwrap();
    let target = tempfile::tempdir().unwrap();
    init(target.path(), &RuleSource::Crs(source.path().to_path_buf()), "").unwrap();
    let copy = target.path().join(ACTIVATED_RULES).join("REQUEST-999-LINKED.conf");
    assert!(!copy.is_symlink());
    assert_eq!(fs::read_to_string(copy).unwrap(), "# linked\n");
}

#[track_caller]
fn refused(root: &Path, source: &RuleSource) -> String {
    let before = if root.exists() { Some(tree(root)) } else { None };
    let error = init(root, source, "# settings\n").unwrap_err();
    assert_eq!(if root.exists() { Some(tree(root)) } else { None }, before, "nothing is written");
    error.to_string().replace(&root.display().to_string(), "S")
}

#[test]
fn folders_that_hold_something_else() {
    let target = folder(&[("notes.txt", "mine\n"), ("README.md", "mine\n")]);
    assert_eq!(
        refused(target.path(), &RuleSource::Starter),
        "`S` is not empty and not a site (it has `notes.txt`); name a new or an empty folder"
    );
    let file = target.path().join("notes.txt");
    assert!(matches!(init(&file, &RuleSource::Starter, ""), Err(InitError::Read { .. })));
}

#[test]
fn a_site_is_never_changed() {
    let target = tempfile::tempdir().unwrap();
    let root = target.path().join("site");
    init(&root, &RuleSource::Starter, "# settings\n").unwrap();
    let crs = crs_4();
    for source in [RuleSource::Starter, RuleSource::Crs(crs.path().to_path_buf())] {
        assert_eq!(
            refused(&root, &source),
            "`S` is a site with activated rules already; nothing was changed"
        );
    }
}

#[test]
fn a_site_without_rules_is_completed_and_its_files_stay() {
    let target =
        folder(&[("modsecurity.conf", "SecRuleEngine On\n"), ("portcullis.toml", "# mine\n"), ("x", "")]);
    let report = init(target.path(), &RuleSource::Starter, "# settings\n").unwrap();
    assert_eq!(fs::read_to_string(target.path().join("modsecurity.conf")).unwrap(), "SecRuleEngine On\n");
    assert_eq!(fs::read_to_string(target.path().join("portcullis.toml")).unwrap(), "# mine\n");
    assert!(!report.created.iter().any(|path| path == Path::new("modsecurity.conf")));
    assert!(Site::open(target.path()).unwrap().load(Default::default()).rule_set.is_some());

    let target = folder(&[("modsecurity.conf", ""), ("rules/base_rules/00-setup.conf", "# other\n")]);
    assert_eq!(
        refused(target.path(), &RuleSource::Starter),
        "`S/rules/base_rules/00-setup.conf` exists and is left as it is; move it away to lay the site down"
    );
}

#[test]
fn version_control_may_be_there() {
    let target = folder(&[(".git/HEAD", "ref\n"), (".gitignore", "x\n"), ("README.md", "mine\n")]);
    init(target.path(), &RuleSource::Starter, "").unwrap();
    assert_eq!(fs::read_to_string(target.path().join("README.md")).unwrap(), "mine\n");
    assert!(Site::open(target.path()).is_ok());
}

#[test]
fn folders_without_a_rule_set() {
    let target = tempfile::tempdir().unwrap();
    let root = target.path().join("site");
    let said = |source: &Path| {
        let text = refused(&root, &RuleSource::Crs(source.to_path_buf()));
        text.replace(&source.display().to_string(), "C")
    };
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(
        said(empty.path()),
        "`C` holds no OWASP CRS: it has neither `rules` with `crs-setup.conf` (releases 3 and 4) nor `base_rules` (release 2)"
    );
    assert_eq!(said(Path::new("/nowhere")), "`C` holds no OWASP CRS: there is no such folder");
    let crs = crs_4();
    assert_eq!(
        said(&crs.path().join("rules")),
        "`C` holds no OWASP CRS: these are its rules alone; name the folder above, which has the set-up file too"
    );
    fs::remove_file(crs.path().join("crs-setup.conf.example")).unwrap();
    assert_eq!(
        said(crs.path()),
        "`C` holds no OWASP CRS: it has `rules`, but no `crs-setup.conf` or `crs-setup.conf.example` beside it"
    );
    let two = folder(&[("base_rules/a.conf", ""), ("optional_rules/a.conf", "# other\n")]);
    assert_eq!(
        said(two.path()),
        "`C` holds no OWASP CRS: it has `base_rules`, but no `modsecurity_crs_10_setup.conf`"
    );
    fs::write(two.path().join("modsecurity_crs_10_setup.conf"), "").unwrap();
    assert_eq!(said(two.path()), "the rule set has two different files for `rules/activated_rules/a.conf`");
}

#[test]
fn an_unwritable_place_leaves_nothing_behind() {
    let target = folder(&[("file", "")]);
    let root = target.path().join("file/site");
    assert!(init(&root, &RuleSource::Starter, "").is_err());
    // `rules` is a file: folders before it must be gone again.
    let target = folder(&[("modsecurity.conf", ""), ("rules", "")]);
    let before: Vec<PathBuf> = fs::read_dir(target.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(init(target.path(), &RuleSource::Starter, "").is_err());
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), before.len());
}
