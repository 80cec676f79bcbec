//! NeuroNexus: a model's name says where its sites lie.
//!
//! `A4x8-5mm-100-200-177` is four shanks of eight sites, 5 mm long, 100 µm from site to site, 200 µm from shank to
//! shank, sites of 177 µm²; the package may follow. The numbers of the sites are those of the maker's maps where
//! these are known (for 16 sites they depend on the package), and count from the tip elsewhere.

use super::layout::{
    Line, Places, build, column, from_the_tip, numbered, numbered_from_one, numbers, places, shanks,
};
use crate::data::{ContactShape, Probe};

const MAKER: &str = "NeuroNexus";

/// Models of the catalogue by the first part of their name; each is also made from a name that is typed.
const LISTED: &[(&str, &str)] = &[
    (
        "A1x16",
        "3mm-25-177 3mm-50-177 3mm-100-177 3mm-150-177 5mm-25-177 5mm-50-177 5mm-50-413 5mm-50-703 \
               5mm-100-177 5mm-100-413 5mm-150-177 10mm-100-177",
    ),
    (
        "A1x32",
        "5mm-25-177 5mm-50-177 6mm-50-177 6mm-50-413 6mm-100-177 6mm-100-413 10mm-50-177 10mm-50-413 \
               10mm-100-177 10mm-100-413 10mm-100-703 15mm-50-177 15mm-100-177 Edge-5mm-20-177 Edge-5mm-100-177 \
               Edge-10mm-20-177 Edge-10mm-100-177 Poly2-5mm-50s-177 Poly2-10mm-50s-177 Poly3-5mm-25s-177 \
               Poly3-10mm-50-177",
    ),
    ("A1x64", "Edge-6mm-20-177"),
    ("A2x2", "tet-3mm-150-150-121"),
    ("A2x16", "10mm-50-500-177 10mm-50-500-413 10mm-100-500-177 10mm-100-500-413 10mm-100-500-703"),
    ("A2x32", "5mm-25-200-177 5mm-100-200-177 6mm-70-200-177 8mm-35-200-177"),
    ("A2x64", "Poly4-10mm-20-800-100"),
    ("A4x2", "tet-5mm-150-200-121 tet-5mm-150-200-312 tet-7mm-150-200-121"),
    (
        "A4x4",
        "3mm-50-125-177 3mm-50-125-413 3mm-100-125-177 3mm-100-125-413 4mm-100-125-177 4mm-200-200-1250 \
              tet-5mm-150-200-121",
    ),
    (
        "A4x8",
        "5mm-50-200-177 5mm-50-200-413 5mm-50-200-703 5mm-50-400-177 5mm-100-200-177 5mm-100-200-413 \
              5mm-100-200-703 5mm-100-400-177 5mm-100-400-413 5mm-100-400-703 5mm-200-200-177 5mm-200-200-413 \
              5mm-200-400-177 5mm-200-400-413 5mm-200-400-703 10mm-200-500-177",
    ),
    ("A4x16", "3mm-50-200-177 5mm-50-200-177 5mm-50-500-703 Poly3-5mm-20s-200-160"),
    ("A4x32", "Poly2-5mm-23s-200-177"),
    ("A8x4", "2mm-50-200-177 2mm-100-200-177 2mm-100-200-413 2mm-200-200-177 2mm-200-200-413"),
    (
        "A8x8",
        "5mm-200-200-177 5mm-200-200-413 5mm-200-200-703 10mm-200-200-177 10mm-200-200-413 10mm-200-200-703 \
              Edge-5mm-50-150-177 Edge-5mm-100-200-177",
    ),
    ("A8x16", "Edge-5mm-30-500-121 Edge-5mm-50-150-177 Edge-5mm-100-200-177"),
    ("A16x8", "5mm-berg-200-160"),
    ("Buzsaki32", ""),
    ("Buzsaki64", ""),
];

/// How the sites of a shank lie.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Linear,
    Edge,
    Tetrodes,
    Poly2,
    Poly3,
}

