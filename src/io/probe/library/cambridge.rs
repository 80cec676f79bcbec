//! Cambridge NeuroTech: designs of shanks on assemblies, `ASSY-236-H3`; contacts are named and ordered by their pins.

use super::{
    cambridge_pins::{OWN, PACKAGES_16, PACKAGES_32, PACKAGES_64, PINS_16, PINS_32, PINS_64},
    layout::{Line, Places, build, by_number, column, numbered, numbers, places, slanted},
};
use crate::data::{ContactShape, Probe};

const MAKER: &str = "Cambridge NeuroTech";

struct Design {
    name: &'static str,
    about: &'static str,
    site: [f64; 2],
    /// From shank to shank.
    pitch: f64,
    /// How many shanks are of these lines.
    groups: &'static [(usize, &'static [Line])],
    /// The name its pins stand under.
    pins: &'static str,
    packages: &'static str,
}

const SITE: [f64; 2] = [11.0, 15.0];
const SMALL: [f64; 2] = [5.0, 5.0];
const SQUARE: [f64; 2] = [12.0, 12.0];

const ONE_COLUMN: &[Line] = &[column(0.0, 0.0, 25.0, 32)];
const EDGE: &[Line] = &[
    slanted([-7.0, 25.0], [-3.0, 40.0], 8),
    slanted([0.0, 0.0], [3.0, 40.0], 5),
    slanted([14.0, 200.0], [3.0, 40.0], 3),
];
const WIDE_EDGE: &[Line] = &[column(0.0, 20.0, 40.0, 8), column(70.0, 0.0, 40.0, 8)];
const POLY: &[Line] = &[column(0.0, 0.0, 25.0, 8), column(22.5, 12.5, 25.0, 8)];
const POLY_23: &[Line] = &[column(0.0, 0.0, 25.0, 8), column(23.0, 12.5, 25.0, 8)];
const TEN: &[Line] = &[column(0.0, 0.0, 30.0, 5), column(16.5, 15.0, 30.0, 5)];
const ELEVEN: &[Line] = &[column(0.0, 0.0, 30.0, 6), column(16.5, 15.0, 30.0, 5)];
const TEN_17: &[Line] = &[column(0.0, 0.0, 30.0, 5), column(17.0, 15.0, 30.0, 5)];
const ELEVEN_17: &[Line] = &[column(0.0, 0.0, 30.0, 6), column(17.0, 15.0, 30.0, 5)];
const DENSE: &[Line] = &[
    column(0.0, 0.0, 9.0, 8),
    column(9.0, 0.0, 9.0, 8),
    column(18.0, 0.0, 9.0, 8),
    column(27.0, 0.0, 9.0, 8),
];
const THREE: &[Line] =
    &[column(0.0, 45.0, 30.0, 10), column(18.5, 0.0, 30.0, 12), column(37.0, 45.0, 30.0, 10)];
const THREE_19: &[Line] =
    &[column(0.0, 15.0, 30.0, 10), column(19.0, 0.0, 30.0, 12), column(38.0, 15.0, 30.0, 10)];
const THREE_DENSE: &[Line] =
    &[column(0.0, 15.0, 15.0, 10), column(19.0, 0.0, 15.0, 12), column(38.0, 15.0, 15.0, 10)];
const STAGGERED: &[Line] = &[column(0.0, 0.0, 25.0, 16), column(22.5, 12.5, 25.0, 16)];
const STAGGERED_23: &[Line] = &[column(0.0, 0.0, 25.0, 16), column(23.0, 12.5, 25.0, 16)];
const TAPERED: &[Line] = &[slanted([-20.0, 25.0], [-0.5, 50.0], 16), slanted([0.0, 0.0], [0.5, 50.0], 16)];
const TAPERED_52: &[Line] = &[column(0.0, 0.0, 50.0, 16), column(52.0, -25.0, 50.0, 16)];
const LONG: &[Line] = &[column(0.0, 0.0, 60.0, 16), column(22.5, 30.0, 60.0, 16)];
const LONG_23: &[Line] = &[column(0.0, 0.0, 60.0, 16), column(23.0, 30.0, 60.0, 16)];
const FOUR_COLUMNS: &[Line] = &[
    column(-16.0, 20.0, 40.0, 16),
    column(0.0, 0.0, 40.0, 16),
    column(16.0, 20.0, 40.0, 16),
    column(32.0, 0.0, 40.0, 16),
];

const fn design(
    (name, pins): (&'static str, &'static str),
    about: &'static str,
    pitch: f64,
    groups: &'static [(usize, &'static [Line])],
    packages: &'static str,
) -> Design {
    Design { name, about, site: SITE, pitch, groups, pins, packages }
}

