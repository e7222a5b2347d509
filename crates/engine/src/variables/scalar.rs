//! Variables of one value.
//!
//! Most are ranges that exist already; numbers and times are written into the arena when asked for.

use super::Variable;
use super::time::LocalTime;
use crate::arena::Text;
use crate::transaction::Transaction;

/// `MODSEC_BUILD` of the version that is reproduced: 2.9.7, type 9, release 00.
const BUILD: &[u8] = b"020907900";

impl Transaction {
    /// The value of a scalar; `None` when it is absent (a rule on it does not run).
    pub(crate) fn scalar(&mut self, variable: Variable) -> Option<Text> {
        let flag = |transaction: &Transaction, on: bool| Some(transaction.constants.digit(on));
        Some(match variable {
            Variable::RequestLine => self.request.line,
            Variable::RequestMethod => self.request.method,
            Variable::RequestProtocol => self.request.protocol,
            Variable::RequestUriRaw => self.request.target,
            Variable::RequestUri => self.request.uri,
            Variable::RequestFilename => self.request.path,
            Variable::RequestBasename => self.basename(),
            Variable::QueryString => return self.request.query,
            Variable::ServerName => self.request.server_name,
            Variable::ServerAddr => self.constants.server_addr,
            Variable::ServerPort => self.constants.server_port,
            Variable::RemoteAddr | Variable::UseragentIp | Variable::RemoteHost => self.constants.client_addr,
            Variable::RemotePort => self.constants.client_port,
            Variable::UniqueId => self.constants.unique_id,
            Variable::RemoteUser | Variable::AuthType => return self.authentication(variable),
            Variable::FullRequest => self.full_request(),
            Variable::FullRequestLength => {
                // v2 counts the NUL it appends.
                let length = self.full_request().len() + 1;
                self.arena.push_number(length)
            }
            Variable::ArgsCombinedSize => self.arena.push_number(self.request.arguments_size),
            Variable::UrlencodedError => return flag(self, self.request.urlencoded_error),
            Variable::RequestBody => return self.body.variable,
            Variable::StreamInputBody | Variable::StreamOutputBody => return self.stream(variable),
            Variable::RequestBodyLength => self.arena.push_number(self.body.length),
            Variable::ReqbodyProcessor => self.arena.push(&self.request.processor),
            Variable::ReqbodyError | Variable::ReqbodyProcessorError => return flag(self, self.body.error),
            Variable::ReqbodyErrorMsg | Variable::ReqbodyProcessorErrorMsg => self.body.error_message,
            Variable::InboundDataError => return flag(self, self.body.over_limit),
            Variable::OutboundDataError => return flag(self, self.response.over_limit),
            Variable::FilesCombinedSize => self.arena.push_number(self.body.files_size),
            Variable::MultipartFilename => return self.body.last_filename,
            Variable::MultipartName => return self.body.last_name,
            Variable::ResponseStatus => self.arena.push_number(self.response.status),
            Variable::StatusLine => return self.response.status_line,
            Variable::ResponseProtocol => return self.response.protocol,
            // What httpd has sent without a body has lost its type by the time of phase 5.
            Variable::ResponseContentType if self.is_sent_without_body() => return None,
            Variable::ResponseContentType => return self.response.content_type(&self.arena),
            Variable::ResponseContentLength => self.response_content_length(),
            Variable::ResponseBody => return self.response.body_text,
            Variable::ResBodyProcessor => self.arena.push(self.response.parsed.processor_name()),
            Variable::ResBodyError | Variable::ResBodyProcessorError => {
                return flag(self, self.response.parsed.error.is_some());
            }
            Variable::ResBodyErrorMsg => {
                let text = self.response.parsed.named_error();
                self.arena.push(text.as_bytes())
            }
            Variable::ResBodyProcessorErrorMsg => {
                self.arena.push(self.response.parsed.error.as_deref().unwrap_or_default().as_bytes())
            }
            Variable::MatchedVar => return self.matched.source.map(|_| self.matched.value),
            Variable::MatchedVarName => return self.matched.source.map(|_| self.matched_name()),
            Variable::HighestSeverity => self.arena.push_number(self.highest_severity),
            Variable::ModsecBuild => self.arena.push(BUILD),
            Variable::Webappid => {
                let rules = std::sync::Arc::clone(&self.rules);
                self.arena.push(rules.settings.web_app_id.as_bytes())
            }
            Variable::Sessionid => return self.session_id,
            Variable::Userid => return self.user_id,
            Variable::Duration => self.arena.push_number(self.now),
            perf if perf as u8 >= Variable::PerfAll as u8 && perf as u8 <= Variable::PerfGc as u8 => {
                self.performance(perf)
            }
            Variable::SdbmDeleteError => self.constants.digit(false),
            Variable::MscPcreError | Variable::MscPcreLimitsExceeded => {
                return flag(self, self.limits_exceeded);
            }
            Variable::PathInfo
            | Variable::ScriptFilename
            | Variable::ScriptBasename
            | Variable::ScriptUid
            | Variable::ScriptUsername
            | Variable::ScriptGid
            | Variable::ScriptGroupname
            | Variable::ScriptMode => return None,
            time if time as u8 >= Variable::Time as u8 && time as u8 <= Variable::TimeEpoch as u8 => {
                let now = self.start.wall_micros.saturating_add(i64::try_from(self.now).unwrap_or(i64::MAX));
                let text = LocalTime::new(now, self.start.utc_offset_seconds).text(time);
                self.arena.push(text.as_bytes())
            }
            multipart => return self.body.multipart_flag(multipart).map(|on| self.constants.digit(on)),
        })
    }

