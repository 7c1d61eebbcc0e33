//! Which brackets are open, one bit each.
//!
//! A row may be nested as deep as its size allows (a megabyte of `[`), because depth is judged with the row. At a bit a
//! level that costs at most an eighth of the row.

/// The open brackets of one value, innermost last.
#[derive(Debug, Default)]
pub(super) struct Nesting {
    /// The innermost levels, the innermost in the lowest bit; 1 is an object. When `depth` passes a multiple of 64, the
    /// full word moves to `spilled`, and bits above the current depth are left over and mean nothing.
    innermost: u64,
    spilled: Vec<u64>,
    depth: usize,
}

impl Nesting {
    /// How many brackets are open.
    #[inline]
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Whether the innermost open bracket is `{`. Means nothing at depth 0.
    #[inline]
    pub(super) fn in_object(&self) -> bool {
        self.innermost & 1 == 1
    }

    #[inline]
    pub(super) fn open(&mut self, object: bool) {
        if self.depth.is_multiple_of(64) && self.depth != 0 {
            self.spilled.push(self.innermost);
        }
        self.innermost = (self.innermost << 1) | u64::from(object);
        self.depth += 1;
    }

    /// Closes the innermost bracket. At depth 0 there is none and nothing happens.
    #[inline]
    pub(super) fn close(&mut self) {
        if self.depth == 0 {
            return;
        }
        self.innermost >>= 1;
        self.depth -= 1;
        if self.depth.is_multiple_of(64)
            && let Some(word) = self.spilled.pop()
        {
            self.innermost = word;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_every_level_across_word_boundaries() {
        let pattern = |level: usize| level.is_multiple_of(3) || level.is_multiple_of(7);
        let mut nesting = Nesting::default();
        for level in 0..300 {
            nesting.open(pattern(level));
            assert_eq!(nesting.depth(), level + 1);
        }
        // Going down and up again over the word boundaries must not lose the outer levels.
        for turning_point in [255, 192, 191, 128, 127, 64, 63, 1] {
            while nesting.depth() > turning_point {
                assert_eq!(nesting.in_object(), pattern(nesting.depth() - 1));
                nesting.close();
            }
            for level in turning_point..turning_point + 3 {
                nesting.open(pattern(level));
            }
        }
        while nesting.depth() > 0 {
            assert_eq!(nesting.in_object(), pattern(nesting.depth() - 1));
            nesting.close();
        }
    }
}
