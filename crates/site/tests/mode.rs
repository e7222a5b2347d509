//! Reading and switching the mode: one word changes and nothing else.

use std::fs;
use std::path::Path;

use portcullis_site::{ACTIVATED_RULES, CONFIGURATION, Mode, Site, SiteError};

/// A site with these files; its folder lives as long as the first value.
fn site(files: &[(&str, &str)]) -> (tempfile::TempDir, Site) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    fs::create_dir_all(root.join(ACTIVATED_RULES)).unwrap();
    for (path, text) in files {
        let place = root.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    let site = Site::open(root).unwrap();
    (folder, site)
}

fn main_file(site: &Site) -> String {
    String::from_utf8(fs::read(site.root().join(CONFIGURATION)).unwrap()).unwrap()
}

/// `before`, switched to protection, is `after`; read and compiled it has that mode.
#[track_caller]
fn switches(before: &str, mode: Mode, after: &str) {
    let (_folder, site) = site(&[(CONFIGURATION, before)]);
    assert_eq!(site.set_mode(mode), Ok(true));
    assert_eq!(main_file(&site), after);
    assert_eq!(site.mode(), Ok(mode));
    assert_eq!(site.set_mode(mode), Ok(false), "it is set already");
    assert_eq!(main_file(&site), after);
    let engine = site.load(Default::default()).rule_set.unwrap().settings().engine;
    let expected = match mode {
        Mode::Off => portcullis_engine::record::EngineMode::Off,
        Mode::Detect => portcullis_engine::record::EngineMode::DetectionOnly,
        Mode::Protect => portcullis_engine::record::EngineMode::On,
    };
    assert_eq!(engine, expected);
}

#[test]
fn one_word_changes() {
    let cases = [
        ("SecRuleEngine DetectionOnly\n", "SecRuleEngine On\n"),
        // Blanks, tabs, case, comments and the missing line end at the end stay.
        ("# a\n\n  \tsecruleengine\t\t detectiononly  \n# b", "# a\n\n  \tsecruleengine\t\t On  \n# b"),
        ("SecRuleEngine Off", "SecRuleEngine On"),
        // Line ends stay, mixed ones too.
        ("# a\r\nSecRuleEngine DetectionOnly\r\n# b\n", "# a\r\nSecRuleEngine On\r\n# b\n"),
        // Quotes stay.
        ("SecRuleEngine \"DetectionOnly\"\n", "SecRuleEngine \"On\"\n"),
        ("SecRuleEngine 'DetectionOnly'\n", "SecRuleEngine 'On'\n"),
        // So do continuations.
        ("SecRuleEngine \\\n    DetectionOnly\n# b\n", "SecRuleEngine \\\n    On\n# b\n"),
        (
            "SecRuleEngine \\\r\n    DetectionOnly \\\r\n\r\n# b\r\n",
            "SecRuleEngine \\\r\n    On \\\r\n\r\n# b\r\n",
        ),
        // Of several the last one counts.
        (
            "SecRuleEngine On\n#SecRuleEngine On\nSecRuleEngine DetectionOnly\n#SecRuleEngine Off\n",
            "SecRuleEngine On\n#SecRuleEngine On\nSecRuleEngine On\n#SecRuleEngine Off\n",
        ),
        // Sections count where their condition holds.
        (
            "<IfModule security2_module>\n    SecRuleEngine DetectionOnly\n</IfModule>\n",
            "<IfModule security2_module>\n    SecRuleEngine On\n</IfModule>\n",
        ),
        (
            "SecRuleEngine DetectionOnly\n<IfModule mod_cgi.c>\nSecRuleEngine Off\n</IfModule>\n",
            "SecRuleEngine On\n<IfModule mod_cgi.c>\nSecRuleEngine Off\n</IfModule>\n",
        ),
        // A value from elsewhere is replaced where it is used.
        (
            "Define MODE DetectionOnly\nSecRuleEngine ${MODE}\n",
            "Define MODE DetectionOnly\nSecRuleEngine On\n",
        ),
        // None there: one is added, in the file's kind of line end.
        ("", "SecRuleEngine On\n"),
        ("# a", "# a\nSecRuleEngine On\n"),
        ("# a\r\n", "# a\r\nSecRuleEngine On\r\n"),
        ("# a\r\n# b", "# a\r\n# b\r\nSecRuleEngine On\r\n"),
        ("# goes on \\", "# goes on \\\n\nSecRuleEngine On\n"),
        ("# goes on \\\n", "# goes on \\\n\nSecRuleEngine On\n"),
        ("# goes on \\\\\r\n", "# goes on \\\\\r\n\r\n\r\nSecRuleEngine On\r\n"),
        ("<IfModule mod_security2.c>\n# a\n", "<IfModule mod_security2.c>\n# a\nSecRuleEngine On\n"),
        // Bytes that are no text.
        ("# \u{fffd}\u{1}\nSecRuleEngine Off\n", "# \u{fffd}\u{1}\nSecRuleEngine On\n"),
    ];
    for (before, after) in cases {
        switches(before, Mode::Protect, after);
    }
    switches("SecRuleEngine On\n", Mode::Detect, "SecRuleEngine DetectionOnly\n");
    switches("SecRuleEngine On\n", Mode::Off, "SecRuleEngine Off\n");
}