/// A model's name, taken apart.
struct Model {
    kind: Kind,
    shanks: usize,
    /// Sites of a shank, or its tetrodes.
    each: usize,
    /// From site to site, and whether an `s` follows: from each site to its neighbours.
    pitch: f64,
    is_staggered: bool,
    between_shanks: f64,
    area: f64,
    package: String,
}

/// The names and what they are.
pub(super) fn names() -> impl Iterator<Item = (String, String)> {
    let name =
        |first: &str, rest: &str| if rest.is_empty() { first.to_owned() } else { format!("{first}-{rest}") };
    LISTED.iter().flat_map(move |(first, rest)| {
        let mut all: Vec<String> = rest.split_whitespace().map(|rest| name(first, rest)).collect();
        if rest.is_empty() {
            all.push((*first).to_owned());
        }
        // The numbers of 16 sites depend on the package.
        if *first == "A1x16" {
            all = all.iter().flat_map(|name| [format!("{name}-A16"), format!("{name}-CM16")]).collect();
        }
        all.into_iter().filter_map(|name| {
            let about = about(&name)?;
            Some((name, about))
        })
    })
}

fn about(name: &str) -> Option<String> {
    let probe = make(name)?;
    let shanks = probe.shank_ids.len();
    let each = probe.contacts.len() / shanks.max(1);
    let high = probe.contacts.iter().map(|c| c.position_um[1]).fold(0.0, f64::max);
    let low = probe.contacts.iter().map(|c| c.position_um[1]).fold(f64::INFINITY, f64::min);
    let shanks = if shanks == 1 { "One shank".to_owned() } else { format!("{shanks} shanks") };
    Some(format!("{shanks} of {each} sites over {:.0} µm", high - low))
}

/// The probe of a model's name; upper and lower case are the same.
pub(super) fn make(name: &str) -> Option<Probe> {
    let lower = name.to_lowercase();
    if let Some(probe) = drawn(&lower) {
        return Some(probe);
    }
    let model = parse(&lower)?;
    let shape = match model.area as u32 {
        100 => ContactShape::Square { width_um: 10.0 },
        121 => ContactShape::Square { width_um: 11.0 },
        _ => disc(model.area),
    };
    let places = model.places()?;
    let probe = build(&title(name), MAKER, shape, &places);
    let count = probe.contacts.len();
    if count > 1024 {
        return None;
    }
    match model.numbers().filter(|numbers| numbers.len() == count) {
        Some(numbers) => numbered(probe, &numbers),
        None => Some(numbered_from_one(probe)),
    }
}

/// A name as the maker writes it.
fn title(name: &str) -> String {
    let mut words = Vec::new();
    for (index, word) in name.split('-').enumerate() {
        let lower = word.to_lowercase();
        words.push(match lower.as_str() {
            _ if index == 0 => word.to_uppercase().replace('X', "x"),
            "edge" => "Edge".to_owned(),
            "poly2" => "Poly2".to_owned(),
            "poly3" => "Poly3".to_owned(),
            "tet" => lower,
            // The package.
            _ if lower.starts_with(|c: char| c.is_ascii_alphabetic()) => lower.to_uppercase(),
            _ => lower,
        });
    }
    words.join("-")
}

fn disc(area: f64) -> ContactShape {
    ContactShape::Circle { radius_um: ((area / std::f64::consts::PI).sqrt() * 10.0).round() / 10.0 }
}

