//! gzip members (RFC 1952), decoded step by step: header, deflated data, trailer, and then the end or a further member.
//!
//! The framing is done here and not by a reader around the stream, because bytes are pushed and because what follows
//! the last member must be noticed: a sender whose body has a tail we would drop did not send what it meant.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{DecodeError, PIECE_BYTES_MAX, Step};

const FLAG_HEADER_CRC: u8 = 1 << 1;
const FLAG_EXTRA: u8 = 1 << 2;
const FLAG_NAME: u8 = 1 << 3;
const FLAG_COMMENT: u8 = 1 << 4;
const FLAGS_RESERVED: u8 = 0b1110_0000;

/// What the next byte belongs to.
///
/// ```text
/// Fixed → [ExtraLength → Extra] → [Name] → [Comment] → [HeaderCrc] → Deflated → Trailer → Between → Fixed …
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The ten bytes every member begins with.
    Fixed,
    ExtraLength,
    Extra {
        left: usize,
    },
    Name,
    Comment,
    HeaderCrc,
    Deflated,
    Trailer,
    /// After a complete member: the body may end here.
    Between,
}

/// Decodes a sequence of members.
pub(super) struct GzipDecoder {
    part: Part,
    flags: u8,
    /// The bytes so far of a part of fixed size.
    field: Vec<u8>,
    header_crc: Crc,
    inflater: Decompress,
    data_crc: Crc,
    output: Vec<u8>,
}

impl GzipDecoder {
    pub(super) fn new() -> Self {
        Self {
            part: Part::Fixed,
            flags: 0,
            field: Vec::with_capacity(10),
            header_crc: Crc::new(),
            inflater: Decompress::new(false),
            data_crc: Crc::new(),
            output: vec![0; PIECE_BYTES_MAX],
        }
    }

    pub(super) fn step(&mut self, rest: &[u8]) -> Result<Step<'_>, DecodeError> {
        if self.part == Part::Deflated {
            return self.inflate(rest);
        }
        let mut used = 0;
        for &byte in rest {
            if self.part == Part::Deflated {
                break;
            }
            self.take_frame_byte(byte)?;
            used += 1;
        }
        Ok(Step { waits: rest.is_empty(), used, decoded: &[] })
    }

    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        match &self.part {
            Part::Between => Ok(()),
            _ => Err(invalid("it is cut off; send the whole body")),
        }
    }

    fn inflate(&mut self, rest: &[u8]) -> Result<Step<'_>, DecodeError> {
        let (in_before, out_before) = (self.inflater.total_in(), self.inflater.total_out());
        let status = self
            .inflater
            .decompress(rest, &mut self.output, FlushDecompress::None)
            .map_err(|_| invalid("the deflated data is damaged"))?;
        let used = (self.inflater.total_in() - in_before) as usize;
        let length = (self.inflater.total_out() - out_before) as usize;
        let decoded = self.output.get(..length).unwrap_or_default();
        self.data_crc.update(decoded);
        let ended = status == Status::StreamEnd;
        if ended {
            self.part = Part::Trailer;
        }
        Ok(Step { waits: used == 0 && length == 0 && !ended, used, decoded })
    }

    /// Takes one byte of a header or trailer. They are few, so one at a time is fast enough.
    fn take_frame_byte(&mut self, byte: u8) -> Result<(), DecodeError> {
        if self.part == Part::Between {
            self.begin_member();
        }
        match self.part {
            Part::Fixed => {
                self.header_crc.update(&[byte]);
                self.field.push(byte);
                self.check_fixed()
            }
            Part::ExtraLength => {
                self.header_crc.update(&[byte]);
                self.field.push(byte);
                if let [low, high] = *self.field.as_slice() {
                    let left = usize::from(u16::from_le_bytes([low, high]));
                    self.enter(if left == 0 { self.after(FLAG_EXTRA) } else { Part::Extra { left } });
                }
                Ok(())
            }
            Part::Extra { left } => {
                self.header_crc.update(&[byte]);
                self.enter(if left <= 1 { self.after(FLAG_EXTRA) } else { Part::Extra { left: left - 1 } });
                Ok(())
            }
            Part::Name | Part::Comment => {
                self.header_crc.update(&[byte]);
                if byte == 0 {
                    let flag = if self.part == Part::Name { FLAG_NAME } else { FLAG_COMMENT };
                    self.enter(self.after(flag));
                }
                Ok(())
            }
            Part::HeaderCrc => {
                self.field.push(byte);
                self.check_header_crc()
            }
            Part::Trailer => {
                self.field.push(byte);
                self.check_trailer()
            }
            // The two are dealt with above; neither takes bytes here.
            Part::Deflated | Part::Between => Ok(()),
        }
    }

    fn begin_member(&mut self) {
        self.enter(Part::Fixed);
        self.header_crc.reset();
        self.data_crc.reset();
        self.inflater.reset(false);
    }

    fn enter(&mut self, part: Part) {
        self.part = part;
        self.field.clear();
    }

    /// The part that follows the one of `flag`, by the flags of the header. Flags are ordered as their parts are, but
    /// for the header's checksum, which comes last.
    fn after(&self, flag: u8) -> Part {
        let present = |candidate: u8| self.flags & candidate != 0;
        if flag < FLAG_EXTRA && present(FLAG_EXTRA) {
            Part::ExtraLength
        } else if flag < FLAG_NAME && present(FLAG_NAME) {
            Part::Name
        } else if flag < FLAG_COMMENT && present(FLAG_COMMENT) {
            Part::Comment
        } else if present(FLAG_HEADER_CRC) {
            Part::HeaderCrc
        } else {
            Part::Deflated
        }
    }

    fn check_fixed(&mut self) -> Result<(), DecodeError> {
        let begins_well = match self.field.as_slice() {
            [0x1F] | [0x1F, 0x8B] | [0x1F, 0x8B, 8] => true,
            [0x1F, 0x8B, 8, flags, ..] => flags & FLAGS_RESERVED == 0,
            _ => false,
        };
        if !begins_well {
            return Err(invalid("a member does not begin as gzip does, or something else follows the last one"));
        }
        if let [_, _, _, flags, _, _, _, _, _, _] = *self.field.as_slice() {
            self.flags = flags;
            self.enter(self.after(0));
        }
        Ok(())
    }

    fn check_header_crc(&mut self) -> Result<(), DecodeError> {
        let [low, high] = *self.field.as_slice() else {
            return Ok(());
        };
        let expected = u32::from(u16::from_le_bytes([low, high]));
        if self.header_crc.sum() & 0xFFFF != expected {
            return Err(invalid("the checksum of a header does not match"));
        }
        self.enter(Part::Deflated);
        Ok(())
    }

    fn check_trailer(&mut self) -> Result<(), DecodeError> {
        let [a, b, c, d, e, f, g, h] = *self.field.as_slice() else {
            return Ok(());
        };
        if u32::from_le_bytes([a, b, c, d]) != self.data_crc.sum() {
            return Err(invalid("the checksum of the data does not match"));
        }
        // Both count modulo 2^32.
        if u32::from_le_bytes([e, f, g, h]) != self.data_crc.amount() {
            return Err(invalid("the length of the data does not match"));
        }
        self.enter(Part::Between);
        Ok(())
    }
}

fn invalid(reason: &'static str) -> DecodeError {
    DecodeError::InvalidEncoding { encoding: "gzip", reason }
}
