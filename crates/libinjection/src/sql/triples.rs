//! Folding rules for three neighbouring tokens.
//!
//! `1 + 2` → `1`; `x , y` → `x`; `select - 1` → `select 1`; `a . b` → `a`.
//! Called by `fold` with three unsettled tokens in hand, when no pair rule applied. The first rule that applies wins; the order is
//! that of the C library.

use super::fold::Window;
use super::token::Kind;

/// Applies a rule; `false` if none applies and the first token is settled.
pub(super) fn fold(window: &mut Window<'_>) -> bool {
    let drops = joined_operands(window);
    if drops > 0 {
        window.drop_and_restart(drops);
        return true;
    }
    if let Some(drops) = unary_before_operand(window) {
        *window.at_mut(1) = *window.at(2);
        window.drop_and_restart(drops);
        return true;
    }
    // `user()` is a function, `user(x)` is a name.
    if (window.kind(0), window.kind(1)) == (Kind::Function, Kind::OpenParen)
        && window.kind(2) != Kind::CloseParen
        && window.at(0).is_word("USER")
    {
        window.at_mut(0).kind = Kind::Bareword;
    }
    false
}

/// How many tokens go because the three are one operand or one operator; 0 if they are not.
fn joined_operands(window: &Window<'_>) -> usize {
    use Kind::{Bareword, Comma, Dot, Logic, Number, OpenParen, Operator, SqlType, String, Variable};
    let joined = match (window.kind(0), window.kind(1), window.kind(2)) {
        (Number | Bareword, Operator, Number | Bareword) => true,
        (Operator, middle, Operator) => middle != OpenParen,
        (Logic, _, Logic) => true,
        (Variable, Operator, Variable | Number | Bareword) => true,
        (Bareword | Number | Variable | String, Operator, SqlType) => window.at(1).text() == b"::",
        (Bareword | Number | String | Variable, Comma, Number | Bareword | String | Variable) => true,
        (Bareword, Dot, Bareword) => true,
        _ => false,
    };
    if joined { 2 } else { 0 }
}

/// How many tokens go when the middle one is an operator without weight before the third (or the dot of `` select.`x` ``).
/// After a comma the operand goes with it, `1,-1` being one operand list.
fn unary_before_operand(window: &Window<'_>) -> Option<usize> {
    use Kind::{
        Bareword, Comma, Dot, Expression, Function, Group, Keyword, Number, OpenParen, String, Variable,
    };
    let (first, third) = (window.kind(0), window.kind(2));
    if (first, window.kind(1), third) == (Expression, Dot, Bareword) {
        return Some(1);
    }
    if !window.at(1).is_unary() {
        return None;
    }
    match (first, third) {
        (Expression | Group | Comma, OpenParen) => Some(1),
        (Keyword | Expression | Group, Number | Bareword | Variable | String | Function) => Some(1),
        (Comma, Number | Bareword | Variable | String) => Some(3),
        (Comma, Function) => Some(1),
        _ => None,
    }
}
