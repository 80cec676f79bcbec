//! Colours of data: units, traces, densities. Colours of the window itself are in `theme`.

use egui::Color32;

/// Colours of units on dark and light ground, told apart by colour-blind readers (after Okabe and Ito 2008
/// and Tol 2021), neighbours in the cycle far apart.
const UNITS: [(u32, u32); 10] = [
    (0x6fb1f2, 0x1f6fb8),
    (0xf5a142, 0xc46200),
    (0x4fd1a5, 0x0a8a63),
    (0xe88bc6, 0xb23a86),
    (0xf2e05c, 0x9a8300),
    (0x7fe0f2, 0x0d87a0),
    (0xf2766b, 0xc0392f),
    (0xb49af2, 0x6d4fc0),
    (0xb7d36b, 0x5f7f12),
    (0xcfd3da, 0x50565f),
];

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// The colour of a unit by its index.
pub fn unit(index: usize, dark: bool) -> Color32 {
    let (on_dark, on_light) = UNITS[index % UNITS.len()];
    let color = rgb(if dark { on_dark } else { on_light });
    // Where the colours begin again they are lighter, then darker.
    match index / UNITS.len() % 3 {
        0 => color,
        1 => color.lerp_to_gamma(Color32::WHITE, if dark { 0.5 } else { 0.35 }),
        _ => color.lerp_to_gamma(Color32::BLACK, 0.35),
    }
}

/// The colour of a trace.
pub fn trace(dark: bool) -> Color32 {
    if dark { rgb(0xa7b0bd) } else { rgb(0x48505c) }
}

/// Stops from nothing to much, for one sign or for amounts.
struct Ramp<const N: usize>([u32; N]);

impl<const N: usize> Ramp<N> {
    fn at(&self, value: f32) -> Color32 {
        let place = value.clamp(0.0, 1.0) * (N - 1) as f32;
        let below = (place as usize).min(N - 2);
        rgb(self.0[below]).lerp_to_gamma(rgb(self.0[below + 1]), place - below as f32)
    }
}

/// 256 colours from negative over nothing to positive: cold below, warm above.
pub fn diverging(dark: bool) -> [Color32; 256] {
    let (negative, positive) = if dark {
        (
            Ramp([0x0e1013, 0x123a5c, 0x2389c9, 0x7ed0ff, 0xf2fbff]),
            Ramp([0x0e1013, 0x4f2a0c, 0xb9631b, 0xffb05c, 0xfff4e4]),
        )
    } else {
        (
            Ramp([0xffffff, 0xb9d9f2, 0x4f9bd8, 0x1b5ea6, 0x08264d]),
            Ramp([0xffffff, 0xfbdcb8, 0xeb9a45, 0xb25c08, 0x4d2500]),
        )
    };
    std::array::from_fn(|i| {
        let value = i as f32 / 127.5 - 1.0;
        // Noise stays near the ground, spikes stand out.
        let strength = value.abs().powf(1.4);
        if value < 0.0 { negative.at(strength) } else { positive.at(strength) }
    })
}

/// Colour of an amount from 0 to 1, such as the amplitude of a peak on a drift map.
pub fn amount(value: f32, dark: bool) -> Color32 {
    if dark {
        Ramp([0x2b4a6b, 0x2f8fb0, 0x5fd0a0, 0xf2e05c, 0xfffbe0]).at(value)
    } else {
        Ramp([0xc3d6ea, 0x5fa8cf, 0x1f8a7a, 0x8a6d00, 0x4a1f00]).at(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_the_colour_of_the_ground() {
        for dark in [true, false] {
            let colors = diverging(dark);
            let ground = if dark { rgb(0x0e1013) } else { rgb(0xffffff) };
            for channel in 0..3 {
                assert!(colors[127][channel].abs_diff(ground[channel]) < 4);
            }
            assert_ne!(colors[0], colors[255]);
        }
    }
}
