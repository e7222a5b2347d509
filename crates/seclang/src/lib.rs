//! SecLang text: from bytes to an AST with spans, and back.
//!
//! ```text
//! bytes ─ lines ─▶ logical lines ─ words ─▶ directives ─ include ─▶ Config
//!                                                └─ targets / operator / actions of a rule
//! ```
//!
//! This crate knows how configuration text is *written* (httpd's quoting and continuation rules, sections, includes,
//! the three little grammars inside `SecRule`). It knows no operator, action, variable or transformation by name: an
//! unknown one is the compiler's finding, drawn by the one renderer in [`diagnostic`].

mod actions;
pub mod ast;
mod compare;
pub mod conditions;
pub mod defines;
pub mod diagnostic;
mod glyphs;
pub mod include;
pub mod lines;
mod list;
mod nearest;
mod operator;
mod origin;
pub mod parse;
pub mod print;
pub mod render;
pub mod source;
mod targets;
mod words;

pub use actions::parse_actions;
pub use ast::{Action, Directive, Item, Key, KeyKind, OperatorExpr, Section, Spanned, Target, Word};
pub use compare::same;
pub use diagnostic::{Diagnostic, Severity, summary};
pub use include::{Environment, LoadError, Loaded, Loader, load};
pub use nearest::nearest;
pub use operator::parse_operator;
pub use parse::parse_file;
pub use print::format_file;
pub use render::{Style, render};
pub use source::{FileId, SourceFile, Sources, Span};
pub use targets::parse_targets;
