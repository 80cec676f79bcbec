//! probeinterface's JSON, the format most tools share.

use super::{ReadProbe, kilosort};
use crate::{
    data::{Contact, ContactShape, Probe},
    io::{Error, json},
};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Reads the text of a file.
pub(super) fn parse(text: &str, path: &Path) -> Result<ReadProbe, Error> {
    let value = json::parse(text, path)?;
    if kilosort::is_one(&value) {
        return kilosort::from_json(&value, path).map(ReadProbe::from);
    }
    from_json(&value, path)
}

/// Reads a group `{"probes": […]}` or a single probe; `path` names it in errors.
///
/// Several probes become one, with the shanks of each; contacts are in the group's own order.
pub(in crate::io) fn from_json(value: &Value, path: &Path) -> Result<ReadProbe, Error> {
    let single = [value.clone()];
    let probes: &[Value] = match value.get("probes") {
        Some(probes) => probes.as_array().ok_or_else(|| Error::format(path, "probes must be a list"))?,
        None if value.get("contact_positions").is_some() => &single,
        None => {
            return Err(Error::format(
                path,
                "not a probe: a probeinterface file has \"probes\" with \"contact_positions\"",
            ));
        }
    };
    let mut read = ReadProbe::from(Probe::default());
    for (index, probe) in probes.iter().enumerate() {
        Reader { value: probe, path, index, several: probes.len() > 1 }.read(&mut read)?;
    }
    if read.probe.contacts.is_empty() {
        return Err(Error::format(path, "the probe has no contacts"));
    }
    if !read.inter_sample_shift.is_empty() && read.inter_sample_shift.len() != read.probe.contacts.len() {
        read.inter_sample_shift.clear();
    }
    if let Some(order) = value.get("global_contact_order").and_then(Value::as_array) {
        reorder(&mut read, order);
    }
    Ok(read)
}

/// Contacts in the order the group gives, where it is a permutation of them.
fn reorder(read: &mut ReadProbe, order: &[Value]) {
    let order: Vec<usize> = order.iter().filter_map(Value::as_u64).map(|i| i as usize).collect();
    let mut seen = order.clone();
    seen.sort_unstable();
    if !seen.into_iter().eq(0..read.probe.contacts.len()) {
        return;
    }
    read.probe.contacts = order.iter().filter_map(|&i| read.probe.contacts.get(i).cloned()).collect();
    if !read.inter_sample_shift.is_empty() {
        read.inter_sample_shift =
            order.iter().filter_map(|&i| read.inter_sample_shift.get(i).copied()).collect();
    }
}

struct Reader<'a> {
    value: &'a Value,
    path: &'a Path,
    index: usize,
    several: bool,
}

impl Reader<'_> {
    fn wrong(&self, message: &str) -> Error {
        Error::format(self.path, format!("probes[{}].{message}", self.index))
    }

    /// A list with an element a contact; `None` where it is missing.
    fn list(&self, key: &str, contacts: usize) -> Result<Option<&[Value]>, Error> {
        match self.value.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let list = value.as_array().ok_or_else(|| self.wrong(&format!("{key} is not a list")))?;
                if list.len() != contacts {
                    return Err(
                        self.wrong(&format!("{key} has {} elements for {contacts} contacts", list.len()))
                    );
                }
                Ok(Some(list))
            }
        }
    }

    fn read(&self, read: &mut ReadProbe) -> Result<(), Error> {
        let scale = match self.value.get("si_units").and_then(Value::as_str) {
            None | Some("um" | "µm") => 1.0,
            Some("mm") => 1e3,
            Some("m") => 1e6,
            Some(other) => return Err(self.wrong(&format!("si_units is {other}, um or mm expected"))),
        };
        let positions = self
            .value
            .get("contact_positions")
            .and_then(Value::as_array)
            .ok_or_else(|| self.wrong("contact_positions is missing"))?;
        let count = positions.len();
        let shapes = self.list("contact_shapes", count)?;
        let shape_params = self.list("contact_shape_params", count)?;
        let contact_ids = self.list("contact_ids", count)?;
        let shanks = self.list("shank_ids", count)?;
        let columns = self.list("device_channel_indices", count)?;
        let probe = &mut read.probe;
        let first_shank = probe.shank_ids.len();
        for (i, position) in positions.iter().enumerate() {
            let place = numbers(position).filter(|p| p.len() == 2 || p.len() == 3);
            let Some(place) = place else {
                return Err(self.wrong(&format!("contact_positions[{i}] is not [x, y] or [x, y, z]")));
            };
            let shank = shanks.map(|s| word(&s[i])).unwrap_or_default();
            let shank = if self.several { format!("{}:{shank}", self.index) } else { shank };
            let known = probe.shank_ids[first_shank..].iter().position(|s| *s == shank);
            let shank_index = first_shank
                + known.unwrap_or_else(|| {
                    probe.shank_ids.push(shank);
                    probe.shank_ids.len() - 1 - first_shank
                });
            let device_channel_index = match columns {
                None => None,
                Some(columns) => {
                    let column = columns[i].as_f64().filter(|c| c.fract() == 0.0).ok_or_else(|| {
                        self.wrong(&format!("device_channel_indices[{i}] is no whole number"))
                    })?;
                    (column >= 0.0).then_some(column as usize)
                }
            };
            probe.contacts.push(Contact {
                contact_id: contact_ids.map(|c| word(&c[i])).unwrap_or_default(),
                position_um: [place[0] * scale, place[1] * scale],
                z_um: place.get(2).map(|z| z * scale),
                shape: shape(shapes.map(|s| &s[i]), shape_params.map(|s| &s[i]), scale),
                shank_index,
                device_channel_index,
            });
        }
        self.read_annotations(read, scale, count);
        Ok(())
    }

    fn read_annotations(&self, read: &mut ReadProbe, scale: f64, count: usize) {
        let ReadProbe { probe, inter_sample_shift } = read;
        let annotation = |keys: [&str; 2]| {
            let annotations = self.value.get("annotations");
            keys.into_iter()
                .find_map(|key| annotations?.get(key).or_else(|| self.value.get(key))?.as_str())
                .unwrap_or_default()
        };
        if probe.name.is_empty() {
            probe.name = annotation(["model_name", "name"]).to_owned();
            probe.manufacturer = annotation(["manufacturer", "manufacturer"]).to_owned();
        }
        let contour = self.value.get("probe_planar_contour").and_then(Value::as_array);
        let contour: Option<Vec<[f64; 2]>> = contour.and_then(|points| {
            points
                .iter()
                .map(|point| numbers(point).and_then(|p| Some([p.first()? * scale, p.get(1)? * scale])))
                .collect()
        });
        probe.contours_um.extend(contour.filter(|c| !c.is_empty()));
        let shifts = self.value.get("contact_annotations").and_then(|a| a.get("inter_sample_shift"));
        if let Some(shifts) = shifts.and_then(numbers).filter(|s| s.len() == count) {
            inter_sample_shift.extend(shifts);
        }
    }
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(Value::as_f64).collect()
}

