//! Parsers for what a request carries: arguments, cookies, forms, JSON and XML.
//!
//! Each parser turns client bytes into names and values exactly as ModSecurity v2.9.7 does, so that the engine can fill
//! ARGS, REQUEST_COOKIES, FILES, XML and the `MULTIPART_*` flags: `a=1&b=%32` becomes `a` = `1` and `b` = `2`.
//! The engine calls them when headers and body chunks arrive. They know no rule, no transaction and no HTTP; limits
//! come in as options and every outcome goes out as a value. All of them run in linear time, without recursion on
//! client data, and none allocates more than a small multiple of its input.

#![deny(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may panic"))]

mod c_locale;
mod cookies;
mod json;
mod multipart;
mod urlencoded;
mod xml;

/// What every parser calls with each name and value; a break ends the parsing (the argument limit is the caller's).
pub type Each<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> std::ops::ControlFlow<()>;

pub use cookies::{cookies_v0, cookies_v1};
pub use json::{JsonFailure, JsonLimits, JsonNames, json};
pub use multipart::{FileInfo, Multipart, MultipartError, MultipartFlags, MultipartOptions, Part};
pub use urlencoded::urlencoded;
pub use xml::{XPath, XPathError, XmlDocument, XmlError, XmlLimits, xml_leaves};
