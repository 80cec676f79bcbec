//! What SpikeInterface knows of the channels, wherever it is stored: properties, annotations and the probe.

use super::{Error, npy::Raw, probe::ReadProbe, properties};
use crate::data::RecordingInfo;
use serde_json::Value;
use std::path::Path;

/// Kept elsewhere in a description, or part of the probe.
const OF_THE_PROBE: [&str; 2] = ["contact_vector", "location"];

/// Properties on their way into a description.
#[derive(Default)]
pub(super) struct ChannelProperties {
    left_out: Vec<String>,
    has_groups: bool,
}

impl ChannelProperties {
    /// Puts one property where it belongs. One that is not known is kept as it is.
    ///
    /// # Errors
    /// Where gains, offsets, delays or groups cannot be read or are not one a channel.
    pub fn set(
        &mut self,
        info: &mut RecordingInfo,
        name: &str,
        raw: Result<Raw, Error>,
        path: &Path,
    ) -> Result<(), Error> {
        let channels = info.num_channels();
        let values = |raw: Raw| -> Result<Vec<f64>, Error> {
            let values = raw.numbers::<f64>(path)?;
            if values.len() != channels {
                return Err(Error::format(path, format!("{} values for {channels} channels", values.len())));
            }
            Ok(values)
        };
        let finite = |values: Vec<f64>| Some(values).filter(|v| v.iter().all(|x| x.is_finite()));
        match name {
            "gain_to_uV" => info.gain_to_uv = finite(values(raw?)?).or(info.gain_to_uv.take()),
            "offset_to_uV" => info.offset_to_uv = finite(values(raw?)?).or(info.offset_to_uv.take()),
            "inter_sample_shift" => info.inter_sample_shift = values(raw?)?,
            "group" => self.has_groups |= set_groups(info, &raw?.strings(path)?),
            _ if OF_THE_PROBE.contains(&name) => {}
            _ => {
                let added = match raw {
                    Ok(raw) => properties::add(&mut info.properties, name, &raw, channels, path)?,
                    Err(_) => false,
                };
                if !added {
                    self.left_out.push(name.to_owned());
                }
            }
        }
        Ok(())
    }

    /// Says what was left out; true where the channels have groups of their own.
    pub fn finish(self, info: &mut RecordingInfo) -> bool {
        if !self.left_out.is_empty() {
            info.warn(format!(
                "Channel properties that are Python objects, or not one a channel, were left out: {}.",
                self.left_out.join(", ")
            ));
        }
        self.has_groups
    }
}

/// Groups are mostly numbers; names are numbered in order of appearance. False where they are not one a channel.
pub(super) fn set_groups(info: &mut RecordingInfo, names: &[String]) -> bool {
    let mut known: Vec<&String> = Vec::new();
    let mut groups = Vec::with_capacity(names.len());
    for name in names {
        if !known.contains(&name) {
            known.push(name);
        }
        let number = known.iter().position(|k| *k == name).unwrap_or(0) as i64;
        groups.push(name.parse().unwrap_or(number));
    }
    let fits = groups.len() == info.num_channels();
    if fits {
        info.groups = groups;
    }
    fits
}

/// Keeps annotations, but for those that a description has a place for.
pub(super) fn annotate(info: &mut RecordingInfo, annotations: &Value) {
    for (key, value) in annotations.as_object().into_iter().flatten() {
        match key.as_str() {
            "is_filtered" => info.is_filtered = value.as_bool().unwrap_or(info.is_filtered),
            // The probe is read from its own file.
            "probes_info" => {}
            _ if key.starts_with("probe_") && key.ends_with("_planar_contour") => {}
            _ => {
                info.annotations.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Since 0.105 contact `i` is channel `i`, whatever wiring the original file had.
pub(super) fn in_order(mut read: ReadProbe) -> ReadProbe {
    for (i, contact) in read.probe.contacts.iter_mut().enumerate() {
        contact.device_channel_index = Some(i);
    }
    read
}

/// Until 0.105 the probe kept its own order and wiring, and channel `i` is the contact with the `i`th column.
pub(super) fn wired_order(read: ReadProbe) -> ReadProbe {
    let order: Vec<usize> = read.probe.wiring().into_iter().map(|(_, contact)| contact).collect();
    if order.is_empty() {
        return in_order(read);
    }
    let shifts = order.iter().filter_map(|&i| read.inter_sample_shift.get(i).copied()).collect();
    ReadProbe { probe: read.probe.slice(&order), inter_sample_shift: shifts }
}
