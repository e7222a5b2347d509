//! An nginx configuration: where ModSecurity is on, which rules it has, where it listens, what it forwards to.
//!
//! `modsecurity_rules_file /etc/nginx/main.conf;` → the entry `/etc/nginx/main.conf`; `modsecurity_rules 'SecRuleEngine On';` → an entry with that text. Directives are taken from
//! `http`, from `server` and from `location /`, in this order of files; of several servers with rules the first counts.
//!
//! nginx's syntax is words, `;` and blocks; `#` begins a comment where a word could begin, quotes and `\` as in shells. Lua blocks are not
//! understood. Limit: [`MAX_DEPTH`] nested includes.

use std::path::Path;

use super::files::Tree;
use super::transcribe::Entry;
use super::{Draft, Fate, unreadable};
use crate::init::InitError;

/// How deep `include` may nest.
const MAX_DEPTH: usize = 20;

/// A directive with its block.
#[derive(Debug)]
struct Directive {
    words: Vec<String>,
    block: Vec<Directive>,
    place: String,
}

/// The entries that nginx hands to ModSecurity.
pub(super) fn entries(tree: &Tree, main: &Path, draft: &mut Draft) -> Result<Vec<Entry>, InitError> {
    let directives = read(tree, main, main, 0, draft)?;
    let mut walk = Walk { main, draft, entries: Vec::new(), has_server: false, is_on: false };
    walk.block(&directives);
    let Walk { entries, is_on, .. } = walk;
    if !is_on && !entries.is_empty() {
        let text = "`modsecurity on` is nowhere in force, so nginx ran none of these rules";
        draft.note(Fate::Changed, main.display().to_string(), text);
    }
    Ok(entries)
}

struct Walk<'a> {
    main: &'a Path,
    draft: &'a mut Draft,
    entries: Vec<Entry>,
    has_server: bool,
    is_on: bool,
}

impl Walk<'_> {
    fn block(&mut self, directives: &[Directive]) {
        for directive in directives {
            let words: Vec<&str> = directive.words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["modsecurity", value] => self.is_on |= *value == "on",
                ["modsecurity_rules_file", path] => {
                    let path = self.main.parent().unwrap_or(Path::new("/")).join(path);
                    self.entries.push(Entry::file(path));
                }
                ["modsecurity_rules", text] => {
                    let name = format!("nginx-rules-{}.conf", self.entries.len() + 1);
                    let path = self.main.parent().unwrap_or(Path::new("/")).join(name);
                    self.draft.note(
                        Fate::Changed,
                        &directive.place,
                        format!("modsecurity_rules: its text is in a file named after {}", path.display()),
                    );
                    self.entries.push(Entry { path, text: Some(format!("{text}\n").into_bytes()) });
                }
                [
                    "modsecurity_rules_remote" | "modsecurity_transaction_id" | "modsecurity_use_error_log",
                    ..,
                ] => {
                    let text = format!("{}: it has no counterpart", words.join(" "));
                    self.draft.note(Fate::LeftOut, &directive.place, text);
                }
                ["listen", address, rest @ ..] => self.listen(address, rest, &directive.place),
                ["proxy_pass", target] => self.upstream(target, &directive.place),
                ["http"] => self.block(&directive.block),
                ["server"] => self.server(directive),
                ["location", "/"] => self.block(&directive.block),
                ["location", ..] if has_rules(&directive.block) => {
                    let text = format!("{}: rules of a location other than `/`", words.join(" "));
                    self.draft.note(Fate::LeftOut, &directive.place, text);
                }
                _ => {}
            }
        }
    }

    fn server(&mut self, directive: &Directive) {
        let has = has_rules(&directive.block);
        if has && self.has_server {
            let text = "server: a site has one; import it apart";
            return self.draft.note(Fate::LeftOut, &directive.place, text);
        }
        self.has_server |= has;
        self.block(&directive.block);
    }

    fn listen(&mut self, address: &str, rest: &[&str], place: &str) {
        if rest.contains(&"ssl") || address.starts_with("unix:") {
            return self.draft.note(
                Fate::LeftOut,
                place,
                format!("listen {address}: TLS is ended in front of the proxy"),
            );
        }
        let address = if address.contains(':') { address.to_owned() } else { format!("0.0.0.0:{address}") };
        // `[::]:80` beside `80` is the same port on the other family.
        if !address.starts_with("[::]") && !self.draft.proxy.listen.contains(&address) {
            self.draft.proxy.listen.push(address);
        }
    }

    fn upstream(&mut self, target: &str, place: &str) {
        if !target.starts_with("http://") || target.contains('$') {
            return self.draft.note(
                Fate::LeftOut,
                place,
                format!("proxy_pass {target}: only a fixed http:// origin is forwarded to"),
            );
        }
        let target = target.trim_end_matches('/').to_owned();
        if !self.draft.proxy.upstream.contains(&target) {
            self.draft.proxy.upstream.push(target);
        }
    }
}

fn has_rules(directives: &[Directive]) -> bool {
    directives.iter().any(|directive| {
        directive.words.first().is_some_and(|name| name.starts_with("modsecurity"))
            || has_rules(&directive.block)
    })
}

