//! Folding: reduces a token stream to the at most five tokens that carry its structure.
//!
//! `1 + 2 - x, 3 union all select` → number, `union all`, `select`. The fingerprint is the letters of what remains.
//! A window slides over the tokens: `left` of them are settled, `len` are in hand; `pairs` and `triples` hold the rules for the
//! first two and three unsettled ones. A rule drops tokens from the **end** of those in hand, also when more than it looked at are
//! there; that is what the C library does, and fingerprints depend on it.
//! Linear: each pass settles a token, drops one, or retypes one for good, and at most six are in hand when a rule starts over.
//! Reading stops as soon as five tokens are settled, so long harmless text costs a few tokens.

use super::pairs::{self, AfterPair};
use super::token::{Kind, Token};
use super::tokenizer::{Context, Tokens, tokens};
use super::triples;

/// Tokens in a fingerprint.
pub(super) const MAX_TOKENS: usize = 5;
/// One more is read to settle the kind of the fifth.
const IN_HAND: usize = MAX_TOKENS + 1;

/// Tokens that remained, with what the verdict needs to know about the reading.
#[derive(Clone, Debug)]
pub struct Folded<'a> {
    pub(super) hand: [Token<'a>; IN_HAND],
    pub(super) len: usize,
    /// How many tokens were read; more than remained means that some were folded away.
    pub(super) read: usize,
    /// The other dialect of comments would read this input differently.
    pub(super) dialects_differ: bool,
}

impl<'a> Folded<'a> {
    /// The remaining tokens: at most five, or six of which the last is evil.
    #[must_use]
    pub fn tokens(&self) -> &[Token<'a>] {
        self.hand.get(..self.len).unwrap_or_default()
    }
}

/// The window while folding. Invariant: `left <= len <= IN_HAND`.
pub(super) struct Window<'a> {
    pub(super) hand: [Token<'a>; IN_HAND],
    pub(super) left: usize,
    pub(super) len: usize,
    source: Tokens<'a>,
    more: bool,
    trailing_comment: Option<Token<'a>>,
}

/// Reads and folds `input`.
#[must_use]
pub fn fold(input: &[u8], context: Context) -> Folded<'_> {
    let mut window = Window {
        hand: [Token::EMPTY; IN_HAND],
        left: 0,
        len: 0,
        source: tokens(input, context),
        more: true,
        trailing_comment: None,
    };
    let len = window.run();
    Folded {
        hand: window.hand,
        len,
        read: window.source.count,
        dialects_differ: window.source.dialects_differ,
    }
}

impl<'a> Window<'a> {
    fn run(&mut self) -> usize {
        let Some(first) = self.source.find(|token| !is_lead(token)) else {
            return 0;
        };
        self.hand[0] = first;
        self.len = 1;
        loop {
            if self.len >= MAX_TOKENS {
                self.collapse_parenthesised();
            }
            if !self.more || self.left >= MAX_TOKENS {
                break;
            }
            self.fill(2);
            if self.len - self.left < 2 {
                self.left = self.len;
                continue;
            }
            match pairs::fold(self) {
                AfterPair::Again => continue,
                AfterPair::Stop => return self.left + 2,
                AfterPair::Triple => {}
            }
            self.fill(3);
            if self.len - self.left < 3 {
                self.left = self.len;
                continue;
            }
            if !triples::fold(self) {
                self.left += 1;
            }
        }
        self.close()
    }

    /// The kind of the token `ahead` of the settled ones. Rules ask only for tokens that are in hand: `left + ahead < len <= 6`.
    pub(super) fn kind(&self, ahead: usize) -> Kind {
        self.at(ahead).kind
    }

    pub(super) fn at(&self, ahead: usize) -> &Token<'a> {
        &self.hand[self.left + ahead]
    }

    pub(super) fn at_mut(&mut self, ahead: usize) -> &mut Token<'a> {
        &mut self.hand[self.left + ahead]
    }

    /// Drops `count` tokens from the end of the hand and starts over from the first.
    pub(super) fn drop_and_restart(&mut self, count: usize) {
        self.len -= count;
        self.left = 0;
    }

    /// Drops the last token and steps one settled token back, if there is one.
    pub(super) fn drop_and_step_back(&mut self) {
        self.len -= 1;
        self.left = self.left.saturating_sub(1);
    }

    /// Reads until `wanted` unsettled tokens are in hand, the hand is full or the input ends. Comments are skipped; the last is
    /// kept as long as nothing follows it.
    fn fill(&mut self, wanted: usize) {
        while self.more && self.len < IN_HAND && self.len - self.left < wanted {
            match self.source.next() {
                Some(token) if token.kind == Kind::Comment => self.trailing_comment = Some(token),
                Some(token) => {
                    self.trailing_comment = None;
                    self.hand[self.len] = token;
                    self.len += 1;
                }
                None => self.more = false,
            }
        }
    }

    /// Five tokens such as `1 + ( 2 )` are one operand: only the first stays, and the sixth if there is one.
    fn collapse_parenthesised(&mut self) {
        use Kind::{Bareword, CloseParen, Comma, Number, OpenParen, Operator};
        let [a, b, c, d, e, sixth] = &self.hand;
        let collapses = matches!(
            (a.kind, b.kind, c.kind, d.kind, e.kind),
            (Number, Operator | Comma, OpenParen, Number, CloseParen)
                | (Bareword, Operator, OpenParen, Bareword | Number, CloseParen)
                | (Number, CloseParen, Comma, OpenParen, Number)
                | (Bareword, CloseParen, Operator, OpenParen, Bareword)
        );
        if !collapses {
            return;
        }
        self.left = 0;
        if self.len > MAX_TOKENS {
            self.hand[1] = *sixth;
            self.len = 2;
        } else {
            self.len = 1;
        }
    }

    /// Puts a comment at the very end back if there is room, and drops the sixth token.
    fn close(&mut self) -> usize {
        if let Some(comment) = self.trailing_comment
            && self.len < MAX_TOKENS
        {
            self.hand[self.len] = comment;
            self.len += 1;
        }
        self.len.min(MAX_TOKENS)
    }
}

/// Tokens without weight in front of all others.
fn is_lead(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Comment | Kind::OpenParen | Kind::SqlType) || token.is_unary()
}
