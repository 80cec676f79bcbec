"""Generates, sorts, scores, and prints one table. Started by `benches/accuracy/run`."""

import argparse
import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
from suites import ALL, GAIN_UV, SUITES, generate

PEERS = ("lupin", "spykingcircus2", "spikesift")
BANDS = (("SNR >= 8", 8.0, np.inf), ("SNR 5-8", 5.0, 8.0), ("SNR < 5", 0.0, 5.0))
DELTA_MS, WELL_DETECTED = 0.4, 0.8
THREADS = 2


# ---------------------------------------------------------------- the sorters


def sort_ours(program, folder, out):
    """Sorts with the release program; gives times and labels, and what run.json tells."""
    about = facts(folder)
    command = [program, "sort", folder / "recording.dat", "--out", out, "--dtype", "int16"]
    command += ["--num-channels", about["channels"], "--sampling-frequency", about["rate"]]
    if (folder / "probe.json").exists():
        command += ["--probe", folder / "probe.json"]
    done = subprocess.run([str(c) for c in [*command, "--threads", THREADS]], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"spikeloom sort failed on {folder}:\n{done.stderr}")
    (out / "log.txt").write_text(done.stderr + done.stdout)
    run = json.loads((out / "run.json").read_text())
    spikes = np.load(out / "sorting" / "spikes.npy")
    cost = dict(wall=run["wall_s"], cpu=run["cpu_s"], mib=run["peak_rss_bytes"] / 2**20, stages=run["stages"])
    return spikes["sample_index"], spikes["unit_index"], cost


def facts(folder):
    """What is known of a recording."""
    return json.loads((folder / "suite.json").read_text())


def load(folder):
    from probeinterface import generate_tetrode, read_probeinterface
    from spikeinterface.core import read_binary

    about = facts(folder)
    recording = read_binary([folder / "recording.dat"], sampling_frequency=about["rate"], dtype="int16",
                            gain_to_uV=GAIN_UV, num_channels=about["channels"], offset_to_uV=0.0)  # fmt: skip
    if (folder / "probe.json").exists():
        probe = read_probeinterface(folder / "probe.json").probes[0]
        if probe.shank_ids is None:  # as probes of one shank are
            probe.set_shank_ids(["0"] * probe.get_contact_count())
        # In place, or a recording of its own: versions differ.
        return recording.set_probe(probe, group_mode="by_shank") or recording
    probe = generate_tetrode()  # the peers need one
    probe.set_device_channel_indices(range(4))
    return recording.set_probe(probe) or recording


def peer_process(name, folder, out):
    """In a process of its own: sorts with a peer and saves its spikes. Imports are not timed."""
    import spikeinterface.full as si

    def cpu():
        used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(u.ru_utime + u.ru_stime for u in used)

    si.set_global_job_kwargs(n_jobs=THREADS, progress_bar=False)
    recording = load(folder)
    if name == "spikesift":
        import spikesift
    wall, used = time.perf_counter(), cpu()
    if name == "spikesift":
        source = spikesift.Recording(
            binary_file=str(folder / "recording.dat"), data_type=np.int16,
            probe_geometry=recording.get_channel_locations(), sampling_frequency=recording.sampling_frequency,
        )  # fmt: skip
        trains = list(spikesift.perform_spike_sorting(source, verbose=False).all_spikes().values())
        samples = np.concatenate([np.asarray(t, "int64") for t in trains])
        labels = np.repeat(np.arange(len(trains)), [len(t) for t in trains])
    else:
        spikes = si.run_sorter(name, recording, folder=out / "sorter").to_spike_vector()
        samples, labels = spikes["sample_index"], spikes["unit_index"]
    cost = dict(wall=time.perf_counter() - wall, cpu=cpu() - used)
    np.savez(out / "sorting.npz", samples=samples, labels=labels)
    (out / "cost.json").write_text(json.dumps(cost))


def sort_peer(name, folder, out):
    import psutil

    out.mkdir(parents=True)
    command = [sys.executable, __file__, "--peer-process", name, "--data", str(folder), "--out", str(out)]
    with open(out / "log.txt", "w") as log:
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    peak = [0]

    def watch():
        while child.poll() is None:
            try:
                process = psutil.Process(child.pid)
                tree = [process, *process.children(recursive=True)]
                peak[0] = max(peak[0], sum(p.memory_info().rss for p in tree))
            except psutil.Error:
                pass
            time.sleep(0.5)

    watcher = threading.Thread(target=watch)
    watcher.start()
    child.wait()
    watcher.join()
    if child.returncode != 0:
        tail = (out / "log.txt").read_text().strip().splitlines()[-1:]
        print(f"{name} failed on {folder}: {' '.join(tail)}", file=sys.stderr)
        return None
    found = np.load(out / "sorting.npz")
    cost = json.loads((out / "cost.json").read_text()) | dict(mib=peak[0] / 2**20)
    return found["samples"], found["labels"], cost


# ---------------------------------------------------------------- the score


