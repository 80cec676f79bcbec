//! Diagnostic Biochips, Plexon, SiNAPS and Multi Channel Systems.

use super::layout::{Line, Places, build, column, numbered_from_one, shanks};
use crate::data::{ContactShape, Probe};

const DIAGNOSTIC_BIOCHIPS: &str = "Diagnostic Biochips";
const PLEXON: &str = "Plexon";
const SINAPS: &str = "SiNAPS Research Platform";
const MULTI_CHANNEL_SYSTEMS: &str = "Multi Channel Systems";

/// Contacts in columns that are the same on all shanks, numbered from 0 at the tip, row by row.
struct Columns {
    name: &'static str,
    maker: &'static str,
    about: &'static str,
    shape: ContactShape,
    shanks: usize,
    pitch: f64,
    lines: &'static [Line],
}

const DISC: ContactShape = ContactShape::Circle { radius_um: 10.0 };
const PAD: ContactShape = ContactShape::Square { width_um: 14.0 };

const fn deep(name: &'static str, about: &'static str, lines: &'static [Line]) -> Columns {
    Columns { name, maker: DIAGNOSTIC_BIOCHIPS, about, shape: DISC, shanks: 1, pitch: 0.0, lines }
}

const fn pads(
    name: &'static str,
    maker: &'static str,
    about: &'static str,
    (shanks, pitch): (usize, f64),
    lines: &'static [Line],
) -> Columns {
    Columns { name, maker, about, shape: PAD, shanks, pitch, lines }
}

const TWO_OF_64: &[Line] = &[column(0.0, 0.0, 30.0, 64), column(27.0, 0.0, 30.0, 64)];
const TWO_OF_128: &[Line] = &[column(0.0, 0.0, 30.0, 128), column(27.0, 0.0, 30.0, 128)];
const TWO_OF_256: &[Line] = &[column(0.0, 0.0, 30.0, 256), column(27.0, 0.0, 30.0, 256)];
const FOUR_OF_128: &[Line] = &[
    column(0.0, 0.0, 30.0, 128),
    column(27.0, 0.0, 30.0, 128),
    column(54.0, 0.0, 30.0, 128),
    column(81.0, 0.0, 30.0, 128),
];
const FOUR_OF_256: &[Line] = &[
    column(0.0, 0.0, 30.0, 256),
    column(27.0, 0.0, 30.0, 256),
    column(54.0, 0.0, 30.0, 256),
    column(81.0, 0.0, 30.0, 256),
];

const COLUMNS: &[Columns] = &[
    deep("DA32-1", "Deep Array, one column, 65 µm apart", &[column(0.0, 0.0, 65.0, 32)]),
    deep("DA32-2", "Deep Array, one column, 100 µm apart", &[column(0.0, 0.0, 100.0, 32)]),
    deep("DA64-1", "Deep Array, one column, 100 µm apart", &[column(0.0, 0.0, 100.0, 64)]),
    deep(
        "DA64-2",
        "Deep Array, two staggered columns, 50 µm apart",
        &[column(-21.65, 0.0, 50.0, 32), column(21.65, 25.0, 50.0, 32)],
    ),
    deep("DA128-1", "Deep Array, one column, 40 µm apart", &[column(0.0, 0.0, 40.0, 128)]),
    deep(
        "DA128-2",
        "Deep Array, two staggered columns, 50 µm apart",
        &[column(-21.65, 0.0, 50.0, 64), column(21.65, 25.0, 50.0, 64)],
    ),
    pads("1S256", PLEXON, "PRIME HD, one shank, two columns", (1, 0.0), TWO_OF_128),
    pads("1S512", PLEXON, "PRIME HD, one shank, two columns", (1, 0.0), TWO_OF_256),
    pads("1S512-N", PLEXON, "PRIME HD, one shank, four columns", (1, 0.0), FOUR_OF_128),
    pads("4S1024", PLEXON, "PRIME HD, four shanks of two columns", (4, 560.0), TWO_OF_128),
    pads("8S1024", PLEXON, "PRIME HD, eight shanks of two columns", (8, 300.0), TWO_OF_64),
    pads("p256s1", SINAPS, "One shank, two columns", (1, 0.0), TWO_OF_128),
    pads("p1024s1NHP", SINAPS, "One shank, four columns", (1, 0.0), FOUR_OF_256),
    pads("p1024s4", SINAPS, "Four shanks of two columns", (4, 560.0), TWO_OF_128),
    pads("p1024s8", SINAPS, "Eight shanks of two columns", (8, 300.0), TWO_OF_64),
];

/// Dish arrays: the columns' first and last row, the letters or figures of the columns, pitch and disc.
struct Dish {
    name: &'static str,
    about: &'static str,
    columns: &'static str,
    /// Rows that are missing at the top and the bottom of each column.
    missing: &'static [usize],
    rows: usize,
    pitch: f64,
    diameter: f64,
}

