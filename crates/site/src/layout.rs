//! Names of what a site consists of, relative to its root.

/// The main configuration file, read first.
pub const CONFIGURATION: &str = "modsecurity.conf";

/// Settings of the proxy; read by the binary, not here.
pub const SETTINGS: &str = "portcullis.toml";

/// Rule sets as they came.
pub const BASE_RULES: &str = "rules/base_rules";

/// Rules that are not for everyone.
pub const OPTIONAL_RULES: &str = "rules/optional_rules";

/// The rules that run.
pub const ACTIVATED_RULES: &str = "rules/activated_rules";

/// Where the logs go that the configuration names with a relative path.
pub const LOGS: &str = "logs";

/// Where stored collections go.
pub const DATA: &str = "data";

/// The map of `SecUnicodeMapFile`.
pub(crate) const UNICODE_MAP: &str = "unicode.mapping";

/// Modules that `<IfModule>` finds: those of httpd whose directives or variables rule files rely on and which work here.
pub(crate) const MODULES: &[&str] = &[
    "mod_security2.c",
    "security2_module",
    "mod_headers.c",
    "headers_module",
    "mod_unique_id.c",
    "unique_id_module",
    "mod_version.c",
    "version_module",
    // Ours: what stands inside `<IfModule portcullis>` is read here and skipped by Apache.
    "portcullis",
];
