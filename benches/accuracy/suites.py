"""Recordings whose spikes are known, the same bytes for the same seed: SpikeInterface's generators, our own with other
footprints and noise, and hybrids.

Of SpikeInterface's: templates are ellipsoid footprints; noise is spatially correlated and white, plus reddish noise
common to all channels. The hard suites add distant units as background and bursts whose spikes shrink; the drifting
ones move the tissue. SNR is the peak of a unit's band-passed template over the band-passed noise of its peak channel.
"""

import csv
import json
import math
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np

FS = 30000.0
GAIN_UV = 0.195
BEFORE_MS, AFTER_MS = 1.5, 3.0
UPSAMPLE = 4  # spikes fall at quarter-sample offsets
BAND_HZ = (300.0, 6000.0)
NOISE_UV = (6.0, 8.0)
COMMON_UV, COMMON_POLE = 5.0, 0.8

SUITES = {
    "tetrode": dict(probe="tetrode", seconds=300, units=8),
    "linear32": dict(probe="linear32", seconds=180, units=24),
    "linear32_hard": dict(probe="linear32", seconds=240, units=30, background=60, bursts=0.4),
    "np128_static": dict(probe="np128", seconds=120, units=80),
    "np128_drift": dict(probe="np128", seconds=120, units=80, drift=True),
    "np128_hard": dict(probe="np128", seconds=180, units=70, drift=True, background=240, bursts=0.4),
    "np384": dict(probe="np384", seconds=60, units=200),
    "np384_long": dict(probe="np384", seconds=300, units=250),
}
# The program's own generator: fields of dipoles along dendrites, other noise, other rates. Made by `spikeloom run`.
OWN = {
    "own_wire": dict(probe="single_wire", duration_s=120.0, num_units=2, num_background_units=20),
    "own_tetrode": dict(probe="tetrode", duration_s=120.0, num_units=6, num_background_units=30),
    "own_tetrodes16": dict(probe="tetrodes16", duration_s=60.0, num_units=64, num_background_units=480),
    "own_linear32": dict(
        probe="linear32", duration_s=120.0, num_units=24, num_background_units=100, burst_fraction=0.3
    ),
    "own_np128_drift": dict(
        probe="neuropixels128", duration_s=120.0, num_units=70, num_background_units=240, burst_fraction=0.3,
        drift="zigzag", drift_range_um=30.0, drift_period_s=80.0, non_rigid=0.3,
    ),
    "own_np384": dict(probe="neuropixels384", duration_s=60.0, num_units=150, num_background_units=500),
    "own_np2": dict(probe="neuropixels2_four_shanks", duration_s=60.0, num_units=100, num_background_units=300),
    "own_utah96": dict(probe="utah96", duration_s=60.0, num_units=120, num_background_units=480),
    "own_hdmea1024": dict(
        probe="hd_mea1024", duration_s=12.0, num_units=200, num_background_units=400,
        sampling_frequency=20000.0, median_firing_rate_hz=8.0,
    ),
}  # fmt: skip

# Units of a sorted real recording put back into it at other times and channels: only they are scored.
HYBRID = {
    "hybrid_locust": dict(
        file="locust/locust_trial_01.raw", dtype="int16", num_channels=4, sampling_frequency=15000.0,
        hybrid=dict(num_units=6, median_firing_rate_hz=6.0, min_relative_amplitude=0.2),
    ),
}  # fmt: skip
ALL = SUITES | OWN | HYBRID

# Still for 15 s, then a triangle of 30 um peak to peak, 40 s from end to end; the far end moves 0.3 of it.
ZIGZAG = dict(drift_mode="zigzag", non_rigid_gradient=0.3, t_start_drift=15.0, t_end_drift=None, period_s=80)
DRIFT = dict(
    displacement_sampling_frequency=5.0,
    drift_start_um=[0, 15.0],
    drift_stop_um=[0, -15.0],
    drift_step_um=1,
    motion_list=[ZIGZAG],
)


