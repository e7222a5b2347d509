//! (documentation follows with the code)
