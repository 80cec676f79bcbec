"""Spikeloom as a sorter of SpikeInterface.

Put this file where Python finds it, and `spikeloom` on the path (or name it in SPIKELOOM_PROGRAM):

    import spikeinterface.sorters as ss
    import spikeloom_sorter  # registers the sorter "spikeloom"

    sorting = ss.run_sorter("spikeloom", recording, folder="sorted", verbose=True)

Units keep what Spikeloom measured of them as properties.
"""

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


class SpikeloomSorter(BaseSorter):
    """Runs `spikeloom sort`, which filters, references and whitens by itself."""

    sorter_name = "spikeloom"
    requires_locations = False
    handle_multi_segment = True
    compatible_with_parallel = {"loky": True, "multiprocessing": True, "threading": True}

    _default_params = {"preset": None, "threads": None, "seed": 0, "delete_recording": True}
    _params_description = {
        "preset": "Settings for a kind of probe: single_wire, tetrode, linear, neuropixels1, neuropixels2 or hd_mea. "
        "None chooses by the contacts.",
        "threads": "Threads that compute. None takes all.",
        "seed": "Seed of all random choices.",
        "delete_recording": "Remove the copy of the recording that was sorted.",
    }
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
        return True

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