def make_probe(name):
    """A tetrode, a linear probe, or the lowest contacts of a Neuropixels 1.0 (four staggered columns)."""
    import probeinterface as pi

    if name == "tetrode":
        probe = pi.generate_tetrode(r=15)
    elif name == "linear32":
        probe = pi.generate_linear_probe(num_elec=32, ypitch=25)
    else:
        i = np.arange(int(name.removeprefix("np")))
        x = np.array([43.0, 11.0, 59.0, 27.0])[i % 4]
        probe = pi.Probe(ndim=2, si_units="um")
        probe.set_contacts(np.column_stack([x, 20.0 * (i // 2)]), shapes="square", shape_params={"width": 12.0})
        probe.create_auto_shape()
    probe.set_device_channel_indices(np.arange(probe.get_contact_count()))
    return probe


def lognormal_within(rng, median, sigma, low, high, size):
    values = np.exp(rng.normal(math.log(median), sigma, size))
    while (outside := (values < low) | (values > high)).any():
        values[outside] = np.exp(rng.normal(math.log(median), sigma, outside.sum()))
    return values


def bandpass(x, rate=FS):
    from scipy.signal import butter, sosfiltfilt

    return sosfiltfilt(butter(5, BAND_HZ, "bandpass", fs=rate, output="sos"), x, axis=0)


def add_background(noise, contacts, count, rms, seconds, seed):
    """Noise and the spikes of units too distant or too small to be sorted (SNR 0.4 to 2)."""
    from spikeinterface.core import generate as g

    rng = np.random.default_rng([seed, 7])
    rates = rng.uniform(2.0, 12.0, count)
    sorting = g.generate_sorting(count, FS, [seconds], firing_rates=rates, refractory_period_ms=3.0, seed=seed)
    places = g.generate_unit_locations(
        count, contacts, margin_um=60.0, minimum_z=40.0, maximum_z=120.0, minimum_distance=None, seed=seed
    )
    shape = {"alpha": np.ones(count), "spatial_decay": rng.uniform(40.0, 90.0, count)}
    templates = g.generate_templates(
        contacts, places, FS, ms_before=BEFORE_MS, ms_after=AFTER_MS, mode="ellipsoid", unit_params=shape, seed=seed
    )
    peak = np.abs(templates).max(axis=(1, 2))
    templates = templates * (rng.uniform(0.4, 2.0, count) * rms.mean() * 1.5 / peak)[:, None, None]
    before = int(BEFORE_MS * FS / 1000)
    return g.InjectTemplatesRecording(sorting, templates.astype("float32"), nbefore=before, parent_recording=noise)


def add_bursts(sorting, fraction, seconds, seed):
    """Some units fire bursts: each spike 3 to 8 ms after the last and 12 to 25 % smaller."""
    from spikeinterface.core import NumpySorting

    rng = np.random.default_rng([seed, 8])
    spikes = sorting.to_spike_vector()
    trains = []
    for unit in range(sorting.get_num_units()):
        times = spikes["sample_index"][spikes["unit_index"] == unit].astype("int64")
        scale = np.ones(times.size)
        if rng.random() < fraction:
            step, more = rng.uniform(0.12, 0.25), times[rng.random(times.size) < 0.35]
            for k in range(1, 4):
                more = more + (rng.uniform(0.003, 0.008, more.size) * FS).astype("int64")
                times = np.r_[times, more]
                scale = np.r_[scale, np.full(more.size, (1 - step) ** k)]
                more = more[rng.random(more.size) < 0.6]
        order = np.argsort(times, kind="stable")
        times, scale = times[order], scale[order]
        keep = np.r_[True, np.diff(times) > 0.0025 * FS]
        keep &= (times > 0.01 * FS) & (times < (seconds - 0.01) * FS)
        trains.append((times[keep], np.full(keep.sum(), unit), scale[keep]))
    times, labels, scale = (np.concatenate(x) for x in zip(*trains))
    order = np.lexsort((labels, times))
    return NumpySorting.from_samples_and_labels([times[order]], [labels[order]], FS), scale[order]


def build(suite, seed):
    """The lazy recording in uV, its probe, its spikes, and a table of its units."""
    from spikeinterface.core import generate as g
    from spikeinterface.generation import generate_drifting_recording, generate_noise

    probe, units, seconds = make_probe(suite["probe"]), suite["units"], float(suite["seconds"])
    contacts = probe.contact_positions
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(7) % 2**31]

    rates = lognormal_within(np.random.default_rng(seeds[0]), 4.0, 0.8, 1.0, 20.0, units)
    sorting = g.generate_sorting(units, FS, [seconds], firing_rates=rates, refractory_period_ms=3.0, seed=seeds[1])
    places = g.generate_unit_locations(
        units, contacts, margin_um=20.0, minimum_z=5.0, maximum_z=45.0, minimum_distance=15.0,
        max_iteration=1000, seed=seeds[2],
    )  # fmt: skip
    noise = generate_noise(probe, FS, [seconds], noise_levels=NOISE_UV, spatial_decay=25.0, seed=seeds[3])
    noise.probe = probe  # where generate_drifting_recording looks for it
    rms = bandpass(noise.get_traces(start_frame=0, end_frame=int(2 * FS))).std(axis=0)
    if suite.get("background"):
        noise = add_background(noise, contacts, suite["background"], rms, seconds, seeds[3])
        noise.probe = probe
    burst_scale = 1.0
    if suite.get("bursts"):
        sorting, burst_scale = add_bursts(sorting, suite["bursts"], seconds, seeds[1])

    shape = g._ensure_unit_params({"alpha": 1.0, "spatial_decay": (15.0, 45.0)}, units, seeds[4])
    window = dict(ms_before=BEFORE_MS, ms_after=AFTER_MS, mode="ellipsoid", unit_params=shape)

    def templates(upsample=None):
        return g.generate_templates(contacts, places, FS, seed=seeds[4], upsample_factor=upsample, **window)

    unit = templates()
    peak_channel = np.abs(unit).max(axis=1).argmax(axis=1)
    at_peak = np.pad(unit[np.arange(units), :, peak_channel].T, ((600, 600), (0, 0)))
    snr = lognormal_within(np.random.default_rng(seeds[5]), 8.0, 0.55, 3.0, 25.0, units)
    shape["alpha"] = snr * rms[peak_channel] / np.abs(bandpass(at_peak)).max(axis=0)

    rng = np.random.default_rng(seeds[6])
    scale = np.clip(rng.normal(1.0, 0.07, sorting.count_total_num_spikes()), 0.7, 1.3) * burst_scale
    if suite.get("drift"):
        _, recording, sorting = generate_drifting_recording(
            num_units=units, duration=seconds, sampling_frequency=FS, probe=probe, noise=noise,
            unit_locations=places, sorting=sorting, amplitude_factor=scale, seed=seeds[4],
            generate_templates_kwargs=window, generate_displacement_vector_kwargs=DRIFT,
        )  # fmt: skip
    else:
        recording = g.InjectTemplatesRecording(
            sorting, templates(UPSAMPLE), nbefore=int(BEFORE_MS * FS / 1000), amplitude_factor=scale,
            parent_recording=noise, upsample_vector=rng.integers(0, UPSAMPLE, scale.size),
        )  # fmt: skip
    spikes = sorting.to_spike_vector()
    counts = np.bincount(spikes["unit_index"], minlength=units)
    table = [
        dict(
            unit=u, peak_channel=int(peak_channel[u]), snr=round(float(snr[u]), 3), num_spikes=int(counts[u]),
            **{k: round(float(v), 2) for k, v in zip("xyz", places[u])},
        )
        for u in range(units)
    ]  # fmt: skip
    return recording, probe, spikes, table


def generate(name, seed, folder, program, tile=1):
    """Writes `recording.dat` (int16, frames x channels), `probe.json`, `truth/` (a NumpyFolder), `units.csv`, and where
    the tissue moves `motion/`, as SpikeInterface saves one.

    `tile` repeats the recording end to end, which tells how time and memory grow with the length.
    """
    about = folder / "suite.json"
    if about.exists() and "exhaustive" in json.loads(about.read_text()):  # what an older bench wrote tells less
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if name in SUITES:
        generate_theirs(name, seed, folder, tile)
    elif tile != 1:
        raise SystemExit(f"{name} cannot be tiled")
    else:
        generate_ours(name, seed, folder, program)


WORDS = ("probe", "drift", "dtype")  # choices are written without quotes


def ron(value):
    """A value as the pipeline files write it."""
    if isinstance(value, dict):
        return "(" + ", ".join(f"{k}: {v if k in WORDS else ron(v)}" for k, v in value.items()) + ")"
    return json.dumps(value)


def generate_ours(name, seed, folder, program):
    """A recording of the program's own generator, or a real one with known spikes put in."""
    from spikeinterface.core import load, read_binary

    if name in OWN:
        nodes = {"make": ("generate_recording", OWN[name] | dict(seed=seed))}
        wires = []
    else:
        about = HYBRID[name]
        shared = Path(os.environ.get("SPIKELOOM_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
        source = {k: about[k] for k in ("dtype", "num_channels", "sampling_frequency")}
        nodes = {
            "read": ("read_recording", dict(path=str((shared / about["file"]).resolve())) | source),
            "filter": ("bandpass_filter", {}),
            "sort": ("sort", {}),
            "waveforms": ("compute_waveforms", {}),
            "make": ("generate_hybrid_recording", about["hybrid"] | dict(seed=seed)),
        }
        wires = ["read.recording filter.recording", "filter.recording sort.recording", "sort.sorting waveforms.sorting",
                 "filter.recording waveforms.recording", "read.recording make.recording",
                 "waveforms.templates make.templates"]  # fmt: skip
    nodes |= {
        "recording": ("save_recording", dict(path=str((folder / "saved").resolve()), dtype="int16")),
        "truth": ("save_sorting", dict(path=str((folder / "truth").resolve()))),
    }
    wires += ["make.recording recording.recording", "make.truth truth.sorting"]
    lines = "".join(f'"{node}": (kind: "{kind}", params: {ron(params)}),\n' for node, (kind, params) in nodes.items())
    ends = ", ".join("({}, {})".format(*(json.dumps(end) for end in wire.split())) for wire in wires)
    pipeline = folder / "pipeline.ron"
    pipeline.write_text(f"(version: 1, nodes: {{\n{lines}}}, wires: [{ends}])\n")
    done = subprocess.run([str(program), "run", str(pipeline)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name} could not be made:\n{done.stderr}")
    (folder / "saved" / "traces_cached_seg0.raw").rename(folder / "recording.dat")
    if (folder / "saved" / "probegroup.json").exists():
        (folder / "saved" / "probegroup.json").rename(folder / "probe.json")
    facts = json.loads((folder / "saved" / "binary.json").read_text())["kwargs"]
    shutil.rmtree(folder / "saved")
    rate, channels = facts["sampling_frequency"], facts["num_channels"]
    truth = load(folder / "truth")
    recording = read_binary(
        [folder / "recording.dat"], sampling_frequency=rate, dtype="int16", num_channels=channels
    )
    frames = recording.get_num_samples(0)
    start = recording.get_traces(start_frame=0, end_frame=min(frames, int(10 * rate))).astype("float32")
    filtered = bandpass(start, rate)
    noise = np.median(np.abs(filtered - np.median(filtered, axis=0)), axis=0) / 0.6745
    gain = GAIN_UV if name in OWN else 1.0
    counts = truth.count_num_spikes_per_unit(outputs="array")
    amplitudes = np.abs(truth.get_property("amplitude_uv" if name in OWN else "amplitude"))
    channel = truth.get_property("peak_channel")
    rows = [
        dict(unit=u, peak_channel=int(c), snr=round(float(a / gain / noise[c]), 3), num_spikes=int(n))
        for u, (c, a, n) in enumerate(zip(channel, amplitudes, counts))
    ]
    write_units(folder, rows)
    about = dict(suite=name, seed=seed, tile=1, seconds=frames / rate, rate=rate, exhaustive=name in OWN)
    about |= dict(channels=channels, frames=frames)
    (folder / "suite.json").write_text(json.dumps(about) + "\n")  # last: all is there


def save_motion(folder, seconds, tile, units):
    """How the tissue truly moves, as SpikeInterface keeps a motion: linear in depth between the outermost units."""
    from spikeinterface.core.motion import Motion
    from spikeinterface.generation import generate_displacement_vector

    depths = np.array([unit["y"] for unit in units])
    ends = np.array([depths.min(), depths.max()])
    moved, *_ = generate_displacement_vector(seconds, np.column_stack([np.zeros(2), ends]), **DRIFT)
    moved = np.tile(moved[:, :, 1], (tile, 1))
    times = np.arange(len(moved)) / DRIFT["displacement_sampling_frequency"]
    Motion([moved], [times], ends, direction="y").save(folder / "motion")


def write_units(folder, rows):
    with open(folder / "units.csv", "w", newline="") as f:
        writer = csv.DictWriter(f, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def generate_theirs(name, seed, folder, tile):
    """A recording of SpikeInterface's generators."""
    from probeinterface import write_probeinterface
    from scipy.signal import lfilter
    from spikeinterface.core import NumpySorting

    recording, probe, spikes, units = build(SUITES[name], seed)
    frames, chunk = recording.get_num_samples(0), int(5 * FS)
    rng, state = np.random.default_rng([seed, 99]), np.zeros(1)
    once = folder / "once.dat"
    with open(once, "wb") as f:
        for start in range(0, frames, chunk):
            end = min(start + chunk, frames)
            white = rng.normal(0.0, COMMON_UV * math.sqrt(1 - COMMON_POLE**2), end - start)
            common, state = lfilter([1.0], [1.0, -COMMON_POLE], white, zi=state)
            counts = np.rint((recording.get_traces(start_frame=start, end_frame=end) + common[:, None]) / GAIN_UV)
            assert np.abs(counts).max() < 32767, "clipping"
            f.write(np.ascontiguousarray(counts.astype("<i2")).tobytes())
    if tile == 1:
        once.rename(folder / "recording.dat")
    else:
        with open(folder / "recording.dat", "wb") as f:
            for _ in range(tile):
                with open(once, "rb") as source:
                    shutil.copyfileobj(source, f, 1 << 24)
        once.unlink()

    write_probeinterface(folder / "probe.json", probe)
    samples, labels = spikes["sample_index"].astype("int64"), spikes["unit_index"].astype("int32")
    samples = np.concatenate([samples + i * frames for i in range(tile)])
    truth = NumpySorting.from_samples_and_labels([samples], [np.tile(labels, tile)], FS)
    truth.save(folder=folder / "truth")
    write_units(folder, units)
    if SUITES[name].get("drift"):
        save_motion(folder, float(SUITES[name]["seconds"]), tile, units)
    about = dict(suite=name, seed=seed, tile=tile, seconds=SUITES[name]["seconds"] * tile, rate=FS, exhaustive=True)
    about |= dict(channels=probe.get_contact_count())
    (folder / "suite.json").write_text(json.dumps(about | dict(frames=frames * tile)) + "\n")  # last: all is there
