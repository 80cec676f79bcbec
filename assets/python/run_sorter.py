"""Runs a sorter of SpikeInterface for Spikeloom, or says which there are and what parameters they have.

run_sorter.py describe ANSWER            writes the sorters as JSON, those that are installed with their parameters
run_sorter.py describe ANSWER SORTER     writes one of them
run_sorter.py run REQUEST ANSWER         runs REQUEST["sorter"] and writes the sorting and the versions that took part
"""

import importlib
import json
import re
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
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    try:
        json.dumps(value, allow_nan=False)
        return value
    except (TypeError, ValueError):
        return str(value)


def names_in(module, name):
    """Names of the methods that a part of SpikeInterface knows."""
    try:
        known = getattr(importlib.import_module(f"spikeinterface.{module}"), name)
        return [str(key) for key in (known() if callable(known) else known)]
    except Exception:
        return []


def methods():
    """What the parameters that name a method of SpikeInterface can be, by the end of their names."""
    parts = "sortingcomponents"
    presets = names_in("preprocessing.motion", "get_motion_presets")
    return {
        "detection.method": names_in(f"{parts}.peak_detection.method_list", "detect_peak_methods"),
        "clustering.method": names_in(f"{parts}.clustering.method_list", "clustering_methods"),
        "matching.method": names_in(f"{parts}.matching.method_list", "matching_methods"),
        "template_matching_engine": names_in(f"{parts}.matching.method_list", "matching_methods"),
        "motion_correction.preset": presets,
        "motion_correction_preset": presets,
        "peak_sign": ["neg", "pos", "both"],
    }


def in_words(default, words):
    """Choices that a description lists: initial or uniform, memory/npy, '1', '2' or '3'."""
    if "e.g." in words:
        return []
    quoted = list(dict.fromkeys(re.findall(r"'([\w-]+)'?", words)))
    listed = re.search(r"[\w-]+(?:(?:/| or )[\w-]+)+$", words.strip().rstrip("."))
    bare = re.split(r"/| or ", listed.group()) if listed else []
    return next((found for found in (quoted, bare) if len(found) > 1 and default in found), [])


def choices(known, name, value, words):
    """Choices of a parameter and of those in it, by their names."""
    if isinstance(value, dict):
        inner = [choices(known, f"{name}.{key}", item, "") for key, item in value.items()]
        return {key: found for one in inner for key, found in one.items()}
    if not isinstance(value, str):
        return {}
    ends = [end for end in known if f".{name}".endswith(f".{end}")]
    found = known[ends[0]] if ends and value in known[ends[0]] else in_words(value, words)
    return {name: found} if found else {}


def described(sorters, name, known):
    sorter_class = sorters.sorter_dict[name]
    installed = bool(sorter_class.is_installed())
    try:
        words, defaults = sorter_class.params_description(), sorter_class.default_params()
    except Exception:
        # Some have to be there to tell them.
        words, defaults = {}, {}
    parameters = []
    for key, value in defaults.items():
        description = " ".join(str(words.get(key, "")).split())
        parameters.append(
            {
                "name": key,
                "type": type(value).__name__,
                "default": plain(value),
                "description": description,
                "choices": choices(known, key, value, description),
            }
        )
    return {
        "sorter": name,
        "installed": installed,
        "version": version_of(sorter_class) if installed else "",
        "description": " ".join(str(getattr(sorter_class, "sorter_description", "")).split()),
        "installation": " ".join(str(getattr(sorter_class, "installation_mesg", "")).split()),
        "parameters": parameters,
    }


def check_name(answer, sorters, name):
    if name not in sorters.sorter_dict:
        fail(answer, f'sorter: SpikeInterface has no sorter "{name}"; it has {", ".join(sorted(sorters.sorter_dict))}')


def depends(spikeinterface):
    """Files and folders that change when something is installed, upgraded or taken away."""
    own = Path(__file__).resolve().parent
    package = Path(spikeinterface.__file__).resolve().parent
    sorters = package / "sorters"
    inner = [package / "__init__.py", sorters / "sorterlist.py", sorters / "external", sorters / "internal"]
    found = [Path(path).resolve() for path in sys.path if path] + inner
    return sorted({str(path) for path in found if path.exists() and path != own})


def describe(answer, name=None):
    si, sorters = imported(answer)
    if name is not None:
        check_name(answer, sorters, name)
    known = methods()
    found = [described(sorters, one, known) for one in ([name] if name else sorted(sorters.sorter_dict))]
    versions = {"python": sys.version.split()[0], "spikeinterface": si.__version__}
    told = {"versions": versions, "sorters": found, "depends": depends(si)}
    Path(answer).write_text(json.dumps(told))


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
