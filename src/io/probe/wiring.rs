//! Which column of a recording carries which contact: usual wirings, and lists pasted from a spreadsheet.

use crate::data::Probe;

/// A wiring that many share.
#[derive(Clone, Copy, Debug)]
pub struct Wiring {
    /// What it is called, as in probeinterface.
    pub name: &'static str,
    /// Which connector and head-stage.
    pub about: &'static str,
    /// The column of each contact, by the number of the contact.
    pub columns: &'static [usize],
}

impl Wiring {
    /// The column of each contact of a probe: by the makers' numbers where the contacts carry these, and else in
    /// their order.
    pub fn of(&self, probe: &Probe) -> Vec<Option<usize>> {
        let numbers: Option<Vec<usize>> =
            probe.contacts.iter().map(|contact| contact.contact_id.parse().ok()).collect();
        let mut sorted = numbers.clone().unwrap_or_default();
        sorted.sort_unstable();
        let in_order = (1..=probe.contacts.len()).collect();
        let numbers = numbers.filter(|_| sorted.into_iter().eq(1..=probe.contacts.len())).unwrap_or(in_order);
        numbers.into_iter().map(|number| self.columns.get(number.checked_sub(1)?).copied()).collect()
    }
}

/// The columns that a pasted list gives the contacts of a probe, `None` where one is not connected; and what is to
/// be known of it.
///
/// A line is a column, for the contacts in their order, or a contact and its column, parted by tabs, commas,
/// semicolons or spaces. Words in the first line are a heading; `-1`, `nan` and nothing mean not connected.
///
/// # Errors
/// What is wrong with the list, with the line.
pub fn parse_wiring(text: &str, probe: &Probe) -> Result<(Vec<Option<usize>>, Option<String>), String> {
    let contacts = probe.contacts.len();
    let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let separator =
            |c: char| matches!(c, '\t' | ',' | ';') || (c == ' ' && !line.contains(['\t', ',', ';']));
        let cells: Vec<String> =
            line.trim().split(separator).map(|cell| cell.trim().trim_matches('"').to_owned()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push((number + 1, cells));
        }
    }
    let is_number = |cell: &String| cell.parse::<f64>().is_ok();
    if rows.first().is_some_and(|(_, cells)| !cells.iter().any(is_number)) {
        rows.remove(0);
    }
    // All numbers in one line are a row of a spreadsheet.
    if let [(number, cells)] = rows.as_slice()
        && cells.len() > 2
    {
        let number = *number;
        rows = cells.clone().into_iter().map(|cell| (number, vec![cell])).collect();
    }
    let mut columns: Vec<Option<usize>> = vec![None; contacts];
    let mut given = 0;
    for (index, (number, cells)) in rows.iter().enumerate() {
        let (contact, cell) = match cells.as_slice() {
            [cell] => (index, cell),
            [id, cell, ..] => (
                contact_of(probe, id)
                    .ok_or_else(|| format!("line {number}: the probe has no contact \"{id}\""))?,
                cell,
            ),
            [] => continue,
        };
        if contact >= contacts {
            return Err(format!(
                "line {number}: the list has more lines than the probe has contacts ({contacts})"
            ));
        }
        let word = cell.to_lowercase();
        if word.is_empty() || word == "nan" || word == "none" || word.starts_with('-') {
            continue;
        }
        let column = cell.parse::<f64>().ok().filter(|c| c.fract() == 0.0 && *c < 1e6);
        let column = column.ok_or_else(|| format!("line {number}: \"{cell}\" is no number of a channel"))?;
        columns[contact] = Some(column as usize);
        given += 1;
    }
    if given == 0 {
        return Err("no number of a channel was found in what was pasted".to_owned());
    }
    let all: Vec<usize> = columns.iter().flatten().copied().collect();
    let mut sorted = all.clone();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("channel {} is given to two contacts", pair[0]));
    }
    let from_one = sorted.first() == Some(&1) && sorted.last() == Some(&all.len());
    let note = from_one.then(|| {
        "The list counts channels from 1; here they count from 0, so each becomes one less.".to_owned()
    });
    if from_one {
        columns.iter_mut().flatten().for_each(|column| *column -= 1);
    }
    Ok((columns, note))
}

/// A contact by its name, or by its number.
fn contact_of(probe: &Probe, id: &str) -> Option<usize> {
    let named = probe.contacts.iter().position(|contact| contact.contact_id == id);
    named.or_else(|| id.parse::<f64>().ok().map(|n| n as usize).filter(|&n| n < probe.contacts.len()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{super::WIRINGS, *};

    #[test]
    fn a_head_stage_is_wired_by_the_numbers_of_the_contacts() {
        let wiring = WIRINGS.iter().find(|wiring| wiring.name == "H32>RHD2132").unwrap();
        let probe = crate::io::probe::read_probe("A4x8-5mm-100-200-177").unwrap();
        let columns = wiring.of(&probe);
        // From the tip of the first shank: sites 1, 8, 2.
        assert_eq!(columns[..3], [Some(16), Some(30), Some(17)]);
        let unnumbered = crate::io::probe::read_probe("linear32").unwrap();
        assert_eq!(wiring.of(&unnumbered)[..3], [Some(16), Some(17), Some(18)]);
    }

    fn probe() -> Probe {
        Probe::from_positions(&[[0.0, 0.0], [0.0, 20.0], [0.0, 40.0], [0.0, 60.0]])
    }

    #[test]
    fn lists_are_read_as_spreadsheets_give_them() {
        let read = |text: &str| parse_wiring(text, &probe()).unwrap();
        assert_eq!(read("3\n2\n1\n0\n").0, [Some(3), Some(2), Some(1), Some(0)]);
        assert_eq!(read("contact\tchannel\n0\t2\n2\t0\n1\t-1\n").0, [Some(2), None, Some(0), None]);
        assert_eq!(read("3, 2, 0, 1").0, [Some(3), Some(2), Some(0), Some(1)]);
        let (columns, note) = read("4\n3\n2\n1");
        assert_eq!(columns, [Some(3), Some(2), Some(1), Some(0)]);
        assert!(note.unwrap().contains("from 1"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let fails = |text: &str| parse_wiring(text, &probe()).unwrap_err();
        assert!(fails("0\n1\nx\n2").starts_with("line 3: \"x\""));
        assert!(fails("0\n1\n1\n2").contains("two contacts"));
        assert!(fails("0\n1\n2\n3\n4").contains("more lines"));
        assert!(fails("9 1\n").contains("no contact \"9\""));
        assert!(fails("hello").contains("no number"));
    }

    #[test]
    fn published_wirings_name_every_column_once() {
        for wiring in WIRINGS {
            let mut columns = wiring.columns.to_vec();
            columns.sort_unstable();
            assert!(columns.into_iter().eq(0..wiring.columns.len()), "{}", wiring.name);
        }
    }
}
