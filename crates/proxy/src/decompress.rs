//! Decompresses bodies for inspection; the other side gets the original bytes.
//!
//! `Content-Encoding: gzip` and the pieces of a gzip stream → the pieces of the text. gzip, deflate (with and without
//! its zlib frame), br and zstd are known; a body with another coding, or several, is inspected as it is.
//!
//! A few bytes may stand for gigabytes, so output stops at the limit the rules set (`SecResponseBodyLimit`), which is
//! also where they stop looking; work is bounded by it. What cannot be decoded from its first byte on was not
//! compressed at all and is inspected as it is; of what breaks later, the decoded part is inspected.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use zstd::stream::raw::{DParameter, Decoder as ZstdFrames};
use zstd::stream::zio;

/// Memory a zstd stream may ask for, as a power of two: what RFC 9659 lets an HTTP response use.
const ZSTD_WINDOW_LOG: u32 = 23;
const BROTLI_BUFFER: usize = 16 * 1024;

/// A decompressor of one body.
pub(crate) struct Decompressor {
    decoder: Decoder,
    produced: bool,
}

enum Decoder {
    Gzip(MultiGzDecoder<Output>),
    Zlib(ZlibDecoder<Output>),
    /// Which of the two forms of `deflate` it is shows with the first byte.
    Undecided(Output),
    Deflate(DeflateDecoder<Output>),
    Brotli(Box<DecompressorWriter<Output>>),
    Zstd(Box<zio::Writer<Output, ZstdFrames<'static>>>),
}

/// What decompressing a piece came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All of it has been decompressed.
    Good,
    /// The output is beyond the limit.
    Full,
    /// It is not what it claims to be.
    Broken {
        /// Why.
        reason: String,
        /// Not a byte could be decompressed since the beginning.
        from_the_start: bool,
    },
}

/// Takes decompressed bytes up to a limit.
struct Output {
    bytes: Vec<u8>,
    /// How many bytes are still taken.
    room: u64,
    full: bool,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = usize::try_from(self.room).unwrap_or(usize::MAX).min(bytes.len());
        self.bytes.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        self.room -= taken as u64;
        if taken < bytes.len() {
            self.full = true;
            return Err(io::Error::other("limit reached"));
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a body with this `Content-Encoding` is not encoded at all.
pub(crate) fn is_identity(coding: &[u8]) -> bool {
    coding.trim_ascii().is_empty() || coding.trim_ascii().eq_ignore_ascii_case(b"identity")
}

impl Decompressor {
    /// For the value of `Content-Encoding`; `None` when the coding is not known. Output ends one byte behind `limit`,
    /// so that whoever gets it sees the limit passed.
    pub(crate) fn new(coding: &[u8], limit: u64) -> Option<Self> {
        let output = Output { bytes: Vec::new(), room: limit.saturating_add(1), full: false };
        let coding = coding.trim_ascii().to_ascii_lowercase();
        let decoder = match coding.as_slice() {
            b"gzip" | b"x-gzip" => Decoder::Gzip(MultiGzDecoder::new(output)),
            b"deflate" => Decoder::Undecided(output),
            b"br" => Decoder::Brotli(Box::new(DecompressorWriter::new(output, BROTLI_BUFFER))),
            b"zstd" => {
                let mut frames = ZstdFrames::new().ok()?;
                frames.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).ok()?;
                Decoder::Zstd(Box::new(zio::Writer::new(output, frames)))
            }
            _ => return None,
        };
        Some(Self { decoder, produced: false })
    }

    /// Decompresses a piece and hands what comes out to `each`.
    pub(crate) fn feed(&mut self, piece: &[u8], each: impl FnOnce(&[u8])) -> Outcome {
        self.decide(piece);
        let result = match &mut self.decoder {
            Decoder::Gzip(decoder) => write(decoder, piece),
            Decoder::Zlib(decoder) => write(decoder, piece),
            Decoder::Deflate(decoder) => write(decoder, piece),
            Decoder::Brotli(decoder) => write(decoder.as_mut(), piece),
            Decoder::Zstd(decoder) => write(decoder.as_mut(), piece),
            Decoder::Undecided(_) => Ok(()),
        };
        let output = self.decoder.output();
        let full = output.full;
        let bytes = std::mem::take(&mut output.bytes);
        self.produced |= !bytes.is_empty();
        if !bytes.is_empty() {
            each(&bytes);
        }
        match result {
            _ if full => Outcome::Full,
            Ok(()) => Outcome::Good,
            Err(error) => Outcome::Broken { reason: error.to_string(), from_the_start: !self.produced },
        }
    }

    /// Lets so many bytes more come out.
    pub(crate) fn allow(&mut self, room: u64) {
        self.decoder.output().room = room;
    }

    /// Whether the stream is complete; nothing can be fed after that.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.allow(u64::MAX);
        match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.try_finish().is_ok(),
            // A stream that has ended takes no further byte.
            Decoder::Zlib(decoder) => matches!(decoder.write(&[0]), Ok(0)),
            Decoder::Deflate(decoder) => matches!(decoder.write(&[0]), Ok(0)),
            Decoder::Brotli(decoder) => decoder.close().is_ok(),
            Decoder::Zstd(decoder) => decoder.finish().is_ok(),
            Decoder::Undecided(_) => false,
        }
    }

    /// RFC 9110 says `deflate` is zlib; some servers send it bare. A zlib stream begins with method 8.
    fn decide(&mut self, piece: &[u8]) {
        if let (Decoder::Undecided(output), Some(first)) = (&mut self.decoder, piece.first()) {
            let output = Output { bytes: Vec::new(), room: output.room, full: false };
            self.decoder = if first & 0x0f == 8 && first >> 4 <= 7 {
                Decoder::Zlib(ZlibDecoder::new(output))
            } else {
                Decoder::Deflate(DeflateDecoder::new(output))
            };
        }
    }
}

