//! Directives that only set a value: one row each.
//!
//! A row names the directive, how many words it takes, and reads the first word into [`Settings`]. A reader returns what
//! is wrong and what is expected; the compiler adds the position. (Reference manual, section "Configuration Directives")

use portcullis_operators::pattern::{Options, Pattern};
use portcullis_seclang::{Diagnostic, Directive, Word};

use super::{Compiler, DirectiveInfo};
use crate::actions::{parse_engine_mode, parse_switch};
use crate::record::{AuditParts, EngineMode};
use crate::settings::{
    AuditEngine, AuditLogFormat, AuditLogType, KeepFiles, LimitAction, Settings, XmlIntoArgs,
};

/// What a reader expected.
type Read = Result<(), &'static str>;

macro_rules! settings {
    ($($name:literal $(| $alias:literal)* $summary:literal $read:expr;)*) => {
        /// The rows.
        pub(super) static DIRECTIVES: &[&DirectiveInfo] = &[$(&DirectiveInfo {
            name: $name,
            aliases: &[$($alias),*],
            arguments: (1, 1),
            in_location: false,
            summary: $summary,
            compile: |compiler, directive| {
                let read: fn(&mut Settings, &Word) -> Read = $read;
                set(compiler, directive, read);
            },
        },)* &SEC_RULE_ENGINE, &REQUEST_LIMIT_ACTION, &RESPONSE_LIMIT_ACTION, &MIME_TYPES, &MIME_TYPES_CLEAR];
    };
}

