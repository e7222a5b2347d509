//! Folding rules for two neighbouring tokens.
//!
//! `'a' 'b'` → `'a'`; `union` `all` → `union all`; `in` `(` → operator; `{ x` → nothing.
//! Called by `fold` with two unsettled tokens in hand. The first rule that applies wins; the order is that of the C library.

use super::fold::Window;
use super::keywords;
use super::token::{Kind, Text, Token};

/// How folding goes on after the pair rules.
pub(super) enum AfterPair {
    /// Something changed: look at the window afresh.
    Again,
    /// Nothing more to do with two: try three.
    Triple,
    /// The verdict is settled: the second token is evil.
    Stop,
}

/// Words that are names or variables, but functions before a parenthesis.
const ALSO_FUNCTIONS: [&str; 11] = [
    "USER_ID",
    "USER_NAME",
    "DATABASE",
    "PASSWORD",
    "USER",
    "CURRENT_USER",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "LOCALTIME",
    "LOCALTIMESTAMP",
];

pub(super) fn fold(window: &mut Window<'_>) -> AfterPair {
    use Kind::{
        Backslash, Bareword, CloseBrace, CloseParen, Collate, Function, Keyword, Logic, OpenBrace, OpenParen,
        Operator, Semicolon, SqlType, String, Tsql, Variable,
    };
    let (first, second) = (window.kind(0), window.kind(1));
    match first {
        String if second == String => return dropping_last(window),
        Semicolon if second == Semicolon => return dropping_last(window),
        Operator | Logic if second == SqlType || window.at(1).is_unary() => return restarting(window, 1),
        OpenParen if window.at(1).is_unary() => {
            window.drop_and_step_back();
            return AfterPair::Again;
        }
        _ => {}
    }
    if joins_first(first) && joins_second(second) && join(window) {
        return AfterPair::Again;
    }
    match (first, second) {
        (Semicolon, Function) if matches!(window.at(1).text(), [b'I' | b'i', b'F' | b'f', ..]) => {
            retype(window, 1, Tsql)
        }
        (Bareword | Variable, OpenParen) if ALSO_FUNCTIONS.iter().any(|word| window.at(0).is_word(word)) => {
            retype(window, 0, Function)
        }
        (Keyword, _) if window.at(0).is_word("IN") || window.at(0).is_word("NOT IN") => {
            retype(window, 0, if second == OpenParen { Operator } else { Bareword })
        }
        (Operator, _) if window.at(0).is_word("LIKE") || window.at(0).is_word("NOT LIKE") => {
            if second == OpenParen {
                window.at_mut(0).kind = Function;
            }
            AfterPair::Triple
        }
        (SqlType, _) if follows_type(second) => replacing_first(window),
        (Collate, Bareword) => {
            collation(window);
            AfterPair::Triple
        }
        (Backslash, _) if window.at(1).is_arithmetic() => {
            window.at_mut(0).kind = Kind::Number;
            restarting(window, 0)
        }
        (Backslash, _) => replacing_first(window),
        (OpenParen, OpenParen) | (CloseParen, CloseParen) => restarting(window, 1),
        (OpenBrace, Bareword) => odbc(window),
        (_, CloseBrace) => restarting(window, 1),
        _ => AfterPair::Triple,
    }
}

fn dropping_last(window: &mut Window<'_>) -> AfterPair {
    window.len -= 1;
    AfterPair::Again
}

fn restarting(window: &mut Window<'_>, dropped: usize) -> AfterPair {
    window.drop_and_restart(dropped);
    AfterPair::Again
}

fn retype(window: &mut Window<'_>, ahead: usize, kind: Kind) -> AfterPair {
    window.at_mut(ahead).kind = kind;
    AfterPair::Again
}

fn replacing_first(window: &mut Window<'_>) -> AfterPair {
    *window.at_mut(0) = *window.at(1);
    restarting(window, 1)
}

/// There are too many collations to list; an underscore tells one from a column name. The C string ends at a NUL.
fn collation(window: &mut Window<'_>) {
    let name = window.at(1).text();
    if name.iter().take_while(|&&byte| byte != 0).any(|&byte| byte == b'_') {
        window.at_mut(1).kind = Kind::SqlType;
        window.left = 0;
    }
}

/// `{x expr}` is the expression. An empty name (`` {`` ``) has meanings that folding cannot follow.
fn odbc(window: &mut Window<'_>) -> AfterPair {
    if window.at(1).text().is_empty() {
        window.at_mut(1).kind = Kind::Evil;
        return AfterPair::Stop;
    }
    restarting(window, 2)
}

fn follows_type(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bareword
            | Kind::Number
            | Kind::SqlType
            | Kind::OpenParen
            | Kind::Function
            | Kind::Variable
            | Kind::String
    )
}

/// Kinds that can begin a phrase.
fn joins_first(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Keyword
            | Kind::Bareword
            | Kind::Operator
            | Kind::Union
            | Kind::Function
            | Kind::Expression
            | Kind::Tsql
            | Kind::SqlType
    )
}

/// Kinds that can continue a phrase.
fn joins_second(kind: Kind) -> bool {
    joins_first(kind) || kind == Kind::Logic
}

/// Makes one token of two words that are a phrase. Delimiters stay those of the first word.
fn join(window: &mut Window<'_>) -> bool {
    let Some((kind, bytes, len)) = keywords::phrase(window.at(0).text(), window.at(1).text()) else {
        return false;
    };
    let first: &mut Token<'_> = window.at_mut(0);
    first.kind = kind;
    first.text = Text::Joined { bytes, len };
    window.drop_and_step_back();
    true
}
