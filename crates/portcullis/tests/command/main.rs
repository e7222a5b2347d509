//! The built binary, as its users meet it: commands, messages, exit statuses, signals, logs.
//!
//! Every test has folders and ports of its own and waits for the program's own output, so all of them run at once. One
//! test binary holds them all, because linking the program's crates once is enough.

mod bad_input;
mod bench;
mod check;
mod collections;
mod console_api;
mod container;
mod crs;
mod events;
mod fmt;
mod hosting;
mod import;
mod init;
mod lint;
mod logs;
mod mirror;
mod mode;
mod platform;
mod quickstart;
mod reload;
mod remote;
mod remote_files;
mod run;
mod settings;
mod shared_events;
mod support;
mod test_command;
mod tour;