settings! {
    "SecRequestBodyAccess" "Whether request bodies are read." |s, w| switch(w, &mut s.request_body_access);
    "SecRequestBodyLimit" "Greatest request body, bytes." |s, w| bytes(w, &mut s.request_body_limit);
    "SecRequestBodyNoFilesLimit" "Greatest request body without files, bytes." |s, w| bytes(w, &mut s.request_body_no_files_limit);
    "SecRequestBodyInMemoryLimit" "Bytes of a request body kept in memory." |s, w| bytes(w, &mut s.request_body_in_memory_limit);
    "SecRequestBodyJsonDepthLimit" "Deepest nesting of a JSON body." |s, w| count(w, &mut s.json_depth_limit);
    "SecArgumentsLimit" "Greatest number of arguments." |s, w| count(w, &mut s.arguments_limit);
    "SecArgumentSeparator" "The byte between arguments." |s, w| match w.text.as_slice() {
        [byte] => { s.argument_separator = *byte; Ok(()) }
        _ => Err("exactly one character"),
    };
    "SecCookieFormat" "0 for Netscape cookies, 1 for version 1 cookies." |s, w| match w.text.as_slice() {
        b"0" => { s.cookie_format_v1 = false; Ok(()) }
        b"1" => { s.cookie_format_v1 = true; Ok(()) }
        _ => Err("0 or 1"),
    };
    "SecCookieV0Separator" "The byte between cookies." |s, w| match w.text.as_slice() {
        [byte] => { s.cookie_v0_separator = Some(*byte); Ok(()) }
        _ => Err("exactly one character"),
    };
    "SecResponseBodyAccess" "Whether response bodies are read." |s, w| switch(w, &mut s.response_body_access);
    "SecResponseBodyLimit" "Greatest response body, bytes." |s, w| {
        bytes(w, &mut s.response_body_limit)?;
        if s.response_body_limit > 1 << 30 { Err("at most 1073741824 bytes") } else { Ok(()) }
    };
    "SecAuditEngine" "Which transactions are written to the audit log." |s, w| {
        s.audit_engine = match lower(w).as_slice() {
            b"on" => AuditEngine::On,
            b"off" => AuditEngine::Off,
            b"relevantonly" => AuditEngine::RelevantOnly,
            _ => return Err("On, Off or RelevantOnly"),
        };
        Ok(())
    };
    "SecAuditLog" "The audit log: a file, or a program behind |." |s, w| text(w, &mut s.audit_log);
    "SecAuditLog2" "A second index of a concurrent audit log." |s, w| text(w, &mut s.audit_log_2);
    "SecAuditLogParts" "The parts of an audit entry." |s, w| {
        s.audit_parts = AuditParts::parse(&w.text).ok_or("letters A to K and Z")?;
        Ok(())
    };
    "SecAuditLogType" "One file (Serial) or a file per entry (Concurrent)." |s, w| {
        s.audit_log_type = match lower(w).as_slice() {
            b"serial" => AuditLogType::Serial,
            b"concurrent" | b"parallel" => AuditLogType::Concurrent,
            _ => return Err("Serial or Concurrent"),
        };
        Ok(())
    };
    "SecAuditLogFormat" "Native or JSON." |s, w| {
        s.audit_log_format = match lower(w).as_slice() {
            b"native" => AuditLogFormat::Native,
            b"json" => AuditLogFormat::Json,
            _ => return Err("Native or JSON"),
        };
        Ok(())
    };
    "SecAuditLogStorageDir" "Where the entries of a concurrent audit log are kept." |s, w| text(w, &mut s.audit_log_storage_dir);
    "SecAuditLogDirMode" "Mode of directories of the audit log, octal." |s, w| mode(w, 0o750, &mut s.audit_log_dir_mode);
    "SecAuditLogFileMode" "Mode of files of the audit log, octal." |s, w| mode(w, 0o640, &mut s.audit_log_file_mode);
    "SecAuditLogRelevantStatus" "A regular expression over the status that makes a transaction relevant." |s, w| {
        s.audit_relevant_status = Some(Pattern::new(&w.text, Options::default()).map_err(|_| "a regular expression")?);
        Ok(())
    };
    "SecDebugLog" "The debug log." |s, w| text(w, &mut s.debug_log);
    "SecDebugLogLevel" "How much the debug log says, 0 to 9." |s, w| match w.text.as_slice() {
        [digit @ b'0'..=b'9'] => { s.debug_log_level = digit - b'0'; Ok(()) }
        _ => Err("a digit from 0 to 9"),
    };
    "SecDataDir" "Where persistent collections are kept." |s, w| text(w, &mut s.data_dir);
    "SecTmpDir" "Where temporary files are kept." |s, w| folder(w, &mut s.tmp_dir);
    "SecUploadDir" "Where kept uploads go." |s, w| folder(w, &mut s.upload_dir);
    "SecUploadFileLimit" "Greatest number of files that are stored." |s, w| count(w, &mut s.upload_file_limit);
    "SecUploadFileMode" "Mode of kept uploads, octal." |s, w| mode(w, 0o600, &mut s.upload_file_mode);
    "SecUploadKeepFiles" "Whether uploads are kept." |s, w| {
        s.upload_keep_files = match lower(w).as_slice() {
            b"off" => KeepFiles::Off,
            b"on" => KeepFiles::On,
            b"relevantonly" => KeepFiles::RelevantOnly,
            _ => return Err("On, Off or RelevantOnly"),
        };
        Ok(())
    };
    "SecTmpSaveUploadedFiles" "Whether uploads are extracted for rules to look at." |s, w| switch(w, &mut s.tmp_save_uploaded_files);
    "SecCollectionTimeout" "Seconds a persistent collection lives without being stored." |s, w| {
        let mut seconds = 0;
        number(w, 0, 2_592_000, &mut seconds).map_err(|_| "seconds, 0 to 2592000")?;
        s.collection_timeout = seconds;
        Ok(())
    };
    "SecPcreMatchLimit" "Match limit of the backtracking engine." |s, w| {
        let mut limit = 0;
        number(w, 1, u64::from(u32::MAX), &mut limit)?;
        s.pcre_match_limit = u32::try_from(limit).unwrap_or(u32::MAX);
        Ok(())
    };
    "SecRulePerfTime" "From how many microseconds on PERF_RULES and the audit log name a rule; every rule is timed then." |s, w| {
        let mut micros = 0;
        number(w, 1, u64::from(u32::MAX), &mut micros)?;
        s.rule_perf_time = Some(micros);
        Ok(())
    };
    "SecPcreMatchLimitRecursion" "Recursion limit of PCRE1; PCRE2 has none, the match limit bounds both." |_, w| {
        number(w, 1, u64::from(u32::MAX), &mut 0)
    };
    "SecWebAppId" "Name of the web application, before the names of its SESSION, USER and RESOURCE." |s, w| {
        s.web_app_id = w.lossy().into_owned();
        Ok(())
    };
    "SecSensorId" "Name of this instance in the audit log." |s, w| { s.sensor_id = w.lossy().into_owned(); Ok(()) };
    "SecInterceptOnError" "Whether an operator's error ends the phase; nothing is denied for it." |s, w| switch(w, &mut s.intercept_on_error);
    "SecContentInjection" "Whether append and prepend work." |s, w| switch(w, &mut s.content_injection);
    "SecStreamInBodyInspection" "Whether STREAM_INPUT_BODY is filled." |s, w| switch(w, &mut s.stream_request_body);
    "SecStreamOutBodyInspection" "Whether STREAM_OUTPUT_BODY is filled." |s, w| switch(w, &mut s.stream_response_body);
    "SecDisableBackendCompression" "Whether Accept-Encoding is kept from the origin." |s, w| switch(w, &mut s.disable_backend_compression);
    "SecHttpBlKey" "The access key of httpbl.org." |s, w| text(w, &mut s.http_bl_key);
    "SecServerSignature" "The Server field of answers that have none: our own, and those of an origin that does not say." |s, w| {
        s.server_signature = w.text.iter().copied().filter(|byte| !byte.is_ascii_control()).collect();
        Ok(())
    };
    "SecStatusEngine" "Reports versions to the authors of ModSecurity; never done here, whatever is set." |_, w| switch(w, &mut false);
    "SecRequestEncoding" "Stored by ModSecurity, without effect there and here." |_, _| Ok(());
    "SecParseXmlIntoArgs" "Whether the leaves of an XML body are arguments too: Off, On, or OnlyArgs, without the XML variable." |s, w| {
        s.xml_into_args = XmlIntoArgs::parse(&w.text).ok_or("Off, On or OnlyArgs")?;
        Ok(())
    };
    "SecXmlExternalEntity" "Whether a DTD or schema may include other files of the site; documents load none, whatever is set." |s, w| switch(w, &mut s.xml_external_entity);
}