const fn of_sites(site: [f64; 2], design: Design) -> Design {
    Design { site, ..design }
}

const F_SHANKS: &[(usize, &[Line])] = &[(1, TEN), (4, ELEVEN), (1, TEN)];
const F_SHANKS_17: &[(usize, &[Line])] = &[(1, TEN_17), (4, ELEVEN_17), (1, TEN_17)];
const F8: &[(usize, &[Line])] = &[(8, &[column(0.0, 15.0, 15.0, 8), column(17.0, 0.0, 15.0, 8)])];
const ALL_64: &str = "77 156 158 236 276";
const ALL_32: &str = "37 116 196";

const E: &str = "Four shanks of 16 contacts along their edges";
const P: &str = "Four shanks of two staggered columns of 8";
const F: &str = "Six shanks of 10 and 11 contacts";
const H10: &str = "Two shanks of three columns";
const M1: &str = "One shank of four staggered columns";
const M2: &str = "One shank, one column of 64, 31 µm apart";

const DESIGNS: &[Design] = &[
    // 64 contacts.
    design(("E-1", "E"), E, 250.0, &[(4, EDGE)], ALL_64),
    design(("E-2", "E"), E, 250.0, &[(4, EDGE)], ALL_64),
    design(("P-1", "P"), P, 250.0, &[(4, POLY)], ALL_64),
    design(("P-2", "P"), P, 250.0, &[(4, POLY)], ALL_64),
    design(("F", "F"), F, 200.0, F_SHANKS, ALL_64),
    of_sites(
        SMALL,
        design(("H1", "H1"), "Two shanks of 4 × 8 contacts, 9 µm apart", 250.0, &[(2, DENSE)], "77 156 236"),
    ),
    design(
        ("H2", "H2"),
        "Two shanks of 32 contacts, 25 µm apart",
        250.0,
        &[(2, ONE_COLUMN)],
        "77 156 158 236 276 325",
    ),
    design(
        ("H3", "H3"),
        "One shank of 64 contacts, 20 µm apart",
        0.0,
        &[(1, &[column(0.0, 0.0, 20.0, 64)])],
        ALL_64,
    ),
    design(
        ("H5", "H5"),
        "One shank, two staggered columns of 32, 25 µm apart",
        0.0,
        &[(1, &[column(0.0, 0.0, 25.0, 32), column(22.5, 12.5, 25.0, 32)])],
        ALL_64,
    ),
    design(
        ("H6", "H6"),
        "Two shanks of two staggered columns of 16, 25 µm apart",
        250.0,
        &[(2, STAGGERED)],
        ALL_64,
    ),
    design(("H7", "H7"), "Two shanks of 32 contacts along their edges", 250.0, &[(2, TAPERED)], ALL_64),
    design(
        ("H8", "H8"),
        "Two shanks of two staggered columns of 16, 60 µm apart",
        250.0,
        &[(2, LONG)],
        ALL_64,
    ),
    design(
        ("H9", "H5"),
        "One shank, two staggered columns of 32, 45 µm apart",
        0.0,
        &[(1, &[column(0.0, 0.0, 45.0, 32), column(22.5, 22.5, 45.0, 32)])],
        ALL_64,
    ),
    design(("H10", "H10"), H10, 150.0, &[(2, THREE)], "77 236 276"),
    design(
        ("L3", "H3"),
        "One shank of 64 contacts, 50 µm apart",
        0.0,
        &[(1, &[column(0.0, 0.0, 50.0, 64)])],
        ALL_64,
    ),
    of_sites(SQUARE, design(("M1v1", "M1v1"), M1, 0.0, &[(1, FOUR_COLUMNS)], ALL_64)),
    of_sites(SQUARE, design(("M1v2", "M1v2"), M1, 0.0, &[(1, FOUR_COLUMNS)], "77 236")),
    of_sites(SQUARE, design(("M2v1", "M2v1"), M2, 0.0, &[(1, &[column(0.0, 0.0, 31.0, 64)])], ALL_64)),
    of_sites(SQUARE, design(("M2v2", "H3"), M2, 0.0, &[(1, &[column(0.0, 0.0, 31.0, 64)])], "77 156 236")),
    // The same on the assembly 325, where some lie a little elsewhere.
    design(("E-1", "E"), E, 250.0, &[(4, WIDE_EDGE)], "325"),
    design(("E-2", "E"), E, 250.0, &[(4, WIDE_EDGE)], "325"),
    design(("P-1", "P"), P, 250.0, &[(4, POLY_23)], "325"),
    design(("P-2", "P"), P, 250.0, &[(4, POLY_23)], "325"),
    design(("F", "F"), F, 200.0, F_SHANKS_17, "325"),
    design(
        ("H3", "H3"),
        "One shank of 63 contacts, 20 µm apart",
        0.0,
        &[(1, &[column(0.0, 0.0, 20.0, 63)])],
        "325",
    ),
    design(
        ("H5", "H5"),
        "One shank, two staggered columns of 32, 25 µm apart",
        0.0,
        &[(1, &[column(0.0, 0.0, 25.0, 32), column(23.0, 12.5, 25.0, 32)])],
        "325",
    ),
    design(
        ("H6", "H6"),
        "Two shanks of two staggered columns of 16, 25 µm apart",
        250.0,
        &[(2, STAGGERED_23)],
        "325",
    ),
    design(("H7", "H7"), "Two shanks of 32 contacts along their edges", 250.0, &[(2, TAPERED_52)], "325"),
    design(
        ("H8", "H8"),
        "Two shanks of two staggered columns of 16, 60 µm apart",
        250.0,
        &[(2, LONG_23)],
        "325",
    ),
    design(
        ("H9", "H9"),
        "One shank, two staggered columns, 45 µm apart",
        0.0,
        &[(1, &[column(0.0, 0.0, 45.0, 32), column(23.0, 22.5, 45.0, 31)])],
        "325",
    ),
    design(("H10", "H10"), H10, 150.0, &[(2, THREE_19)], "325"),
    design(
        ("L3", "H3"),
        "One shank of 63 contacts, 50 µm apart",
        0.0,
        &[(1, &[column(0.0, 0.0, 50.0, 63)])],
        "325",
    ),
    of_sites(SQUARE, design(("M1v2", "M1v2"), M1, 0.0, &[(1, FOUR_COLUMNS)], "325")),
    of_sites(SQUARE, design(("M2v2", "M2v2"), M2, 0.0, &[(1, &[column(0.0, 0.0, 31.0, 64)])], "325")),
    // 32 contacts.
    design(("E-1", "E"), "Two shanks of 16 contacts along their edges", 250.0, &[(2, EDGE)], ALL_32),
    design(("E-2", "E"), "Two shanks of 16 contacts along their edges", 250.0, &[(2, EDGE)], ALL_32),
    design(("P-1", "P"), "Two shanks of two staggered columns of 8", 250.0, &[(2, POLY)], ALL_32),
    design(("P-2", "P"), "Two shanks of two staggered columns of 8", 250.0, &[(2, POLY)], ALL_32),
    design(("Fb", "Fb"), "Three shanks of 10 and 11 contacts", 200.0, &[(1, TEN), (2, ELEVEN)], ALL_32),
    of_sites(
        SMALL,
        design(("H1b", "H1b"), "One shank of 4 × 8 contacts, 9 µm apart", 0.0, &[(1, DENSE)], "37 116"),
    ),
    design(("H4", "H4"), "One shank of 32 contacts, 25 µm apart", 0.0, &[(1, ONE_COLUMN)], ALL_32),
    design(
        ("H6b", "H6b"),
        "One shank, two staggered columns of 16, 25 µm apart",
        0.0,
        &[(1, STAGGERED)],
        ALL_32,
    ),
    design(("H7b", "H7b"), "One shank of 32 contacts along its edges", 0.0, &[(1, TAPERED)], "37"),
    design(
        ("H8b", "H8b"),
        "One shank, two staggered columns of 16, 60 µm apart",
        0.0,
        &[(1, LONG)],
        "37 116",
    ),
    design(("H10b", "H10b"), "One shank of three columns", 0.0, &[(1, THREE)], ALL_32),
    design(
        ("L2", "L2"),
        "Two shanks of 16 contacts, 50 µm apart",
        250.0,
        &[(2, &[column(0.0, 0.0, 50.0, 16)])],
        "37 116",
    ),
    // 16 contacts.
    design(("E-1", "E"), "One shank of 16 contacts along its edges", 0.0, &[(1, EDGE)], "1 79"),
    design(("E-2", "E"), "One shank of 16 contacts along its edges", 0.0, &[(1, EDGE)], "1 79"),
    design(("P-1", "P"), "One shank, two staggered columns of 8", 0.0, &[(1, POLY)], "1 79"),
    design(("P-2", "P"), "One shank, two staggered columns of 8", 0.0, &[(1, POLY)], "1 79"),
    design(
        ("L1", "L1"),
        "One shank of 16 contacts, 50 µm apart",
        0.0,
        &[(1, &[column(0.0, 0.0, 50.0, 16)])],
        "79",
    ),
    // 128 contacts.
    design(("F8-0", "F8"), "Eight shanks of two staggered columns of 8", 125.0, F8, "350"),
    design(("F8-1", "F8"), "Eight shanks of two staggered columns of 8", 150.0, F8, "350"),
    design(("F8-2", "F8"), "Eight shanks of two staggered columns of 8", 150.0, F8, "350"),
    design(
        ("H13", "H13"),
        "One shank of 128 contacts, 20 µm apart",
        0.0,
        &[(1, &[column(0.0, 0.0, 20.0, 128)])],
        "350",
    ),
    design(("H14-1", "H14"), "Four shanks of 32 contacts, 25 µm apart", 150.0, &[(4, ONE_COLUMN)], "350"),
    design(("H14-2", "H14"), "Four shanks of 32 contacts, 25 µm apart", 150.0, &[(4, ONE_COLUMN)], "350"),
    design(
        ("H15", "H15"),
        "Two shanks of two staggered columns of 32",
        500.0,
        &[
            (1, &[column(0.0, 0.0, 25.0, 32), column(23.0, 25.0, 25.0, 32)]),
            (1, &[column(0.0, 15.0, 25.0, 32), column(23.0, 40.0, 25.0, 32)]),
        ],
        "350",
    ),
    design(
        ("H16", "H16"),
        "Four shanks of two staggered columns of 16",
        150.0,
        &[(4, &[column(-28.0, 0.0, 50.0, 16), column(17.0, 25.0, 50.0, 16)])],
        "350",
    ),
    design(("H20", "H20"), "Four shanks of three columns, 15 µm apart", 150.0, &[(4, THREE_DENSE)], "350"),
    design(
        ("L14", "L14"),
        "Eight shanks of 16 contacts, 50 µm apart",
        150.0,
        &[(8, &[column(0.0, 0.0, 50.0, 16)])],
        "350",
    ),
];

