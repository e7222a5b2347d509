//! The table of variables: every name a target list or a macro can hold.
//!
//! One row per variable. The row says how it is selected and shown; where the values come from is in
//! [`super::expand`]. (Reference manual, section "Variables".)

/// What a variable is, for the rules of the target grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One value; no `:key`; `&` counts it as one.
    Scalar,
    /// Members; a key may select.
    List,
    /// A list of one value that takes no key.
    Single,
    /// Members; version 2 wants a key, version 3 takes the name alone too (but for RULE), and so do we.
    Keyed,
}

/// How a member is named in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// `ARGS:name`.
    Member,
    /// `XML`: the member's name is not shown.
    Bare,
}

/// One row.
#[derive(Debug)]
pub struct VariableInfo {
    /// The variable.
    pub variable: Variable,
    /// Canonical name.
    pub name: &'static str,
    /// How it is selected.
    pub shape: Shape,
    /// How its members are shown.
    pub naming: Naming,
    /// One sentence for the reference documentation.
    pub summary: &'static str,
}

macro_rules! variables {
    ($($variant:ident $name:literal $shape:ident $naming:ident $summary:literal;)*) => {
        /// Every variable of the language.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Variable { $(#[doc = $summary] $variant),* }

        /// The table, in the order of [`Variable`].
        pub static VARIABLES: &[VariableInfo] = &[
            $(VariableInfo { variable: Variable::$variant, name: $name, shape: Shape::$shape, naming: Naming::$naming, summary: $summary }),*
        ];
    };
}

