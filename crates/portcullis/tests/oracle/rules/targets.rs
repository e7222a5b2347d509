//! Targets: what a rule looks at.

use super::super::words::TX_NAMES;
use super::Maker;

impl Maker<'_> {
    pub(super) fn targets(&mut self) -> Vec<String> {
        let mut targets: Vec<String> = (0..self.random.below(3) + 1).map(|_| self.target()).collect();
        if self.random.chance(20) {
            let exclusion = self.random.pick(&[
                "!ARGS:a",
                "!ARGS",
                "!REQUEST_HEADERS:Host",
                "!ARGS:/^f/",
                "!REQUEST_COOKIES:/a|b/",
                "!ARGS_NAMES:foo",
                "!TX:a",
                "!REQUEST_METHOD",
                "!REQUEST_HEADERS:/^x-/",
                "!TX:/^[a-n]/",
                "!ARGS_GET",
                "!MATCHED_VARS:ARGS:a",
                "!FILES:f",
                "!REQUEST_COOKIES",
                "!XML://b",
            ]);
            let at = self.random.below(targets.len() + 1);
            targets.insert(at, exclusion.replace("/a|b/", "'/a|b/'"));
        }
        targets
    }

    pub(super) fn target(&mut self) -> String {
        let tx = self.random.pick(TX_NAMES);
        match self.random.below(52) {
            0..=4 => "ARGS".to_owned(),
            5 => "ARGS_NAMES".to_owned(),
            6 => "ARGS:a".to_owned(),
            7 => "ARGS:/^[ab]$/".to_owned(),
            8 => "ARGS_GET|ARGS_POST".to_owned(),
            9 => "&ARGS:a".to_owned(),
            10 => "&ARGS".to_owned(),
            11..=14 => format!("TX:{tx}"),
            15 => "TX:/^[a-z]/".to_owned(),
            16 => format!("&TX:{tx}"),
            17 | 18 => "REQUEST_HEADERS".to_owned(),
            19 => "REQUEST_HEADERS:X-Test".to_owned(),
            20 => "&REQUEST_HEADERS:X-Test".to_owned(),
            21 => "REQUEST_COOKIES|REQUEST_COOKIES_NAMES".to_owned(),
            22 => "REQUEST_COOKIES:/^[a-z]$/".to_owned(),
            23 => "REQUEST_METHOD".to_owned(),
            24 => "MATCHED_VARS".to_owned(),
            25 => "MATCHED_VARS_NAMES".to_owned(),
            26 => "MATCHED_VAR".to_owned(),
            27 => "REQUEST_BODY".to_owned(),
            28 => "RESPONSE_BODY".to_owned(),
            29 => "HTTP_X-Test".to_owned(),
            30 => "FILES|FILES_NAMES|FILES_SIZES".to_owned(),
            31 => "RULE:id|RULE:msg|RULE:severity".to_owned(),
            32 => "ENV:e".to_owned(),
            33 => self
                .random
                .pick(&[
                    "IP:a",
                    "IP:n",
                    "&IP:a",
                    "IP:IS_NEW",
                    "IP:UPDATE_COUNTER",
                    "IP:TIMEOUT",
                    "GLOBAL:a",
                    "SESSION:a|SESSIONID",
                    "USER:n|USERID",
                ])
                .to_owned(),
            34 => self.random.pick(&["XML:/*", "XML://@*", "XML", "&XML", "XML://b", "&XML:/*"]).to_owned(),
            35 | 36 => self.random.pick(XPATHS).to_owned(),
            37 | 38 => self.random.pick(MEMBERS).to_owned(),
            39..=41 => self.random.pick(RESPONSES).to_owned(),
            _ => self.random.pick(SCALARS).to_owned(),
        }
    }
}

/// Parts of a document.
const XPATHS: &[&str] = &[
    "XML:/*",
    "XML://@*",
    "XML://b",
    "XML:/r/b",
    "XML:/r/@a",
    "XML://b/text()",
    "XML:/r/b[1]",
    "XML:/r/b[@c='x']",
    "XML:count(//b)",
    "XML://*",
    "&XML:/*",
    "XML://comment()",
    "XML:/nosuch",
    "XML:string(/r)",
    "XML:.",
    "XML",
];

