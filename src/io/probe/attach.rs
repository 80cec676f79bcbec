//! Putting a probe on a recording: which column each contact is carried by.

use super::ReadProbe;
use crate::{
    data::{Probe, RecordingInfo},
    io::binary::warn,
};
use std::sync::Arc;

/// What is said of a probe whose contacts were taken in order.
pub const NOT_WIRED: &str = "does not say which column carries which contact";

/// Puts a probe on a recording whose channels are all columns of its file.
///
/// Contacts go to their `device_channel_index`. Channels without a contact are left out; returned are then the
/// columns that remain. A probe that is not wired at all is wired in order where the counts agree, which is said
/// in the warnings. The groups become the shanks, unless `keep_groups`.
///
/// # Errors
/// Why it does not fit: other counts and no wiring, a column that does not exist or is named twice. The
/// recording is then as it was.
pub(in crate::io) fn attach(
    info: &mut RecordingInfo,
    read: ReadProbe,
    keep_groups: bool,
) -> Result<Option<Vec<usize>>, String> {
    let ReadProbe { mut probe, inter_sample_shift } = read;
    let columns = info.num_channels();
    let mut wiring = probe.wiring();
    if wiring.is_empty() {
        if probe.contacts.len() != columns {
            return Err(unwired(&probe, columns));
        }
        warn(
            info,
            format!(
                "The probe {} {NOT_WIRED}: they were taken in order. \
                 Check this, or give a probe file with device_channel_indices.",
                name(&probe)
            ),
        );
        for (column, contact) in probe.contacts.iter_mut().enumerate() {
            contact.device_channel_index = Some(column);
        }
        wiring = probe.wiring();
    }
    if let Some((column, contact)) = wiring.iter().find(|(column, _)| *column >= columns) {
        return Err(format!(
            "The contact {contact} of the probe {} is on column {column} of the file (device_channel_indices \
             count from 0), and there are {columns} columns. Choose the probe file of this recording.",
            name(&probe)
        ));
    }
    if let Some(pair) = wiring.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(format!(
            "The contacts {} and {} of the probe {} are both on column {} of the file: correct its \
             device_channel_indices.",
            pair[0].1,
            pair[1].1,
            name(&probe),
            pair[0].0
        ));
    }
    let kept: Vec<usize> = wiring.iter().map(|&(column, _)| column).collect();
    let contacts: Vec<usize> = wiring.iter().map(|&(_, contact)| contact).collect();
    let all = kept.len() == columns;
    if !all {
        let left_out = columns - kept.len();
        *info = info.slice_channels(&kept);
        if left_out > 1 {
            warn(
                info,
                format!("{left_out} of {columns} columns have no contact on the probe and were left out."),
            );
        }
    }
    let probe = probe.slice(&contacts);
    if !keep_groups {
        info.groups = probe.contacts.iter().map(|c| c.shank_index as i64).collect();
    }
    if !inter_sample_shift.is_empty() {
        info.inter_sample_shift =
            contacts.iter().map(|&c| inter_sample_shift.get(c).copied().unwrap_or(0.0)).collect();
    }
    info.probe = Some(Arc::new(probe));
    Ok((!all).then_some(kept))
}

fn name(probe: &Probe) -> String {
    if probe.name.is_empty() { format!("of {} contacts", probe.contacts.len()) } else { probe.name.clone() }
}

fn unwired(probe: &Probe, columns: usize) -> String {
    format!(
        "The probe {} has {} contacts and no device_channel_indices, the file has {columns} columns. \
         Give a probe file that says which column carries which contact.",
        name(probe),
        probe.contacts.len()
    )
}
