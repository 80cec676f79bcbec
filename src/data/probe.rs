//! Contacts and where they sit.

use super::Id;
use serde::{Deserialize, Serialize};

/// The outline of a contact, in µm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ContactShape {
    /// A disc.
    Circle {
        /// Radius in µm.
        radius_um: f64,
    },
    /// A square.
    Square {
        /// Side in µm.
        width_um: f64,
    },
    /// A rectangle.
    Rect {
        /// Size along x in µm.
        width_um: f64,
        /// Size along y in µm.
        height_um: f64,
    },
}

/// One piece of metal on the probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Its name, empty where the file has none.
    pub contact_id: String,
    /// Position `[x, y]` in µm; y grows away from the tip.
    pub position_um: [f64; 2],
    /// Position out of the plane in µm, for three-dimensional probes.
    pub z_um: Option<f64>,
    /// Its outline.
    pub shape: ContactShape,
    /// The shank it is on, an index into [`Probe::shank_ids`].
    pub shank_index: usize,
    /// 0-based column of the recording that carries it; `None` where not connected or not yet wired.
    pub device_channel_index: Option<usize>,
}

/// A probe, or several of them side by side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Model name, empty where unknown.
    pub name: String,
    /// Maker, empty where unknown.
    pub manufacturer: String,
    /// The contacts, in the file's order.
    pub contacts: Vec<Contact>,
    /// Names of the shanks; at least one where there are contacts.
    pub shank_ids: Vec<String>,
    /// Outlines of the bodies in µm, one closed polygon a probe; empty where unknown.
    pub contours_um: Vec<Vec<[f64; 2]>>,
}

impl Probe {
    /// A probe of circular contacts (radius 6 µm) on one shank, wired in order.
    pub fn from_positions(positions_um: &[[f64; 2]]) -> Self {
        let contacts = positions_um
            .iter()
            .enumerate()
            .map(|(index, &position_um)| Contact {
                contact_id: index.to_string(),
                position_um,
                z_um: None,
                shape: ContactShape::Circle { radius_um: 6.0 },
                shank_index: 0,
                device_channel_index: Some(index),
            })
            .collect();
        Self { contacts, shank_ids: vec![String::new()], ..Self::default() }
    }

    /// True where every contact has a column of the recording.
    pub fn is_wired(&self) -> bool {
        !self.contacts.is_empty() && self.contacts.iter().all(|c| c.device_channel_index.is_some())
    }

    /// The contacts that are connected, as `(column, contact index)`, in order of the column.
    pub fn wiring(&self) -> Vec<(usize, usize)> {
        let mut wiring: Vec<_> = self
            .contacts
            .iter()
            .enumerate()
            .filter_map(|(contact, c)| c.device_channel_index.map(|column| (column, contact)))
            .collect();
        wiring.sort_unstable();
        wiring
    }

    /// This probe with only the given contacts, contact `indices[i]` carried by column `i`.
    #[must_use]
    pub fn slice(&self, indices: &[usize]) -> Self {
        let contacts = indices
            .iter()
            .enumerate()
            .filter_map(|(column, &index)| {
                let mut contact = self.contacts.get(index)?.clone();
                contact.device_channel_index = Some(column);
                Some(contact)
            })
            .collect();
        Self { contacts, ..self.clone() }
    }

    /// Names for contacts that have none are their index.
    pub fn contact_id(&self, index: usize) -> Id {
        match self.contacts.get(index) {
            Some(contact) if !contact.contact_id.is_empty() => Id::Text(contact.contact_id.clone()),
            _ => Id::Int(index as i64),
        }
    }
}
