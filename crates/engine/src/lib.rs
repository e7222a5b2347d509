//! The rule engine (skeleton).
