//! Files of a form on disk, for rules and programs that want a path: asked for before phase 2, settled after phase 5.
//!
//! `SecTmpSaveUploadedFiles On` or `SecUploadKeepFiles On` → [`Need::StoreFiles`] with the contents; the paths answered are
//! FILES_TMPNAMES. When the transaction is over, [`Transaction::keeps_files`] says whether they stay. A driver that cannot
//! store them says so: the log has the reason, and FILES_TMPNAMES is empty. (Reference Manual, "SecUploadKeepFiles")
//!
//! Where no rule can see a path ([`sees_paths`]) nothing is asked for: writing files is half of what a form with a file
//! costs. What is kept then is told at the end ([`Transaction::files_to_keep`]).

use crate::actions::Effect;
use crate::request::Pair;
use crate::ruleset::{Rule, Test, TxNames};
use crate::settings::KeepFiles;
use crate::transaction::Transaction;
use crate::variables::Variable;
use crate::verdict::{Answer, Need};
use portcullis_operators::External;

/// Whether some rule can see where files are: it names FILES_TMPNAMES, or runs a program or script, which may look for them.
pub(crate) fn sees_paths(rules: &[Rule], names: &TxNames) -> bool {
    let sees = |rule: &Rule| {
        rule.targets.iter().any(|target| target.variable == Variable::FilesTmpnames)
            || matches!(rule.operator.test, Test::External(External::InspectFile) | Test::Script { .. })
            || rule.effects.iter().any(|effect| matches!(effect, Effect::Exec(_)))
    };
    names.is_in_a_macro(Variable::FilesTmpnames) || rules.iter().any(sees)
}

impl Transaction {
    /// Whether files of the body are extracted.
    pub(crate) fn extracts_files(&self) -> bool {
        let settings = &self.rules.settings;
        settings.tmp_save_uploaded_files || settings.upload_keep_files != KeepFiles::Off
    }

    /// Before phase 2: files that were extracted get a path.
    pub(crate) fn store_files(&mut self) -> Result<(), Need> {
        let body = &self.body;
        if body.extracted.is_empty() || !body.file_paths.is_empty() || body.unstored || body.unseen {
            return Ok(());
        }
        // The debug log names them. Asked once: when the phase goes on the answer may be to another question.
        if !self.rules.sees_file_paths && !self.traces(4) {
            self.body.unseen = true;
            return Ok(());
        }
        match self.answer.take() {
            Some(Answer::Files(paths)) => self.files_are_stored(&paths),
            Some(Answer::Failed(reason)) => {
                self.body.unstored = true;
                self.notice(1, format!("Multipart: Failed to create file: {reason}"));
            }
            _ => {
                let contents = self.body.extracted.iter().map(|file| file.content.clone()).collect();
                return Err(Need::StoreFiles { contents });
            }
        }
        Ok(())
    }

    fn files_are_stored(&mut self, paths: &[String]) {
        let mode = self.rules.settings.upload_file_mode;
        for (number, path) in (1..).zip(paths) {
            self.debug(4, |_| {
                format!("Multipart: Created temporary file {number} (mode {mode:04o}): {path}")
            });
            let Some(name) = self.body.extracted.get(number - 1).map(|file| file.name) else { break };
            let value = self.arena.push(path.as_bytes());
            self.body.file_paths.push(Pair { name, value });
        }
        self.body.unstored = self.body.file_paths.is_empty();
    }

    /// After phase 5: whether the files that were stored go to `SecUploadDir`; otherwise they are deleted.
    pub fn keeps_files(&self) -> bool {
        match self.rules.settings.upload_keep_files {
            KeepFiles::Off => false,
            KeepFiles::On => true,
            KeepFiles::RelevantOnly => self.relevant,
        }
    }

    /// After phase 5: the contents of files that go to `SecUploadDir` and had no path in phase 2, because nothing could see it.
    pub fn files_to_keep(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let kept = self.keeps_files() && self.body.unseen;
        let files = if kept { self.body.extracted.as_slice() } else { &[] };
        files.iter().map(|file| file.content.as_slice())
    }

    /// Gives FILES_TMP_CONTENT its values.
    pub(crate) fn show_file_contents(&mut self) {
        for file in self.body.extracted.iter().skip(self.body.file_contents.len()) {
            let value = self.arena.push(&file.content);
            self.body.file_contents.push(Pair { name: file.name, value });
        }
    }
}
