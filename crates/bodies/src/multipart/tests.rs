//! How a body is cut into chunks must not matter, and no bytes may make the parser panic.

use proptest::prelude::*;

use super::{Multipart, MultipartError, MultipartFlags, MultipartOptions, Part};

type Outcome = (Result<(), MultipartError>, MultipartFlags, Vec<Part>, u64, Option<Vec<u8>>, Option<Vec<u8>>);

fn read(content_type: &[u8], chunks: &mut dyn Iterator<Item = &[u8]>) -> Outcome {
    let options = MultipartOptions { file_limit: 2, keep_content: true };
    let mut form = match Multipart::new(Some(content_type), options) {
        Ok(form) => form,
        Err(error) => {
            let flags = error.flags;
            return (Err(error), flags, Vec::new(), 0, None, None);
        }
    };
    let mut outcome = Ok(());
    for chunk in chunks {
        outcome = outcome.and_then(|()| form.feed(chunk));
    }
    let outcome = outcome.and_then(|()| form.finish());
    let names = (form.last_name().map(<[u8]>::to_vec), form.last_filename().map(<[u8]>::to_vec));
    (outcome, form.flags(), form.parts().to_vec(), form.no_files_bytes(), names.0, names.1)
}

/// Bodies assembled from what forms are made of, so that most of them get far.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<Vec<u8>> = [
        "--B\r\n",
        "--B\n",
        "--B--\r\n",
        "--B--",
        "--B-",
        "--B",
        "-- B\r\n",
        "--\"B\"\r\n",
        "--",
        "\r\n",
        "\n",
        "\r",
        "Content-Disposition: form-data; name=\"a\"\r\n\r\n",
        "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\nContent-Type: text/plain\r\n\r\n",
        "Content-Disposition: form-data;\r\n name='q'\r\n\r\n",
        "X: y\r\n",
        " folded\r\n",
        "text",
        "x--B",
        "\0",
        ":",
    ]
    .iter()
    .map(|piece| piece.as_bytes().to_vec())
    .chain([vec![b'z'; 4095], vec![b'z'; 4096], b"\r\n".repeat(3)])
    .collect();
    prop::collection::vec(prop::sample::select(pieces), 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn chunks_do_not_matter(body in bodies(), size in 1usize..9) {
        let whole = read(b"multipart/form-data; boundary=B", &mut std::iter::once(body.as_slice()));
        let bytes = read(b"multipart/form-data; boundary=B", &mut body.chunks(1));
        let some = read(b"multipart/form-data; boundary=\"B\"", &mut body.chunks(size));
        let quoted = read(b"multipart/form-data; boundary=\"B\"", &mut body.chunks(4096));
        prop_assert_eq!(&whole, &bytes);
        prop_assert_eq!(&some, &quoted);
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(
        content_type in prop::collection::vec(any::<u8>(), 0..60),
        tail in "[ ;=\"a-zB]{0,20}",
        body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut header = b"multipart/form-data".to_vec();
        header.extend_from_slice(tail.as_bytes());
        let first = read(&content_type, &mut body.chunks(7));
        let again = read(&content_type, &mut body.chunks(5));
        prop_assert_eq!(first, again);
        prop_assert_eq!(read(&header, &mut body.chunks(7)), read(&header, &mut body.chunks(3)));
    }
}
