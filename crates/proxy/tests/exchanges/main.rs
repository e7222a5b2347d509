//! Runs `corpus/exchanges/*.jsonl` through the proxy: raw bytes from a client, odd ones among them, and what the rules
//! must see, what the origin must receive byte by byte, and what the client must get.
//!
//! `witness` puts the recording origin behind the proxy, which plays each case's answers, however broken; `servers`
//! puts nginx and Apache there, where they are installed, and compares what they count with what the rules saw.
//!
//! Invariants checked for every case, whatever it expects: the origin receives no byte outside the requests that are
//! expected, no request that the rules have not seen, and no answer that breaks off reaches the client as a whole one.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod case;
mod servers;
mod witness;
