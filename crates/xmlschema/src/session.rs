//! What libxml2 may read while it works for us, and what it says: both go through two functions that it calls back.
//!
//! A [`Session`] is the work on one thread: it begins with the files that may be read, and ends with the messages and the names
//! that were asked for. The loader is installed once for the process and answers from the session of its thread; where there is
//! none it has nothing. libxml2 keeps the error handler per thread.

#![expect(unsafe_code, reason = "functions that a C library calls")]

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::{Arc, Once};

use crate::libxml2::{self as xml, ParserCtxt, ParserInput};
use crate::{Files, MESSAGES, Message};

thread_local! {
    static CURRENT: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// See the module.
#[derive(Default)]
pub(crate) struct Session {
    files: Arc<Files>,
    pub(crate) messages: Vec<Message>,
    pub(crate) wanted: Vec<String>,
}

impl Session {
    /// Does some work with libxml2 and returns its result with what was said meanwhile.
    pub(crate) fn run<T>(files: &Arc<Files>, work: impl FnOnce() -> T) -> (T, Self) {
        static READY: Once = Once::new();
        // SAFETY: the two functions have no preconditions; the loader is a function and lives as long as the process.
        READY.call_once(|| unsafe {
            xml::xmlInitParser();
            xml::xmlSetExternalEntityLoader(load);
        });
        CURRENT.set(Some(Self { files: Arc::clone(files), ..Self::default() }));
        // SAFETY: the handler is a function and lives as long as the process; it is given no data.
        unsafe { xml::xmlSetStructuredErrorFunc(std::ptr::null_mut(), Some(hear)) };
        let result = work();
        // SAFETY: as above; libxml2 takes no handler for "the default one".
        unsafe { xml::xmlSetStructuredErrorFunc(std::ptr::null_mut(), None) };
        (result, CURRENT.take().unwrap_or_default())
    }
}

/// Takes a message.
unsafe extern "C" fn hear(_: *mut c_void, error: *const xml::Error) {
    // SAFETY: libxml2 passes a complete error that lives during the call, or null, which is left out.
    let Some(error) = (unsafe { error.as_ref() }) else { return };
    if error.message.is_null() {
        return;
    }
    // SAFETY: the message is a string with a NUL behind it that lives during the call.
    let text = unsafe { CStr::from_ptr(error.message) }.to_string_lossy();
    let message = Message {
        text: text.trim_end_matches(['\n', '\r']).to_owned(),
        is_warning: error.level == xml::LEVEL_WARNING,
        is_syntax: xml::READING.contains(&error.domain),
    };
    CURRENT.with_borrow_mut(|session| {
        if let Some(session) = session
            && session.messages.len() < MESSAGES
        {
            session.messages.push(message);
        }
    });
}

/// Gives out a file of the session, or nothing: then libxml2 goes on as with a file that cannot be read.
unsafe extern "C" fn load(
    url: *const c_char,
    _: *const c_char,
    context: *mut ParserCtxt,
) -> *mut ParserInput {
    if url.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: libxml2 passes a string with a NUL behind it that lives during the call.
    let name = unsafe { CStr::from_ptr(url) };
    let text = name.to_string_lossy();
    CURRENT.with_borrow_mut(|session| {
        let Some(session) = session else { return std::ptr::null_mut() };
        match session.files.get(text.as_ref()) {
            Some(bytes) => input(name, bytes, context),
            None => {
                if session.wanted.len() < MESSAGES {
                    session.wanted.push(text.into_owned());
                }
                std::ptr::null_mut()
            }
        }
    })
}

fn input(name: &CStr, bytes: &[u8], context: *mut ParserCtxt) -> *mut ParserInput {
    let Ok(length) = c_int::try_from(bytes.len()) else { return std::ptr::null_mut() };
    // SAFETY: the buffer copies `length` bytes, which are there. The stream takes the buffer over when it is made, and the
    // context is the one libxml2 asked with. The file name is a copy that libxml2 allocates and, with the stream, frees.
    unsafe {
        let buffer = xml::xmlParserInputBufferCreateMem(bytes.as_ptr().cast(), length, xml::ENCODING_UNKNOWN);
        if buffer.is_null() {
            return std::ptr::null_mut();
        }
        let stream = xml::xmlNewIOInputStream(context, buffer, xml::ENCODING_UNKNOWN);
        match stream.as_mut() {
            Some(stream) => stream.filename = xml::xmlStrdup(name.as_ptr()),
            None => xml::xmlFreeParserInputBuffer(buffer),
        }
        stream
    }
}