/// Members of collections and counts of them.
const MEMBERS: &[&str] = &[
    "ARGS_GET:a",
    "ARGS_POST:foo",
    "ARGS_NAMES:a",
    "ARGS_NAMES:/^[A-Z]/",
    "ARGS:/o/",
    "ARGS:x.y",
    "ARGS:'/a|b/'",
    "&ARGS:/^[ab]/",
    "&ARGS_POST",
    "&REQUEST_COOKIES",
    "&REQUEST_COOKIES:a",
    "REQUEST_COOKIES_NAMES:/./",
    "REQUEST_COOKIES:$Version",
    "REQUEST_HEADERS:/^x-/",
    "&REQUEST_HEADERS",
    "&REQUEST_HEADERS:/^[aA]/",
    "REQUEST_HEADERS_NAMES:/^X/",
    "REQUEST_HEADERS:Cookie",
    "REQUEST_HEADERS:Content-Type",
    "MATCHED_VARS:ARGS:a",
    "MATCHED_VARS:/ARGS/",
    "MATCHED_VARS_NAMES:/ARGS/",
    "&MATCHED_VARS",
    "&TX:/./",
    "TX:'/^a|b$/'",
    "TX:/[0-9]/",
    "&FILES",
    "FILES:f",
    "FILES_SIZES:/./",
    "FILES_TMP_CONTENT:f",
    "MULTIPART_PART_HEADERS:f",
    "MULTIPART_PART_HEADERS:/./",
    "&MULTIPART_PART_HEADERS",
    "RULE:id",
    "RULE:rev|RULE:ver|RULE:logdata",
    "ARGS:array.array",
    "ARGS:/^a\\.b/",
    "IP:/^[a-z]$/",
    "&IP:/^a/",
    "SESSION:/^[an]/",
];

/// What an answer holds.
const RESPONSES: &[&str] = &[
    "RESPONSE_HEADERS:/^[xls]/",
    "RESPONSE_HEADERS:Content-Type",
    "RESPONSE_HEADERS:Set-Cookie",
    "&RESPONSE_HEADERS:Set-Cookie",
    "RESPONSE_HEADERS_NAMES:/^[XS]/",
    "RESPONSE_STATUS",
    "STATUS_LINE",
    "RESPONSE_PROTOCOL",
    "RESPONSE_CONTENT_TYPE",
    "RESPONSE_BODY",
    "OUTBOUND_DATA_ERROR",
    "STREAM_OUTPUT_BODY",
    "RESPONSE_HEADERS:Location",
];

/// Variables of one value.
const SCALARS: &[&str] = &[
    "REQUEST_URI",
    "REQUEST_URI_RAW",
    "REQUEST_FILENAME",
    "REQUEST_BASENAME",
    "REQUEST_LINE",
    "QUERY_STRING",
    "REQUEST_PROTOCOL",
    "ARGS_COMBINED_SIZE",
    "REQBODY_PROCESSOR",
    "REQBODY_ERROR",
    "REQBODY_ERROR_MSG",
    "REQUEST_BODY_LENGTH",
    "FILES_COMBINED_SIZE",
    "MULTIPART_STRICT_ERROR",
    "MULTIPART_UNMATCHED_BOUNDARY",
    "URLENCODED_ERROR",
    "REMOTE_ADDR",
    "SERVER_NAME",
    "HIGHEST_SEVERITY",
    "MATCHED_VAR_NAME",
    "RESPONSE_STATUS",
    "RESPONSE_HEADERS:X-Test",
    "RESPONSE_CONTENT_TYPE",
    "INBOUND_DATA_ERROR",
    "OUTBOUND_DATA_ERROR",
    "MULTIPART_PART_HEADERS",
    "MULTIPART_NAME",
    "MULTIPART_FILENAME",
    "REQUEST_HEADERS_NAMES",
    "ARGS_GET_NAMES",
    "ARGS_POST_NAMES",
    "MULTIPART_LF_LINE|MULTIPART_CRLF_LINE|MULTIPART_CRLF_LF_LINES",
    "MULTIPART_DATA_AFTER|MULTIPART_DATA_BEFORE|MULTIPART_BOUNDARY_QUOTED",
    "AUTH_TYPE|REMOTE_USER|PATH_INFO",
    "WEBAPPID|SESSIONID|USERID",
    "MULTIPART_BOUNDARY_WHITESPACE|MULTIPART_HEADER_FOLDING|MULTIPART_INVALID_HEADER_FOLDING",
    "MULTIPART_MISSING_SEMICOLON|MULTIPART_INVALID_QUOTING|MULTIPART_INVALID_PART",
    "MULTIPART_FILE_LIMIT_EXCEEDED",
    "REQBODY_PROCESSOR_ERROR|REQBODY_PROCESSOR_ERROR_MSG",
    "MODSEC_BUILD",
    "SERVER_ADDR|USERAGENT_IP|REMOTE_HOST",
    "STREAM_INPUT_BODY",
    "FILES_TMP_CONTENT",
    "SDBM_DELETE_ERROR",
];