fn parse(name: &str) -> Option<Model> {
    let mut words: Vec<&str> = name.split('-').collect();
    let (shanks, each) = words.first()?.strip_prefix('a')?.split_once('x')?;
    let (shanks, each): (usize, usize) = (shanks.parse().ok()?, each.parse().ok()?);
    if !(1..=64).contains(&shanks) || !(1..=256).contains(&each) {
        return None;
    }
    words.remove(0);
    let kind = match *words.first()? {
        "edge" => Kind::Edge,
        "tet" => Kind::Tetrodes,
        "poly2" => Kind::Poly2,
        "poly3" => Kind::Poly3,
        _ => Kind::Linear,
    };
    if kind != Kind::Linear {
        words.remove(0);
    }
    let shank_length: f64 = words.first()?.strip_suffix("mm")?.parse().ok()?;
    words.remove(0);
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let package = words.pop_if(|word| !is_number(word)).unwrap_or_default().to_owned();
    let several = shanks > 1;
    if words.len() != if several { 3 } else { 2 } || shank_length <= 0.0 {
        return None;
    }
    let is_staggered = words[0].ends_with('s');
    let number = |word: &str| word.parse::<f64>().ok().filter(|um| (1.0..=20_000.0).contains(um));
    let pitch = number(words[0].trim_end_matches('s'))?;
    Some(Model {
        kind,
        shanks,
        each,
        pitch,
        is_staggered,
        between_shanks: if several { number(words[1])? } else { 0.0 },
        area: number(words.last()?)?,
        package,
    })
}

impl Model {
    /// Where the sites lie, `None` where the name does not say.
    fn places(&self) -> Option<Vec<Places>> {
        let straight = !self.is_staggered;
        let all = |lines: &[Line]| Some(shanks(self.shanks, self.between_shanks, lines));
        match self.kind {
            Kind::Linear | Kind::Edge if straight => all(&[column(0.0, 0.0, self.pitch, self.each)]),
            // Four sites around each middle, 25 µm from neighbour to neighbour.
            Kind::Tetrodes if straight => {
                let r = 25.0 / 2.0_f64.sqrt();
                let around = [[0.0, -r], [-r, 0.0], [r, 0.0], [0.0, r]];
                let lines: Vec<Line> =
                    around.iter().map(|&[x, y]| column(x, y + r, self.pitch, self.each)).collect();
                all(&lines)
            }
            // Two columns whose sites are as far from the nearest of the other as from the next of their own.
            Kind::Poly2 if self.is_staggered && self.shanks == 1 && self.each.is_multiple_of(2) => {
                let x = (self.pitch * 3.0_f64.sqrt() / 2.0 * 10.0).round() / 10.0;
                let half = self.each / 2;
                all(&[column(0.0, 0.0, self.pitch, half), column(x, self.pitch / 2.0, self.pitch, half)])
            }
            Kind::Poly3 if self.shanks == 1 && self.each == 32 => match (self.pitch as u32, straight) {
                (50, true) => all(&[
                    column(0.0, 50.0, 50.0, 10),
                    column(50.0, 0.0, 50.0, 12),
                    column(100.0, 50.0, 50.0, 10),
                ]),
                (25, false) => all(&[
                    column(0.0, 12.5, 25.0, 10),
                    column(18.0, 0.0, 25.0, 12),
                    column(36.0, 12.5, 25.0, 10),
                ]),
                _ => None,
            },
            _ => None,
        }
    }

    /// The numbers of the sites from the tip up, shank by shank, where the maker's map is known.
    fn numbers(&self) -> Option<Vec<usize>> {
        let of_shanks = |one: &[usize]| {
            (0..self.shanks).flat_map(|shank| one.iter().map(move |n| n + shank * one.len())).collect()
        };
        let package = self.package.as_str();
        match (self.kind, self.shanks, self.each) {
            (Kind::Linear, 1, 32) | (Kind::Linear, 2 | 4, 16) | (Kind::Linear, 4 | 8, 8) => {
                Some(of_shanks(&alternating(self.each)))
            }
            (Kind::Linear, 1, 16) => match package {
                "a16" => Some(numbers("6 11 3 14 1 16 2 15 5 12 4 13 7 10 8 9")),
                "cm16" | "h16" => Some(alternating(16)),
                _ => None,
            },
            (Kind::Linear, 4, 4) => match package {
                "a16" => Some(numbers("6 2 3 1 5 8 4 7 9 12 10 13 15 11 16 14")),
                "cm16lp" => Some(of_shanks(&[3, 2, 4, 1])),
                _ => None,
            },
            (Kind::Edge, 1, 32) => Some((1..=32).collect()),
            (Kind::Tetrodes, 2 | 4, 2) => Some(of_shanks(&[6, 1, 8, 3, 5, 2, 7, 4])),
            (Kind::Tetrodes, 4, 4) => {
                Some(of_shanks(&[3, 1, 16, 14, 5, 2, 15, 11, 7, 4, 13, 10, 8, 6, 12, 9]))
            }
            (Kind::Poly2, 1, 32) => {
                let left = numbers("16-11 1-10");
                let right = numbers("17-22 32-23");
                Some(left.into_iter().zip(right).flat_map(|(left, right)| [left, right]).collect())
            }
            (Kind::Poly3, 1, 32) => Some(match self.is_staggered {
                true => rows("1-10", "11 22 12 21 13 20 14 19 15 18 16 17", "32-23", false),
                false => rows("10-3 1 2", "11 22 12 21 13 20 14 19 15 18 16 17", "23-30 32 31", true),
            }),
            _ => None,
        }
    }
}