static SEC_RULE_ENGINE: DirectiveInfo = DirectiveInfo {
    name: "SecRuleEngine",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "On, Off, or DetectionOnly: everything runs and nothing is disrupted.",
    compile: |compiler, directive| {
        let mut detection_only = false;
        set_with(compiler, directive, |s, w| {
            s.engine = parse_engine_mode(&w.text).ok_or("On, Off or DetectionOnly")?;
            if s.engine == EngineMode::DetectionOnly {
                detection_only = true;
                s.request_body_limit_action = LimitAction::ProcessPartial;
                s.response_body_limit_action = LimitAction::ProcessPartial;
            }
            Ok(())
        });
        compiler.reject_actions_fixed |= detection_only;
    },
};

static REQUEST_LIMIT_ACTION: DirectiveInfo = DirectiveInfo {
    name: "SecRequestBodyLimitAction",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "What happens to a request body over its limit: Reject or ProcessPartial.",
    compile: |compiler, directive| {
        // DetectionOnly has set ProcessPartial for good.
        let fixed = compiler.reject_actions_fixed;
        set_with(compiler, directive, |s, w| {
            let action = limit_action(w)?;
            if !fixed {
                s.request_body_limit_action = action;
            }
            Ok(())
        });
    },
};

static RESPONSE_LIMIT_ACTION: DirectiveInfo = DirectiveInfo {
    name: "SecResponseBodyLimitAction",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "What happens to a response body over its limit: Reject or ProcessPartial.",
    compile: |compiler, directive| {
        let fixed = compiler.reject_actions_fixed;
        set_with(compiler, directive, |s, w| {
            let action = limit_action(w)?;
            if !fixed {
                s.response_body_limit_action = action;
            }
            Ok(())
        });
    },
};

