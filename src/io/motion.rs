//! Motion on disk: the folder of SpikeInterface's `Motion.save`, and the same arrays in one npz.
//!
//! The confidence of each displacement lies beside them as `confidence_seg{i}`, which SpikeInterface passes over.

use super::{Error, atomic, json, npy};
use crate::data::{Axis, Motion, MotionSegment};
use ndarray::Array2;
use npyz::{WriterBuilder, npz::NpzWriter};
use serde_json::json;
use std::{io::Write, path::Path};

/// What SpikeInterface calls its description of a saved object.
const INFO: &str = "spikeinterface_info.json";
/// The release whose format this is.
const SPIKEINTERFACE: &str = "0.105.3";

/// Writes a motion: a `.npz` where the name ends so, else a folder.
///
/// # Errors
/// Where something else is there or the disk refuses.
pub fn write(motion: &Motion, path: &Path) -> Result<(), Error> {
    if is_npz(path) { write_npz(motion, path) } else { atomic::folder(path, |folder| fill(motion, folder)) }
}

/// Writes the files of a motion into an existing folder.
///
/// # Errors
/// Where the disk refuses.
pub fn fill(motion: &Motion, folder: &Path) -> Result<(), Error> {
    let info = json!({
        "version": SPIKEINTERFACE,
        "dev_mode": false,
        "object": "Motion",
        "num_segments": motion.segments.len(),
        "direction": name_of(motion.axis),
        "interpolation_method": "linear",
    });
    json::write(&folder.join(INFO), &info)?;
    for (name, array) in arrays(motion) {
        npy::write(&folder.join(format!("{name}.npy")), &array)?;
    }
    Ok(())
}

/// Reads a motion from a folder or a `.npz`.
///
/// # Errors
/// Where it is none, or an array is missing, damaged or of a wrong shape.
pub fn read(path: &Path) -> Result<Motion, Error> {
    let motion = if path.is_dir() { read_folder(path)? } else { read_npz(path)? };
    match motion.problem() {
        None => Ok(motion),
        Some(problem) => Err(Error::format(path, problem)),
    }
}

fn read_folder(folder: &Path) -> Result<Motion, Error> {
    let place = folder.join(INFO);
    let info = json::read(&place)?;
    if info.get("object").and_then(|v| v.as_str()) != Some("Motion") {
        return Err(Error::format(
            &place,
            "object is not \"Motion\": choose a folder that Motion.save wrote",
        ));
    }
    let axis = axis_of(info.get("direction").and_then(|v| v.as_str()).unwrap_or("y"), &place)?;
    let count = info.get("num_segments").and_then(|v| v.as_u64()).unwrap_or(1) as usize;
    let segments = (0..count)
        .map(|index| {
            let file = |name: &str| folder.join(format!("{name}_seg{index}.npy"));
            let confidence = file("confidence");
            Ok(MotionSegment {
                temporal_bins_s: npy::read_vec(&file("temporal_bins_s"))?,
                displacement_um: npy::read_matrix(&file("displacement"))?,
                confidence: confidence.is_file().then(|| npy::read_matrix(&confidence)).transpose()?,
            })
        })
        .collect::<Result<_, Error>>()?;
    Ok(Motion { axis, spatial_bins_um: npy::read_vec(&folder.join("spatial_bins_um.npy"))?, segments })
}

fn read_npz(path: &Path) -> Result<Motion, Error> {
    let mut npz = npy::Npz::open(path)?;
    let names = npz.names();
    let axis = match npz.vec::<i64>("dim")?.first() {
        Some(0) => Axis::X,
        Some(1) => Axis::Y,
        _ => return Err(Error::format(path, "dim must be 0 (x) or 1 (y)")),
    };
    let spatial_bins_um: Vec<f64> = npz.vec("spatial_bins_um")?;
    let mut segments = Vec::new();
    while names.contains(&format!("displacement_seg{}", segments.len())) {
        let index = segments.len();
        let temporal_bins_s: Vec<f64> = npz.vec(&format!("temporal_bins_s_seg{index}"))?;
        let shape = (temporal_bins_s.len(), spatial_bins_um.len());
        let mut matrix = |name: String| -> Result<Array2<f64>, Error> {
            let values = npz.vec(&name)?;
            Array2::from_shape_vec(shape, values)
                .map_err(|_wrong| Error::format(path, format!("{name} must have the shape {shape:?}")))
        };
        let displacement_um = matrix(format!("displacement_seg{index}"))?;
        let confidence = format!("confidence_seg{index}");
        let confidence = names.contains(&confidence).then(|| matrix(confidence)).transpose()?;
        segments.push(MotionSegment { temporal_bins_s, displacement_um, confidence });
    }
    Ok(Motion { axis, spatial_bins_um, segments })
}

fn write_npz(motion: &Motion, path: &Path) -> Result<(), Error> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let failed = |error: std::io::Error| Error::io("write", path, error);
    let mut npz = NpzWriter::new(&mut bytes);
    let dim = [motion.axis.index() as i64];
    let array = npz.array("dim", Default::default()).map_err(failed)?;
    let mut writer = array.default_dtype().shape(&[1]).begin_nd().map_err(failed)?;
    writer.extend(dim).map_err(failed)?;
    writer.finish().map_err(failed)?;
    for (name, values) in arrays(motion) {
        let shape: Vec<u64> = values.shape().iter().map(|&n| n as u64).collect();
        let array = npz.array(&name, Default::default()).map_err(failed)?;
        let mut writer = array.default_dtype().shape(&shape).begin_nd().map_err(failed)?;
        writer.extend(values.iter()).map_err(failed)?;
        writer.finish().map_err(failed)?;
    }
    drop(npz);
    let bytes = bytes.into_inner();
    atomic::file(path, |out| out.write_all(&bytes).map_err(|error| Error::io("write", path, error)))
}

/// The arrays of a motion by their names.
fn arrays(motion: &Motion) -> Vec<(String, ndarray::ArrayD<f64>)> {
    let list = |values: &[f64]| ndarray::arr1(values).into_dyn();
    let mut all = vec![("spatial_bins_um".to_owned(), list(&motion.spatial_bins_um))];
    for (index, segment) in motion.segments.iter().enumerate() {
        all.push((format!("temporal_bins_s_seg{index}"), list(&segment.temporal_bins_s)));
        all.push((format!("displacement_seg{index}"), segment.displacement_um.clone().into_dyn()));
        if let Some(confidence) = &segment.confidence {
            all.push((format!("confidence_seg{index}"), confidence.clone().into_dyn()));
        }
    }
    all
}

fn is_npz(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"))
}

fn name_of(axis: Axis) -> &'static str {
    match axis {
        Axis::X => "x",
        Axis::Y => "y",
    }
}

fn axis_of(name: &str, path: &Path) -> Result<Axis, Error> {
    match name {
        "x" => Ok(Axis::X),
        "y" => Ok(Axis::Y),
        other => Err(Error::format(path, format!("direction is {other:?}, it must be \"x\" or \"y\""))),
    }
}
