//! Choices that an input makes for itself: the same input always makes the same ones, so that a finding stays one.

/// xorshift64*: all that choosing needs.
pub struct Random(u64);

impl Random {
    /// From a number.
    pub fn new(seed: u64) -> Self {
        // Zero is the one state that xorshift never leaves, and neighbouring seeds must not choose alike.
        Self((seed ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9) | 1)
    }

    /// From an input (FNV-1a).
    pub fn of(input: &[u8]) -> Self {
        let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        Self::new(input.iter().fold(0xCBF2_9CE4_8422_2325, hash))
    }

    /// A number less than `bound`; zero for no bound at all.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).expect("31 bits").checked_rem(bound).unwrap_or_default()
    }

    /// Whether one of `of` happens.
    pub fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    /// One of several; `None` of none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// The bytes in pieces: one byte each, or cut in up to eight places, of which some are the same.
    pub fn pieces<'a>(&mut self, bytes: &'a [u8]) -> Vec<&'a [u8]> {
        if self.one_in(4) {
            return bytes.chunks(1).collect();
        }
        let mut cuts: Vec<usize> = (0..=self.below(8)).map(|_| self.below(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut pieces, mut from) = (Vec::new(), 0);
        for cut in cuts.into_iter().chain([bytes.len()]) {
            pieces.push(&bytes[from..cut]);
            from = cut;
        }
        pieces
    }
}
