//! Random integers as numpy draws them: a seed means the same chunks of data here and in SpikeInterface.
//!
//! # Source
//! The PCG64 generator (O'Neill 2014, XSL-RR output), numpy's `SeedSequence` (after O'Neill's `seed_seq`),
//! and unbiased bounded integers by multiplication (Lemire 2019), in 32 bits as numpy draws small ranges.

/// The stream of `numpy.random.default_rng(seed)`.
#[derive(Clone, Debug)]
pub struct NumpyRng {
    state: u128,
    increment: u128,
    /// The other half of the last 64 bits.
    half: Option<u32>,
}

const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

impl NumpyRng {
    /// The generator for a seed.
    pub fn new(seed: u64) -> Self {
        let words = seed_words(seed);
        let wide = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
        let increment = wide(words[2], words[3]) << 1 | 1;
        let mut rng = Self { state: 0, increment, half: None };
        rng.step();
        rng.state = rng.state.wrapping_add(wide(words[0], words[1]));
        rng.step();
        rng
    }

    fn step(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    fn next_u32(&mut self) -> u32 {
        match self.half.take() {
            Some(half) => half,
            None => {
                let both = self.next_u64();
                self.half = Some((both >> 32) as u32);
                both as u32
            }
        }
    }

    /// `rng.integers(low, high, endpoint=True)`, one after the other.
    pub fn integers(&mut self, low: u64, high: u64, count: usize) -> Vec<u64> {
        let range = high.saturating_sub(low);
        (0..count).map(|_| low + self.bounded(range)).collect()
    }

    fn bounded(&mut self, range: u64) -> u64 {
        if range == 0 {
            return 0;
        }
        if let Ok(range) = u32::try_from(range) {
            if range == u32::MAX {
                return u64::from(self.next_u32());
            }
            let size = range + 1;
            let threshold = (u32::MAX - range) % size;
            loop {
                let product = u64::from(self.next_u32()) * u64::from(size);
                if product as u32 >= threshold {
                    return product >> 32;
                }
            }
        }
        if range == u64::MAX {
            return self.next_u64();
        }
        let size = range + 1;
        let threshold = (u64::MAX - range) % size;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(size);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }
}

/// What `SeedSequence(seed).generate_state(4, uint64)` gives.
fn seed_words(seed: u64) -> [u64; 4] {
    const POOL: usize = 4;
    let mut constant = 0x43b0_d7e5u32;
    let mut hash = |value: u32| {
        let mut value = value ^ constant;
        constant = constant.wrapping_mul(0x931e_8875);
        value = value.wrapping_mul(constant);
        value ^ value >> 16
    };
    let mix = |x: u32, y: u32| {
        let z = 0xca01_f9ddu32.wrapping_mul(x).wrapping_sub(0x4973_f715u32.wrapping_mul(y));
        z ^ z >> 16
    };
    let entropy = [seed as u32, (seed >> 32) as u32, 0, 0];
    let mut pool: [u32; POOL] = entropy.map(&mut hash);
    for from in 0..POOL {
        for to in 0..POOL {
            if from != to {
                pool[to] = mix(pool[to], hash(pool[from]));
            }
        }
    }
    let mut constant = 0x8b51_f9ddu32;
    let mut halves = [0u32; 2 * POOL];
    for (i, half) in halves.iter_mut().enumerate() {
        let mut value = pool[i % POOL] ^ constant;
        constant = constant.wrapping_mul(0x58f3_8ded);
        value = value.wrapping_mul(constant);
        *half = value ^ value >> 16;
    }
    [0, 1, 2, 3].map(|i| u64::from(halves[2 * i + 1]) << 32 | u64::from(halves[2 * i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Drawn with numpy 2: `numpy.random.default_rng(seed).integers(low, high, 6, endpoint=True)`.
    #[test]
    fn draws_what_numpy_draws() {
        let cases: [(u64, u64, u64, [u64; 6]); 4] = [
            (0, 0, 99, [85, 63, 51, 26, 30, 4]),
            (42, 5, 1000000, [89255, 773957, 654573, 438881, 433018, 858599]),
            (
                1099511627783,
                0,
                8589934592,
                [7128038465, 2193054611, 1321052190, 5793949931, 6346593452, 4209028578],
            ),
            (1, 0, 4294967295, [2032329983, 2198257139, 3243419750, 4082210491, 149690573, 619160822]),
        ];
        for (seed, low, high, expected) in cases {
            assert_eq!(NumpyRng::new(seed).integers(low, high, 6), expected, "seed {seed}");
        }
    }
}
