//! `portcullis quickstart`: a starter site, a demo origin and a proxy between them and whoever tries.
//!
//! The site is `./portcullis-site`; when it is there it is used as it is. Nothing is left running or lying about but that
//! folder. What to try is printed once everything serves.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use portcullis_site::RuleSource;

use super::{init, run};
use crate::demo_origin;
use crate::invocation;
use crate::messages::{say, show};
use crate::settings::{self, Value, document};
use crate::site_source::SiteSource;

/// The site of the demonstration.
const SITE: &str = "portcullis-site";

/// Arguments of `quickstart`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An origin to protect instead of the built-in demo site
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// Run without the console
    #[arg(long)]
    no_console: bool,
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
}

/// Carries `quickstart` out.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let site = Path::new(SITE);
    if !site.exists() {
        let report = portcullis_site::init(site, &RuleSource::Starter, &document::toml())?;
        if let Err(error) = init::record(&report) {
            say(format_args!("the site has no history: {error:#}"));
        }
        say(format_args!("laid down a site with {} in ./{SITE}", report.rule_set));
    }
    let is_demo = arguments.upstream.is_none();
    let upstream = match arguments.upstream {
        Some(url) => url,
        None => format!("http://{}", demo_origin::start().context("cannot start the demo origin")?),
    };
    let flags = [("upstream", Value::One(upstream)), ("listen", Value::Many(vec![arguments.listen]))]
        .map(settings::flag);
    let mut flags = flags.to_vec();
    if arguments.no_console {
        flags.push(run::no_console());
    }
    run::serve(SiteSource::Folder(site.to_path_buf()), Duration::MAX, flags, |proxy| {
        if let Some(address) = proxy.addresses().first() {
            show(&tries(*address, is_demo));
        }
    })
}

/// Three commands to try. The second one's answer depends on the third.
fn tries(address: SocketAddr, is_demo: bool) -> String {
    let portcullis = invocation::program();
    let path = if is_demo { "/search?q=" } else { "/?q=" };
    format!(
        "\nTry these in another terminal:\n\n\
         1. An ordinary request, which is answered by the origin:\n   \
            curl -i 'http://{address}{path}portcullis'\n\n\
         2. An attack. It is answered too, for a new site only detects; the lines that appear here say which rules matched:\n   \
            curl -i 'http://{address}{path}%3Cscript%3Ealert(1)%3C/script%3E'\n\n\
         3. Switch to protection, then try 2 again: the answer is 403 Forbidden.\n   \
            {portcullis} mode ./{SITE} protect\n\n\
         Rules stand in ./{SITE}/rules/activated_rules; a change there is in force within seconds. Ctrl-C ends it.\n\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The README shows the commands that the program prints; a test of the binary runs them.
    #[test]
    fn the_readme_shows_the_same_commands() {
        let readme = include_str!("../../../../README.md");
        let printed = tries(SocketAddr::from(([127, 0, 0, 1], 8080)), true);
        let commands =
            printed.lines().map(str::trim).filter(|line| line.contains("curl ") || line.contains(" mode "));
        let mut count = 0;
        for command in commands {
            let portable = command.split_once(" mode ").map_or(command, |(_, rest)| rest);
            assert!(readme.contains(portable), "{command}");
            count += 1;
        }
        assert_eq!(count, 3);
    }
}
