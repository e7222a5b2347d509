//! `portcullis.toml`: bytes in, raw entries and everything that is wrong with it out.
//!
//! `listn = "127.0.0.1:80"` → `error[unknown-setting]: unknown setting `listn`` with the line, a caret and ``did you mean
//! `listen`?``. Syntax errors and unknown keys are found here; what a value means is for the row of the table, whose
//! findings [`super::resolve`] places with the span kept in each entry. The file is drawn by the same renderer as rules.

use std::borrow::Cow;
use std::ops::Range;

use portcullis_seclang::{Diagnostic, FileId, SourceFile, Span, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::setting::{Setting, Shape};
use super::table;
use super::value::Value;
use super::{Entry, Origin};

/// Reads the text of `portcullis.toml`, which the caller has added to its sources as `id`.
pub fn read(file: &SourceFile, id: FileId, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let reader = Reader { file: id };
    let text = match std::str::from_utf8(&file.text) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            diagnostics.push(Diagnostic::error(
                "settings-syntax",
                reader.span(&(at..at + 1)),
                "this byte is not UTF-8",
            ));
            return Vec::new();
        }
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = reader.span(&error.span().unwrap_or_default());
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        diagnostics.push(Diagnostic::error("settings-syntax", span, message));
    }
    let mut entries = Vec::new();
    for (key, value) in document.get_ref() {
        reader.entry(key, value, &mut entries, diagnostics);
    }
    // The parser's table is sorted by name; what overrides what must follow the file.
    entries.sort_by_key(|entry| match entry.origin {
        Origin::File(span) => span.start,
        _ => 0,
    });
    entries
}

struct Reader {
    file: FileId,
}

type Key<'a> = Spanned<Cow<'a, str>>;
type Item<'a> = Spanned<DeValue<'a>>;

impl Reader {
    /// Files above 4 GiB are refused where they are read, so offsets fit.
    fn span(&self, range: &Range<usize>) -> Span {
        Span { file: self.file, start: range.start as u32, end: range.end as u32 }
    }

    fn entry(
        &self,
        key: &Key<'_>,
        item: &Item<'_>,
        entries: &mut Vec<Entry>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let name: &str = key.get_ref();
        let Some(setting) = table::all().find(|setting| setting.key() == name) else {
            diagnostics.push(self.unknown(key));
            return;
        };
        if setting.shape == Shape::Table {
            self.table(setting, item, entries, diagnostics);
            return;
        }
        match value(setting.shape, item.get_ref()) {
            Ok(value) => {
                entries.push(Entry { setting, value, origin: Origin::File(self.span(&item.span())) });
            }
            Err(expected) => diagnostics.push(self.wrong_type(name, expected, item)),
        }
    }

    fn table(
        &self,
        setting: &'static Setting,
        item: &Item<'_>,
        entries: &mut Vec<Entry>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let DeValue::Table(table) = item.get_ref() else {
            diagnostics.push(self.wrong_type(&setting.key(), "a table", item));
            return;
        };
        for (name, item) in table {
            let span = self.span(&(name.span().start..item.span().end));
            match item.get_ref() {
                DeValue::String(text) => {
                    let value = Value::Pair(name.get_ref().to_string(), text.to_string());
                    entries.push(Entry { setting, value, origin: Origin::File(span) });
                }
                _ => diagnostics.push(self.wrong_type(name.get_ref(), "a string", item)),
            }
        }
    }

    fn unknown(&self, key: &Key<'_>) -> Diagnostic {
        let name: &str = key.get_ref();
        let finding =
            Diagnostic::error("unknown-setting", self.span(&key.span()), format!("unknown setting `{name}`"));
        let keys: Vec<String> = table::all().map(Setting::key).collect();
        match nearest(name, keys.iter().map(String::as_str)) {
            Some(near) => finding.with_label(format!("did you mean `{near}`?")),
            None => finding.with_help("docs/settings.md lists every setting"),
        }
    }

    fn wrong_type(&self, name: &str, expected: &str, item: &Item<'_>) -> Diagnostic {
        let found = match item.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a fraction",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("`{name}` is {found}, but {expected} is expected");
        Diagnostic::error("setting-type", self.span(&item.span()), message)
    }
}

/// The value in its common form; the error says what is expected.
fn value(shape: Shape, value: &DeValue<'_>) -> Result<Value, &'static str> {
    match (shape, value) {
        (Shape::Text | Shape::Size | Shape::List, DeValue::String(text)) => Ok(Value::One(text.to_string())),
        (Shape::Number | Shape::Size, DeValue::Integer(number)) => {
            Ok(Value::One(decimal(&number.to_string())))
        }
        (Shape::Boolean, DeValue::Boolean(value)) => Ok(Value::One(value.to_string())),
        (Shape::List, DeValue::Array(list)) => {
            let text = |item: &Item<'_>| item.get_ref().as_str().map(str::to_owned);
            list.iter().map(text).collect::<Option<_>>().map(Value::Many).ok_or("a list of strings")
        }
        (Shape::Text, _) => Err("a string"),
        (Shape::Size, _) => Err("a size such as \"64KiB\""),
        (Shape::Number, _) => Err("a whole number"),
        (Shape::Boolean, _) => Err("true or false"),
        (Shape::List, _) => Err("a list of strings"),
        (Shape::Table, _) => Err("a table"),
    }
}

/// TOML also writes whole numbers in hexadecimal, octal and binary.
fn decimal(text: &str) -> String {
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)];
    let found = radix.iter().find_map(|(prefix, radix)| Some((text.strip_prefix(prefix)?, *radix)));
    let number = found.and_then(|(digits, radix)| u64::from_str_radix(digits, radix).ok());
    number.map_or_else(|| text.to_owned(), |number| number.to_string())
}
