//! What SpikeGLX wrote of real recordings: gains and contacts, as probeinterface reads them.

use super::common::{run_python, shared_data};
use spikeloom::io::{probe, spikeglx::Meta};
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    shared_data().join("spikeglx_meta").join(format!("{name}.meta"))
}

#[test]
fn gains_come_from_the_table_of_channels_where_no_key_says_them() {
    for (name, gain) in [
        ("NP1110_bank0_g0_t0.imec0.ap", 2.343_75),
        ("NP-Ultra", 2.343_75),
        ("Noise_g0_t0.imec0.ap", 2.343_75),
        ("phase3a.imec.ap", 2.343_75),
        ("sample3A_g0_t0.imec.lf", 4.6875),
        ("NP1_saved_only_subset_of_channels", 2.343_75),
        ("NP2_4_shanks.imec0.ap", 0.5e6 / 8192.0 / 80.0),
        ("NP2_2013_subset_channels.imec0.ap", 0.62e6 / 2048.0 / 100.0),
    ] {
        let text = std::fs::read_to_string(file(name)).unwrap();
        let found = Meta::new(&text, &file(name)).gain_to_uv().unwrap();
        assert!((found - gain).abs() < 1e-9, "{name}: {found}");
    }
    let text = std::fs::read_to_string(file("sample3B_g0_t0.nidq")).unwrap();
    assert_eq!(Meta::new(&text, &file("sample3B_g0_t0.nidq")).gain_to_uv(), None);
}

#[test]
fn contacts_lie_where_probeinterface_puts_them() {
    for name in [
        "NP1110_bank0_g0_t0.imec0.ap",
        "NP-Ultra",
        "Noise_g0_t0.imec0.ap",
        "phase3a.imec.ap",
        "NP1_saved_only_subset_of_channels",
        "non_human_primate_long_staggered.imec0.ap",
        "NP2_4_shanks.imec0.ap",
        "sampleNP2.4_4shanks_while_acquiring_incomplete.ap",
        "p2_g0_t0.imec0.ap",
        "NP2_2013_subset_channels.imec0.ap",
        "NP2020_sample_g0_t0.imec0.ap",
    ] {
        let read = probe::read(&file(name).to_string_lossy()).unwrap();
        let script = "import sys, json, probeinterface as pi\n\
            p = pi.read_spikeglx(sys.argv[1])\n\
            print(json.dumps([p.contact_positions.tolist(), p.device_channel_indices.tolist()]))";
        let (theirs, wiring): (Vec<[f64; 2]>, Vec<usize>) =
            serde_json::from_str(&run_python(script, &[&file(name)])).unwrap();
        let contacts = &read.probe.contacts;
        assert_eq!(contacts.len(), theirs.len(), "{name}");
        // Distances count; where zero lies does not.
        let first = (contacts[wiring[0]].position_um, theirs[0]);
        for (place, column) in theirs.iter().zip(&wiring) {
            let ours = contacts.iter().find(|c| c.device_channel_index == Some(*column)).unwrap().position_um;
            for axis in 0..2 {
                let (a, b) = (ours[axis] - first.0[axis], place[axis] - first.1[axis]);
                assert!((a - b).abs() < 0.51, "{name}: column {column} at {ours:?}, theirs at {place:?}");
            }
        }
    }
    let error = probe::read(&file("sample3B_g0_t0.nidq").to_string_lossy()).unwrap_err().to_string();
    assert!(error.contains("where the contacts lie"), "{error}");
}
