//! The portcullis command.
mod demo_origin;
mod events;
mod settings;
mod watch;
fn main() {}
