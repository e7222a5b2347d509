//! Element type declarations, which are checked and forgotten.
//!
//! ` a (b?,(c|d)+,#PCDATA)>` is an error, because `#PCDATA` must come first and alone or in a repeated choice.
//! The content model is read with one entry per open group; libxml reads groups 128 deep, and so does this.

use super::super::Fault;
use super::super::scanner::Scanner;
use super::{close, require_blanks};

/// The deepest nesting of groups.
const GROUP_LIMIT: usize = 128;

/// Reads a declaration after `<!ELEMENT`.
pub(super) fn parse(scanner: &mut Scanner<'_>) -> Result<(), Fault> {
    require_blanks(scanner)?;
    scanner.name().ok_or("element type without a name")?;
    require_blanks(scanner)?;
    if !scanner.eat("EMPTY") && !scanner.eat("ANY") {
        if !scanner.eat("(") {
            return Err("element type without content");
        }
        scanner.blanks();
        if scanner.eat("#PCDATA") { mixed(scanner)? } else { children(scanner)? }
    }
    close(scanner)
}

/// The rest of `(#PCDATA | a | b)*`.
fn mixed(scanner: &mut Scanner<'_>) -> Result<(), Fault> {
    let mut names = false;
    loop {
        scanner.blanks();
        if scanner.eat(")") {
            let repeated = scanner.eat("*");
            return if repeated || !names { Ok(()) } else { Err("mixed content without `*`") };
        }
        let name = scanner.eat("|").then(|| {
            scanner.blanks();
            scanner.name()
        });
        name.flatten().ok_or("malformed mixed content")?;
        names = true;
    }
}

/// The rest of `(a, (b | c)+, d?)`; each group has one kind of separator.
fn children(scanner: &mut Scanner<'_>) -> Result<(), Fault> {
    let mut groups: Vec<Option<u8>> = vec![None];
    loop {
        // A particle comes next.
        scanner.blanks();
        if scanner.eat("(") {
            if groups.len() >= GROUP_LIMIT {
                return Err("content model too deep");
            }
            groups.push(None);
            continue;
        }
        scanner.name().ok_or("malformed content model")?;
        occurrence(scanner);
        // A separator comes next, after the groups that end here.
        loop {
            scanner.blanks();
            let Some(separator) = groups.last_mut() else { return Ok(()) };
            match scanner.peek() {
                Some(b')') => {
                    scanner.take(1);
                    occurrence(scanner);
                    groups.pop();
                    if groups.is_empty() {
                        return Ok(());
                    }
                }
                Some(byte @ (b',' | b'|')) if *separator.get_or_insert(byte) == byte => {
                    scanner.take(1);
                    break;
                }
                _ => return Err("malformed content model"),
            }
        }
    }
}

fn occurrence(scanner: &mut Scanner<'_>) {
    let _ = scanner.eat("?") || scanner.eat("*") || scanner.eat("+");
}
