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

pub mod ast;
pub mod diagnostic;
pub mod source;

pub use ast::{Action, Directive, Item, Key, KeyKind, OperatorExpr, Section, Spanned, Target, Word};
pub use diagnostic::{Diagnostic, Severity};
pub use source::{FileId, SourceFile, Sources, Span};
