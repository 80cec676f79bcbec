"""Spikeloom as a sorter of SpikeInterface.

Put this file where Python finds it, and `spikeloom` on the path (or name it in SPIKELOOM_PROGRAM):

    import spikeinterface.sorters as ss
    import spikeloom_sorter  # registers the sorter "spikeloom"

    sorting = ss.run_sorter("spikeloom", recording, folder="sorted", detect_threshold=6, verbose=True)

`ss.get_sorter_params_description("spikeloom")` says what can be set. Units keep what Spikeloom measured of them as
properties.
"""

import json
import os
import shutil
import subprocess

import spikeinterface as si
from spikeinterface.sorters import sorter_dict
from spikeinterface.sorters.basesorter import BaseSorter
from spikeinterface.sorters.sorterlist import sorter_full_list


def program():
    """The program, or None where it is not found."""
    return shutil.which(os.environ.get("SPIKELOOM_PROGRAM") or "spikeloom")


# The parameters of the node Sort: defaults and what they do, as `spikeloom node sort` has them.
SORT = {
    "preset": (
        None,
        "Kind of probe the other automatic values are made for. None: the one the contacts are of. One of "
        "single_wire, tetrode, linear, neuropixels1, neuropixels2, hd_mea.",
    ),
    "detect_threshold": (5.0, "Height a spike must have to be found in the first place, in noise levels. 2 to 50 σ."),
    "peak_sign": ("neg", "Direction of the spikes. One of neg, pos, both."),
    "match_threshold": (
        None,
        "Evidence a spike needs in the end: the square of this is the least drop of the residual's energy. "
        "None: 4.3 σ, 4 σ for tetrodes. 2 to 50 σ.",
    ),
    "min_drift_um": (
        5.0,
        "Motion of the tissue along the probe is undone where it is larger than this. 0 to 10000 µm.",
    ),
    "cluster_radius_um": (
        None,
        "Channels further than this from a spike are not looked at when spikes are told apart. None: 60 µm, "
        "more where contacts lie further apart. 1 to 1000 µm.",
    ),
    "whiten_radius_um": (
        None,
        "Channels within this distance are whitened together; all of them without a probe. None: 100 µm, more"
        " where contacts lie further apart, less where they lie very densely. 1 to 10000 µm.",
    ),
    "isocut_threshold": (2.0, "Dip score from which a cluster counts as several; higher merges more. 0.5 to 10."),
    "min_cluster_size": (20, "Clusters with fewer spikes are left out. 2 to 100000."),
    "amplitude_min": (0.5, "Smallest amplitude of a spike, as a factor of its unit's mean. 0.05 to 1."),
    "amplitude_max": (1.8, "Greatest amplitude of a spike, as a factor of its unit's mean. 1 to 20."),
    "survey_s": (600.0, "How much of the recording the second clustering looks at. 1 to 1000000 s."),
    "min_snr": (
        None,
        "Units that stand out by less than this many noise levels are left out as distant: by their largest sample, "
        "the energy of their waveform, and the spikes that are too small to be found. Zero for none. None: 3.3, 3 for "
        "tetrodes. 0 to 100.",
    ),
}

# What concerns the call.
CALL = {
    "apply_preprocessing": (
        True,
        "Undo sampling delays, filter (unless the recording says it is filtered) and subtract the median of all channels "
        "first. False sorts the samples as they are.",
    ),
    "threads": (None, "Threads that compute. None takes all."),
    "seed": (0, "Seed of all random choices."),
    "delete_recording": (True, "Remove the copy of the recording that was sorted."),
}


class SpikeloomSorter(BaseSorter):
    """Runs `spikeloom sort`, which filters, references and whitens by itself."""

    sorter_name = "spikeloom"
    requires_locations = False
    handle_multi_segment = True
    compatible_with_parallel = {"loky": True, "multiprocessing": True, "threading": True}

    _default_params = {name: default for name, (default, _) in {**SORT, **CALL}.items()}
    _params_description = {name: description for name, (_, description) in {**SORT, **CALL}.items()}
    sorter_description = "Spikeloom: detection, features, clustering, templates and matching in one native program."
    installation_mesg = (
        "Put the program spikeloom on the path (`cargo install --path . --locked` in its folder), "
        "or name its file in the environment variable SPIKELOOM_PROGRAM."
    )

    @classmethod
    def is_installed(cls):
        return program() is not None

    @staticmethod
    def get_sorter_version():
        if program() is None:
            return "unknown"
        words = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout.split()
        return words[-1]

    @classmethod
    def _check_apply_filter_in_params(cls, params):
        # A recording that says it is filtered is not filtered again.
        return False

    @classmethod
    def _setup_recording(cls, recording, sorter_output_folder, params, verbose):
        recording.save(folder=sorter_output_folder / "recording", format="binary", verbose=verbose)

    @classmethod
    def _run_from_folder(cls, sorter_output_folder, params, verbose):
        copy = sorter_output_folder / "recording"
        command = [program(), "sort", str(copy), "--out", str(sorter_output_folder / "sorted")]
        command += ["--seed", str(params["seed"])]
        for name in ["preset", "threads"]:
            if params[name] is not None:
                command += [f"--{name}", str(params[name])]
        for name, (default, _) in SORT.items():
            value = params[name]
            if name != "preset" and value != default:
                text = value if isinstance(value, str) else json.dumps(value, default=lambda number: number.item())
                command += ["--set", f"{name}={text}"]
        if not params["apply_preprocessing"]:
            command.append("--no-preprocessing")
        # Results lie in the folder of the sorter, and nothing stays elsewhere.
        environment = dict(os.environ, SPIKELOOM_STORE=str(sorter_output_folder / "store"))
        lines = []
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            for line in process.stdout:
                lines.append(line)
                if verbose:
                    print(line, end="", flush=True)
        if process.returncode != 0:
            raise RuntimeError(f"spikeloom sort ended with {process.returncode}:\n{''.join(lines[-20:])}")
        shutil.rmtree(sorter_output_folder / "store", ignore_errors=True)
        if params["delete_recording"]:
            shutil.rmtree(copy, ignore_errors=True)

    @classmethod
    def _get_result_from_folder(cls, sorter_output_folder):
        load = getattr(si, "load", None) or si.load_extractor
        return load(sorter_output_folder / "sorted" / "sorting")


sorter_dict[SpikeloomSorter.sorter_name] = SpikeloomSorter
if SpikeloomSorter not in sorter_full_list:
    sorter_full_list.append(SpikeloomSorter)
