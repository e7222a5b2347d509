//! SecLang in three colours: directives, strings, comments; ids of rules are bold.
//!
//! `SecRule ARGS "@rx x" "id:7"` → `SecRule` as a directive, `7` as an id. The colours are for reading alone: nothing is
//! parsed, so a text with mistakes is coloured too. Linear in the text.

/// A run of text and the class it is shown with; empty for plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// `c-dir`, `c-str`, `c-note`, `c-id` or nothing.
    pub(crate) class: &'static str,
    /// The text.
    pub(crate) text: String,
}

/// Cuts a text into pieces.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut continued = false;
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        let indent = &line[..line.len() - start.len()];
        if !continued && start.starts_with('#') {
            push(&mut pieces, "c-note", line);
        } else if !continued {
            push(&mut pieces, "", indent);
            let end = start.find(|c: char| c.is_whitespace()).unwrap_or(start.len());
            push(&mut pieces, "c-dir", &start[..end]);
            words(&mut pieces, &start[end..]);
        } else {
            words(&mut pieces, line);
        }
        continued = line.trim_end_matches(['\n', '\r']).ends_with('\\');
    }
    pieces
}

/// Single-quoted strings and ids of what follows a directive.
fn words(pieces: &mut Vec<Piece>, mut rest: &str) {
    loop {
        let quote = rest.find('\'').and_then(|at| rest[at + 1..].find('\'').map(|end| (at, at + end + 2)));
        let id =
            rest.find("id:").filter(|at| !rest[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
        match (quote, id) {
            (Some((start, end)), id) if id.is_none_or(|id| start < id) => {
                push(pieces, "", &rest[..start]);
                push(pieces, "c-str", &rest[start..end]);
                rest = &rest[end..];
            }
            (_, Some(at)) => {
                let digits = rest[at + 3..].bytes().take_while(u8::is_ascii_digit).count();
                push(pieces, "", &rest[..at + 3]);
                push(pieces, "c-id", &rest[at + 3..at + 3 + digits]);
                rest = &rest[at + 3 + digits..];
            }
            _ => break push(pieces, "", rest),
        }
    }
}

fn push(pieces: &mut Vec<Piece>, class: &'static str, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.class == class => last.text.push_str(text),
        _ => pieces.push(Piece { class, text: text.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_in_colours() {
        let text = "# note\nSecRule ARGS \"@rx x\" \\\n  \"id:7,msg:'a b',deny\"\n";
        let found = pieces(text);
        let coloured: Vec<_> =
            found.iter().filter(|p| !p.class.is_empty()).map(|p| (p.class, p.text.as_str())).collect();
        assert_eq!(
            coloured,
            [("c-note", "# note\n"), ("c-dir", "SecRule"), ("c-id", "7"), ("c-str", "'a b'")]
        );
        assert_eq!(found.iter().map(|p| p.text.as_str()).collect::<String>(), text);
    }
}
