//! Least and greatest value of each stretch of frames.

/// Extremes of one channel, a bin each; the bins are aligned to multiples of `bin_frames`.
#[derive(Clone, Debug, PartialEq)]
pub struct Extremes {
    /// Frames of a bin.
    pub bin_frames: usize,
    /// Bins of a channel.
    pub num_bins: usize,
    /// `(channel, bin)`, C order: `[least, greatest]`.
    pub values: Vec<[f32; 2]>,
}

impl Extremes {
    /// The bins of a channel; none where there is no such channel.
    pub fn channel(&self, channel: usize) -> &[[f32; 2]] {
        let start = channel.saturating_mul(self.num_bins);
        self.values.get(start..start.saturating_add(self.num_bins)).unwrap_or(&[])
    }

    /// The same with bins `factor` times as long; the last bin may be shorter.
    pub fn coarser(&self, factor: usize) -> Self {
        let num_channels = self.values.len().checked_div(self.num_bins).unwrap_or(0);
        let num_bins = self.num_bins.div_ceil(factor);
        let mut values = Vec::with_capacity(num_channels * num_bins);
        for channel in 0..num_channels {
            values.extend(self.channel(channel).chunks(factor).map(|bins| {
                bins.iter().fold([f32::INFINITY, f32::NEG_INFINITY], |all, one| {
                    [all[0].min(one[0]), all[1].max(one[1])]
                })
            }));
        }
        Self { bin_frames: self.bin_frames * factor, num_bins, values }
    }

    /// Memory it takes.
    pub fn bytes(&self) -> usize {
        self.values.len() * size_of::<[f32; 2]>()
    }
}

/// Extremes of `samples` in bins of `bin_frames`, appended to `out`; the last bin may be shorter.
pub fn bin(samples: &[f32], bin_frames: usize, out: &mut Vec<[f32; 2]>) {
    if bin_frames == 1 {
        out.extend(samples.iter().map(|&x| [x, x]));
        return;
    }
    out.extend(samples.chunks(bin_frames).map(|chunk| {
        // Lanes of eight let the compiler use vector instructions.
        let (mut low, mut high) = ([f32::INFINITY; 8], [f32::NEG_INFINITY; 8]);
        let (eights, rest) = chunk.as_chunks::<8>();
        for eight in eights {
            for i in 0..8 {
                low[i] = if eight[i] < low[i] { eight[i] } else { low[i] };
                high[i] = if eight[i] > high[i] { eight[i] } else { high[i] };
            }
        }
        let low = rest.iter().chain(&low).fold(f32::INFINITY, |a, &b| a.min(b));
        let high = rest.iter().chain(&high).fold(f32::NEG_INFINITY, |a, &b| a.max(b));
        [low, high]
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(count: usize) -> Vec<f32> {
        let mut state = 1u32;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 1e5 - 80.0
            })
            .collect()
    }

    #[test]
    fn bins_equal_brute_force() {
        let samples = noise(1003);
        for bin_frames in [1, 3, 8, 17, 64, 2000] {
            let mut out = Vec::new();
            bin(&samples, bin_frames, &mut out);
            assert_eq!(out.len(), samples.len().div_ceil(bin_frames));
            for (i, [low, high]) in out.into_iter().enumerate() {
                let part = &samples[i * bin_frames..((i + 1) * bin_frames).min(samples.len())];
                assert_eq!(low, part.iter().copied().fold(f32::INFINITY, f32::min));
                assert_eq!(high, part.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            }
        }
    }

    #[test]
    fn coarser_bins_equal_bins_from_raw() {
        let samples = noise(2 * 1003);
        let of = |bin_frames: usize| {
            let mut values = Vec::new();
            for channel in samples.chunks(1003) {
                bin(channel, bin_frames, &mut values);
            }
            Extremes { bin_frames, num_bins: 1003usize.div_ceil(bin_frames), values }
        };
        assert_eq!(of(8).coarser(8), of(64));
        assert_eq!(of(1).coarser(8).coarser(64), of(512));
    }
}
