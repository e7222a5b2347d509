//! The functions of libxml2 that are used, as its headers declare them.
//!
//! All of them are part of its stable interface since 2.6. Types are opaque but for the first members of two structures, which
//! libxml2 keeps where they are for the sake of its users' binaries.

#![expect(unsafe_code, reason = "declarations of a C library")]

use std::ffi::{c_char, c_int, c_void};

/// Declares types of which only pointers are passed around.
macro_rules! opaque {
    ($($name:ident)*) => {
        $(#[repr(C)]
        pub(crate) struct $name {
            _private: [u8; 0],
        })*
    };
}

opaque! { Doc Dtd ValidCtxt ParserCtxt InputBuffer SchemaParserCtxt Schema SchemaValidCtxt }

/// `xmlError`, as far as it is read.
#[repr(C)]
pub(crate) struct Error {
    pub(crate) domain: c_int,
    pub(crate) code: c_int,
    pub(crate) message: *const c_char,
    pub(crate) level: c_int,
}

/// `xmlParserInput`, as far as it is written.
#[repr(C)]
pub(crate) struct ParserInput {
    pub(crate) buf: *mut InputBuffer,
    pub(crate) filename: *const c_char,
}

/// `xmlExternalEntityLoader`.
pub(crate) type EntityLoader =
    unsafe extern "C" fn(url: *const c_char, id: *const c_char, context: *mut ParserCtxt) -> *mut ParserInput;

/// `xmlStructuredErrorFunc`.
pub(crate) type ErrorHandler = unsafe extern "C" fn(data: *mut c_void, error: *const Error);

/// `XML_ERR_WARNING`.
pub(crate) const LEVEL_WARNING: c_int = 1;
/// `XML_FROM_PARSER`, `XML_FROM_NAMESPACE`, `XML_FROM_DTD` and `XML_FROM_IO`: what reads text.
pub(crate) const READING: [c_int; 4] = [1, 3, 4, 8];
/// `XML_PARSE_NONET`.
pub(crate) const PARSE_NO_NET: c_int = 1 << 11;
/// `XML_CHAR_ENCODING_NONE`.
pub(crate) const ENCODING_UNKNOWN: c_int = 0;

unsafe extern "C" {
    pub(crate) fn xmlInitParser();
    pub(crate) fn xmlSetExternalEntityLoader(loader: EntityLoader);
    pub(crate) fn xmlSetStructuredErrorFunc(data: *mut c_void, handler: Option<ErrorHandler>);
    pub(crate) fn xmlParserInputBufferCreateMem(
        bytes: *const c_char,
        length: c_int,
        encoding: c_int,
    ) -> *mut InputBuffer;
    pub(crate) fn xmlFreeParserInputBuffer(buffer: *mut InputBuffer);
    pub(crate) fn xmlNewIOInputStream(
        context: *mut ParserCtxt,
        buffer: *mut InputBuffer,
        encoding: c_int,
    ) -> *mut ParserInput;
    pub(crate) fn xmlStrdup(text: *const c_char) -> *mut c_char;
    pub(crate) fn xmlReadMemory(
        bytes: *const c_char,
        length: c_int,
        url: *const c_char,
        encoding: *const c_char,
        options: c_int,
    ) -> *mut Doc;
    pub(crate) fn xmlFreeDoc(document: *mut Doc);
    pub(crate) fn xmlParseDTD(external_id: *const c_char, system_id: *const c_char) -> *mut Dtd;
    pub(crate) fn xmlFreeDtd(dtd: *mut Dtd);
    pub(crate) fn xmlNewValidCtxt() -> *mut ValidCtxt;
    pub(crate) fn xmlFreeValidCtxt(context: *mut ValidCtxt);
    pub(crate) fn xmlValidateDtd(context: *mut ValidCtxt, document: *mut Doc, dtd: *mut Dtd) -> c_int;
    pub(crate) fn xmlSchemaNewParserCtxt(url: *const c_char) -> *mut SchemaParserCtxt;
    pub(crate) fn xmlSchemaFreeParserCtxt(context: *mut SchemaParserCtxt);
    pub(crate) fn xmlSchemaParse(context: *mut SchemaParserCtxt) -> *mut Schema;
    pub(crate) fn xmlSchemaFree(schema: *mut Schema);
    pub(crate) fn xmlSchemaNewValidCtxt(schema: *mut Schema) -> *mut SchemaValidCtxt;
    pub(crate) fn xmlSchemaFreeValidCtxt(context: *mut SchemaValidCtxt);
    pub(crate) fn xmlSchemaValidateDoc(context: *mut SchemaValidCtxt, document: *mut Doc) -> c_int;
}
