//! The one setting that holds many: what happens to requests that depart from plain HTTP/1.1, by the departure's name.

use portcullis_http1::{Deviation, Policy};
use portcullis_seclang::nearest;

use crate::settings::Settings;
use crate::settings::setting::{Applies, Group, Setting, Shape};
use crate::settings::value::{Invalid, Value, one_of};

/// See the module.
pub static ROWS: &[Setting] = &[Setting {
    name: "http-policy",
    group: Group::Policies,
    shape: Shape::Table,
    placeholder: "NAME=POLICY",
    default: "{}",
    applies: Applies::AtStart,
    summary: "What happens to requests that depart from plain HTTP/1.1: reject, normalise or pass, by the departure's name.",
    detail: "The defaults do what Apache httpd 2.4 does. reject answers with an error, normalise forwards the proper \
             form, pass forwards the bytes as they came; what would let two readers disagree cannot be chosen.",
    set: |to, value, _| choose(to, value),
}];

fn choose(to: &mut Settings, value: &Value) -> Result<(), Invalid> {
    let (name, word) = value.pair()?;
    let Some(deviation) = Deviation::ALL.into_iter().find(|deviation| deviation.name() == name) else {
        let invalid = Invalid::new(format!("`{name}` is no departure from HTTP that has a policy"));
        return Err(match nearest(name, Deviation::ALL.iter().map(|deviation| deviation.name())) {
            Some(near) => invalid.with_help(format!("did you mean `{near}`?")),
            None => invalid.with_help("docs/settings.md lists them all"),
        });
    };
    let possible = || one_of(deviation.policies().iter().map(|policy| policy.name()));
    let wrong = || {
        Invalid::new(format!("`{name}` cannot be `{word}`")).with_help(format!("possible: {}", possible()))
    };
    let policy = Policy::from_name(word).ok_or_else(wrong)?;
    to.proxy.http.policies.set(deviation, policy).map_err(|_| wrong())
}