    /// Times in the stopwatch's microseconds; a phase that runs has not been counted yet, as in version 2.
    fn performance(&mut self, variable: Variable) -> Text {
        let [p1, p2, p3, p4, p5] = self.stopwatch.phases;
        let combined = p1 + p2 + p3 + p4 + p5;
        let time = match variable {
            Variable::PerfAll => {
                let text = format!(
                    "combined={combined}, p1={p1}, p2={p2}, p3={p3}, p4={p4}, p5={p5}, sr=0, sw=0, l=0, gc=0"
                );
                return self.arena.push(text.as_bytes());
            }
            Variable::PerfCombined => combined,
            Variable::PerfPhase1 => p1,
            Variable::PerfPhase2 => p2,
            Variable::PerfPhase3 => p3,
            Variable::PerfPhase4 => p4,
            Variable::PerfPhase5 => p5,
            _ => 0,
        };
        self.arena.push_number(time)
    }

    fn basename(&self) -> Text {
        let path = self.request.path;
        let bytes = self.arena.get(path);
        let start = memchr::memrchr2(b'/', b'\\', bytes).map_or(0, |at| at + 1);
        path.slice(start, path.len())
    }

    /// User and scheme are what httpd's authentication found; a proxy that authenticates nobody has none.
    fn authentication(&mut self, _variable: Variable) -> Option<Text> {
        None
    }

    fn full_request(&mut self) -> Text {
        let mut text = self.arena.get(self.request.line).to_vec();
        text.extend_from_slice(b"\n\n");
        for header in &self.request.headers {
            text.extend_from_slice(self.arena.get(header.name));
            text.extend_from_slice(b": ");
            text.extend_from_slice(self.arena.get(header.value));
            text.push(b'\n');
        }
        text.push(b'\n');
        text.extend_from_slice(self.body.raw());
        self.arena.push(&text)
    }

    fn response_content_length(&mut self) -> Text {
        let announced = self.response.header(&self.arena, b"Content-Length").map(<[u8]>::to_vec);
        self.arena.push(&announced.unwrap_or_else(|| b"0".to_vec()))
    }
}
