//! Changing files of a site: whole files, in one step.
//!
//! A reader sees the old content or the new, never a part; after a crash one of the two is there. [`crate::Site::write`] and
//! [`crate::init()`] write through here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Replaces the content of a file that is there.
///
/// Permissions stay. So does the owner where the system lets us set it; where not, the file is ours afterwards, as with any
/// editor or version control that writes a new file.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".portcullis-").tempfile_in(folder)?;
    file.write_all(content)?;
    keep_owner(file.as_file(), &metadata);
    file.as_file().set_permissions(metadata.permissions())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Writes a file that is not there yet.
pub(crate) fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // Ours and incomplete; the error that matters is the first one.
        let _ = fs::remove_file(path);
    }
    written
}

/// A text with lines added at its end, in its kind of line end.
pub fn append_lines(text: &[u8], lines: &[&str]) -> Vec<u8> {
    let first_end = text.iter().position(|byte| *byte == b'\n');
    let is_crlf = first_end.is_some_and(|end| end > 0 && text[end - 1] == b'\r');
    let line_end: &[u8] = if is_crlf { b"\r\n" } else { b"\n" };
    let mut out = text.to_vec();
    if !out.is_empty() && !out.ends_with(b"\n") {
        // A last line that ends in `\` goes on in the next one: give it empty ones, one for each `\` that is taken back.
        let backslashes = out.iter().rev().take_while(|byte| **byte == b'\\').count();
        out.extend(line_end.repeat(1 + backslashes));
    } else {
        // The same for a `\` before the last line end; the line end itself takes one back.
        let bare = out.strip_suffix(b"\n").unwrap_or(&out);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        let backslashes = bare.iter().rev().take_while(|byte| **byte == b'\\').count();
        out.extend(line_end.repeat(backslashes));
    }
    for line in lines {
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(line_end);
    }
    out
}

/// Makes a rename durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
fn keep_owner(file: &File, metadata: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let Ok(ours) = file.metadata() else { return };
    if (ours.uid(), ours.gid()) != (metadata.uid(), metadata.gid()) {
        // Only root may give files away; the group alone may still be ours to set.
        let _ = fchown(file, Some(metadata.uid()), Some(metadata.gid()))
            .or_else(|_| fchown(file, None, Some(metadata.gid())));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}
