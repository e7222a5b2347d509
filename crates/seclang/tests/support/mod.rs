//! Finding the data that tests run on.

use std::path::{Path, PathBuf};

/// Files of a rule set with their bytes, in name order; `None`, with a note, when the corpus is absent.
pub fn rule_set(name: &str) -> Option<Vec<(PathBuf, Vec<u8>)>> {
    let root = std::env::var_os("PORTCULLIS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let folder = root.join(name);
    if !folder.is_dir() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the corpus {name} is absent in CI");
        println!("skipped {name}: no folder {}", folder.display());
        return None;
    }
    let mut paths = Vec::new();
    collect(&folder, &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "{name} holds no rule files");
    Some(paths.into_iter().map(|path| (path.clone(), std::fs::read(&path).expect("readable"))).collect())
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("readable folder") {
        let path = entry.expect("readable entry").path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(".conf") || name.ends_with(".conf.example") {
                paths.push(path);
            }
        }
    }
}