impl Design {
    fn shanks(&self) -> Vec<Places> {
        let lines = self.groups.iter().flat_map(|(count, lines)| std::iter::repeat_n(*lines, *count));
        lines.enumerate().map(|(shank, lines)| places(lines, self.pitch * shank as f64)).collect()
    }

    /// The pin of each contact, from the tip up, shank by shank.
    fn pins(&self, package: &str, contacts: usize) -> Option<Vec<usize>> {
        let of = |table: &[(&str, &'static str)], name: &str| {
            table.iter().find(|(known, _)| *known == name).map(|(_, pins)| numbers(pins))
        };
        if let Some(own) = of(OWN, &format!("{package}-{}", self.pins)) {
            return Some(own);
        }
        let (pins, packages) = match contacts {
            64 => (PINS_64, PACKAGES_64),
            32 => (PINS_32, PACKAGES_32),
            _ => (PINS_16, PACKAGES_16),
        };
        let first = of(pins, self.pins)?;
        match of(packages, package) {
            Some(other) => first.iter().map(|&pin| other.get(pin.checked_sub(1)?).copied()).collect(),
            None => Some(first),
        }
    }

    fn make(&self, package: &str) -> Option<Probe> {
        let name = format!("ASSY-{package}-{}", self.name);
        let shape = ContactShape::Rect { width_um: self.site[0], height_um: self.site[1] };
        let probe = build(&name, MAKER, shape, &self.shanks());
        let pins = self.pins(package, probe.contacts.len())?;
        numbered(probe, &pins).map(by_number)
    }
}

/// The names and what they are.
pub(super) fn names() -> impl Iterator<Item = (String, String)> {
    DESIGNS.iter().flat_map(|design| {
        let packages = design.packages.split_whitespace();
        packages.map(|package| (format!("ASSY-{package}-{}", design.name), design.about.to_owned()))
    })
}

/// The probe of an assembly and a design, or of a design alone with its contacts in order from the tip.
pub(super) fn make(name: &str) -> Option<Probe> {
    if let Some(rest) = name.to_lowercase().strip_prefix("assy-") {
        let (package, design) = rest.split_once('-')?;
        let fits = |known: &&Design| {
            known.name.eq_ignore_ascii_case(design) && known.packages.split_whitespace().any(|p| p == package)
        };
        return DESIGNS.iter().find(fits)?.make(package);
    }
    let design = DESIGNS.iter().find(|known| {
        ["H2", "H3", "H5", "H9"].contains(&known.name) && known.name.eq_ignore_ascii_case(name)
    })?;
    let shape = ContactShape::Rect { width_um: design.site[0], height_um: design.site[1] };
    Some(build(design.name, MAKER, shape, &design.shanks()))
}
