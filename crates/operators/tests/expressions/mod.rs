//! The regular expressions in rule files.

use std::path::{Path, PathBuf};

/// Every `@rx` argument in the rule files under a folder.
pub fn expressions(folder: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&text).replace("\\\r\n", "").replace("\\\n", "");
        found.extend(text.lines().filter_map(|line| expression(line.trim_start())));
    }
    found.sort();
    found.dedup();
    found
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "conf") {
            files.push(path);
        }
    }
}

fn expression(line: &str) -> Option<Vec<u8>> {
    let rest = line.strip_prefix("SecRule ")?;
    let (_, rest) = word(rest)?;
    let (operator, _) = word(rest)?;
    let operator = operator.strip_prefix('!').unwrap_or(&operator).trim_start();
    match operator.strip_prefix("@rx") {
        Some(argument) => Some(argument.trim_start().into()),
        None if operator.starts_with('@') => None,
        None => Some(operator.into()),
    }
}

/// One word of a directive, quotes and their escapes resolved as Apache does, and what follows it.
fn word(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let Some(quote) = text.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut word = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Some((word, &text[at + 1..]));
        }
        let rest = &text[at + character.len_utf8()..];
        if character == '\\' && (rest.starts_with(quote) || rest.starts_with('\\')) {
            word.extend(characters.next().map(|(_, escaped)| escaped));
        } else {
            word.push(character);
        }
    }
    None
}
