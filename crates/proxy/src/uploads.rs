//! Files of forms on disk: temporary while their transaction lasts, then deleted or moved to where uploads are kept.
//!
//! `SecUploadKeepFiles On`, `SecUploadDir /var/uploads` → `/var/uploads/20261125-034512-UNIQUEID-file-a8Xk2Q`, named as
//! ModSecurity names them. A file that is not kept disappears with its [`StoredFiles`], whatever ends the exchange.
//!
//! Writing blocks the worker, as the spooling of bodies does: it goes to the page cache.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use portcullis_engine::{Settings, Transaction};
use tempfile::{Builder, TempPath};

/// The files of a transaction.
#[derive(Debug, Default)]
pub struct StoredFiles(Vec<TempPath>);

impl StoredFiles {
    /// Writes files. `stamp` is the time of the transaction as `YYYYMMDD-HHMMSS`.
    ///
    /// # Errors
    /// No folder, no permission, no space. What was written before is deleted.
    pub fn write(
        contents: impl IntoIterator<Item: AsRef<[u8]>>,
        settings: &Settings,
        stamp: &str,
        unique_id: &str,
    ) -> io::Result<Self> {
        let folder = settings.tmp_dir.as_deref().map_or_else(std::env::temp_dir, PathBuf::from);
        let prefix = format!("{stamp}-{unique_id}-file-");
        let mut files = Vec::new();
        for content in contents {
            let permissions = Permissions::from_mode(settings.upload_file_mode);
            let mut file = Builder::new().prefix(&prefix).permissions(permissions).tempfile_in(&folder)?;
            file.write_all(content.as_ref())?;
            files.push(file.into_temp_path());
        }
        Ok(Self(files))
    }

    /// Where they are.
    pub fn paths(&self) -> Vec<String> {
        self.0.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// When a transaction is over: what it keeps goes to where uploads are kept, also what it needed no path of; the rest is
    /// deleted. `wall_micros` is when it began.
    ///
    /// # Errors
    /// The first file that cannot be written or moved; it and those behind it are lost.
    pub fn settle(self, transaction: &Transaction, wall_micros: i64) -> io::Result<()> {
        let settings = transaction.rule_set().settings();
        if !transaction.keeps_files() || settings.upload_dir.is_none() {
            return Ok(());
        }
        let contents = transaction.files_to_keep();
        if contents.len() == 0 {
            return self.keep(settings);
        }
        let stamp = stamp(wall_micros, transaction.utc_offset_seconds());
        Self::write(contents, settings, &stamp, transaction.unique_id())?.keep(settings)
    }

    /// Moves them to the folder where uploads are kept; without one they are deleted.
    ///
    /// # Errors
    /// The first file that cannot be moved; it and those behind it are deleted.
    fn keep(self, settings: &Settings) -> io::Result<()> {
        let Some(folder) = settings.upload_dir.as_deref().map(Path::new) else { return Ok(()) };
        for path in self.0 {
            let name = path.file_name().map(PathBuf::from).unwrap_or_default();
            let target = folder.join(name);
            if let Err(error) = path.persist_noclobber(&target) {
                // Another file system: what cannot be renamed is copied.
                std::fs::copy(&error.path, &target).map_err(|_| error.error)?;
            }
        }
        Ok(())
    }
}

/// `YYYYMMDD-HHMMSS` of a moment in the local time that rules see.
pub fn stamp(wall_micros: i64, utc_offset_seconds: i32) -> String {
    let seconds = wall_micros.div_euclid(1_000_000) + i64::from(utc_offset_seconds);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

/// Year, month and day of a day since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that the leap day is the last one.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_dates() {
        assert_eq!(stamp(1_795_544_477_000_000, 0), "20261124-182117");
        assert_eq!(stamp(1_795_544_477_000_000, 3600 * 6), "20261125-002117");
        assert_eq!(stamp(951_782_400_000_000, 0), "20000229-000000");
    }

    #[test]
    fn files_go_with_their_transaction_unless_they_are_kept() {
        let (temporary, uploads) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let settings = Settings {
            tmp_dir: Some(temporary.path().to_string_lossy().into_owned()),
            upload_dir: Some(uploads.path().to_string_lossy().into_owned()),
            upload_file_mode: 0o640,
            ..Settings::default()
        };
        let count = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
        let write = || StoredFiles::write([b"a", b"b"], &settings, "S", "id").unwrap();
        let files = write();
        assert_eq!(std::fs::read(&files.paths()[1]).unwrap(), b"b");
        assert_eq!(std::fs::metadata(&files.paths()[0]).unwrap().permissions().mode() & 0o777, 0o640);
        drop(files);
        assert_eq!(count(temporary.path()), 0);
        write().keep(&settings).unwrap();
        assert_eq!((count(temporary.path()), count(uploads.path())), (0, 2));
    }
}
