//! Settings of how the site's rules are read and, where engines differ, what they mean.

use portcullis_engine::Evaluation;

use portcullis_site::Pin;

use crate::settings::setting::{Applies, Group, Setting, Shape};
use crate::settings::value::Invalid;

fn evaluation(plain: bool) -> Evaluation {
    if plain { Evaluation::Plain } else { Evaluation::Screened }
}

/// See the module.
pub static ROWS: &[Setting] = &[
    Setting {
        name: "watch",
        group: Group::Rules,
        shape: Shape::Boolean,
        placeholder: "BOOL",
        default: "true",
        applies: Applies::AtStart,
        summary: "Reload when a file of the site changes.",
        detail: "SIGHUP reloads in any case.",
        set: |to, value, _| value.boolean().map(|on| to.watch = on),
    },
    Setting {
        name: "define",
        group: Group::Rules,
        shape: Shape::List,
        placeholder: "NAME",
        default: "[]",
        applies: Applies::AtReload,
        summary: "Names that <IfDefine> finds defined, as httpd's -D.",
        detail: "",
        set: |to, value, _| value.list().map(|names| to.defines = names.to_vec()),
    },
    Setting {
        name: "remote-files",
        group: Group::Rules,
        shape: Shape::List,
        placeholder: "PIN",
        default: "[]",
        applies: Applies::AtReload,
        summary: "Files elsewhere that rules may use, each with the hash of its content: sha256:HEX https://HOST/PATH.",
        detail: "For SecRemoteRules, and for @pmFromFile and @ipMatchFromFile with an address. A file is fetched once and \
                 kept in the data folder; other content than the named one is never used.",
        set: |to, value, _| {
            let pin = |text: &String| {
                Pin::parse(text).ok_or_else(|| {
                    Invalid::new(format!("`{text}` is no hash and address"))
                        .with_help("write \"sha256:HEX https://HOST/PATH\", with the output of sha256sum")
                })
            };
            value.list()?.iter().map(pin).collect::<Result<_, _>>().map(|pins| to.remote_files = pins)
        },
    },
    Setting {
        name: "plain",
        group: Group::Rules,
        shape: Shape::Boolean,
        placeholder: "BOOL",
        default: "false",
        applies: Applies::AtStart,
        summary: "Run every rule on every value, without the screen.",
        detail: "Decides the same and costs many times more: for whoever doubts the screen.",
        set: |to, value, _| value.boolean().map(|on| to.proxy.evaluation = evaluation(on)),
    },
    Setting {
        name: "reject-body-end-errors",
        group: Group::Rules,
        shape: Shape::Boolean,
        placeholder: "BOOL",
        default: "false",
        applies: Applies::AtReload,
        summary: "Answer 500 to a request whose body turns out malformed only at its end.",
        detail: "As mod_security2 since 2.9.3 does before any rule of phase 2 runs. false sets REQBODY_ERROR and lets \
                 the rules decide, as was meant.",
        set: |to, value, _| value.boolean().map(|on| to.compatibility.reject_body_end_errors = on),
    },
    Setting {
        name: "join-headers",
        group: Group::Rules,
        shape: Shape::Boolean,
        placeholder: "BOOL",
        default: "true",
        applies: Applies::AtReload,
        summary: "Rules see request header fields of the same name as one, joined with a comma.",
        detail: "As behind httpd. With the engine On the origin gets them joined too, so that it sees what the rules \
                 saw. false keeps them apart, so that rules can count them.",
        set: |to, value, _| value.boolean().map(|on| to.compatibility.join_headers = on),
    },
    Setting {
        name: "json-names-v3",
        group: Group::Rules,
        shape: Shape::Boolean,
        placeholder: "BOOL",
        default: "false",
        applies: Applies::AtReload,
        summary: "Arguments from JSON bodies are named as libmodsecurity 3 names them.",
        detail: "json.user.roles.array_0 instead of user.roles.roles: for exclusions that were written there.",
        set: |to, value, _| value.boolean().map(|on| to.compatibility.json_names_v3 = on),
    },
    Setting {
        name: "lenient-chain-links",
        group: Group::Rules,
        shape: Shape::Boolean,
        placeholder: "BOOL",
        default: "false",
        applies: Applies::AtReload,
        summary: "Chain links may carry id, msg, severity and the like, without effect.",
        detail: "As libmodsecurity 3 loads them. false makes it an error, as in ModSecurity 2.",
        set: |to, value, _| value.boolean().map(|on| to.compatibility.lenient_chain_links = on),
    },
    Setting {
        name: "default-actions-per-phase",
        group: Group::Rules,
        shape: Shape::Boolean,
        placeholder: "BOOL",
        default: "false",
        applies: Applies::AtReload,
        summary: "A rule begins with the SecDefaultAction list of its own phase.",
        detail: "As in libmodsecurity 3. false gives every rule the latest list before it, whatever its phase, as in \
                 ModSecurity 2.",
        set: |to, value, _| value.boolean().map(|on| to.compatibility.default_actions_per_phase = on),
    },
];