#[test]
fn a_directive_in_an_included_file_counts_in_order() {
    let earlier = "Include part.conf\nSecRuleEngine DetectionOnly\n";
    let (_folder, before) = site(&[(CONFIGURATION, earlier), ("part.conf", "SecRuleEngine Off\n")]);
    assert_eq!(before.set_mode(Mode::Protect), Ok(true));
    assert_eq!(main_file(&before), "Include part.conf\nSecRuleEngine On\n");
    let later = "SecRuleEngine DetectionOnly\nInclude part.conf\n";
    let (_folder, after) = site(&[(CONFIGURATION, later), ("part.conf", "# a\nSecRuleEngine Off\n")]);
    assert_eq!(after.mode(), Ok(Mode::Off));
    let refused = after.set_mode(Mode::Protect).unwrap_err();
    let root = after.root().display().to_string();
    assert_eq!(
        refused.to_string().replace(&root, "S"),
        "`S/part.conf`, line 2, sets `SecRuleEngine Off` after `modsecurity.conf`, and the last one counts; \
         remove that line, or change it there"
    );
    assert_eq!(main_file(&after), later);
}

#[test]
fn a_rule_file_that_sets_the_mode_is_not_overruled() {
    let rules = format!("{ACTIVATED_RULES}/a.conf");
    for main in ["SecRuleEngine DetectionOnly\n", "# none\n"] {
        let (_folder, site) = site(&[(CONFIGURATION, main), (&rules, "SecRuleEngine On\n")]);
        assert_eq!(site.mode(), Ok(Mode::Protect));
        assert!(matches!(site.set_mode(Mode::Detect), Err(SiteError::SetElsewhere { line: 1, .. })));
        assert_eq!(main_file(&site), main);
    }
}

#[test]
fn nothing_changes_when_it_is_not_clear_what_counts() {
    // In the last one a line at the end would stand in a section that does not count.
    let unreadable = [
        "Include missing.conf\nSecRuleEngine On\n",
        "SecRuleEngine On\n</IfModule>\n",
        "<IfModule mod_cgi.c>\n# a\n",
    ];
    for main in unreadable {
        let (_folder, site) = site(&[(CONFIGURATION, main)]);
        assert_eq!(site.mode(), Err(SiteError::Unreadable));
        assert_eq!(site.set_mode(Mode::Detect), Err(SiteError::Unreadable));
        assert_eq!(main_file(&site), main);
    }
}

#[test]
fn a_value_that_is_no_mode() {
    for main in ["# a\nSecRuleEngine Detect\n", "# a\nSecRuleEngine\n", "# a\nSecRuleEngine On Off\n"] {
        let (_folder, site) = site(&[(CONFIGURATION, main)]);
        assert!(matches!(site.mode(), Err(SiteError::NoMode { line: 2, .. })), "{main}");
    }
    switches("SecRuleEngine Detect\n", Mode::Detect, "SecRuleEngine DetectionOnly\n");
    let (_folder, site) = site(&[(CONFIGURATION, "SecRuleEngine On Off\n")]);
    assert!(matches!(site.set_mode(Mode::Off), Err(SiteError::NoMode { line: 1, .. })));
}

#[test]
fn a_linked_configuration_is_left_alone() {
    let (folder, site) = site(&[("real.conf", "SecRuleEngine On\n"), (CONFIGURATION, "")]);
    let place = site.root().join(CONFIGURATION);
    fs::remove_file(&place).unwrap();
    std::os::unix::fs::symlink("real.conf", &place).unwrap();
    assert_eq!(site.set_mode(Mode::Detect), Err(SiteError::Unreadable));
    assert_eq!(fs::read_link(&place).unwrap(), Path::new("real.conf"));
    drop(folder);
}

#[test]
fn permissions_stay_and_nothing_is_left_behind() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let (_folder, site) = site(&[(CONFIGURATION, "SecRuleEngine Off\n")]);
    let place = site.root().join(CONFIGURATION);
    fs::set_permissions(&place, fs::Permissions::from_mode(0o604)).unwrap();
    let before = fs::metadata(&place).unwrap();
    site.set_mode(Mode::Protect).unwrap();
    let after = fs::metadata(&place).unwrap();
    assert_eq!(after.mode(), before.mode());
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    let mut names: Vec<_> = fs::read_dir(site.root()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["modsecurity.conf", "rules"]);
}

#[test]
fn defines_of_the_command_line_count() {
    let main = "SecRuleEngine Off\n<IfDefine STAGING>\nSecRuleEngine DetectionOnly\n</IfDefine>\n";
    let (_folder, site) = site(&[(CONFIGURATION, main)]);
    assert_eq!(site.mode(), Ok(Mode::Off));
    let site = site.with_defines(vec!["STAGING".to_owned()]);
    assert_eq!(site.mode(), Ok(Mode::Detect));
    site.set_mode(Mode::Protect).unwrap();
    assert_eq!(main_file(&site), main.replace("DetectionOnly", "On"));
}
