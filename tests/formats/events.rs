//! Events from tables, numpy arrays and Open Ephys.

use crate::common;
use spikeloom::{
    data::Event,
    io::{events, npy},
};
use std::path::Path;

fn event(time_s: f64, duration_s: f64, label: &str) -> Event {
    Event { segment_index: 0, time_s, duration_s, label: label.into() }
}

#[test]
fn tables_of_times() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let path = write("a.csv", "onset,duration,trial_type\n2.5,0.5,tone\n1.0,0,light\n");
    let found = events::read(&path, None).unwrap().events;
    assert_eq!(found, [event(1.0, 0.0, "light"), event(2.5, 0.5, "tone")]);
    let path = write("b.tsv", "start_time\tstop_time\tsegment\n1\t3\t1\n9\t9.5\t0\n");
    let found = events::read(&path, None).unwrap().events;
    assert_eq!(found[0], event(9.0, 0.5, ""));
    assert_eq!(found[1], Event { segment_index: 1, ..event(1.0, 2.0, "") });
    let path = write("c.txt", "0.25\n0.5\n1e1\n");
    let times: Vec<f64> = events::read(&path, None).unwrap().events.iter().map(|e| e.time_s).collect();
    assert_eq!(times, [0.25, 0.5, 10.0]);
    let path = write("d.csv", "sample_index,label\n30000,a\n");
    assert_eq!(events::read(&path, Some(20_000.0)).unwrap().events, [event(1.5, 0.0, "a")]);
    for (text, part) in [
        ("sample_index\n30000\n", "give the sampling frequency"),
        ("x,y\n1,2\n", "no column of times"),
        ("time\nsoon\n", "\"soon\""),
        ("time,label\n1\n", "line"),
    ] {
        let message = events::read(&write("bad.csv", text), None).unwrap_err().to_string();
        assert!(message.contains(part) && message.contains("bad.csv"), "{message}");
    }
    let message = events::read(&write("e.wav", ""), None).unwrap_err().to_string();
    assert!(message.contains(".npz"), "{message}");
    assert!(events::read(&folder.path().join("none.csv"), None).is_err());
}

/// Arrays as SpikeInterface's `NumpyEvent` takes them, with the times it gives.
#[test]
fn arrays_of_numpy_events() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
import sys, json
from pathlib import Path
import numpy as np
from spikeinterface.core import NumpyEvent
out = Path(sys.argv[1])
ttl = np.zeros(3, dtype=[("time", "f8"), ("duration", "f4"), ("label", "U8")])
ttl["time"], ttl["duration"], ttl["label"] = [3.5, 0.125, 7.0], [0.5, 0, 1], ["go", "stop", "go"]
arrays = dict(ttl=ttl, licks=np.array([0.5, 1.75]))
np.savez(out / "events.npz", **arrays)
np.save(out / "licks.npy", arrays["licks"])
event = NumpyEvent.from_dict(arrays)
print(json.dumps({c: np.asarray(event.get_event_times(c, 0)).tolist() for c in arrays}))
"#;
    let theirs: serde_json::Value =
        serde_json::from_str(&common::run_python(script, &[folder.path()])).unwrap();
    let found = events::read(&folder.path().join("events.npz"), None).unwrap().events;
    let times =
        |label: &str| -> Vec<f64> { found.iter().filter(|e| e.label == label).map(|e| e.time_s).collect() };
    assert_eq!(serde_json::json!(times("licks")), theirs["licks"]);
    assert_eq!((times("go"), times("stop")), (vec![3.5, 7.0], vec![0.125]));
    assert_eq!(theirs["ttl"].as_array().unwrap().len(), 3);
    assert_eq!(found.iter().find(|e| e.time_s == 3.5).unwrap().duration_s, 0.5);
    assert!(found.is_sorted_by(|a, b| a.time_s <= b.time_s));
    let alone = events::read(&folder.path().join("licks.npy"), None).unwrap().events;
    assert_eq!(alone, [event(0.5, 0.0, ""), event(1.75, 0.0, "")]);
}

#[test]
fn lines_of_open_ephys() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, values: &[i64]| npy::write_vec(&folder.path().join(name), values).unwrap();
    put("states.npy", &[3, 1, -3, 3, -1]);
    npy::write_vec(&folder.path().join("timestamps.npy"), &[1.0_f64, 2.0, 2.5, 4.0, 5.0]).unwrap();
    let found = events::read(folder.path(), None).unwrap().events;
    assert_eq!(found, [event(1.0, 1.5, "TTL 3"), event(2.0, 3.0, "TTL 1"), event(4.0, 0.0, "TTL 3")]);
    // Until 0.6 timestamps are samples.
    put("timestamps.npy", &[40_000, 50_000, 60_000, 70_000, 80_000]);
    let message = events::read(folder.path(), None).unwrap_err().to_string();
    assert!(message.contains("sampling frequency"), "{message}");
    assert_eq!(events::read(folder.path(), Some(40_000.0)).unwrap().events[0], event(1.0, 0.5, "TTL 3"));
    put("states.npy", &[1, -1]);
    assert!(
        events::read(folder.path(), Some(40_000.0)).unwrap_err().to_string().contains("5 times for 2 states")
    );
    assert!(events::read(Path::new("/dev/null"), None).is_err());
}
