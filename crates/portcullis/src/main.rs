//! The portcullis command: parses the command line, carries one command out, turns an error into a sentence.
//!
//! `commands` has a file per command. The modules beside it are what several of them need: settings, reading a site, logs,
//! reloading, the FTW test runner.

mod change;
mod collections;
mod commands;
mod console;
mod container;
mod control;
mod demo_origin;
mod error_pages;
mod event_store;
mod events;
mod findings;
mod ftw;
mod in_process;
mod invocation;
mod loading;
mod local_time;
mod logging;
mod messages;
mod notify;
mod processor;
mod reload;
mod rule_changes;
mod settings;
mod site_source;
mod startup;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;

use commands::CommandLine;

/// Many small blocks are allocated and freed on the same thread per request, which this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let missing = processor::missing();
    if !missing.is_empty() {
        messages::say(format_args!(
            "this processor lacks {}, which this binary was built for: build one with RUSTFLAGS=-Ctarget-cpu=x86-64 (README, \
             \"Build\")",
            missing.join(", ")
        ));
        return ExitCode::FAILURE;
    }
    keep_pages_small();
    run()
}

/// Apart, so that nothing of it runs before the processor has been asked.
#[inline(never)]
fn run() -> ExitCode {
    match CommandLine::parse().run() {
        Ok(status) => status,
        Err(error) => {
            messages::say(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Compiling rules leaves holes all over the heap. In pages of 2 MiB the holes stay resident, 40 MB with the CRS, and
/// requests are no faster for them (docs/performance.md).
fn keep_pages_small() {
    // Refused, it costs memory and nothing else.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