/// Reads a file and what it includes.
fn read(
    tree: &Tree,
    main: &Path,
    path: &Path,
    depth: usize,
    draft: &mut Draft,
) -> Result<Vec<Directive>, InitError> {
    let text = tree.bytes(path).map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut parser = Parser { rest: text.chars().peekable(), line: 1, path };
    let directives = parser.block();
    included(tree, main, directives, depth, draft)
}

fn included(
    tree: &Tree,
    main: &Path,
    directives: Vec<Directive>,
    depth: usize,
    draft: &mut Draft,
) -> Result<Vec<Directive>, InitError> {
    let mut out = Vec::new();
    for mut directive in directives {
        if let [name, pattern] = directive.words.as_slice()
            && name == "include"
        {
            if depth >= MAX_DEPTH {
                draft.note(Fate::LeftOut, &directive.place, "include: nested too deeply");
                continue;
            }
            let pattern = main.parent().unwrap_or(Path::new("/")).join(pattern);
            for path in tree.matching(&pattern) {
                out.extend(read(tree, main, &path, depth + 1, draft)?);
            }
            continue;
        }
        directive.block = included(tree, main, directive.block, depth, draft)?;
        out.push(directive);
    }
    Ok(out)
}

struct Parser<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    path: &'a Path,
}

/// What comes next.
enum Token {
    Word(String),
    Semicolon,
    Open,
    Close,
}

impl Parser<'_> {
    /// Directives up to `}` or the end; what is unbalanced ends where it stands.
    fn block(&mut self) -> Vec<Directive> {
        // Open blocks, so that depth is no recursion.
        let mut open: Vec<Directive> = Vec::new();
        let mut done: Vec<Directive> = Vec::new();
        let mut words = Vec::new();
        let mut begun = 1;
        while let Some(token) = self.token() {
            match token {
                Token::Word(word) => {
                    if words.is_empty() {
                        begun = self.line;
                    }
                    words.push(word);
                }
                Token::Semicolon if words.is_empty() => {}
                Token::Semicolon | Token::Open => {
                    let place = format!("{}:{begun}", self.path.display());
                    let directive = Directive { words: std::mem::take(&mut words), block: Vec::new(), place };
                    match (token, open.last_mut()) {
                        (Token::Open, _) => open.push(directive),
                        (_, Some(around)) => around.block.push(directive),
                        (_, None) => done.push(directive),
                    }
                }
                Token::Close => {
                    words.clear();
                    if let Some(closed) = open.pop() {
                        open.last_mut().map_or(&mut done, |around| &mut around.block).push(closed);
                    }
                }
            }
        }
        while let Some(closed) = open.pop() {
            open.last_mut().map_or(&mut done, |around| &mut around.block).push(closed);
        }
        done
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    fn token(&mut self) -> Option<Token> {
        loop {
            match self.rest.peek()? {
                c if c.is_ascii_whitespace() => drop(self.next()),
                '#' => while self.next().is_some_and(|c| c != '\n') {},
                _ => break,
            }
        }
        match self.next()? {
            ';' => Some(Token::Semicolon),
            '{' => Some(Token::Open),
            '}' => Some(Token::Close),
            quote @ ('"' | '\'') => Some(Token::Word(self.quoted(quote))),
            first => {
                let mut word = first.to_string();
                while let Some(c) = self.rest.peek().copied() {
                    if c.is_ascii_whitespace() || c == ';' || c == '{' && !word.ends_with('$') {
                        break;
                    }
                    word.push(c);
                    self.next();
                }
                Some(Token::Word(word))
            }
        }
    }

    fn quoted(&mut self, quote: char) -> String {
        let mut word = String::new();
        while let Some(c) = self.next() {
            if c == quote {
                break;
            }
            if c == '\\' && self.rest.peek().is_some_and(|next| *next == quote || *next == '\\') {
                word.extend(self.next());
            } else {
                word.push(c);
            }
        }
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let mut parser = Parser { rest: text.chars().peekable(), line: 1, path: Path::new("n") };
        fn show(directives: &[Directive]) -> String {
            let one = |d: &Directive| format!("{:?}@{}{{{}}}", d.words, d.place, show(&d.block));
            directives.iter().map(one).collect::<Vec<_>>().join(" ")
        }
        show(&parser.block())
    }

    #[test]
    fn words_blocks_and_comments() {
        assert_eq!(
            words("a b;#x;\nc { d 'e;\\'f' ; }"),
            "[\"a\", \"b\"]@n:1{} [\"c\"]@n:2{[\"d\", \"e;'f\"]@n:2{}}"
        );
        assert_eq!(words("a ${x}y; }b"), "[\"a\", \"${x}y\"]@n:1{}");
        assert_eq!(words("a { b {"), "[\"a\"]@n:1{[\"b\"]@n:1{}}");
        assert_eq!(words("a \"b\nc\"; d;"), "[\"a\", \"b\\nc\"]@n:1{} [\"d\"]@n:2{}");
    }
}
