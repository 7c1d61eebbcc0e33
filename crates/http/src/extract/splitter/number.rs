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

/// What the next byte does to a number.
pub(super) enum NumberStep {
    /// The byte belongs to the number.
    Goes(Number),
    /// The number was complete before this byte.
    Ended,
    /// No number continues like this.
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

    /// Whether any number of digits may follow without changing the state.
    #[inline]
    pub(super) fn repeats(self) -> bool {
        matches!(self, Self::Whole | Self::Fraction | Self::ExponentDigits)
    }

    #[inline]
    pub(super) fn step(self, byte: u8) -> NumberStep {
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
