//! Shanks from lines of contacts, and probes from shanks.

use crate::data::{Contact, ContactShape, Probe};

/// Contacts of one shank.
pub(super) type Places = Vec<[f64; 2]>;

/// Contacts in a line, in µm: the first, the step to the next, and how many.
#[derive(Clone, Copy)]
pub(super) struct Line {
    first: [f64; 2],
    step: [f64; 2],
    count: usize,
}

/// A column of contacts: `x`, the lowest `y`, the pitch.
pub(super) const fn column(x: f64, y: f64, pitch: f64, count: usize) -> Line {
    slanted([x, y], [0.0, pitch], count)
}

/// A line that leans.
pub(super) const fn slanted(first: [f64; 2], step: [f64; 2], count: usize) -> Line {
    Line { first, step, count }
}

/// The contacts of lines `x` to the right, from the tip up, left to right within a row.
pub(super) fn places(lines: &[Line], x: f64) -> Places {
    let mut places: Places = lines
        .iter()
        .flat_map(|line| {
            (0..line.count).map(move |i| {
                [x + line.first[0] + line.step[0] * i as f64, line.first[1] + line.step[1] * i as f64]
            })
        })
        .collect();
    from_the_tip(&mut places);
    places
}

/// Sorts from the tip up, left to right within a row.
pub(super) fn from_the_tip(places: &mut Places) {
    places.sort_by(|a, b| a[1].total_cmp(&b[1]).then(a[0].total_cmp(&b[0])));
}

/// The same shank several times.
pub(super) fn shanks(count: usize, pitch: f64, lines: &[Line]) -> Vec<Places> {
    (0..count).map(|shank| places(lines, pitch * shank as f64)).collect()
}

/// A probe of shanks whose contacts are numbered from 0 in their order.
pub(super) fn build(name: &str, manufacturer: &str, shape: ContactShape, shanks: &[Places]) -> Probe {
    let mut contacts = Vec::new();
    for (shank_index, places) in shanks.iter().enumerate() {
        for &position_um in places {
            contacts.push(Contact {
                contact_id: contacts.len().to_string(),
                position_um,
                z_um: None,
                shape,
                shank_index,
                device_channel_index: None,
            });
        }
    }
    Probe {
        name: name.to_owned(),
        manufacturer: manufacturer.to_owned(),
        contacts,
        shank_ids: (0..shanks.len()).map(|s| s.to_string()).collect(),
        contours_um: Vec::new(),
    }
}

/// The contacts get these numbers for names; `None` where there are not as many.
pub(super) fn numbered(mut probe: Probe, numbers: &[usize]) -> Option<Probe> {
    if numbers.len() != probe.contacts.len() {
        return None;
    }
    for (contact, number) in probe.contacts.iter_mut().zip(numbers) {
        contact.contact_id = number.to_string();
    }
    Some(probe)
}

/// Numbers from 1 in the order of the contacts.
pub(super) fn numbered_from_one(probe: Probe) -> Probe {
    let numbers: Vec<usize> = (1..=probe.contacts.len()).collect();
    numbered(probe.clone(), &numbers).unwrap_or(probe)
}

/// The contacts in the order of their numbers.
pub(super) fn by_number(mut probe: Probe) -> Probe {
    probe.contacts.sort_by_key(|contact| contact.contact_id.parse::<usize>().unwrap_or(usize::MAX));
    probe
}

/// Numbers as they stand in a table: `7 3-1 10-16/2` is 7 3 2 1 10 12 14 16.
pub(super) fn numbers(text: &str) -> Vec<usize> {
    let number = |word: &str| word.parse::<usize>().unwrap_or(0);
    let mut all = Vec::new();
    for word in text.split_whitespace() {
        let Some((first, rest)) = word.split_once('-') else {
            all.push(number(word));
            continue;
        };
        let (last, step) = rest.split_once('/').unwrap_or((rest, "1"));
        let (first, last, step) = (number(first), number(last), number(step).max(1));
        if first <= last {
            all.extend((first..=last).step_by(step));
        } else {
            all.extend((last..=first).rev().step_by(step));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_table_are_runs_and_single_ones() {
        assert_eq!(numbers("7 3-1 10-16/2 9-4/2 5-5"), [7, 3, 2, 1, 10, 12, 14, 16, 9, 7, 5, 5]);
    }

    #[test]
    fn shanks_begin_at_the_tip() {
        let made = shanks(2, 100.0, &[column(0.0, 5.0, 10.0, 2), slanted([3.0, 0.0], [1.0, 10.0], 2)]);
        assert_eq!(made[0], [[3.0, 0.0], [0.0, 5.0], [4.0, 10.0], [0.0, 15.0]]);
        assert_eq!(made[1][0], [103.0, 0.0]);
    }
}
