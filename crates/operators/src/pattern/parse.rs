//! PCRE2 10.42 syntax → [`Node`].
//!
//! `a{2,}(?i:b|[^c])` becomes a concatenation of a repeat and an alternation. It reads exactly what the linear engine
//! can be given; everything else (look-around, back-references, recursion, verbs, `\K`, …), every spelling whose meaning
//! is in doubt, and every error ends in a refusal with a reason, and PCRE2 itself decides. So a refusal is never a wrong
//! answer, only a slower pattern. Recursion is bounded by [`DEPTH`].

use super::ast::{Assertion, Mode, Node};
use super::bytes::ByteSet;
use super::{Options, class, escape};

/// Why an expression is not for the linear engine.
pub(super) type Refusal = &'static str;

/// Groups nested deeper are refused; PCRE2's own limit is 250.
const DEPTH: usize = 200;

/// PCRE2's largest repeat count.
const MOST_REPEATS: u32 = 65535;

/// Parses a whole expression.
pub(super) fn parse(source: &[u8], options: Options) -> Result<Node, Refusal> {
    let flags =
        Flags { caseless: options.caseless, multiline: options.multiline, dotall: true, extended: false };
    if source.starts_with(b"(*") {
        return Err("a verb such as (*UTF)");
    }
    let mut parser = Parser { source, at: 0, groups: 0, names: Vec::new(), depth: 0 };
    let node = parser.alternation(flags)?;
    if parser.at < source.len() {
        return Err("an unmatched parenthesis");
    }
    Ok(node)
}

/// The letters of `(?imsx)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags {
    pub(super) caseless: bool,
    multiline: bool,
    dotall: bool,
    extended: bool,
}

impl Flags {
    /// A set under the case flag.
    pub(super) fn fold(self, set: ByteSet) -> ByteSet {
        if self.caseless { set.folded() } else { set }
    }
}

/// A position in the source. The sibling modules read escapes and classes from it.
pub(super) struct Parser<'s> {
    source: &'s [u8],
    at: usize,
    groups: u32,
    names: Vec<&'s [u8]>,
    depth: usize,
}

