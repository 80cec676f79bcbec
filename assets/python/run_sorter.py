"""Runs a sorter of SpikeInterface for Spikeloom, or says which there are and what parameters they have.

run_sorter.py describe ANSWER [SORTER]   writes the sorters, or one with its parameters, as JSON
run_sorter.py run REQUEST ANSWER         runs REQUEST["sorter"] and writes the sorting and the versions that took part
"""

import json
import sys
from pathlib import Path


def fail(answer, message):
    Path(answer).write_text(json.dumps({"error": message}))
    sys.exit(3)


def imported(answer):
    try:
        import spikeinterface
        import spikeinterface.sorters as sorters
    except ImportError as error:
        fail(
            answer,
            f"{sys.executable} cannot import spikeinterface ({error}): install it there with "
            f'"{sys.executable}" -m pip install spikeinterface, or name another Python',
        )
    return spikeinterface, sorters


def version_of(sorter_class):
    try:
        return str(sorter_class.get_sorter_version())
    except Exception:
        return "unknown"


def plain(value):
    """A value that JSON can hold."""
    try:
        json.dumps(value)
        return value
    except TypeError:
        return str(value)


def described(sorters, name):
    sorter_class = sorters.sorter_dict[name]
    words = sorter_class.params_description()
    parameters = [
        {
            "name": key,
            "type": type(value).__name__,
            "default": plain(value),
            "description": " ".join(str(words.get(key, "")).split()),
        }
        for key, value in sorter_class.default_params().items()
    ]
    return {
        "sorter": name,
        "installed": bool(sorter_class.is_installed()),
        "version": version_of(sorter_class),
        "description": " ".join(str(getattr(sorter_class, "sorter_description", "")).split()),
        "installation": " ".join(str(getattr(sorter_class, "installation_mesg", "")).split()),
        "parameters": parameters,
    }


def check_name(answer, sorters, name):
    if name not in sorters.sorter_dict:
        fail(answer, f'sorter: SpikeInterface has no sorter "{name}"; it has {", ".join(sorted(sorters.sorter_dict))}')


def describe(answer, name=None):
    si, sorters = imported(answer)
    if name is None:
        found = [
            {"sorter": name, "installed": bool(sorter_class.is_installed())}
            for name, sorter_class in sorted(sorters.sorter_dict.items())
        ]
    else:
        check_name(answer, sorters, name)
        found = [described(sorters, name)]
    versions = {"python": sys.version.split()[0], "spikeinterface": si.__version__}
    Path(answer).write_text(json.dumps({"versions": versions, "sorters": found}))


def put(answer, parameters, name, value):
    """Sets a parameter; a.b names b of the dictionary a."""
    *outer, last = name.split(".")
    place = parameters
    for key in outer:
        if not isinstance(place.get(key), dict):
            fail(answer, f"parameters: {name}: {key} is no group of parameters; there are {', '.join(place)}")
        place = place[key]
    if place is parameters and last not in place:
        fail(answer, f"parameters: {name}: the sorter has {', '.join(place)}")
    place[last] = value


def run(request, answer):
    request = json.loads(Path(request).read_text())
    si, sorters = imported(answer)
    name = request["sorter"]
    check_name(answer, sorters, name)
    sorter_class = sorters.sorter_dict[name]
    if not sorter_class.is_installed():
        words = " ".join(str(getattr(sorter_class, "installation_mesg", "")).split())
        fail(answer, f"sorter: {name} is not installed for {sys.executable}. {words}")
    parameters = sorter_class.default_params()
    for key, value in request["parameters"]:
        put(answer, parameters, key, value)
    load = getattr(si, "load", None) or si.load_extractor
    recording = load(request["recording"])
    version = version_of(sorter_class)
    print(f"{name} {version}, SpikeInterface {si.__version__}, Python {sys.version.split()[0]}", flush=True)
    sorting = sorters.run_sorter(
        name, recording, folder=request["folder"], remove_existing_folder=True, verbose=True, **parameters
    )
    # Of a sorter that found nothing a sorting without units comes back.
    sorting.save(folder=request["sorting"], format="numpy_folder")
    versions = {"python": sys.version.split()[0], "spikeinterface": si.__version__, name: version}
    Path(answer).write_text(json.dumps({"versions": versions, "parameters": json.loads(json.dumps(parameters, default=str))}))


if __name__ == "__main__":
    {"describe": describe, "run": run}[sys.argv[1]](*sys.argv[2:])
