//! Every variable of the OWASP CRS's container images, and what becomes of it here.
//!
//! A row is a variable; the reference `docs/container-variables.md` is written from the rows, and a test reads each of them.
//! A variable of those images that is missing here would be ignored without a word, so the list is whole.

/// What a variable means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// These settings get the value, after a change of its form.
    Settings(&'static [&'static str], Form),
    /// This directive of `modsecurity.conf` gets the value; the text may hold arguments before it.
    Directive(&'static str),
    /// `SecRuleEngine`.
    Engine,
    /// This choice of the rule set's set-up file gets the value.
    Tuning(&'static str),
    /// `1`: the set-up file is the owner's own, and variables that would change it do nothing.
    Manual,
    /// Only this value, in any case, agrees with what is built here; the text says what is done for others.
    Only(&'static str, &'static str),
    /// Nothing: the text says why, and what to do.
    Unsupported(&'static str),
}

/// How the images write a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As the setting does.
    Same,
    /// A port of all addresses.
    Port,
    /// Seconds, or nginx's `60s`.
    Seconds,
    /// A file; the names of the standard streams and of nothing are the setting's words.
    Log,
    /// Networks with commas or blanks between.
    Networks,
    /// A header field; `X-Forwarded-For` is read anyway.
    Field,
}

/// A row: the variable and its meaning.
pub type Row = (&'static str, Meaning);

use Form::{Field, Log, Networks, Port, Same, Seconds};
use Meaning::{Directive, Engine, Manual, Only, Settings, Tuning, Unsupported};

const NO_TLS: &str = "TLS is not built: terminate it in front";
const LOG_FORM: &str = "the form of log lines is set with access_log_format and error_log_format";
const OUR_NAME: &str = "the proxy has no name of its own; SecServerSignature sets `Server`";
const METRICS: &str = "metrics are not built";
const CORS: &str = "fields of answers are set in the site with `Header`";
const DEFAULTS: &str = "edit SecDefaultAction in the site's set-up file";

/// See the module.
pub static ROWS: &[Row] = &[
    // Where requests come from and go to.
    ("BACKEND", Settings(&["upstream"], Same)),
    ("PORT", Settings(&["listen"], Port)),
    ("ACCESSLOG", Settings(&["access-log"], Log)),
    ("ERRORLOG", Settings(&["error-log"], Log)),
    (
        "PROXY_TIMEOUT",
        Settings(&["upstream-write-timeout", "answer-timeout", "answer-body-timeout"], Seconds),
    ),
    ("TIMEOUT", Settings(&["request-body-timeout", "client-write-timeout"], Seconds)),
    ("KEEPALIVE_TIMEOUT", Settings(&["keep-alive-timeout"], Seconds)),
    ("WORKER_CONNECTIONS", Settings(&["connections-per-worker"], Same)),
    ("SET_REAL_IP_FROM", Settings(&["trusted-proxies"], Networks)),
    ("REMOTEIP_INT_PROXY", Settings(&["trusted-proxies"], Networks)),
    ("REAL_IP_HEADER", Settings(&["client-address-field"], Field)),
    ("REAL_IP_RECURSIVE", Only("on", "trusted proxies are always skipped from the right")),
    ("REAL_IP_PROXY_HEADER", Unsupported("the origin gets the client in X-Forwarded-For")),
    ("REAL_IP_PROXY_PROTOCOL", Only("off", "the PROXY protocol is not built")),
    ("PROXY_PRESERVE_HOST", Only("on", "the origin always gets the client's Host")),
    ("PROXY_ERROR_OVERRIDE", Only("off", "answers of the origin are never replaced")),
    ("BACKEND_WS", Unsupported("WebSocket connections go where BACKEND says")),
    ("DNS_SERVER", Unsupported("names are resolved by the system: /etc/resolv.conf")),
    (
        "REQ_HEADER_FORWARDED_PROTO",
        Unsupported("X-Forwarded-Proto tells what a trusted proxy told, else http"),
    ),
    ("SERVER_NAME", Unsupported(OUR_NAME)),
    ("SERVER_ADMIN", Unsupported(OUR_NAME)),
    ("SERVER_SIGNATURE", Only("off", OUR_NAME)),
    ("SERVER_TOKENS", Unsupported(OUR_NAME)),
    ("LOGLEVEL", Unsupported("the error log has one level; off switches it off")),
    ("APACHE_LOGFORMAT", Unsupported(LOG_FORM)),
    ("APACHE_ERRORLOG_FORMAT", Unsupported(LOG_FORM)),
    ("APACHE_METRICS_LOGFORMAT", Unsupported(METRICS)),
    ("METRICS_ALLOW_FROM", Unsupported(METRICS)),
    ("METRICS_DENY_FROM", Unsupported(METRICS)),
    ("METRICSLOG", Only("/dev/null", METRICS)),
    ("CORS_HEADER_403_ALLOW_ORIGIN", Unsupported(CORS)),
    ("CORS_HEADER_403_ALLOW_METHODS", Unsupported(CORS)),
    ("CORS_HEADER_403_CONTENT_TYPE", Unsupported(CORS)),
    ("CORS_HEADER_403_MAX_AGE", Unsupported(CORS)),
    ("CORS_HEADER_ACCESS_CONTROL_ALLOW_HEADERS", Unsupported(CORS)),
    // TLS.
    ("APACHE_ALWAYS_TLS_REDIRECT", Only("off", NO_TLS)),
    ("NGINX_ALWAYS_TLS_REDIRECT", Only("off", NO_TLS)),
    ("H2_PROTOCOLS", Only("http/1.1", "HTTP/2 is not built: terminate it in front")),
    ("SSL_ENGINE", Only("off", NO_TLS)),
    ("SSL_PORT", Unsupported(NO_TLS)),
    ("SSL_CERT", Unsupported(NO_TLS)),
    ("SSL_CERT_KEY", Unsupported(NO_TLS)),
    ("SSL_CIPHERS", Unsupported(NO_TLS)),
    ("SSL_CIPHER_SUITE", Unsupported(NO_TLS)),
    ("SSL_DH_BITS", Unsupported(NO_TLS)),
    ("SSL_HONOR_CIPHER_ORDER", Unsupported(NO_TLS)),
    ("SSL_OCSP_STAPLING", Unsupported(NO_TLS)),
    ("SSL_PREFER_CIPHERS", Unsupported(NO_TLS)),
    ("SSL_PROTOCOL", Unsupported(NO_TLS)),
    ("SSL_PROTOCOLS", Unsupported(NO_TLS)),
    ("SSL_PROXY_CIPHER_SUITE", Unsupported(NO_TLS)),
    ("SSL_PROXY_PROTOCOL", Unsupported(NO_TLS)),
    ("SSL_SESSION_TICKETS", Unsupported(NO_TLS)),
    ("SSL_USE_STAPLING", Unsupported(NO_TLS)),
    ("SSL_VERIFY", Unsupported(NO_TLS)),
    ("SSL_VERIFY_DEPTH", Unsupported(NO_TLS)),
    ("PROXY_SSL", Only("off", NO_TLS)),
    ("PROXY_SSL_CA_CERT", Unsupported(NO_TLS)),
    ("PROXY_SSL_CERT", Unsupported(NO_TLS)),
    ("PROXY_SSL_CERT_KEY", Unsupported(NO_TLS)),
    ("PROXY_SSL_CHECK_PEER_NAME", Unsupported(NO_TLS)),
    ("PROXY_SSL_CIPHERS", Unsupported(NO_TLS)),
    ("PROXY_SSL_DH_BITS", Unsupported(NO_TLS)),
    ("PROXY_SSL_OCSP_STAPLING", Unsupported(NO_TLS)),
    ("PROXY_SSL_PREFER_CIPHERS", Unsupported(NO_TLS)),
    ("PROXY_SSL_PROTOCOLS", Unsupported(NO_TLS)),
    ("PROXY_SSL_VERIFY", Unsupported(NO_TLS)),
    ("PROXY_SSL_VERIFY_DEPTH", Unsupported(NO_TLS)),
    // The engine.
    ("MODSEC_RULE_ENGINE", Engine),
    ("MODSEC_ARGUMENT_SEPARATOR", Directive("SecArgumentSeparator")),
    ("MODSEC_ARGUMENTS_LIMIT", Directive("SecArgumentsLimit")),
    ("MODSEC_AUDIT_ENGINE", Directive("SecAuditEngine")),
    ("MODSEC_AUDIT_LOG", Directive("SecAuditLog")),
    ("MODSEC_AUDIT_LOG_FORMAT", Directive("SecAuditLogFormat")),
    ("MODSEC_AUDIT_LOG_PARTS", Directive("SecAuditLogParts")),
    ("MODSEC_AUDIT_LOG_RELEVANT_STATUS", Directive("SecAuditLogRelevantStatus")),
    ("MODSEC_AUDIT_LOG_TYPE", Directive("SecAuditLogType")),
    ("MODSEC_AUDIT_STORAGE", Directive("SecAuditLogStorageDir")),
    ("MODSEC_AUDIT_STORAGE_DIR", Directive("SecAuditLogStorageDir")),
    ("MODSEC_COOKIE_FORMAT", Directive("SecCookieFormat")),
    ("MODSEC_DATA_DIR", Directive("SecDataDir")),
    ("MODSEC_DEBUG_LOG", Directive("SecDebugLog")),
    ("MODSEC_DEBUG_LOGLEVEL", Directive("SecDebugLogLevel")),
    ("MODSEC_DISABLE_BACKEND_COMPRESSION", Directive("SecDisableBackendCompression")),
    ("MODSEC_PCRE_MATCH_LIMIT", Directive("SecPcreMatchLimit")),
    ("MODSEC_PCRE_MATCH_LIMIT_RECURSION", Directive("SecPcreMatchLimitRecursion")),
    ("MODSEC_REQ_BODY_ACCESS", Directive("SecRequestBodyAccess")),
    ("MODSEC_REQ_BODY_JSON_DEPTH_LIMIT", Directive("SecRequestBodyJsonDepthLimit")),
    ("MODSEC_REQ_BODY_LIMIT", Directive("SecRequestBodyLimit")),
    ("MODSEC_REQ_BODY_LIMIT_ACTION", Directive("SecRequestBodyLimitAction")),
    ("MODSEC_REQ_BODY_NOFILES_LIMIT", Directive("SecRequestBodyNoFilesLimit")),
    ("MODSEC_RESP_BODY_ACCESS", Directive("SecResponseBodyAccess")),
    ("MODSEC_RESP_BODY_LIMIT", Directive("SecResponseBodyLimit")),
    ("MODSEC_RESP_BODY_LIMIT_ACTION", Directive("SecResponseBodyLimitAction")),
    ("MODSEC_RESP_BODY_MIMETYPE", Directive("SecResponseBodyMimeType")),
    ("MODSEC_TMP_DIR", Directive("SecTmpDir")),
    ("MODSEC_TMP_SAVE_UPLOADED_FILES", Directive("SecTmpSaveUploadedFiles")),
    ("MODSEC_UNICODE_MAPPING", Directive("SecUnicodeMapFile unicode.mapping")),
    ("MODSEC_UPLOAD_DIR", Directive("SecUploadDir")),
    ("MODSEC_UPLOAD_FILE_MODE", Directive("SecUploadFileMode")),
    ("MODSEC_UPLOAD_KEEP_FILES", Directive("SecUploadKeepFiles")),
    ("MODSEC_STATUS_ENGINE", Only("off", "nothing is ever sent to anybody")),
    ("MODSEC_TAG", Unsupported(DEFAULTS)),
    ("MODSEC_DEFAULT_PHASE1_ACTION", Unsupported(DEFAULTS)),
    ("MODSEC_DEFAULT_PHASE2_ACTION", Unsupported(DEFAULTS)),
    // The rule set.
    ("MANUAL_MODE", Manual),
    ("PARANOIA", Tuning("paranoia-level")),
    ("BLOCKING_PARANOIA", Tuning("paranoia-level")),
    ("EXECUTING_PARANOIA", Tuning("detection-paranoia-level")),
    ("DETECTION_PARANOIA", Tuning("detection-paranoia-level")),
    ("ANOMALY_INBOUND", Tuning("inbound-threshold")),
    ("ANOMALY_OUTBOUND", Tuning("outbound-threshold")),
    ("REPORTING_LEVEL", Tuning("reporting-level")),
    ("ENFORCE_BODYPROC_URLENCODED", Tuning("enforce-bodyproc-urlencoded")),
    ("VALIDATE_UTF8_ENCODING", Tuning("validate-utf8-encoding")),
    ("SKIP_RESPONSE_ANALYSIS", Tuning("skip-response-analysis")),
    ("ALLOWED_METHODS", Tuning("allowed-methods")),
    ("ALLOWED_REQUEST_CONTENT_TYPE", Tuning("allowed-content-types")),
    ("ALLOWED_REQUEST_CONTENT_TYPE_CHARSET", Tuning("allowed-charsets")),
    ("ALLOWED_HTTP_VERSIONS", Tuning("allowed-http-versions")),
    ("RESTRICTED_EXTENSIONS", Tuning("restricted-extensions")),
    ("RESTRICTED_HEADERS", Tuning("restricted-headers")),
    ("RESTRICTED_HEADERS_BASIC", Tuning("restricted-headers")),
    ("RESTRICTED_HEADERS_EXTENDED", Tuning("restricted-headers-extended")),
    ("STATIC_EXTENSIONS", Tuning("static-extensions")),
    ("MAX_NUM_ARGS", Tuning("max-num-args")),
    ("ARG_NAME_LENGTH", Tuning("arg-name-length")),
    ("ARG_LENGTH", Tuning("arg-length")),
    ("TOTAL_ARG_LENGTH", Tuning("total-arg-length")),
    ("MAX_FILE_SIZE", Tuning("max-file-size")),
    ("COMBINED_FILE_SIZES", Tuning("combined-file-sizes")),
    ("CRS_DISABLE_PLUGINS", Unsupported("plugins are files of the site: those in activated_rules run")),
    ("CRS_ENABLE_TEST_MARKER", Only("0", "`portcullis test` finds the lines of a request by itself")),
];
