//! Settings that directives of the configuration give, with ModSecurity v2's defaults.
//!
//! These are the values a *site* decides (in `modsecurity.conf`). What an operator of the proxy decides stands in
//! [`Compatibility`] and comes from outside.

use std::sync::Arc;

use portcullis_operators::pattern::Pattern;

use crate::connection_limits::ConnectionLimits;
use crate::record::{AuditParts, EngineMode};
use crate::signing::Signing;

/// Decisions where ModSecurity versions differ and a site may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compatibility {
    /// Bodies that fail to parse only at their end are rejected with 500 before phase 2, and bodies over
    /// SecRequestBodyNoFilesLimit with 413 in every mode, as Debian 12's package does; otherwise REQBODY_ERROR is set
    /// and rules decide.
    pub reject_body_end_errors: bool,
    /// Same-name request header fields are joined with `, ` as httpd does; otherwise each line is a member.
    pub join_headers: bool,
    /// JSON arguments are named as v3 names them (`json.a.array_0`).
    pub json_names_v3: bool,
    /// Chain links may carry metadata, as v3 allows; it has no effect. Otherwise it is an error.
    pub lenient_chain_links: bool,
    /// A rule begins with the latest `SecDefaultAction` of its own phase, as in v3; otherwise with the latest of all.
    pub default_actions_per_phase: bool,
}

impl Default for Compatibility {
    fn default() -> Self {
        Self {
            reject_body_end_errors: false,
            join_headers: true,
            json_names_v3: false,
            lenient_chain_links: false,
            default_actions_per_phase: false,
        }
    }
}

/// What to do with a body over its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitAction {
    /// Refuse.
    Reject,
    /// Inspect what fits.
    ProcessPartial,
}

/// `SecAuditEngine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditEngine {
    /// No entries.
    Off,
    /// Every transaction.
    On,
    /// Transactions with alerts or a relevant status.
    RelevantOnly,
}

/// `SecAuditLogType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditLogType {
    /// One file, one entry after the other.
    Serial,
    /// A file per entry and an index.
    Concurrent,
}

/// `SecAuditLogFormat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditLogFormat {
    /// ModSecurity's own.
    Native,
    /// One JSON object per line.
    Json,
}

/// `SecGuardianLog`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardianLog {
    /// A path, or `|program`.
    pub target: String,
    /// A variable of ENV, and whether it has to be set or unset; none: every exchange.
    pub condition: Option<(Vec<u8>, bool)>,
}

/// `SecUploadKeepFiles`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepFiles {
    /// Never.
    Off,
    /// Always.
    On,
    /// When the transaction is relevant.
    RelevantOnly,
}

/// `SecParseXmlIntoArgs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmlIntoArgs {
    /// An XML body has no arguments.
    Off,
    /// Its leaves are arguments.
    On,
    /// Its leaves are arguments, and XML stays empty.
    OnlyArgs,
}

impl XmlIntoArgs {
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        match text.to_ascii_lowercase().as_slice() {
            b"off" => Some(Self::Off),
            b"on" => Some(Self::On),
            b"onlyargs" => Some(Self::OnlyArgs),
            _ => None,
        }
    }
}

