//! Files of a form on disk, for rules and programs that want a path: asked for before phase 2, settled after phase 5.
//!
//! `SecTmpSaveUploadedFiles On` or `SecUploadKeepFiles On` → [`Need::StoreFiles`] with the contents; the paths answered are
//! FILES_TMPNAMES. When the transaction is over, [`Transaction::keeps_files`] says whether they stay. A driver that cannot
//! store them says so: the log has the reason, and FILES_TMPNAMES is empty. (Reference Manual, "SecUploadKeepFiles")

use crate::request::Pair;
use crate::settings::KeepFiles;
use crate::transaction::Transaction;
use crate::verdict::{Answer, Need};

impl Transaction {
    /// Whether files of the body are extracted.
    pub(crate) fn extracts_files(&self) -> bool {
        let settings = &self.rules.settings;
        settings.tmp_save_uploaded_files || settings.upload_keep_files != KeepFiles::Off
    }

    /// Before phase 2: files that were extracted get a path.
    pub(crate) fn store_files(&mut self) -> Result<(), Need> {
        if self.body.file_contents.is_empty() || !self.body.file_paths.is_empty() || self.body.unstored {
            return Ok(());
        }
        match self.answer.take() {
            Some(Answer::Files(paths)) => self.files_are_stored(&paths),
            Some(Answer::Failed(reason)) => {
                self.body.unstored = true;
                self.notice(1, format!("Multipart: Failed to create file: {reason}"));
            }
            _ => {
                let contents = self.body.file_contents.iter();
                let contents = contents.map(|file| self.arena.get(file.value).to_vec()).collect();
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
            let Some(file) = self.body.file_contents.get(number - 1).copied() else { break };
            let value = self.arena.push(path.as_bytes());
            self.body.file_paths.push(Pair { name: file.name, value });
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
}
