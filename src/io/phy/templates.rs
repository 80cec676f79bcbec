//! The templates of a phy folder.

use super::params::Params;
use crate::{
    data::{Id, Templates},
    io::{Error, npy},
};
use ndarray::{Array2, Axis};
use std::path::Path;

/// Reads `templates.npy`, one unit a template (not a cluster: curation moves spikes, never templates).
///
/// The values are as stored, in the units of the sorter's whitened data; `whitening_mat_inv.npy` undoes the
/// whitening where it is there and templates are given on all channels. Channels on which a template is zero
/// throughout are left out.
///
/// # Errors
/// Where a file is missing, damaged, or does not fit the others.
pub fn read_templates(folder: &Path) -> Result<Templates, Error> {
    let params = Params::read(folder)?;
    let path = folder.join("templates.npy");
    let stored = npy::read_ndim::<f32>(&path, 3)?;
    let (count, num_samples, width) = (stored.shape()[0], stored.shape()[1], stored.shape()[2]);
    let positions_path = folder.join("channel_positions.npy");
    let positions = npy::read_matrix::<f64>(&positions_path)?;
    if positions.ncols() < 2 {
        return Err(Error::format(&positions_path, "two columns, x and y, expected"));
    }
    let channels = positions.nrows();
    let ind_path = folder.join("template_ind.npy");
    let ind = if ind_path.is_file() { Some(npy::read_matrix::<i64>(&ind_path)?) } else { None };
    let all = ind
        .as_ref()
        .is_none_or(|ind| ind.rows().into_iter().all(|r| r.iter().copied().eq(0..channels as i64)));
    if ind.as_ref().is_some_and(|ind| ind.dim() != (count, width)) || (ind.is_none() && width != channels) {
        return Err(Error::format(
            &path,
            format!("shape {:?} does not fit template_ind.npy and {channels} channels", stored.shape()),
        ));
    }
    let inverse_path = folder.join("whitening_mat_inv.npy");
    let inverse = if all && inverse_path.is_file() {
        Some(npy::read_matrix::<f32>(&inverse_path)?).filter(|m| m.dim() == (channels, channels))
    } else {
        None
    };
    let mut channel_indices = Vec::with_capacity(count);
    let mut waveforms = Vec::with_capacity(count);
    for (index, template) in stored.axis_iter(Axis(0)).enumerate() {
        let template = template
            .into_dimensionality::<ndarray::Ix2>()
            .map_err(|e| Error::format(&path, e.to_string()))?;
        let template = match &inverse {
            Some(inverse) => template.dot(inverse),
            None => template.to_owned(),
        };
        let mut used: Vec<(u32, usize)> = Vec::new();
        for column in 0..width {
            let channel = ind.as_ref().map_or(column as i64, |ind| ind[(index, column)]);
            let empty = template.column(column).iter().all(|&x| x == 0.0);
            if !empty && (0..channels as i64).contains(&channel) {
                used.push((channel as u32, column));
            }
        }
        used.sort_unstable();
        let mut waveform = Array2::zeros((num_samples, used.len()));
        for (to, &(_, from)) in used.iter().enumerate() {
            waveform.column_mut(to).assign(&template.column(from));
        }
        channel_indices.push(used.into_iter().map(|(channel, _)| channel).collect());
        waveforms.push(waveform);
    }
    let mut templates = Templates {
        sampling_frequency: params.sample_rate,
        unit_ids: Id::range(count),
        channel_ids: Id::range(channels),
        locations_um: positions.rows().into_iter().map(|r| [r[0], r[1]]).collect(),
        num_before: 0,
        num_samples,
        channel_indices,
        waveforms,
        deviations: Vec::new(),
        in_uv: false,
    };
    // The file does not tell where the spike's own sample is: it is where most templates peak.
    let mut peaks: Vec<usize> = (0..count).filter_map(|t| Some(templates.extremum(t)?.1)).collect();
    peaks.sort_unstable();
    templates.num_before = peaks.get(peaks.len() / 2).copied().unwrap_or(num_samples / 2);
    Ok(templates)
}
