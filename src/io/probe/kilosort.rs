//! Kilosort 4's probe JSON: `chanMap` (0-based), `xc`, `yc`, `kcoords`.

use crate::{
    data::{Contact, ContactShape, Probe},
    io::Error,
};
use serde_json::Value;
use std::path::Path;

pub(super) fn is_one(value: &Value) -> bool {
    value.get("chanMap").is_some() && value.get("xc").is_some()
}

/// One contact an entry of `chanMap`, which is the column that carries it.
pub(super) fn from_json(value: &Value, path: &Path) -> Result<Probe, Error> {
    let columns = list(value, "chanMap", path)?;
    let (x, y) = (list(value, "xc", path)?, list(value, "yc", path)?);
    let shanks = match value.get("kcoords") {
        Some(_) => list(value, "kcoords", path)?,
        None => vec![0.0; columns.len()],
    };
    for (name, length) in [("xc", x.len()), ("yc", y.len()), ("kcoords", shanks.len())] {
        if length != columns.len() {
            return Err(Error::format(
                path,
                format!("{name} has {length} elements, chanMap {}", columns.len()),
            ));
        }
    }
    let mut probe = Probe::default();
    for (i, &column) in columns.iter().enumerate() {
        if column < 0.0 || column.fract() != 0.0 {
            return Err(Error::format(
                path,
                format!("chanMap[{i}] is {column}, a column of the file expected"),
            ));
        }
        let shank = shanks[i].to_string();
        let shank_index = probe.shank_ids.iter().position(|s| *s == shank).unwrap_or_else(|| {
            probe.shank_ids.push(shank);
            probe.shank_ids.len() - 1
        });
        probe.contacts.push(Contact {
            contact_id: i.to_string(),
            position_um: [x[i], y[i]],
            z_um: None,
            shape: ContactShape::Circle { radius_um: 6.0 },
            shank_index,
            device_channel_index: Some(column as usize),
        });
    }
    Ok(probe)
}

fn list(value: &Value, key: &str, path: &Path) -> Result<Vec<f64>, Error> {
    value
        .get(key)
        .and_then(Value::as_array)
        .and_then(|list| list.iter().map(Value::as_f64).collect())
        .ok_or_else(|| Error::format(path, format!("{key} is missing or no list of numbers")))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_on_the_columns_of_chan_map() {
        let value = serde_json::json!({
            "chanMap": [2, 0], "xc": [0.0, 10.0], "yc": [20.0, 40.0], "kcoords": [0, 1], "n_chan": 3
        });
        assert!(is_one(&value));
        let probe = from_json(&value, Path::new("p.json")).unwrap();
        assert_eq!(probe.wiring(), [(0, 1), (2, 0)]);
        assert_eq!((probe.contacts[1].position_um, probe.contacts[1].shank_index), ([10.0, 40.0], 1));
        let short = serde_json::json!({ "chanMap": [0, 1], "xc": [0.0], "yc": [0.0, 1.0] });
        assert!(from_json(&short, Path::new("p.json")).unwrap_err().to_string().contains("xc has 1"));
    }
}
