//! The screen.
#![allow(dead_code, reason="wip")]
pub(crate) mod alphabet;
pub(crate) mod condition;
pub(crate) mod cut;
pub(crate) mod graph;
pub(crate) mod rarity;
pub(crate) mod scanner;
pub(crate) mod window;
#[cfg(test)]
mod tests;