impl<'s> Parser<'s> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn rest(&self) -> &'s [u8] {
        &self.source[self.at..]
    }

    /// Skips `count` bytes that the caller has seen.
    pub(super) fn advance(&mut self, count: usize) {
        self.at += count;
    }

    pub(super) fn eat(&mut self, text: &[u8]) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Up to an unmatched `)` or the end. An option setting holds to the end of the group, across `|`.
    fn alternation(&mut self, mut flags: Flags) -> Result<Node, Refusal> {
        let mut branches = Vec::new();
        loop {
            branches.push(self.branch(&mut flags)?);
            if !self.eat(b"|") {
                break;
            }
        }
        Ok(if branches.len() == 1 { branches.swap_remove(0) } else { Node::Alternation(branches) })
    }

    fn branch(&mut self, flags: &mut Flags) -> Result<Node, Refusal> {
        let mut nodes = Vec::new();
        // Whether a quantifier may follow: PCRE2 decides about all the strange cases.
        let mut repeatable = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'|' | b')' => break,
                b'*' | b'+' | b'?' => self.repeat(&mut nodes, &mut repeatable)?,
                b'{' if quantifier(self.rest())?.is_some() => self.repeat(&mut nodes, &mut repeatable)?,
                b'(' if self.comment()? => {}
                b'\\' if self.rest().starts_with(b"\\E") => self.at += 2,
                b'\\' if self.rest().starts_with(b"\\Q") => repeatable |= self.quoted(*flags, &mut nodes),
                _ if flags.extended && self.blank_or_comment() => {}
                _ => {
                    let node = self.atom(flags)?;
                    repeatable = !matches!(node, None | Some(Node::Assertion(_)));
                    nodes.extend(node);
                }
            }
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.swap_remove(0),
            _ => Node::Concat(nodes),
        })
    }

    /// One item; `None` for an option setting.
    fn atom(&mut self, flags: &mut Flags) -> Result<Option<Node>, Refusal> {
        let Some(byte) = self.next() else { return Ok(None) };
        let assertion = |multiline, single| Node::Assertion(if flags.multiline { multiline } else { single });
        Ok(Some(match byte {
            b'(' => return self.group(flags),
            b'[' => Node::Set(class::class(self, *flags)?),
            b'\\' => escape::outside(self, *flags)?,
            b'^' => assertion(Assertion::LineStart, Assertion::Start),
            b'$' => assertion(Assertion::LineEnd, Assertion::End),
            b'.' if flags.dotall => Node::Set(ByteSet::ALL),
            b'.' => Node::Set(ByteSet::of(b'\n').negated()),
            _ => Node::Set(flags.fold(ByteSet::of(byte))),
        }))
    }

    /// `\Q…\E`; true when there was something in it.
    fn quoted(&mut self, flags: Flags, nodes: &mut Vec<Node>) -> bool {
        self.at += 2;
        let text = self.rest();
        let (text, skip) = match memchr::memmem::find(text, b"\\E") {
            Some(end) => (&text[..end], end + 2),
            None => (text, text.len()),
        };
        self.at += skip;
        nodes.extend(text.iter().map(|&byte| Node::Set(flags.fold(ByteSet::of(byte)))));
        !text.is_empty()
    }

    /// Skips `(?#…)`.
    fn comment(&mut self) -> Result<bool, Refusal> {
        if !self.rest().starts_with(b"(?#") {
            return Ok(false);
        }
        let end = memchr::memchr(b')', self.rest()).ok_or("an unfinished comment")?;
        self.at += end + 1;
        Ok(true)
    }

    /// Skips one blank, or a `#` comment, where `(?x)` holds.
    fn blank_or_comment(&mut self) -> bool {
        match self.peek() {
            Some(b' ' | 0x09..=0x0d) => self.at += 1,
            Some(b'#') => {
                self.at += memchr::memchr(b'\n', self.rest()).map_or(self.rest().len(), |end| end + 1);
            }
            _ => return false,
        }
        true
    }

    /// A quantifier, applied to the last node.
    fn repeat(&mut self, nodes: &mut Vec<Node>, repeatable: &mut bool) -> Result<(), Refusal> {
        let node = if *repeatable { nodes.pop() } else { None };
        let node = Box::new(node.ok_or("a repeat of something that is not an item")?);
        let (min, max) = match self.peek() {
            Some(b'{') => {
                let (min, max, length) = quantifier(self.rest())?.ok_or("a brace that is no quantifier")?;
                self.at += length;
                (min, max)
            }
            sign => {
                self.at += 1;
                (u32::from(sign == Some(b'+')), (sign == Some(b'?')).then_some(1))
            }
        };
        let mode = if self.eat(b"?") {
            Mode::Lazy
        } else if self.eat(b"+") {
            Mode::Possessive
        } else {
            Mode::Greedy
        };
        nodes.push(Node::Repeat { node, min, max, mode });
        *repeatable = false;
        Ok(())
    }

    /// After `(`: a group, or an option setting for the rest of the group around it.
    fn group(&mut self, flags: &mut Flags) -> Result<Option<Node>, Refusal> {
        if self.rest().starts_with(b"*") {
            return Err("a verb such as (*SKIP)");
        }
        if !self.eat(b"?") {
            self.groups += 1;
            return self.capture(*flags).map(Some);
        }
        if self.eat(b">") {
            return Ok(Some(Node::Atomic(Box::new(self.body(*flags)?))));
        }
        for (start, end) in [(&b"P<"[..], b'>'), (b"'", b'\''), (b"<", b'>')] {
            if self.rest().starts_with(start) && !matches!(self.rest(), [b'<', b'=' | b'!', ..]) {
                self.at += start.len();
                self.name(end)?;
                self.groups += 1;
                return self.capture(*flags).map(Some);
            }
        }
        let changed = self.options(*flags)?;
        if self.eat(b")") {
            *flags = changed;
            return Ok(None);
        }
        self.at += 1;
        self.body(changed).map(Some)
    }

    /// A capturing group whose number has just been taken.
    fn capture(&mut self, flags: Flags) -> Result<Node, Refusal> {
        let index = self.groups;
        Ok(Node::Group(index, Box::new(self.body(flags)?)))
    }

    fn body(&mut self, flags: Flags) -> Result<Node, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("groups nested too deeply");
        }
        let node = self.alternation(flags)?;
        self.depth -= 1;
        if self.eat(b")") { Ok(node) } else { Err("an unfinished group") }
    }

    fn name(&mut self, end: u8) -> Result<(), Refusal> {
        let length = memchr::memchr(end, self.rest()).ok_or("an unfinished group name")?;
        let name = &self.rest()[..length];
        let word = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if !word
            || name.is_empty()
            || name[0].is_ascii_digit()
            || name.len() > 32
            || self.names.contains(&name)
        {
            return Err("an unusual group name");
        }
        self.names.push(name);
        self.at += length + 1;
        Ok(())
    }

    /// The letters between `(?` and `)` or `:`, neither of which is consumed.
    fn options(&mut self, mut flags: Flags) -> Result<Flags, Refusal> {
        let mut on = true;
        loop {
            match self.peek() {
                Some(b')' | b':') => return Ok(flags),
                Some(b'-') if on => on = false,
                Some(b'i') => flags.caseless = on,
                Some(b'm') => flags.multiline = on,
                Some(b's') => flags.dotall = on,
                Some(b'x') if !self.rest().starts_with(b"xx") => flags.extended = on,
                Some(b'=' | b'!' | b'<') => return Err("look-around"),
                Some(b'|') => return Err("a branch reset group"),
                Some(b'(') => return Err("a conditional group"),
                Some(b'R' | b'&' | b'P' | b'0'..=b'9' | b'+') => return Err("recursion"),
                _ => return Err("an unusual group"),
            }
            self.at += 1;
        }
    }
}

/// `{n}`, `{n,}` or `{n,m}` at the start of `text`, with its length; any other brace is a literal one.
fn quantifier(text: &[u8]) -> Result<Option<(u32, Option<u32>, usize)>, Refusal> {
    let Some(end) = memchr::memchr(b'}', text) else { return Ok(None) };
    let inner = &text[1..end];
    let comma = memchr::memchr(b',', inner);
    let (low, high) = match comma {
        Some(comma) => (&inner[..comma], &inner[comma + 1..]),
        None => (inner, inner),
    };
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    if low.is_empty() || !digits(low) || !digits(high) {
        return Ok(None);
    }
    let count = |digits: &[u8]| -> Result<u32, Refusal> {
        let number = digits
            .iter()
            .fold(0u32, |number, digit| number.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
        if number > MOST_REPEATS { Err("a repeat count that is too large") } else { Ok(number) }
    };
    let min = count(low)?;
    let max = if high.is_empty() { None } else { Some(count(high)?) };
    if max.is_some_and(|max| max < min) {
        return Err("repeat counts the wrong way round");
    }
    Ok(Some((min, max, end + 1)))
}