static MIME_TYPES: DirectiveInfo = DirectiveInfo {
    name: "SecResponseBodyMimeType",
    aliases: &[],
    arguments: (1, usize::MAX),
    in_location: false,
    summary: "Content types of responses whose body is inspected; `null` stands for a missing type.",
    compile: |compiler, directive| {
        let words = directive.args.iter().flat_map(|w| w.text.split(|b| *b == b' '));
        let types = words.filter(|t| !t.is_empty()).map(<[u8]>::to_ascii_lowercase);
        compiler.settings.response_body_mime_types.get_or_insert_default().extend(types);
    },
};

static MIME_TYPES_CLEAR: DirectiveInfo = DirectiveInfo {
    name: "SecResponseBodyMimeTypesClear",
    aliases: &[],
    arguments: (0, 0),
    in_location: false,
    summary: "Empties the list of SecResponseBodyMimeType.",
    compile: |compiler, _| compiler.settings.response_body_mime_types = Some(Vec::new()),
};

fn set(compiler: &mut Compiler<'_>, directive: &Directive, read: fn(&mut Settings, &Word) -> Read) {
    set_with(compiler, directive, read);
}

fn set_with(
    compiler: &mut Compiler<'_>,
    directive: &Directive,
    read: impl FnOnce(&mut Settings, &Word) -> Read,
) {
    let Some(word) = directive.args.first() else { return };
    if let Err(expected) = read(&mut compiler.settings, word) {
        let text = format!("invalid value `{}` for {}", word.lossy(), directive.name.value);
        let diagnostic = Diagnostic::error("invalid-value", word.span, text);
        compiler.diagnostics.push(diagnostic.with_help(format!("expected {expected}")));
    }
}

fn lower(word: &Word) -> Vec<u8> {
    word.text.to_ascii_lowercase()
}

fn switch(word: &Word, to: &mut bool) -> Read {
    *to = parse_switch(&word.text).ok_or("On or Off")?;
    Ok(())
}

/// `strtol`: digits at the start, the rest ignored; 0 and overflow are errors.
fn number(word: &Word, least: u64, most: u64, to: &mut u64) -> Read {
    let digits: String = word.lossy().trim_start().chars().take_while(char::is_ascii_digit).collect();
    match digits.parse::<u64>() {
        Ok(value) if (least..=most).contains(&value) => {
            *to = value;
            Ok(())
        }
        _ => Err("a number in range"),
    }
}

fn bytes(word: &Word, to: &mut u64) -> Read {
    number(word, 1, i64::MAX as u64, to).map_err(|_| "a number of bytes above 0")
}

fn count(word: &Word, to: &mut usize) -> Read {
    let mut value = 0;
    number(word, 1, i32::MAX as u64, &mut value).map_err(|_| "a number above 0")?;
    *to = usize::try_from(value).unwrap_or(usize::MAX);
    Ok(())
}

fn text(word: &Word, to: &mut Option<String>) -> Read {
    *to = Some(word.lossy().into_owned());
    Ok(())
}

/// `none` stands for no folder.
fn folder(word: &Word, to: &mut Option<String>) -> Read {
    *to = Some(word.lossy().into_owned()).filter(|name| !name.eq_ignore_ascii_case("none"));
    Ok(())
}

fn mode(word: &Word, default: u32, to: &mut u32) -> Read {
    if word.text.eq_ignore_ascii_case(b"default") {
        *to = default;
        return Ok(());
    }
    match u32::from_str_radix(word.lossy().trim(), 8) {
        Ok(mode @ 1..=0o7777) => {
            *to = mode;
            Ok(())
        }
        _ => Err("an octal mode from 1 to 7777, or default"),
    }
}

fn limit_action(word: &Word) -> Result<LimitAction, &'static str> {
    match lower(word).as_slice() {
        b"reject" => Ok(LimitAction::Reject),
        b"processpartial" => Ok(LimitAction::ProcessPartial),
        _ => Err("Reject or ProcessPartial"),
    }
}
