//! The grammar of a JSON number, one byte at a time.

/// How far a number has been read.
///
/// ```text
/// Minus ─0─→ Zero ──.──→ Point ─d─→ Fraction ─e─→ Exponent ─±─→ ExponentSign
///   └─1-9─→ Whole ─.───────┘            d↺           └───d───→ ExponentDigits ←─d─┘
///             d↺          (Zero and Whole also take e)              d↺
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

/// How far the bytes at hand took a number.
pub(super) enum NumberRead {
    /// To their end; more of it may follow.
    Unfinished(Number),
    /// It ended before the byte with this index.
    Ended { at: usize },
    /// The byte with this index cannot stand in a number.
    Wrong { at: usize },
}

/// What the next byte does to a number.
enum NumberStep {
    Goes(Number),
    Ended,
    Wrong,
}

impl Number {
    /// The state after the first byte, which must be `-` or a digit.
    #[inline]
    pub(super) fn begin(byte: u8) -> Self {
        match byte {
            b'-' => Self::Minus,
            b'0' => Self::Zero,
            _ => Self::Whole,
        }
    }

    /// Reads on from `at`.
    #[inline]
    pub(super) fn read(self, bytes: &[u8], at: usize) -> NumberRead {
        let mut reached = self;
        let mut position = at;
        while let Some(&byte) = bytes.get(position) {
            match reached.step(byte) {
                NumberStep::Goes(next) => reached = next,
                NumberStep::Ended => return NumberRead::Ended { at: position },
                NumberStep::Wrong => return NumberRead::Wrong { at: position },
            }
            position += 1;
        }
        NumberRead::Unfinished(reached)
    }

    #[inline]
    fn step(self, byte: u8) -> NumberStep {
        use NumberStep::{Ended, Goes, Wrong};
        match (self, byte) {
            (Self::Minus, b'0') => Goes(Self::Zero),
            (Self::Minus | Self::Whole, b'1'..=b'9') | (Self::Whole, b'0') => Goes(Self::Whole),
            (Self::Zero | Self::Whole, b'.') => Goes(Self::Point),
            (Self::Point | Self::Fraction, b'0'..=b'9') => Goes(Self::Fraction),
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Goes(Self::Exponent),
            (Self::Exponent, b'+' | b'-') => Goes(Self::ExponentSign),
            (Self::Exponent | Self::ExponentSign | Self::ExponentDigits, b'0'..=b'9') => Goes(Self::ExponentDigits),
            (Self::Minus | Self::Point | Self::Exponent | Self::ExponentSign, _) | (Self::Zero, b'0'..=b'9') => Wrong,
            (Self::Zero | Self::Whole | Self::Fraction | Self::ExponentDigits, _) => Ended,
        }
    }
}