/// 1, n, 2, n - 1, …: as the leads of a straight shank lie to its left and right.
fn alternating(count: usize) -> Vec<usize> {
    (0..count).map(|i| if i % 2 == 0 { i / 2 + 1 } else { count - i / 2 }).collect()
}

/// Three columns with the middle one first at the tip; the outer ones are in its rows or between them.
fn rows(left: &str, middle: &str, right: &str, is_in_rows: bool) -> Vec<usize> {
    let (left, middle, right) = (numbers(left), numbers(middle), numbers(right));
    let mut all = Vec::new();
    for (row, &centre) in middle.iter().enumerate() {
        let outer = if is_in_rows { row.checked_sub(1) } else { Some(row) };
        let sides = outer.and_then(|row| Some((*left.get(row)?, *right.get(row)?)));
        match sides {
            Some((left, right)) if is_in_rows => all.extend([left, centre, right]),
            Some((left, right)) => all.extend([centre, left, right]),
            None => all.push(centre),
        }
    }
    all
}

/// Models whose name does not tell all.
fn drawn(name: &str) -> Option<Probe> {
    // From the tip, by turns left and right.
    const BUZSAKI: [f64; 8] = [0.0, -8.5, 8.5, -12.5, 12.5, -16.5, 16.5, -20.5];
    let name =
        name.split_once("-h32").map_or(name, |(model, _)| if model == "buzsaki32" { model } else { name });
    let zigzag = |count: usize, xs: &[f64], step: f64| -> Vec<Places> {
        let one = |shank: usize| -> Places {
            xs.iter().enumerate().map(|(i, x)| [200.0 * shank as f64 + x, step * i as f64]).collect()
        };
        (0..count).map(one).collect()
    };
    let buzsaki = |title: &str, count: usize| {
        let probe = build(title, MAKER, disc(160.0), &zigzag(count, &BUZSAKI, 20.0));
        let numbers: Vec<usize> =
            (0..count).flat_map(|shank| [5, 4, 6, 3, 7, 2, 8, 1].map(|n| n + 8 * shank)).collect();
        numbered(probe, &numbers)
    };
    let plain = |title: &str, area: f64, shanks: &[Places]| {
        let shape = if area == 100.0 { ContactShape::Square { width_um: 10.0 } } else { disc(area) };
        Some(numbered_from_one(build(title, MAKER, shape, shanks)))
    };
    match name {
        "buzsaki32" => buzsaki("Buzsaki32", 4),
        "buzsaki64" => buzsaki("Buzsaki64", 8),
        "a16x8-5mm-berg-200-160" => plain("A16x8-5mm-berg-200-160", 160.0, &zigzag(16, &BUZSAKI, 30.0)),
        "a4x16-poly3-5mm-20s-200-160" => {
            let x = 300.0_f64.sqrt();
            let lines = [column(-x, 10.0, 20.0, 5), column(0.0, 0.0, 20.0, 6), column(x, 10.0, 20.0, 5)];
            plain("A4x16-Poly3-5mm-20s-200-160", 160.0, &shanks(4, 200.0, &lines))
        }
        "a4x32-poly2-5mm-23s-200-177" => {
            let lines = [column(15.0, 0.0, 46.0, 16), column(-15.0, 23.0, 46.0, 16)];
            plain("A4x32-Poly2-5mm-23s-200-177", 177.0, &shanks(4, 200.0, &lines))
        }
        "a2x64-poly4-10mm-20-800-100" => {
            let one = |shank: usize| {
                let x = 800.0 * shank as f64;
                let mut all = places(&[column(-10.0, 0.0, 20.0, 17), column(10.0, 0.0, 20.0, 17)], x);
                all.extend(places(&[column(-30.0, 40.0, 20.0, 15), column(30.0, 40.0, 20.0, 15)], x));
                from_the_tip(&mut all);
                all
            };
            plain("A2x64-Poly4-10mm-20-800-100", 100.0, &[one(0), one(1)])
        }
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn at(probe: &Probe, number: usize) -> [f64; 2] {
        let id = number.to_string();
        probe.contacts.iter().find(|contact| contact.contact_id == id).unwrap().position_um
    }

    #[test]
    fn a_name_says_where_the_sites_lie_and_how_they_are_numbered() {
        let probe = make("a2x16-3mm-75-300-413").unwrap();
        assert_eq!((probe.name.as_str(), probe.contacts.len()), ("A2x16-3mm-75-300-413", 32));
        assert_eq!((at(&probe, 1), at(&probe, 16), at(&probe, 9)), ([0.0, 0.0], [0.0, 75.0], [0.0, 1125.0]));
        assert_eq!(at(&probe, 17), [300.0, 0.0]);
        assert_eq!(probe.contacts[0].shape, ContactShape::Circle { radius_um: 11.5 });
        // From the tip of the maker's map of the package A16, and of the others.
        assert_eq!(at(&make("A1x16-5mm-50-177-A16").unwrap(), 6), [0.0, 0.0]);
        assert_eq!(at(&make("A1x16-5mm-50-177-CM16").unwrap(), 16), [0.0, 50.0]);
        let probe = make("A1x32-Poly2-5mm-50s-177").unwrap();
        assert_eq!(
            (at(&probe, 16), at(&probe, 17), at(&probe, 23)),
            ([0.0, 0.0], [43.3, 25.0], [43.3, 775.0])
        );
        let probe = make("A1x32-Poly3-5mm-25s-177-CM32").unwrap();
        assert_eq!(
            (at(&probe, 11), at(&probe, 1), at(&probe, 23)),
            ([18.0, 0.0], [0.0, 12.5], [36.0, 237.5])
        );
        assert_eq!((at(&probe, 16), at(&probe, 17)), ([18.0, 250.0], [18.0, 275.0]));
        let tetrodes = make("A2x2-tet-3mm-150-150-121").unwrap();
        let [x, y] = at(&tetrodes, 1);
        assert!((x + 17.68).abs() < 0.01 && (y - 17.68).abs() < 0.01);
        assert_eq!(at(&make("Buzsaki32").unwrap(), 8 + 5), [200.0, 0.0]);
    }

    #[test]
    fn names_that_do_not_say_it_make_no_probe() {
        for name in [
            "A1x16",
            "A1x16-5mm",
            "A1x16-5mm-50",
            "A4x8-5mm-100-177",
            "A1x32-Poly2-5mm-50-177",
            "A0x8-5mm-50-177",
            "A1x32-Poly5-6mm-25s-177",
            "A4x8-5mm-0-200-177",
            "B1x16-5mm-50-177",
            "A99x99-5mm-50-200-177",
            "",
        ] {
            assert!(make(name).is_none(), "{name}");
        }
    }

    #[test]
    fn every_number_is_given_once() {
        for (name, _) in names() {
            let probe = make(&name).unwrap();
            let mut numbers: Vec<usize> =
                probe.contacts.iter().map(|c| c.contact_id.parse().unwrap()).collect();
            numbers.sort_unstable();
            assert!(numbers.into_iter().eq(1..=probe.contacts.len()), "{name}");
        }
    }
}
