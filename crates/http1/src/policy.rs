//! What happens to a message that deviates: a policy per [`Deviation`], strict by default.
//!
//! `Policies::default()` refuses what Apache httpd refuses. `set(Deviation::BareLf, Policy::Normalise)` accepts bare
//! line feeds and forwards proper line ends. A policy that would let two readers disagree about a message
//! (`pass` for a NUL byte) cannot be chosen: [`Policies::set`] says so.

use crate::deviation::Deviation;

/// What happens to a message with a deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Refuse it.
    Reject,
    /// Accept it and forward it in the proper form.
    Normalise,
    /// Accept it and forward the bytes as they are.
    Pass,
}

impl Policy {
    /// The word in settings and documentation.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Reject => "reject",
            Policy::Normalise => "normalise",
            Policy::Pass => "pass",
        }
    }

    /// The policy of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Policy::Reject, Policy::Normalise, Policy::Pass].into_iter().find(|p| p.name() == name)
    }
}

/// The policy chosen is not offered for this deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("policy `{}` is not possible for `{}`; possible: {}", .policy.name(), .deviation.name(), names(.deviation.policies()))]
pub struct UnsupportedPolicy {
    /// The deviation.
    pub deviation: Deviation,
    /// The policy.
    pub policy: Policy,
}

fn names(policies: &[Policy]) -> String {
    policies.iter().map(|p| p.name()).collect::<Vec<_>>().join(", ")
}

/// A policy per deviation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    table: [Policy; Deviation::COUNT],
}

impl Default for Policies {
    fn default() -> Self {
        let mut table = [Policy::Reject; Deviation::COUNT];
        for (slot, deviation) in table.iter_mut().zip(Deviation::ALL) {
            // The first policy listed for a deviation is its default.
            *slot = deviation.policies().first().copied().unwrap_or(Policy::Reject);
        }
        Self { table }
    }
}

impl Policies {
    /// The policy for a deviation.
    pub fn get(&self, deviation: Deviation) -> Policy {
        self.table.get(deviation as usize).copied().unwrap_or(Policy::Reject)
    }

    /// Chooses a policy.
    ///
    /// # Errors
    /// When the deviation does not offer it.
    pub fn set(&mut self, deviation: Deviation, policy: Policy) -> Result<(), UnsupportedPolicy> {
        if !deviation.policies().contains(&policy) {
            return Err(UnsupportedPolicy { deviation, policy });
        }
        if let Some(slot) = self.table.get_mut(deviation as usize) {
            *slot = policy;
        }
        Ok(())
    }
}