/// Everything the configuration sets apart from rules.
#[derive(Debug)]
pub struct Settings {
    /// `SecRuleEngine`.
    pub engine: EngineMode,
    /// `SecRequestBodyAccess`.
    pub request_body_access: bool,
    /// `SecRequestBodyLimit`, bytes.
    pub request_body_limit: u64,
    /// `SecRequestBodyNoFilesLimit`, bytes.
    pub request_body_no_files_limit: u64,
    /// `SecRequestBodyInMemoryLimit`, bytes: what the proxy keeps in memory before it spools.
    pub request_body_in_memory_limit: u64,
    /// `SecRequestBodyLimitAction`.
    pub request_body_limit_action: LimitAction,
    /// `SecRequestBodyJsonDepthLimit`.
    pub json_depth_limit: usize,
    /// `SecArgumentsLimit`.
    pub arguments_limit: usize,
    /// `SecArgumentSeparator`.
    pub argument_separator: u8,
    /// `SecCookieFormat 1`.
    pub cookie_format_v1: bool,
    /// `SecCookieV0Separator`.
    pub cookie_v0_separator: Option<u8>,
    /// `SecServerSignature`: the `Server` field of answers that have none; empty when not given.
    pub server_signature: Vec<u8>,
    /// `SecResponseBodyAccess`.
    pub response_body_access: bool,
    /// `SecResponseBodyLimit`, bytes.
    pub response_body_limit: u64,
    /// `SecResponseBodyLimitAction`.
    pub response_body_limit_action: LimitAction,
    /// `SecResponseBodyMimeType`, lower case; `null` stands for a missing type. Not given: text/plain and text/html.
    pub response_body_mime_types: Option<Vec<Vec<u8>>>,
    /// `SecAuditEngine`.
    pub audit_engine: AuditEngine,
    /// `SecAuditLog`: a path, or `|program`.
    pub audit_log: Option<String>,
    /// `SecAuditLog2`.
    pub audit_log_2: Option<String>,
    /// `SecAuditLogParts`.
    pub audit_parts: AuditParts,
    /// `SecAuditLogType`.
    pub audit_log_type: AuditLogType,
    /// `SecAuditLogFormat`.
    pub audit_log_format: AuditLogFormat,
    /// `SecAuditLogStorageDir`.
    pub audit_log_storage_dir: Option<String>,
    /// `SecAuditLogDirMode`.
    pub audit_log_dir_mode: u32,
    /// `SecAuditLogFileMode`.
    pub audit_log_file_mode: u32,
    /// `SecAuditLogRelevantStatus`.
    pub audit_relevant_status: Option<Pattern>,
    /// `SecDebugLog`.
    pub debug_log: Option<String>,
    /// `SecDebugLogLevel`.
    pub debug_log_level: u8,
    /// `SecGuardianLog`.
    pub guardian_log: Option<GuardianLog>,
    /// `SecDataDir`.
    pub data_dir: Option<String>,
    /// `SecTmpDir`.
    pub tmp_dir: Option<String>,
    /// `SecUploadDir`.
    pub upload_dir: Option<String>,
    /// `SecUploadKeepFiles`.
    pub upload_keep_files: KeepFiles,
    /// `SecUploadFileLimit`.
    pub upload_file_limit: usize,
    /// `SecUploadFileMode`.
    pub upload_file_mode: u32,
    /// `SecTmpSaveUploadedFiles`.
    pub tmp_save_uploaded_files: bool,
    /// `SecCollectionTimeout`, seconds.
    pub collection_timeout: u64,
    /// `SecPcreMatchLimit`.
    pub pcre_match_limit: u32,
    /// `SecRulePerfTime`: from how many microseconds on PERF_RULES names a rule.
    pub rule_perf_time: Option<u64>,
    /// `SecComponentSignature`s in order.
    pub components: Arc<[String]>,
    /// `SecWebAppId`.
    pub web_app_id: String,
    /// `SecSensorId`.
    pub sensor_id: String,
    /// `SecInterceptOnError`.
    pub intercept_on_error: bool,
    /// `SecContentInjection`.
    pub content_injection: bool,
    /// `SecStreamInBodyInspection`.
    pub stream_request_body: bool,
    /// `SecStreamOutBodyInspection`.
    pub stream_response_body: bool,
    /// `SecParseXmlIntoArgs`.
    pub xml_into_args: XmlIntoArgs,
    /// `SecHashEngine` and its family.
    pub signing: Signing,
    /// `SecXmlExternalEntity`.
    pub xml_external_entity: bool,
    /// `SecDisableBackendCompression`.
    pub disable_backend_compression: bool,
    /// `SecConnEngine` and its family.
    pub connection_limits: ConnectionLimits,
    /// `SecHttpBlKey`.
    pub http_bl_key: Option<String>,
    /// See [`Compatibility`].
    pub compatibility: Compatibility,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            engine: EngineMode::Off,
            request_body_access: false,
            request_body_limit: 134_217_728,
            request_body_no_files_limit: 1_048_576,
            request_body_in_memory_limit: 131_072,
            request_body_limit_action: LimitAction::Reject,
            json_depth_limit: 10_000,
            arguments_limit: 1000,
            argument_separator: b'&',
            cookie_format_v1: false,
            cookie_v0_separator: None,
            response_body_access: false,
            response_body_limit: 524_288,
            response_body_limit_action: LimitAction::Reject,
            server_signature: Vec::new(),
            response_body_mime_types: None,
            audit_engine: AuditEngine::Off,
            audit_log: None,
            audit_log_2: None,
            // "ABCFHZ" holds known letters only.
            audit_parts: AuditParts::parse(b"ABCFHZ").unwrap_or_default(),
            audit_log_type: AuditLogType::Serial,
            audit_log_format: AuditLogFormat::Native,
            audit_log_storage_dir: None,
            audit_log_dir_mode: 0o750,
            audit_log_file_mode: 0o640,
            audit_relevant_status: None,
            debug_log: None,
            debug_log_level: 0,
            guardian_log: None,
            data_dir: None,
            tmp_dir: None,
            upload_dir: None,
            upload_keep_files: KeepFiles::Off,
            upload_file_limit: 100,
            upload_file_mode: 0o600,
            tmp_save_uploaded_files: false,
            collection_timeout: 3600,
            pcre_match_limit: 1500,
            rule_perf_time: None,
            components: Arc::default(),
            web_app_id: "default".to_owned(),
            sensor_id: "default".to_owned(),
            intercept_on_error: false,
            content_injection: false,
            stream_request_body: false,
            stream_response_body: false,
            xml_into_args: XmlIntoArgs::Off,
            signing: Signing::default(),
            xml_external_entity: false,
            disable_backend_compression: false,
            connection_limits: ConnectionLimits::default(),
            http_bl_key: None,
            compatibility: Compatibility::default(),
        }
    }
}
