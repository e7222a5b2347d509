//! One compiled DTD or schema, and a document validated with it.
//!
//! Each type of libxml2 that must be freed is in a type of its own here that frees it; what a document or grammar points to
//! lives as long as it does, because libxml2 copies.

#![expect(unsafe_code, reason = "calls of a C library")]

use std::ffi::{CString, c_int};
use std::ptr::NonNull;
use std::sync::Arc;

use crate::grammar::Source;
use crate::libxml2 as xml;
use crate::session::Session;
use crate::{Failure, Files, Kind, Outcome};

/// See the module. It is used by one thread at a time: its methods take what they change through `&self` of a value that no
/// two threads can share, since it is not `Sync`.
#[derive(Debug)]
pub(crate) enum Compiled {
    Dtd(NonNull<xml::Dtd>),
    Schema(NonNull<xml::Schema>),
}

// SAFETY: the structures behind the pointers belong to this value alone, nothing in them is bound to the thread that made
// them, and it is not `Sync`.
unsafe impl Send for Compiled {}

impl Drop for Compiled {
    fn drop(&mut self) {
        // SAFETY: the pointers are valid, and nobody else has them.
        unsafe {
            match self {
                Self::Dtd(dtd) => xml::xmlFreeDtd(dtd.as_ptr()),
                Self::Schema(schema) => xml::xmlSchemaFree(schema.as_ptr()),
            }
        }
    }
}

/// A parsed document.
struct Document(NonNull<xml::Doc>);

impl Document {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let length = c_int::try_from(bytes.len()).ok()?;
        // SAFETY: `length` bytes are there and are read during the call only; null stands for "no name" and "encoding as the
        // document says".
        let document = unsafe {
            xml::xmlReadMemory(
                bytes.as_ptr().cast(),
                length,
                std::ptr::null(),
                std::ptr::null(),
                xml::PARSE_NO_NET,
            )
        };
        NonNull::new(document).map(Self)
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        // SAFETY: the pointer is valid, and nobody else has it.
        unsafe { xml::xmlFreeDoc(self.0.as_ptr()) };
    }
}

impl Compiled {
    /// Compiles; the second value holds names of files that were asked for in vain.
    pub(crate) fn new(source: &Source) -> Result<(Self, Vec<String>), Failure> {
        let Ok(name) = CString::new(source.name.as_str()) else { return Err(Failure::default()) };
        let (compiled, session) = Session::run(&source.files, || match source.kind {
            Kind::Dtd => parse_dtd(&name),
            Kind::Schema => parse_schema(&name),
        });
        match compiled {
            Some(compiled) => Ok((compiled, session.wanted)),
            None => Err(Failure { messages: session.messages, wanted: session.wanted }),
        }
    }

    /// Validates a document.
    pub(crate) fn validate(&self, document: &[u8]) -> Outcome {
        let (valid, session) = Session::run(&Arc::new(Files::new()), || {
            let document = Document::parse(document)?;
            Some(match self {
                Self::Dtd(dtd) => follows_dtd(*dtd, &document),
                Self::Schema(schema) => follows_schema(*schema, &document),
            })
        });
        let messages = session.messages.into_iter().filter(|message| !message.is_syntax).collect();
        match valid {
            None => Outcome::NotWellFormed,
            Some(true) => Outcome::Valid(messages),
            Some(false) => Outcome::Invalid(messages),
        }
    }
}

fn parse_dtd(name: &CString) -> Option<Compiled> {
    // SAFETY: the name is a string with a NUL behind it; null stands for "no public identifier".
    let dtd = unsafe { xml::xmlParseDTD(std::ptr::null(), name.as_ptr()) };
    NonNull::new(dtd).map(Compiled::Dtd)
}

fn parse_schema(name: &CString) -> Option<Compiled> {
    // SAFETY: the name is a string with a NUL behind it, which the context copies; the context is freed once, and the schema
    // does not need it any more.
    unsafe {
        let context = NonNull::new(xml::xmlSchemaNewParserCtxt(name.as_ptr()))?;
        let schema = xml::xmlSchemaParse(context.as_ptr());
        xml::xmlSchemaFreeParserCtxt(context.as_ptr());
        NonNull::new(schema).map(Compiled::Schema)
    }
}

/// An error inside libxml2 (no memory) counts as not following it.
fn follows_dtd(dtd: NonNull<xml::Dtd>, document: &Document) -> bool {
    // SAFETY: all three are valid and used by this thread only; the context is freed once. The document has the DTD during the
    // call only.
    unsafe {
        let Some(context) = NonNull::new(xml::xmlNewValidCtxt()) else { return false };
        let valid = xml::xmlValidateDtd(context.as_ptr(), document.0.as_ptr(), dtd.as_ptr());
        xml::xmlFreeValidCtxt(context.as_ptr());
        valid == 1
    }
}

/// An error inside libxml2 counts as not following it.
fn follows_schema(schema: NonNull<xml::Schema>, document: &Document) -> bool {
    // SAFETY: all three are valid and used by this thread only; the context is freed once, before the schema it points to.
    unsafe {
        let Some(context) = NonNull::new(xml::xmlSchemaNewValidCtxt(schema.as_ptr())) else { return false };
        let found = xml::xmlSchemaValidateDoc(context.as_ptr(), document.0.as_ptr());
        xml::xmlSchemaFreeValidCtxt(context.as_ptr());
        found == 0
    }
}
