//! The protocol's framing: a stream of bytes as messages. Pure.

/// Asks for TLS, for GSS encryption: the two requests that stand before everything and have no letter.
const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
/// Version 3 of the protocol, whatever its minor number.
const VERSION_3: u32 = 3;

/// One message, as it stands on the wire.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Its letter; `None` for the messages at the start of a connection, which have none.
    pub(super) letter: Option<u8>,
    /// All of it: letter, length, content.
    pub(super) bytes: Vec<u8>,
}

impl Frame {
    /// What follows letter and length.
    pub(super) fn content(&self) -> &[u8] {
        let head = if self.letter.is_some() { 5 } else { 4 };
        self.bytes.get(head..).unwrap_or_default()
    }

    /// Whether the client asks for encryption.
    pub(super) fn asks_for_encryption(&self) -> bool {
        matches!((self.letter, first_number(self.content())), (None, Some(SSL_REQUEST | GSS_REQUEST)))
    }

    /// The part of the content up to its first zero, and what follows it.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.content().split(|byte| *byte == 0).map(|text| std::str::from_utf8(text).unwrap_or_default())
    }
}

/// Cuts a stream into messages.
#[derive(Debug)]
pub(super) struct Frames {
    has_started: bool,
    unread: Vec<u8>,
}

impl Frames {
    /// Of what a client sends.
    pub(super) fn of_client() -> Self {
        Self { has_started: false, unread: Vec::new() }
    }

    /// Of what a server sends: every message has its letter.
    pub(super) fn of_server() -> Self {
        Self { has_started: true, unread: Vec::new() }
    }

    /// Takes what was read.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    /// The next whole message.
    pub(super) fn next(&mut self) -> Option<Frame> {
        let letters = usize::from(self.has_started);
        let length = first_number(self.unread.get(letters..)?)?;
        // The length counts itself. A shorter one is nonsense, which the server will complain of.
        let end = letters + usize::try_from(length).ok()?.max(4);
        if self.unread.len() < end {
            return None;
        }
        let rest = self.unread.split_off(end);
        let bytes = std::mem::replace(&mut self.unread, rest);
        let frame = Frame { letter: if self.has_started { bytes.first().copied() } else { None }, bytes };
        self.has_started |= first_number(frame.content()).is_some_and(|version| version >> 16 == VERSION_3);
        Some(frame)
    }
}

fn first_number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(letter: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + 4).unwrap();
        [&[letter][..], &length.to_be_bytes(), content].concat()
    }

    fn all(frames: &mut Frames, stream: &[u8], cut_at: usize) -> Vec<Frame> {
        let mut found = Vec::new();
        for piece in [&stream[..cut_at], &stream[cut_at..]] {
            frames.push(piece);
            found.extend(std::iter::from_fn(|| frames.next()));
        }
        found
    }

    #[test]
    fn any_cut_of_a_stream_gives_the_same_messages() {
        let tls: Vec<u8> = [8u32.to_be_bytes(), SSL_REQUEST.to_be_bytes()].concat();
        let start = [&15u32.to_be_bytes()[..], &(3u32 << 16).to_be_bytes(), b"user\0a\0"].concat();
        let stream = [tls, start, message(b'Q', b"COMMIT\0"), message(b'S', b""), message(b'X', b"")].concat();
        for cut_at in 0..=stream.len() {
            let found = all(&mut Frames::of_client(), &stream, cut_at);
            let letters: Vec<Option<u8>> = found.iter().map(|frame| frame.letter).collect();
            assert_eq!(letters, [None, None, Some(b'Q'), Some(b'S'), Some(b'X')], "cut at {cut_at}");
            assert!(found[0].asks_for_encryption() && !found[1].asks_for_encryption());
            assert_eq!(found[2].texts().next(), Some("COMMIT"));
            assert_eq!(found.iter().flat_map(|frame| frame.bytes.clone()).collect::<Vec<u8>>(), stream);
        }
    }

    #[test]
    fn a_server_begins_with_a_letter() {
        let stream = [message(b'R', &[0, 0, 0, 0]), message(b'Z', b"I")].concat();
        let found = all(&mut Frames::of_server(), &stream, 3);
        assert_eq!(found.iter().map(|frame| frame.letter).collect::<Vec<_>>(), [Some(b'R'), Some(b'Z')]);
    }
}
