//! What can be changed from the console, as values.
//!
//! ```text
//! {"kind":"mode","mode":"protect"}  ─ plan ─▶  modsecurity.conf: one line  ─ review ─▶  difference, findings of `check`, base
//!                                                                          ─ make ───▶  a commit by who is signed in, in force
//! ```
//!
//! A page makes one of its form, the API takes one as it is; both go through the same review, and nothing is kept between
//! review and commit but what the form carries. `base` is the content of the touched files when the review was made: when
//! somebody changed one of them since, the commit is refused and both versions are shown.

mod exclude;
mod file;
mod make;
mod plan;
mod switched_off;

use std::collections::BTreeMap;

use portcullis_insight::Scope;
use portcullis_site::{Mode, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use file::{LONGEST as LONGEST_FILE, as_submitted, digest, is_editable as editable};
pub(crate) use make::{Done, Review, commit, review};
pub(crate) use switched_off::{path as switched_off_path, switched_off};

use crate::accounts::Role;

/// A change of the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Change {
    /// States of rule sets, by the sets' names.
    RuleSetStates {
        /// `off`, `detect` or `protect` for each.
        states: BTreeMap<String, SetState>,
    },
    /// Single rules that are taken out, or let run again, whatever set they stand in.
    Rules {
        /// Ids to take out.
        #[serde(default)]
        off: Vec<u64>,
        /// Ids to let run again.
        #[serde(default)]
        on: Vec<u64>,
    },
    /// An exclusion of a rule, one of those that are proposed for an event.
    Exclude {
        /// The id of the request.
        event: String,
        /// The rule that should not have matched.
        rule: u64,
        /// How much is taken out.
        scope: Scope,
        /// Why; it stands above the exclusion and in the commit.
        reason: String,
    },
    /// Takes an exclusion back.
    RemoveExclusion {
        /// Its id in the list of exclusions.
        exclusion: String,
    },
    /// The text of a file.
    File {
        /// Below the site's root.
        path: String,
        /// The whole new text.
        text: String,
        /// The digest of the text it was made from; the change is refused when the file has another one.
        base: String,
    },
    /// What the rule set's set-up file sets: paranoia level, thresholds, methods, limits.
    Tunings {
        /// New values by name.
        values: BTreeMap<String, String>,
    },
    /// Settings of the proxy in `portcullis.toml`.
    Settings {
        /// New values by name; an empty one takes the setting out, so that its default holds.
        values: BTreeMap<String, String>,
    },
    /// The engine's mode.
    Mode {
        /// What the engine does with its findings.
        mode: EngineMode,
    },
    /// The whole site as a commit has it.
    Restore {
        /// The commit.
        commit: String,
    },
}

/// The state of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SetState {
    /// Does not run.
    Off,
    /// Runs and logs, blocks nothing.
    Detect,
    /// Runs and blocks.
    Protect,
}

impl SetState {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "off" => Some(Self::Off),
            "detect" => Some(Self::Detect),
            "protect" => Some(Self::Protect),
            _ => None,
        }
    }
}

impl From<State> for SetState {
    fn from(state: State) -> Self {
        match state {
            State::Off => Self::Off,
            State::Detect => Self::Detect,
            State::Protect => Self::Protect,
        }
    }
}

impl From<SetState> for State {
    fn from(state: SetState) -> Self {
        match state {
            SetState::Off => Self::Off,
            SetState::Detect => Self::Detect,
            SetState::Protect => Self::Protect,
        }
    }
}

/// The mode of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EngineMode {
    /// Rules do not run.
    Off,
    /// Rules log, and block nothing.
    Detect,
    /// Rules block.
    Protect,
}

impl EngineMode {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Off, Self::Detect, Self::Protect]
            .into_iter()
            .find(|mode| Mode::from(*mode).to_string() == name)
    }
}

impl From<EngineMode> for Mode {
    fn from(mode: EngineMode) -> Self {
        match mode {
            EngineMode::Off => Self::Off,
            EngineMode::Detect => Self::Detect,
            EngineMode::Protect => Self::Protect,
        }
    }
}

impl From<Mode> for EngineMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Off => Self::Off,
            Mode::Detect => Self::Detect,
            Mode::Protect => Self::Protect,
        }
    }
}

impl Change {
    /// Who may make it.
    pub(crate) fn role(&self) -> Role {
        match self {
            Change::RuleSetStates { .. }
            | Change::Rules { .. }
            | Change::Exclude { .. }
            | Change::RemoveExclusion { .. }
            | Change::Tunings { .. } => Role::Tune,
            Change::File { path, .. } if path.starts_with(portcullis_site::ACTIVATED_RULES) => Role::Tune,
            Change::File { .. } | Change::Settings { .. } | Change::Mode { .. } | Change::Restore { .. } => {
                Role::Admin
            }
        }
    }

    /// What it is called before anything is known about its effect.
    pub(crate) fn title(&self) -> String {
        match self {
            Change::RuleSetStates { states } if states.len() == 1 => {
                let one =
                    states.iter().next().map(|(name, state)| format!("{name} to {}", State::from(*state)));
                format!("Switch {}", one.unwrap_or_default())
            }
            Change::RuleSetStates { states } => format!("Switch {} rule sets", states.len()),
            Change::Rules { off, on } => match (off.as_slice(), on.as_slice()) {
                (off, []) => format!("Take out {}", ids(off)),
                ([], on) => format!("Let {} run again", ids(on)),
                (off, on) => format!("Take out {}, let {} run again", ids(off), ids(on)),
            },
            Change::Exclude { rule, .. } => format!("Exclude rule {rule}"),
            Change::RemoveExclusion { .. } => "Take an exclusion back".to_owned(),
            Change::File { path, .. } => format!("Edit {}", path.rsplit('/').next().unwrap_or(path)),
            Change::Tunings { values } | Change::Settings { values } => {
                let set = values.iter().map(|(name, value)| match value.as_str() {
                    "" => format!("{name} to its default"),
                    value => format!("{name} to {value}"),
                });
                format!("Set {}", set.collect::<Vec<_>>().join(", "))
            }
            Change::Mode { mode: EngineMode::Protect } => "Switch to protection".to_owned(),
            Change::Mode { mode: EngineMode::Detect } => "Switch to detection".to_owned(),
            Change::Mode { mode: EngineMode::Off } => "Switch the engine off".to_owned(),
            Change::Restore { commit } => format!("Restore {}", commit.get(..8).unwrap_or(commit)),
        }
    }
}

fn ids(ids: &[u64]) -> String {
    let noun = if ids.len() == 1 { "rule" } else { "rules" };
    let shown: Vec<String> = ids.iter().map(u64::to_string).collect();
    format!("{noun} {}", shown.join(", "))
}
