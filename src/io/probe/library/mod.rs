//! Bundled probes, made from the dimensions their makers publish.
//!
//! Contacts carry the makers' numbers where these are known, and count from the tip elsewhere. Only Neuropixels
//! have a wiring that is the same for everyone; the others are wired by head-stage and adaptor, so they have none.

mod cambridge;
mod cambridge_pins;
mod imec;
mod layout;
mod neuronexus;
mod others;

use super::ReadProbe;
use std::sync::LazyLock;

/// A probe that comes with the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundled {
    /// The name it is asked for by.
    pub name: String,
    /// Who makes it, empty where many do.
    pub maker: String,
    /// Contacts.
    pub num_contacts: usize,
    /// Shanks.
    pub num_shanks: usize,
    /// What it is.
    pub description: String,
    /// True for the few that are offered without a search.
    pub is_usual: bool,
}

/// Those that are offered without a search.
const USUAL: &[(&str, &str)] = &[
    ("tetrode", "Twisted-wire tetrode, contacts 15 µm from the axis"),
    ("linear16", "One column of 16 contacts, 25 µm apart (linearN-P gives N contacts, P µm apart)"),
    ("linear32", "One column of 32 contacts, 25 µm apart"),
    ("linear64", "One column of 64 contacts, 25 µm apart"),
    ("utah96", "Utah array: 10 × 10 electrodes without the corners, 400 µm apart"),
    ("neuropixels1", "Neuropixels 1.0, the 384 sites nearest the tip (bank 0)"),
    ("neuropixels1_128", "Neuropixels 1.0, the 128 sites nearest the tip"),
    ("neuropixels2", "Neuropixels 2.0, one shank, the 384 sites nearest the tip (bank 0)"),
    ("neuropixels2_4shank", "Neuropixels 2.0, the 96 sites nearest the tip of each of four shanks"),
    ("A1x32-Poly2", "NeuroNexus A1x32-Poly2-10mm-50s-177: two staggered columns"),
    ("A1x32-Poly3", "NeuroNexus A1x32-Poly3-10mm-50-177: three columns"),
    ("A4x8-100-200", "NeuroNexus A4x8-5mm-100-200-177: four shanks of eight contacts"),
    ("H2", "Cambridge NeuroTech H2: two shanks of 32 contacts, 25 µm apart"),
    ("H3", "Cambridge NeuroTech H3: one shank of 64 contacts, 20 µm apart"),
    ("H5", "Cambridge NeuroTech H5: one shank, two staggered columns of 32"),
    ("H9", "Cambridge NeuroTech H9: one shank, two staggered columns of 32, 45 µm apart"),
];

static BUNDLED: LazyLock<Vec<Bundled>> = LazyLock::new(|| {
    let usual = USUAL.iter().map(|(name, about)| (true, (*name).to_owned(), (*about).to_owned()));
    let grids = [
        ("grid8x8-200", "8 × 8 electrodes, 200 µm apart (gridRxC-P gives R rows of C, P µm apart)"),
        ("grid16x16-200", "16 × 16 electrodes, 200 µm apart"),
    ];
    let grids = grids.into_iter().map(|(name, about)| (name.to_owned(), about.to_owned()));
    let others = grids
        .chain(imec::names())
        .chain(neuronexus::names())
        .chain(cambridge::names())
        .chain(others::names())
        .map(|(name, about)| (false, name, about));
    usual.chain(others).filter_map(|(is_usual, name, about)| described(name, about, is_usual)).collect()
});

fn described(name: String, description: String, is_usual: bool) -> Option<Bundled> {
    let probe = make(&name)?.probe;
    Some(Bundled {
        name,
        maker: probe.manufacturer,
        num_contacts: probe.contacts.len(),
        num_shanks: probe.shank_ids.len(),
        description,
        is_usual,
    })
}

/// All bundled probes, the usual ones first.
pub fn bundled() -> &'static [Bundled] {
    &BUNDLED
}

/// A probe that is not listed but can be made from its name, such as `A2x16-3mm-75-300-413` or `linear24-100`.
pub fn from_its_name(name: &str) -> Option<Bundled> {
    let name = name.trim();
    if name.is_empty() || bundled().iter().any(|known| known.name.eq_ignore_ascii_case(name)) {
        return None;
    }
    let probe = make(name)?.probe;
    let model = if probe.name == "linear" { name.to_lowercase() } else { probe.name };
    described(model, String::new(), false)
}

