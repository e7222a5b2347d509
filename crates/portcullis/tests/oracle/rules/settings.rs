//! What a configuration says before its rules: limits, formats, processors, collections, default actions.

use super::Maker;

impl Maker<'_> {
    pub(super) fn settings(&mut self) {
        if self.random.chance(12) {
            self.line("SecRuleEngine DetectionOnly");
        }
        for _ in 0..[0, 0, 0, 0, 1, 2][self.random.below(6)] {
            let line = self.random.pick(&[
                "SecRequestBodyLimit 20",
                "SecRequestBodyNoFilesLimit 12",
                "SecArgumentsLimit 2",
                "SecResponseBodyLimit 5",
                "SecResponseBodyAccess Off",
                "SecRequestBodyAccess Off",
                "SecRequestBodyLimitAction ProcessPartial",
                "SecArgumentSeparator ;",
                "SecCookieFormat 1",
                "SecResponseBodyMimeType application/json",
                "SecRequestBodyJsonDepthLimit 1",
                "SecCookieV0Separator ,",
                "SecResponseBodyLimitAction Reject",
                "SecUploadFileLimit 1",
                "SecArgumentsLimit 1",
                "SecArgumentSeparator ;",
                "SecCookieFormat 1",
                "SecInterceptOnError On",
                "SecResponseBodyMimeType null",
                "SecResponseBodyMimeTypesClear",
                "SecResponseBodyMimeType text/html\nSecResponseBodyMimeType image/png",
                "SecTmpSaveUploadedFiles On",
                "SecStreamInBodyInspection On",
                "SecStreamOutBodyInspection On",
                "SecWebAppId app",
                "SecUploadKeepFiles On",
                "SecRequestBodyNoFilesLimit 40",
                "SecRequestBodyLimit 60",
                "SecResponseBodyLimit 15",
            ]);
            self.line(line);
        }
        if self.random.chance(15) {
            self.line("SecRequestBodyLimit 20");
        }
        let processors = "SecRule REQUEST_HEADERS:Content-Type \"^application/json\" \"id:800,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON\"";
        if self.random.chance(80) {
            self.line(processors);
            self.line(
                "SecRule REQUEST_HEADERS:Content-Type \"xml\" \"id:801,phase:1,pass,nolog,ctl:requestBodyProcessor=XML\"",
            );
        }
        if self.random.chance(12) {
            self.collections();
        }
        if self.random.chance(25) {
            self.default_action();
        }
    }

    /// Persistent collections under keys that no other case has: the reference keeps them from one to the next.
    fn collections(&mut self) {
        let key = self.random.next();
        let action = match self.random.below(4) {
            0 => format!("setsid:s{key:x}"),
            1 => format!("setuid:u{key:x}"),
            2 => format!("initcol:global=%{{REQUEST_METHOD}}{key:x}"),
            _ => format!("initcol:ip=%{{REMOTE_ADDR}}_{key:x}"),
        };
        self.line(format!("SecAction \"id:802,phase:1,pass,nolog,{action}\""));
    }

    pub(super) fn default_action(&mut self) {
        let disruptive = self.random.pick(&[
            "pass",
            "deny",
            "deny,status:406",
            "redirect:'http://h/%{tx.a}'",
            "drop",
            "allow",
        ]);
        let phase = self.random.below(4) + 1;
        let log = self.random.pick(&["log", "nolog", "log,auditlog", "nolog,auditlog", "log,noauditlog"]);
        let extra = self.random.pick(&[
            "",
            "",
            "",
            ",tag:'def'",
            ",t:lowercase",
            ",setvar:tx.def=+1",
            ",capture",
            ",severity:3",
        ]);
        self.line(format!("SecDefaultAction \"phase:{phase},{log},{disruptive}{extra}\""));
    }
}