impl Decoder {
    fn output(&mut self) -> &mut Output {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.writer_mut(),
            Self::Undecided(output) => output,
        }
    }
}

fn write(decoder: &mut impl Write, piece: &[u8]) -> io::Result<()> {
    let written = decoder.write_all(piece);
    // Also after an error: what was decoded before it is still in the decoder.
    let flushed = decoder.flush();
    written.and(flushed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    /// Feeds in pieces of `step` bytes.
    fn decode(coding: &str, data: &[u8], step: usize, limit: u64) -> (Vec<u8>, Outcome) {
        let mut decompressor = Decompressor::new(coding.as_bytes(), limit).unwrap();
        let (mut out, mut last) = (Vec::new(), Outcome::Good);
        for piece in data.chunks(step) {
            last = decompressor.feed(piece, |bytes| out.extend_from_slice(bytes));
            if last != Outcome::Good {
                break;
            }
        }
        (out, last)
    }

    fn compressed(text: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(text).unwrap();
        zlib.write_all(text).unwrap();
        deflate.write_all(text).unwrap();
        vec![
            ("gzip", gzip.finish().unwrap()),
            ("deflate", zlib.finish().unwrap()),
            ("Deflate", deflate.finish().unwrap()),
            ("zstd", zstd::encode_all(text, 3).unwrap()),
        ]
    }

    #[test]
    fn every_coding_gives_the_text_back_in_pieces_of_any_size() {
        let text: Vec<u8> = (0..50_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        for (coding, data) in compressed(&text) {
            for step in [1, 7, 4096, usize::MAX] {
                let (out, outcome) = decode(coding, &data, step, u64::MAX);
                assert_eq!((out == text, outcome), (true, Outcome::Good), "{coding} {step}");
            }
        }
        // "hello" in an uncompressed block.
        let brotli = [0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];
        for step in [1, usize::MAX] {
            assert_eq!(decode("br", &brotli, step, u64::MAX), (b"hello".to_vec(), Outcome::Good));
        }
    }

    #[test]
    fn a_stream_that_is_cut_off_is_told_from_a_whole_one() {
        let text: Vec<u8> = (0..5_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        for (coding, data) in compressed(&text) {
            for (length, is_whole) in [(data.len(), true), (data.len() - 1, false), (data.len() / 2, false)] {
                for step in [1, 100, usize::MAX] {
                    let mut decompressor = Decompressor::new(coding.as_bytes(), u64::MAX).unwrap();
                    for piece in data[..length].chunks(step) {
                        assert_eq!(decompressor.feed(piece, |_| ()), Outcome::Good);
                    }
                    assert_eq!(decompressor.is_at_end(), is_whole, "{coding}, {length} of {}", data.len());
                }
            }
        }
    }

    #[test]
    fn a_bomb_ends_one_byte_behind_the_limit() {
        for (coding, data) in compressed(&vec![0; 50_000_000]) {
            assert!(data.len() < 100_000, "{coding}: {}", data.len());
            let (out, outcome) = decode(coding, &data, usize::MAX, 1000);
            assert_eq!((out.len(), outcome), (1001, Outcome::Full), "{coding}");
        }
    }

    #[test]
    fn what_is_not_compressed_is_told_from_what_breaks() {
        for coding in ["gzip", "deflate", "zstd", "br"] {
            let (out, outcome) =
                decode(coding, b"<html>plain text, whatever the field says</html>", 48, 1000);
            assert!(out.is_empty(), "{coding}");
            assert!(matches!(outcome, Outcome::Broken { from_the_start: true, .. }), "{coding}: {outcome:?}");
        }
        let text: Vec<u8> = (0..50_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&text).unwrap();
        gzip.flush().unwrap();
        // A block of a type that does not exist; a frame without its magic number.
        let gzip = [gzip.get_ref().as_slice(), &[0x07; 16]].concat();
        let zstd = [zstd::encode_all(text.as_slice(), 3).unwrap(), vec![0x07; 16]].concat();
        for (coding, data) in [("gzip", gzip), ("zstd", zstd)] {
            let (out, outcome) = decode(coding, &data, 100, u64::MAX);
            assert!(
                matches!(outcome, Outcome::Broken { from_the_start: false, .. }),
                "{coding}: {outcome:?}"
            );
            assert!(out == text, "{coding}");
        }
    }

    #[test]
    fn codings_that_are_not_known() {
        assert!(Decompressor::new(b"compress", 1).is_none());
        assert!(Decompressor::new(b"gzip, br", 1).is_none());
        assert!(is_identity(b" Identity ") && is_identity(b"") && !is_identity(b"gzip"));
    }
}