const CORNERS_8: &[usize] = &[1, 0, 0, 0, 0, 0, 0, 1];
const CORNERS_12: &[usize] = &[3, 2, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3];
const SIXTY: Dish = Dish {
    name: "60MEA200/30",
    about: "8 × 8 electrodes without the corners, 200 µm apart, named by column and row",
    columns: "12345678",
    missing: CORNERS_8,
    rows: 8,
    pitch: 200.0,
    diameter: 30.0,
};
const DISHES: &[Dish] = &[
    SIXTY,
    Dish {
        name: "60MEA100/10",
        about: "8 × 8 electrodes without the corners, 100 µm apart, named by column and row",
        pitch: 100.0,
        diameter: 10.0,
        ..SIXTY
    },
    Dish {
        name: "120MEA200/30",
        about: "12 × 12 electrodes without the corners, 200 µm apart, named by column and row",
        columns: "ABCDEFGHJKLM",
        missing: CORNERS_12,
        rows: 12,
        ..SIXTY
    },
    Dish {
        name: "120MEA100/30",
        about: "12 × 12 electrodes without the corners, 100 µm apart, named by column and row",
        columns: "ABCDEFGHJKLM",
        missing: CORNERS_12,
        rows: 12,
        pitch: 100.0,
        ..SIXTY
    },
];

impl Dish {
    fn make(&self) -> Probe {
        let mut places = Places::new();
        let mut names = Vec::new();
        for (x, (letter, missing)) in self.columns.chars().zip(self.missing).enumerate() {
            for row in missing + 1..=self.rows - missing {
                places.push([self.pitch * x as f64, self.pitch * (self.rows - row) as f64]);
                names.push(format!("{letter}{row}"));
            }
        }
        let shape = ContactShape::Circle { radius_um: self.diameter / 2.0 };
        let mut probe = build(self.name, MULTI_CHANNEL_SYSTEMS, shape, &[places]);
        for (contact, name) in probe.contacts.iter_mut().zip(names) {
            contact.contact_id = name;
        }
        probe
    }
}

/// The names and what they are.
pub(super) fn names() -> impl Iterator<Item = (String, String)> {
    let columns = COLUMNS.iter().map(|c| (c.name, c.about));
    columns
        .chain(DISHES.iter().map(|d| (d.name, d.about)))
        .map(|(name, about)| (name.to_owned(), about.to_owned()))
}

/// The probe of a name.
pub(super) fn make(name: &str) -> Option<Probe> {
    if let Some(dish) = DISHES.iter().find(|dish| dish.name.eq_ignore_ascii_case(name)) {
        return Some(dish.make());
    }
    let design = COLUMNS.iter().find(|design| design.name.eq_ignore_ascii_case(name))?;
    let shanks = shanks(design.shanks, design.pitch, design.lines);
    Some(build(design.name, design.maker, design.shape, &shanks))
}

/// Grids and columns of any size, for wires and arrays without a name.
pub(super) fn generic(name: &str) -> Option<Probe> {
    let disc = ContactShape::Circle { radius_um: 6.0 };
    if let Some(rest) = name.strip_prefix("linear") {
        let (count, pitch) = rest.split_once('-').unwrap_or((rest, "25"));
        let count = count.parse().ok().filter(|count| (1..=1024).contains(count))?;
        let pitch = length(pitch)?;
        // The name of old stays "linear", whatever the pitch.
        return Some(build("linear", "", disc, &shanks(1, 0.0, &[column(0.0, 0.0, pitch, count)])));
    }
    if let Some(rest) = name.strip_prefix("grid") {
        let (size, pitch) = rest.split_once('-')?;
        let (rows, columns) = size.split_once('x')?;
        let (rows, columns): (usize, usize) = (rows.parse().ok()?, columns.parse().ok()?);
        let pitch = length(pitch)?;
        if rows == 0 || columns == 0 || rows.checked_mul(columns)? > 4096 {
            return None;
        }
        let lines: Vec<Line> = (0..columns).map(|x| column(pitch * x as f64, 0.0, pitch, rows)).collect();
        return Some(build(name, "", disc, &shanks(1, 0.0, &lines)));
    }
    match name {
        "tetrode" => {
            let r = 15.0;
            Some(build("tetrode", "", disc, &[vec![[0.0, -r], [-r, 0.0], [r, 0.0], [0.0, r]]]))
        }
        // Ten by ten without the corners; the map of the array says which channel is where.
        "utah96" => {
            let at = |x: usize| {
                let short = x == 0 || x == 9;
                let (first, count) = if short { (400.0, 8) } else { (0.0, 10) };
                column(400.0 * x as f64, first, 400.0, count)
            };
            let lines: Vec<Line> = (0..10).map(at).collect();
            Some(numbered_from_one(build("utah96", "Blackrock Neurotech", disc, &shanks(1, 0.0, &lines))))
        }
        _ => None,
    }
}

fn length(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|um| um.is_finite() && *um > 0.0 && *um <= 1e5)
}
