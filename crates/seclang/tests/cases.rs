//! `corpus/seclang`: configuration text in, AST, findings and formatted text out.
//!
//! A case is `NAME.conf`, or `NAME/main.conf` with files to include beside it; `NAME.txt` holds what must come out. After an
//! intended change run the test with `PORTCULLIS_BLESS=1`, which writes the outcome files anew, and review the diff.
//! In a case the module `security2_module` exists and the define `OUTSIDE` is set.

#[path = "support/dump.rs"]
mod dump;

use std::path::{Path, PathBuf};

use portcullis_seclang::{
    Environment, LoadError, Loader, Sources, Style, format_file, load, render, summary,
};

/// Reads the files of one case under the names it gives them.
struct Folder(PathBuf);

impl Loader for Folder {
    fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        std::fs::read(self.0.join(path)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => LoadError::NotFound,
            std::io::ErrorKind::IsADirectory => LoadError::Folder,
            _ => LoadError::Other(error.to_string()),
        })
    }

    /// Patterns of the form `FOLDER/*.END`.
    fn glob(&self, pattern: &Path) -> Result<Vec<PathBuf>, LoadError> {
        let name = pattern.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let end = name.strip_prefix('*').ok_or_else(|| LoadError::Other("only `*.end` in tests".into()))?;
        let folder = pattern.parent().unwrap_or(Path::new(""));
        let entries = std::fs::read_dir(self.0.join(folder)).map_err(|_| LoadError::NotFound)?;
        let mut paths: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| folder.join(entry.file_name())))
            .filter(|path| path.to_string_lossy().ends_with(end))
            .collect();
        paths.sort();
        Ok(paths)
    }
}

fn outcome(folder: PathBuf, main: &str) -> String {
    let loader = Folder(folder);
    let environment = Environment {
        loader: &loader,
        module: &|name| name == "security2_module" || name == "mod_security2.c",
        define: &|name| name == "OUTSIDE",
    };
    let mut loaded = load(&[PathBuf::from(main)], &environment);
    let mut out = dump::dump(&loaded.items, &loaded.sources, &mut loaded.diagnostics);
    if !loaded.diagnostics.is_empty() {
        out.push_str("=== findings\n");
        out.push_str(&render(&loaded.diagnostics, &loaded.sources, Style::default()));
        out.push_str(&format!("\n{}\n", summary(&loaded.diagnostics)));
    }
    let mut sources = Sources::default();
    let id = sources.add(main.into(), loader.read(Path::new(main)).expect("a main file"));
    match format_file(&sources, id) {
        Ok(text) => {
            let again = sources.add(main.into(), text.clone());
            assert_eq!(format_file(&sources, again).as_ref(), Ok(&text), "{main} is not stable");
            if text != sources.file(id).text {
                out.push_str("=== formatted\n");
                out.push_str(&plain(&text));
            }
        }
        Err(_) => out.push_str("=== not formatted because of the errors\n"),
    }
    out
}

/// Text with only those bytes escaped that an editor would not show.
fn plain(text: &[u8]) -> String {
    text.iter()
        .map(|b| match b {
            b'\n' | b' '..=b'~' => (*b as char).to_string(),
            _ => format!("\\x{b:02x}"),
        })
        .collect()
}

/// Compares one case with its outcome file; says what differs.
fn check(case: &Path) -> Result<(), String> {
    let name = case.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let found = if case.is_dir() {
        outcome(case.to_path_buf(), "main.conf")
    } else {
        outcome(case.parent().expect("a folder").to_path_buf(), &format!("{name}.conf"))
    };
    let file = case.with_extension("txt");
    if std::env::var_os("PORTCULLIS_BLESS").is_some() {
        std::fs::write(&file, found).expect("writable outcome file");
        return Ok(());
    }
    let expected = std::fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
    if expected == found {
        return Ok(());
    }
    Err(format!("{name} gives\n{found}\ninstead of\n{expected}"))
}

#[test]
fn every_case_gives_its_outcome() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/seclang");
    let entries = std::fs::read_dir(&folder).expect("the cases");
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|end| end == "conf"))
        .collect();
    cases.sort();
    let failures: Vec<String> = cases.iter().filter_map(|case| check(case).err()).collect();
    println!("ran {}, passed {}, failed {}", cases.len(), cases.len() - failures.len(), failures.len());
    assert!(!cases.is_empty());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
