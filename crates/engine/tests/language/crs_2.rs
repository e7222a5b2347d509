//! The rule sets of CRS 2.2.9 that its users switch on by hand: `slr_rules` with its thousands of virtual patches, and
//! `experimental_rules`, which call scripts and data that are not part of the rule set.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use portcullis_testkit::corpus;
use portcullis_testkit::rules::Source;

use super::Site;

/// A script that finds nothing.
const SCRIPT: &str = "function main() return nil end";

/// Files of a folder of the rule set that hold rules.
fn files(root: &Path, folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} holds no rules");
    files
}

/// The set-up and these files.
fn source(root: &Path, files: impl IntoIterator<Item = PathBuf>) -> Source {
    files
        .into_iter()
        .fold(Source::new().file(root.join("modsecurity_crs_10_setup.conf.example")), Source::file)
}

#[test]
fn virtual_patches_load_and_run() {
    let Some(root) = corpus::folder("crs-v2") else { return };
    let mut rules = 0;
    // The files repeat each other's rules, by application and by attack, so that they are loaded one by one.
    for file in files(&root, "slr_rules") {
        let site = Site::of(source(&root, [file.clone()]));
        if file.ends_with("modsecurity_crs_46_slr_et_wordpress_attacks.conf") {
            // PCRE2 cannot compile one of its expressions, so that ModSecurity 2.9.7 refuses it at the same place.
            let errors = site.compile().unwrap_err();
            assert_eq!(errors.matches("error[").count(), 1, "{errors}");
            assert!(errors.contains("Error compiling pattern (offset 4)"), "{errors}");
            assert!(errors.contains("_wordpress_attacks.conf:21:"), "{errors}");
            continue;
        }
        let compiled = site.compile().unwrap_or_else(|errors| panic!("{errors}"));
        rules += compiled.rules_per_phase().iter().sum::<usize>();
        assert!(site.get("/index.html?a=b").ids().is_empty(), "{}", file.display());
    }
    assert!(rules >= 2_000, "{rules}");
    // What the rules for attacks of `base_rules` note is what a virtual patch looks for.
    let noted =
        "SecAction \"id:1,phase:1,nolog,pass,setvar:'tx.9-WEB_ATTACK/SQL_INJECTION-ARGS:sale_type=x'\"";
    let patches = root.join("slr_rules/modsecurity_crs_46_slr_et_sqli_attacks.conf");
    let site = Site::of(Source::new().text("/noted.conf", noted).file(patches));
    assert!(site.get("/shop/vehiclelistings.asp?sale_type=1").ids().contains(&2_007_521));
}

#[test]
fn experimental_rules_name_the_scripts_they_miss_and_run_with_them() {
    let Some(root) = corpus::folder("crs-v2") else { return };
    let files = files(&root, "experimental_rules");
    let errors = source(&root, files.clone()).compile(Default::default()).unwrap_err();
    // Every line that names a file of its own, and nothing else, is an error.
    let mut absent = BTreeSet::new();
    let mut complete = Source::new();
    let mut tailored = Vec::new();
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        for (number, line) in (1..).zip(text.lines().map(str::trim_start)) {
            if line.starts_with('#') {
                continue;
            }
            let script = line.split([' ', ',', '"', ':']).find(|word| word.ends_with(".lua"));
            if let Some(script) = script {
                complete = complete.data(file.parent().unwrap().join(script), SCRIPT);
            }
            if script.is_some() || line.starts_with("SecGeoLookupDb") {
                absent.insert(format!("{}:{number}:", file.display()));
            }
        }
        let without_database: String = text
            .lines()
            .filter(|line| !line.starts_with("SecGeoLookupDb"))
            .map(|line| format!("{line}\n"))
            .collect();
        tailored.push((file, without_database));
    }
    let reported: BTreeSet<String> = errors
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--> "))
        .map(|place| place.rsplit_once(':').unwrap().0.to_owned() + ":")
        .collect();
    assert_eq!(reported, absent, "{errors}");
    assert!(errors.contains("cannot read the script `lua/bayes_check_spam.lua`"), "{errors}");
    // With scripts in their places, and without the databases, everything loads and runs.
    let complete = tailored
        .into_iter()
        .fold(complete.file(root.join("modsecurity_crs_10_setup.conf.example")), |source, (file, text)| {
            source.text(file, text)
        });
    let site = Site::of(complete);
    let rules = site.compile().unwrap_or_else(|errors| panic!("{errors}"));
    assert!(rules.rules_per_phase().iter().sum::<usize>() > 80, "{:?}", rules.rules_per_phase());
    // 981131 watches the hidden field that its neighbour puts into forms.
    assert!(site.get("/?debug=true").ids().contains(&981_131));
    assert!(!site.get("/?debug=false").ids().contains(&981_131));
}