/// The bundled probe of a name; upper and lower case are the same.
pub(super) fn make(name: &str) -> Option<ReadProbe> {
    let name = name.trim().to_lowercase();
    if let Some(count) = counted(&name, "np", 384) {
        return make(&format!("neuropixels1_{count}"));
    }
    let full = match name.as_str() {
        "a1x32-poly2" => "A1x32-Poly2-10mm-50s-177",
        "a1x32-poly3" => "A1x32-Poly3-10mm-50-177",
        "a4x8-100-200" => "A4x8-5mm-100-200-177",
        name => name,
    };
    imec::make(full).or_else(|| {
        let probe = others::generic(full)
            .or_else(|| neuronexus::make(full))
            .or_else(|| cambridge::make(full))
            .or_else(|| others::make(full));
        probe.map(ReadProbe::from)
    })
}

/// Names of bundled probes for somebody who asked for one that there is not: near ones, and the usual ones.
pub(super) fn suggestions(name: &str) -> String {
    let wanted = name.to_lowercase();
    let words: Vec<&str> = wanted.split(['-', ' ', '_']).filter(|word| word.len() > 1).collect();
    let shared = |known: &Bundled| {
        let known = known.name.to_lowercase();
        words.iter().filter(|word| known.contains(**word)).count()
    };
    let mut near: Vec<(usize, &Bundled)> =
        bundled().iter().map(|known| (shared(known), known)).filter(|(shared, _)| *shared > 0).collect();
    near.sort_by_key(|(shared, known)| (std::cmp::Reverse(*shared), known.name.len()));
    let near: Vec<&str> = near.iter().take(5).map(|(_, known)| known.name.as_str()).collect();
    let usual: Vec<&str> = USUAL.iter().map(|(name, _)| *name).collect();
    let near = if near.is_empty() { String::new() } else { format!("Similar are: {}. ", near.join(", ")) };
    format!(
        "{near}Usual are: {}. Of {} bundled ones the probe panel shows all.",
        usual.join(", "),
        bundled().len()
    )
}

/// The number after a prefix, such as 32 in `linear32`.
fn counted(name: &str, prefix: &str, largest: usize) -> Option<usize> {
    let count = name.strip_prefix(prefix)?.parse().ok()?;
    // np1 and np2 name kinds of probes.
    ((1..=largest).contains(&count) && !(prefix == "np" && count < 3)).then_some(count)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_bundled_probe_is_made_with_distinct_places_names_and_columns() {
        assert!(bundled().len() > 340, "{}", bundled().len());
        let mut names = HashSet::new();
        for bundled in bundled() {
            assert!(names.insert(bundled.name.to_lowercase()), "{} twice", bundled.name);
            let read = make(&bundled.name).unwrap();
            let contacts = &read.probe.contacts;
            let key = |[x, y]: [f64; 2]| ((x * 100.0).round() as i64, (y * 100.0).round() as i64);
            let places: HashSet<_> = contacts.iter().map(|c| key(c.position_um)).collect();
            let ids: HashSet<_> = contacts.iter().map(|c| c.contact_id.as_str()).collect();
            assert_eq!((places.len(), ids.len()), (contacts.len(), contacts.len()), "{}", bundled.name);
            assert!(!bundled.description.is_empty(), "{}", bundled.name);
            let wiring = read.probe.wiring();
            assert!(wiring.iter().enumerate().all(|(i, &(column, _))| i == column), "{}", bundled.name);
            assert!(wiring.is_empty() || wiring.len() == contacts.len());
        }
        assert!(make("no such probe").is_none());
        let listed =
            imec::names().chain(neuronexus::names()).chain(cambridge::names()).chain(others::names());
        for (name, _) in listed {
            assert!(make(&name).is_some(), "{name} is listed and cannot be made");
        }
    }

    #[test]
    fn names_by_a_scheme_make_probes_that_are_not_listed() {
        let one = from_its_name("a4x8-5mm-75-150-413").unwrap();
        assert_eq!((one.name.as_str(), one.num_contacts, one.num_shanks), ("A4x8-5mm-75-150-413", 32, 4));
        assert_eq!(from_its_name("linear24-100").unwrap().num_contacts, 24);
        assert_eq!(from_its_name("grid4x6-500").unwrap().num_contacts, 24);
        assert!(from_its_name("linear32").is_none(), "it is listed");
        assert!(from_its_name("something").is_none());
        assert!(suggestions("ASSY-236-H4").contains("ASSY-236-H3"), "{}", suggestions("ASSY-236-H4"));
    }
}
