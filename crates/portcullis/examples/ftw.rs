//! Runs FTW tests over a socket.
#[path = "../src/ftw/mod.rs"]
mod ftw;
use clap::Parser;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    arguments: ftw::Arguments,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let report = ftw::run(&cli.arguments, None, &mut std::io::stdout())?;
    std::process::exit(i32::from(!report.ok()));
}