variables! {
    Args "ARGS" List Member "All arguments: query string first, then body.";
    ArgsNames "ARGS_NAMES" List Member "The names of all arguments.";
    ArgsGet "ARGS_GET" List Member "Arguments of the query string.";
    ArgsGetNames "ARGS_GET_NAMES" List Member "Names of the query string's arguments.";
    ArgsPost "ARGS_POST" List Member "Arguments of an urlencoded or multipart body.";
    ArgsPostNames "ARGS_POST_NAMES" List Member "Names of the body's arguments.";
    ArgsPath "ARGS_PATH" List Member "Parts of the path that @restpath has found.";
    ArgsCombinedSize "ARGS_COMBINED_SIZE" Single Bare "Sum of the lengths of all argument names and values.";
    UrlencodedError "URLENCODED_ERROR" Scalar Bare "1 when a percent sign was not followed by two hexadecimal digits.";

    RequestLine "REQUEST_LINE" Scalar Bare "The request line as received.";
    RequestMethod "REQUEST_METHOD" Scalar Bare "The method as received.";
    RequestProtocol "REQUEST_PROTOCOL" Scalar Bare "The protocol of the request line.";
    RequestUriRaw "REQUEST_URI_RAW" Scalar Bare "The request target as received.";
    RequestUri "REQUEST_URI" Scalar Bare "Path and query; the path is decoded from phase 2 on.";
    RequestFilename "REQUEST_FILENAME" Scalar Bare "The path; decoded and resolved from phase 2 on.";
    RequestBasename "REQUEST_BASENAME" Scalar Bare "The last part of REQUEST_FILENAME.";
    QueryString "QUERY_STRING" Scalar Bare "What follows the first question mark, raw.";
    PathInfo "PATH_INFO" Scalar Bare "Extra path behind a script; empty for a proxy.";
    ServerName "SERVER_NAME" Scalar Bare "The host asked for, without port.";
    ServerAddr "SERVER_ADDR" Scalar Bare "Our address.";
    ServerPort "SERVER_PORT" Scalar Bare "Our port.";
    RemoteAddr "REMOTE_ADDR" Scalar Bare "The client's address.";
    UseragentIp "USERAGENT_IP" Scalar Bare "The client's address.";
    RemotePort "REMOTE_PORT" Scalar Bare "The client's port.";
    RemoteHost "REMOTE_HOST" Scalar Bare "The client's address; names are not looked up.";
    RemoteUser "REMOTE_USER" Scalar Bare "The user of Basic authentication.";
    AuthType "AUTH_TYPE" Scalar Bare "The scheme of the Authorization header.";
    UniqueId "UNIQUE_ID" Scalar Bare "The id of the transaction.";
    FullRequest "FULL_REQUEST" Scalar Bare "Request line, headers and body.";
    FullRequestLength "FULL_REQUEST_LENGTH" Scalar Bare "Length of FULL_REQUEST.";

    RequestHeaders "REQUEST_HEADERS" List Member "Request header fields.";
    RequestHeadersNames "REQUEST_HEADERS_NAMES" List Member "Names of the request header fields.";
    RequestCookies "REQUEST_COOKIES" List Member "Cookies of the request.";
    RequestCookiesNames "REQUEST_COOKIES_NAMES" List Member "Names of the cookies.";

    RequestBody "REQUEST_BODY" Single Bare "The raw body, when it is urlencoded or forced.";
    StreamInputBody "STREAM_INPUT_BODY" Scalar Bare "The raw body of any type, which @rsub may rewrite; needs SecStreamInBodyInspection.";
    RequestBodyLength "REQUEST_BODY_LENGTH" Scalar Bare "Bytes of body read.";
    ReqbodyProcessor "REQBODY_PROCESSOR" Scalar Bare "The body processor in use.";
    ReqbodyError "REQBODY_ERROR" Scalar Bare "1 when the body could not be parsed.";
    ReqbodyProcessorError "REQBODY_PROCESSOR_ERROR" Scalar Bare "1 when the body could not be parsed.";
    ReqbodyErrorMsg "REQBODY_ERROR_MSG" Scalar Bare "Why the body could not be parsed.";
    ReqbodyProcessorErrorMsg "REQBODY_PROCESSOR_ERROR_MSG" Scalar Bare "Why the body could not be parsed.";
    InboundDataError "INBOUND_DATA_ERROR" Scalar Bare "1 when the request body is over its limit.";
    OutboundDataError "OUTBOUND_DATA_ERROR" Scalar Bare "1 when the response body is over its limit.";

    Files "FILES" List Member "Client file names, keyed by form field.";
    FilesNames "FILES_NAMES" List Member "Form fields that carry files.";
    FilesSizes "FILES_SIZES" List Member "Sizes of the files, keyed by form field.";
    FilesCombinedSize "FILES_COMBINED_SIZE" Single Bare "Sum of the sizes of all files.";
    FilesTmpnames "FILES_TMPNAMES" List Member "Paths of the extracted files.";
    FilesTmpContent "FILES_TMP_CONTENT" List Member "Contents of the extracted files.";
    MultipartPartHeaders "MULTIPART_PART_HEADERS" List Member "Header lines of the parts, keyed by field name.";
    MultipartFilename "MULTIPART_FILENAME" Scalar Bare "The last filename parameter.";
    MultipartName "MULTIPART_NAME" Scalar Bare "The last name parameter.";
    MultipartStrictError "MULTIPART_STRICT_ERROR" Scalar Bare "1 when any strictness flag of the multipart parser is set.";
    MultipartUnmatchedBoundary "MULTIPART_UNMATCHED_BOUNDARY" Scalar Bare "1 when a line looks like a foreign boundary.";
    MultipartBoundaryQuoted "MULTIPART_BOUNDARY_QUOTED" Scalar Bare "1 when the boundary was quoted.";
    MultipartBoundaryWhitespace "MULTIPART_BOUNDARY_WHITESPACE" Scalar Bare "1 when blanks stood around the boundary parameter.";
    MultipartDataBefore "MULTIPART_DATA_BEFORE" Scalar Bare "1 when data preceded the first boundary.";
    MultipartDataAfter "MULTIPART_DATA_AFTER" Scalar Bare "1 when data followed the final boundary.";
    MultipartHeaderFolding "MULTIPART_HEADER_FOLDING" Scalar Bare "1 when a part header was folded.";
    MultipartInvalidHeaderFolding "MULTIPART_INVALID_HEADER_FOLDING" Scalar Bare "1 when a part header was folded with odd white space.";
    MultipartLfLine "MULTIPART_LF_LINE" Scalar Bare "1 when a line ended in a bare LF.";
    MultipartCrlfLine "MULTIPART_CRLF_LINE" Scalar Bare "1 when a line ended in CRLF.";
    MultipartCrlfLfLines "MULTIPART_CRLF_LF_LINES" Scalar Bare "1 when both line ends occurred.";
    MultipartMissingSemicolon "MULTIPART_MISSING_SEMICOLON" Scalar Bare "1 when no semicolon preceded the boundary parameter.";
    MultipartSemicolonMissing "MULTIPART_SEMICOLON_MISSING" Scalar Bare "v3's spelling of MULTIPART_MISSING_SEMICOLON.";
    MultipartInvalidQuoting "MULTIPART_INVALID_QUOTING" Scalar Bare "1 when quotes stood in unexpected places.";
    MultipartInvalidPart "MULTIPART_INVALID_PART" Scalar Bare "1 when a boundary stood inside part headers.";
    MultipartFileLimitExceeded "MULTIPART_FILE_LIMIT_EXCEEDED" Scalar Bare "1 when there were more files than SecUploadFileLimit.";
    Xml "XML" List Bare "Nodes of an XML body, selected by XPath.";
    RequestXml "REQUEST_XML" List Bare "Coraza's other name of XML.";
    Json "JSON" List Member "Nothing, as in Coraza: the leaves of a JSON body are in ARGS.";

    ResponseHeaders "RESPONSE_HEADERS" List Member "Response header fields.";
    ResponseHeadersNames "RESPONSE_HEADERS_NAMES" List Member "Names of the response header fields.";
    ResponseStatus "RESPONSE_STATUS" Scalar Bare "Status of the response.";
    StatusLine "STATUS_LINE" Scalar Bare "Status and reason.";
    ResponseProtocol "RESPONSE_PROTOCOL" Scalar Bare "Protocol of the response.";
    ResponseContentType "RESPONSE_CONTENT_TYPE" Scalar Bare "Content type of the response.";
    ResponseContentLength "RESPONSE_CONTENT_LENGTH" Scalar Bare "Announced length of the response body.";
    ResponseBody "RESPONSE_BODY" Scalar Bare "The response body as inspected.";
    ResponseArgs "RESPONSE_ARGS" List Member "Leaves of a JSON answer; needs ctl:responseBodyProcessor=JSON.";
    ResponseXml "RESPONSE_XML" List Bare "Nodes of an XML answer, selected by XPath; needs ctl:responseBodyProcessor=XML.";
    ResBodyProcessor "RES_BODY_PROCESSOR" Scalar Bare "The processor of the response body, which ctl:responseBodyProcessor sets.";
    ResBodyError "RES_BODY_ERROR" Scalar Bare "1 when the response body could not be parsed.";
    ResBodyProcessorError "RES_BODY_PROCESSOR_ERROR" Scalar Bare "1 when the response body could not be parsed.";
    ResBodyErrorMsg "RES_BODY_ERROR_MSG" Scalar Bare "The processor, and why the response body could not be parsed.";
    ResBodyProcessorErrorMsg "RES_BODY_PROCESSOR_ERROR_MSG" Scalar Bare "Why the response body could not be parsed.";
    StreamOutputBody "STREAM_OUTPUT_BODY" Scalar Bare "The response body as inspected, which @rsub may rewrite; needs SecStreamOutBodyInspection.";

    MatchedVar "MATCHED_VAR" Scalar Bare "The value of the latest match, transformed.";
    MatchedVarName "MATCHED_VAR_NAME" Scalar Bare "The name of the latest match.";
    MatchedVars "MATCHED_VARS" List Member "Values of all matches of the rule or chain so far.";
    MatchedVarsNames "MATCHED_VARS_NAMES" List Member "Names of all matches of the rule or chain so far.";
    Rule "RULE" Keyed Bare "Metadata of the rule being run.";
    Tx "TX" Keyed Member "Variables of the transaction and captured groups.";
    Env "ENV" Keyed Bare "Environment set by setenv.";
    HighestSeverity "HIGHEST_SEVERITY" Scalar Bare "Lowest severity number of the rules that matched; 255 at first.";
    ModsecBuild "MODSEC_BUILD" Scalar Bare "Build number of the engine that is reproduced.";
    Webappid "WEBAPPID" Scalar Bare "SecWebAppId.";
    Sessionid "SESSIONID" Scalar Bare "The value given to setsid.";
    Userid "USERID" Scalar Bare "The value given to setuid.";
    WebserverErrorLog "WEBSERVER_ERROR_LOG" Single Bare "Messages the server logged for this request.";
    ScriptFilename "SCRIPT_FILENAME" Scalar Bare "Nothing: a proxy maps no file.";
    ScriptBasename "SCRIPT_BASENAME" Scalar Bare "Nothing: a proxy maps no file.";
    ScriptUid "SCRIPT_UID" Scalar Bare "Nothing: a proxy maps no file.";
    ScriptUsername "SCRIPT_USERNAME" Scalar Bare "Nothing: a proxy maps no file.";
    ScriptGid "SCRIPT_GID" Scalar Bare "Nothing: a proxy maps no file.";
    ScriptGroupname "SCRIPT_GROUPNAME" Scalar Bare "Nothing: a proxy maps no file.";
    ScriptMode "SCRIPT_MODE" Scalar Bare "Nothing: a proxy maps no file.";
    Duration "DURATION" Scalar Bare "Microseconds since the transaction began.";
    Time "TIME" Scalar Bare "Local time, YYYYMMDDhhmmss.";
    TimeYear "TIME_YEAR" Scalar Bare "Year, four digits.";
    TimeMon "TIME_MON" Scalar Bare "Month, 01 to 12.";
    TimeDay "TIME_DAY" Scalar Bare "Day of the month, 01 to 31.";
    TimeHour "TIME_HOUR" Scalar Bare "Hour, two digits.";
    TimeMin "TIME_MIN" Scalar Bare "Minute, two digits.";
    TimeSec "TIME_SEC" Scalar Bare "Second, two digits.";
    TimeWday "TIME_WDAY" Scalar Bare "Day of the week, 0 is Sunday.";
    TimeEpoch "TIME_EPOCH" Scalar Bare "Seconds since the Unix epoch.";
    PerfAll "PERF_ALL" Scalar Bare "All PERF_ values in one text.";
    PerfCombined "PERF_COMBINED" Scalar Bare "Microseconds spent in rules so far.";
    PerfPhase1 "PERF_PHASE1" Scalar Bare "Microseconds spent in phase 1.";
    PerfPhase2 "PERF_PHASE2" Scalar Bare "Microseconds spent in phase 2.";
    PerfPhase3 "PERF_PHASE3" Scalar Bare "Microseconds spent in phase 3.";
    PerfPhase4 "PERF_PHASE4" Scalar Bare "Microseconds spent in phase 4.";
    PerfPhase5 "PERF_PHASE5" Scalar Bare "Microseconds spent in phase 5.";
    PerfSread "PERF_SREAD" Scalar Bare "0: collections are read between phases.";
    PerfSwrite "PERF_SWRITE" Scalar Bare "0: collections are written after phase 5.";
    PerfLogging "PERF_LOGGING" Scalar Bare "0: logs are written after phase 5.";
    PerfGc "PERF_GC" Scalar Bare "0: expired collections are removed by the store.";
    PerfRules "PERF_RULES" List Member "Microseconds that rules took, by id, from SecRulePerfTime on.";
    SdbmDeleteError "SDBM_DELETE_ERROR" Scalar Bare "1 when an expired collection could not be removed.";
    MscPcreError "MSC_PCRE_ERROR" Scalar Bare "1 when the backtracking engine failed.";
    MscPcreLimitsExceeded "MSC_PCRE_LIMITS_EXCEEDED" Scalar Bare "1 when the backtracking engine ran into its limit.";

    Geo "GEO" Keyed Member "What @geoLookup found.";
    Ip "IP" Keyed Member "Persistent collection of a client address.";
    Global "GLOBAL" Keyed Member "Persistent collection of the whole site.";
    Resource "RESOURCE" Keyed Member "Persistent collection of a resource.";
    Session "SESSION" Keyed Member "Persistent collection of a session.";
    User "USER" Keyed Member "Persistent collection of a user.";
}

impl Variable {
    /// The row of a variable.
    pub fn info(self) -> &'static VariableInfo {
        // The macro writes the table in the order of the enum, so the discriminant is the index.
        #[expect(
            clippy::indexing_slicing,
            reason = "the discriminant is an index of the table by construction"
        )]
        &VARIABLES[self as usize]
    }

    /// Whether XPath expressions select its members.
    pub(crate) fn is_xml(self) -> bool {
        matches!(self, Variable::Xml | Variable::RequestXml | Variable::ResponseXml)
    }

    /// Finds a variable by name, in any case. For configuration text only.
    pub fn find(name: &[u8]) -> Option<Variable> {
        VARIABLES.iter().find(|row| row.name.as_bytes().eq_ignore_ascii_case(name)).map(|row| row.variable)
    }
}