/// Names come as text or as numbers.
fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Unknown shapes are drawn as small discs.
fn shape(shape: Option<&Value>, params: Option<&Value>, scale: f64) -> ContactShape {
    let length = |key: &str| params.and_then(|p| p.get(key)).and_then(Value::as_f64).map(|x| x * scale);
    match (shape.and_then(Value::as_str), length("width"), length("height"), length("radius")) {
        (Some("square"), Some(width_um), ..) => ContactShape::Square { width_um },
        (Some("rect"), Some(width_um), Some(height_um), _) => ContactShape::Rect { width_um, height_um },
        (_, _, _, Some(radius_um)) => ContactShape::Circle { radius_um },
        _ => ContactShape::Circle { radius_um: 6.0 },
    }
}

/// Writes a probe as a probeinterface file.
///
/// # Errors
/// Where the file cannot be written.
pub fn write(path: &Path, probe: &Probe) -> Result<(), Error> {
    json::write(path, &to_json(probe))
}

/// A probe as probeinterface JSON. Several bodies become shanks of one probe.
pub fn to_json(probe: &Probe) -> Value {
    let contacts = &probe.contacts;
    let deep = contacts.iter().any(|c| c.z_um.is_some());
    let collect = |f: &dyn Fn(&Contact) -> Value| Value::Array(contacts.iter().map(f).collect());
    let mut annotations = Map::new();
    if !probe.name.is_empty() {
        annotations.insert("model_name".into(), json!(probe.name));
    }
    if !probe.manufacturer.is_empty() {
        annotations.insert("manufacturer".into(), json!(probe.manufacturer));
    }
    let mut out = Map::new();
    out.insert("ndim".into(), json!(if deep { 3 } else { 2 }));
    out.insert("si_units".into(), json!("um"));
    out.insert("annotations".into(), Value::Object(annotations));
    out.insert("contact_annotations".into(), json!({}));
    let position = |c: &Contact| {
        let [x, y] = c.position_um;
        if deep { json!([x, y, c.z_um.unwrap_or(0.0)]) } else { json!([x, y]) }
    };
    out.insert("contact_positions".into(), collect(&position));
    let axes = if deep { json!([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]) } else { json!([[1.0, 0.0], [0.0, 1.0]]) };
    out.insert("contact_plane_axes".into(), collect(&|_| axes.clone()));
    let shape = |c: &Contact| match c.shape {
        ContactShape::Circle { .. } => json!("circle"),
        ContactShape::Square { .. } => json!("square"),
        ContactShape::Rect { .. } => json!("rect"),
    };
    out.insert("contact_shapes".into(), collect(&shape));
    let params = |c: &Contact| match c.shape {
        ContactShape::Circle { radius_um } => json!({ "radius": radius_um }),
        ContactShape::Square { width_um } => json!({ "width": width_um }),
        ContactShape::Rect { width_um, height_um } => json!({ "width": width_um, "height": height_um }),
    };
    out.insert("contact_shape_params".into(), collect(&params));
    if let [contour] = probe.contours_um.as_slice()
        && !deep
    {
        out.insert("probe_planar_contour".into(), json!(contour));
    }
    if contacts.iter().any(|c| c.device_channel_index.is_some()) {
        let column = |c: &Contact| c.device_channel_index.map_or(json!(-1), |column| json!(column));
        out.insert("device_channel_indices".into(), collect(&column));
    }
    // probeinterface refuses ids that are not unique.
    let mut ids: Vec<&str> = contacts.iter().map(|c| c.contact_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == contacts.len() && !ids.contains(&"") {
        out.insert("contact_ids".into(), collect(&|c| json!(c.contact_id)));
    }
    if probe.shank_ids.iter().any(|s| !s.is_empty()) {
        let shank = |c: &Contact| json!(probe.shank_ids.get(c.shank_index).map_or("", String::as_str));
        out.insert("shank_ids".into(), collect(&shank));
    }
    json!({ "specification": "probeinterface", "version": "0.2.21", "probes": [out] })
}