def score(folder, samples, labels):
    """SpikeInterface's comparison; units that match none of the truth are false where the truth is all there is."""
    from spikeinterface.comparison import compare_sorter_to_ground_truth
    from spikeinterface.core import NumpySorting, load as load_folder

    truth = load_folder(folder / "truth")
    about = facts(folder)
    frames, exhaustive = about["frames"], about["exhaustive"]
    snr = {int(r["unit"]): float(r["snr"]) for r in csv.DictReader(open(folder / "units.csv"))}
    samples, labels = np.asarray(samples, "int64"), np.asarray(labels, "int64")
    order = np.argsort(samples, kind="stable")
    order = order[(samples[order] >= 0) & (samples[order] < frames)]
    tested = NumpySorting.from_samples_and_labels([samples[order]], [labels[order]], about["rate"])
    comparison = compare_sorter_to_ground_truth(truth, tested, exhaustive_gt=exhaustive, delta_time=DELTA_MS)
    performance = comparison.get_performance().astype(float)
    good = performance["accuracy"] >= WELL_DETECTED
    unit_snr = np.array([snr[int(u)] for u in performance.index])
    result = {m: float(performance[m].mean()) for m in ("accuracy", "recall", "precision")}
    result |= dict(
        well=int(good.sum()), units=len(good), sorted=int(tested.get_num_units()),
        false=None, redundant=None, overmerged=None,
    )  # fmt: skip
    if exhaustive:
        result["false"] = int(comparison.count_false_positive_units())
        result["redundant"] = int(comparison.count_redundant_units())
        result["overmerged"] = int(comparison.count_overmerged_units())
    for name, low, high in BANDS:
        inside = (unit_snr >= low) & (unit_snr < high)
        mean = float(performance["accuracy"][inside].mean()) if inside.any() else None
        result[name] = (mean, int(good[inside].sum()), int(inside.sum()))
    return result


def row(suite, sorter, seconds, found, cost):
    cells = [suite, sorter, *(f"{found[m]:.3f}" for m in ("accuracy", "recall", "precision"))]
    cells.append(f"{found['well']}/{found['units']}")
    # Of a hybrid nobody knows the real units, which are not in the truth.
    extra = [found[kind] for kind in ("false", "redundant", "overmerged")]
    cells.append("-" if None in extra else "+".join(map(str, extra)))
    for name, _, _ in BANDS:
        mean, well, units = found[name]
        cells.append(f"{mean:.3f} ({well}/{units})" if units else "-")
    cells += [f"{cost['wall']:.1f}", f"{cost['cpu']:.1f}", f"{seconds / cost['wall']:.1f}", f"{cost['mib']:.0f}"]
    return "| " + " | ".join(cells) + " |"


HEAD = ["recording", "sorter", "accuracy", "recall", "precision", ">= 0.8", "false+redundant+overmerged",
        *(name for name, _, _ in BANDS), "wall s", "CPU s", "x real time", "MiB"]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(prog="benches/accuracy/run", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE[*TIMES]", 
                        help=f"of {', '.join(ALL)}, or own or hybrid for all of that kind; *5 tiles five times; "
                        "those of SpikeInterface's generators where left out")  # fmt: skip
    parser.add_argument("--seed", type=int, action="append", help="of the recordings; may be repeated (101)")
    parser.add_argument("--peers", action="store_true", help=f"run {', '.join(PEERS)} on the same recordings")
    parser.add_argument("--remove", action="store_true", help="delete each recording when it is done")
    parser.add_argument("--stages", action="store_true", help="print the time of each stage of our sort")
    parser.add_argument("--program", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help="where recordings are kept (target/accuracy)")
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--peer-process", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.peer_process:
        return peer_process(a.peer_process, a.data, a.out)
    warnings.filterwarnings("ignore", message="The extractor is not serializable")
    os.environ["SPIKELOOM_STORE"] = tempfile.mkdtemp(prefix="store_", dir=a.data)  # nothing comes from a cache
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * 2 + "---:|" * (len(HEAD) - 2), flush=True)
    results = []
    suites = []
    for asked in a.suites or SUITES:
        suites += [name for name in ALL if name.startswith(f"{asked}_")] if asked in ("own", "hybrid") else [asked]
    for asked in suites:
        suite, _, times = asked.partition("*")
        if suite not in ALL or (times and not times.isdigit()):
            sys.exit(f"no suite is called {asked}: choose of {', '.join(ALL)}, with *N to tile")
        for seed in a.seed or [101]:
            folder = a.data / f"{suite}_{seed}" / (f"x{times}" if times else "x1")
            generate(suite, seed, folder, a.program, int(times or 1))
            seconds = facts(folder)["seconds"]
            for sorter in ("spikeloom", *(PEERS if a.peers else ())):
                out = folder / sorter
                shutil.rmtree(out, ignore_errors=True)
                done = sort_ours(a.program, folder, out) if sorter == "spikeloom" else sort_peer(sorter, folder, out)
                if done is None:
                    continue
                samples, labels, cost = done
                found = score(folder, samples, labels)
                name = f"{asked} ({seed})"
                print(row(name, sorter, seconds, found, cost), flush=True)
                results.append(dict(recording=name, sorter=sorter, seconds=seconds) | found | cost)
                if a.stages and "stages" in cost:
                    parts = (f"{s['name']} {s['wall_s']:.1f} ({s['cpu_s']:.1f})" for s in cost["stages"])
                    print("  stages, wall (CPU) s: " + ", ".join(parts), flush=True)
            if a.remove:
                shutil.rmtree(folder.parent)
    shutil.rmtree(os.environ["SPIKELOOM_STORE"])
    (a.data / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nfigures: {a.data / 'results.json'}")


if __name__ == "__main__":
    main()
