//! What `run` says before it serves: which rules it loaded, in which mode, and where it listens.
//!
//! ```text
//!     6 rules               modsecurity.conf
//!    39 rules + 21 links    rules/activated_rules/REQUEST-920-PROTOCOL-ENFORCEMENT.conf
//! loaded 630 rules and 73 chain links from 28 files; phases 1 to 5: 101, 404, 27, 72, 26
//! engine DetectionOnly: attacks are logged, nothing is blocked
//! ```

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use portcullis_engine::RuleSet;
use portcullis_engine::record::EngineMode;
use portcullis_proxy::UpstreamAddress;

use crate::messages::counted;

/// The rules of a rule set, by file.
pub fn rules(rules: &RuleSet, root: &Path) -> String {
    let mut text = String::new();
    let (mut starters, mut links) = (0, 0);
    for file in rules.summary() {
        starters += file.rules;
        links += file.links;
        let more =
            if file.links == 0 { String::new() } else { format!(" + {}", counted(file.links, "link")) };
        let path = Path::new(&file.path);
        let shown = path.strip_prefix(root).unwrap_or(path).display();
        let count = counted(file.rules, "rule");
        let (number, noun) = count.split_once(' ').unwrap_or((&count, ""));
        let _ = writeln!(text, "{number:>5} {:<22} {shown}", format!("{noun}{more}"));
    }
    let phases = rules.rules_per_phase().map(|count| count.to_string()).join(", ");
    let _ = writeln!(
        text,
        "loaded {} and {} from {}; phases 1 to 5: {phases}",
        counted(starters, "rule"),
        counted(links, "chain link"),
        counted(rules.summary().len(), "file"),
    );
    let meaning = match rules.settings().engine {
        EngineMode::Off => "rules do not run",
        EngineMode::DetectionOnly => "attacks are logged, nothing is blocked",
        EngineMode::On => "attacks are blocked",
    };
    let _ = writeln!(text, "engine {}: {meaning}", engine_mode(rules));
    text
}

/// The value of `SecRuleEngine`.
pub fn engine_mode(rules: &RuleSet) -> &'static str {
    match rules.settings().engine {
        EngineMode::Off => "Off",
        EngineMode::DetectionOnly => "DetectionOnly",
        EngineMode::On => "On",
    }
}

/// Where it listens and for whom.
pub fn listening(addresses: &[SocketAddr], upstream: &UpstreamAddress) -> String {
    let shown: Vec<String> = addresses.iter().map(|address| format!("http://{address}")).collect();
    format!("listening on {} for http://{upstream}", shown.join(", "))
}
