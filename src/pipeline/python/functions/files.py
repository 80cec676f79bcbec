def work_folder(path):
    """An empty folder of this script: what it left there before goes, and nothing that is not marked as its own."""
    mark = path / ".made_by_script"
    if path.exists():
        if any(path.iterdir()) and not mark.is_file():
            raise FileExistsError(f"{path} holds what this script did not make: move it away")
        shutil.rmtree(path)
    path.mkdir(parents=True)
    mark.touch()
    return path


def fingerprint(path):
    """What tells whether it was changed: of a file its content, of a folder the names and sizes of all files in it."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return [[str(file.relative_to(path)), file.stat().st_size] for file in files]


def save_to(path, write, overwrite=False):
    """Writes it; what is there gives way where this script wrote it and nobody changed it since, or is to be overwritten."""
    ledger = path.parent / ".written_by_script.json"
    notes = json.loads(ledger.read_text()) if ledger.exists() else {}
    is_own = path.name in notes and notes[path.name] in ["unfinished", fingerprint(path)]
    if path.exists() and not (overwrite or is_own):
        raise FileExistsError(f"{path} is there already: choose another name, move it away, or set overwrite")
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
    ledger.write_text(json.dumps({**notes, path.name: "unfinished"}, indent=1))
    write(path)
    ledger.write_text(json.dumps({**notes, path.name: fingerprint(path)}, indent=1))
    return path


def filled(text, values):
    """A text with values in place of the names in braces; braces that are doubled are braces."""
    return re.sub(r"\{\{|\}\}|\{([\w.]+)\}", lambda found: values[found[1]] if found[1] else found[0][0], text)


def check_conditions(when, conditions, values, exit_code=None):
    """Refuses where a file is not there, or a function of the exit code does not hold."""
    for text, holds_so in conditions:
        if not (BASE / filled(text, values)).exists() if holds_so is None else not holds_so(exit_code):
            raise RuntimeError(f"{when}: {text} is not there" if holds_so is None else f"{when}: {text} is false")


def run_command(
    folder,
    program,
    arguments,
    inputs,
    outputs,
    values,
    environment=(),
    exit_codes=(0,),
    timeout=None,
    working_folder="",
    before=(),
    after=(),
):
    """Runs a program on files of its inputs, each with how it is handed over, and gives the places of its outputs."""
    values = {"base": str(BASE), **{name: word(value) for name, value in values.items()}}
    for name in ["work", "inputs", "outputs"]:
        values[name] = str(folder / name)
        (folder / name).mkdir()
    if hasattr(os, "getuid"):
        values["user"] = f"{os.getuid()}:{os.getgid()}"
    for name, (how, value) in inputs.items():
        path = folder / "inputs" / (f"{name}.csv" if how == "csv" else name)
        if how == "csv":
            value.to_csv(path, index=False)
        elif how == "numpy_folder":
            value.save(folder=path, format="numpy_folder")
        else:
            value.save(folder=path, format="binary")
            values[f"{name}.sampling_frequency"] = word(value.sampling_frequency)
            values[f"{name}.num_channels"] = str(value.get_num_channels())
            values[f"{name}.num_frames"] = str(value.get_total_samples())
            values[f"{name}.dtype"] = str(value.get_dtype())
            path = path / "traces_cached_seg0.raw" if how == "raw" else path
        values[name] = str(path)
    places = {name: folder / "outputs" / file for name, file in outputs.items()}
    values.update({name: str(path) for name, path in places.items()})
    # One that is no name alone lies at the folder of the pipeline.
    command = [str(BASE / program) if "/" in program else program, *(filled(text, values) for text in arguments)]
    variables = dict(filled(text, values).split("=", 1) for text in environment)
    check_conditions("before", before, values)
    place = BASE / filled(working_folder, values) if working_folder else folder / "work"
    called = {"cwd": place, "env": {**os.environ, **variables}, "timeout": timeout}
    code = subprocess.run(command, stdin=subprocess.DEVNULL, **called).returncode
    if code not in exit_codes:
        raise RuntimeError(f"{program} ended with code {code}")
    check_conditions("after", after, values, code)
    return places


def read_like(path, recording):
    """The samples of a raw file, which lie as those of another recording."""
    rate, channels = recording.sampling_frequency, recording.get_num_channels()
    made = se.read_binary(path, sampling_frequency=rate, dtype=recording.get_dtype(), num_channels=channels)
    gains, offsets = recording.get_channel_gains(), recording.get_channel_offsets()
    if gains is not None and len({*gains}) == 1:
        made = scaled(made, gains[0], offsets[0])
    if recording.has_probe():
        made = made.set_probegroup(recording.get_probegroup()) or made
    return made


def pointed(uri, beside):
    """The file a SpikeForest JSON points at: by its path, or by its content in the folder SHA1_CACHE_DIR."""
    if not uri.startswith("sha1://"):
        return beside.parent / uri
    digest, _, label = uri.removeprefix("sha1://").partition("/")
    cache = Path(os.environ.get("SHA1_CACHE_DIR", ""))
    places = [cache / digest[:2] / digest[2:4] / digest[4:6] / digest, cache / digest, beside.parent / label]
    found = [place for place in places if place.is_file()]
    if not found:
        raise FileNotFoundError(f"{uri} is not here: SHA1_CACHE_DIR names the folder that holds it")
    return found[0]


def read_spikeforest(about_file):
    """The recording that a SpikeForest JSON describes."""
    about = json.loads(about_file.read_text())
    samples = pointed(about["raw"], about_file)
    header = np.fromfile(samples, "<i4", 5)
    dtype = {-2: "u1", -3: "f4", -4: "i2", -5: "i4", -6: "u2", -7: "f8", -8: "u4"}[int(header[0])]
    gain = about["params"].get("scale_factor")
    recording = se.read_binary(
        samples,
        sampling_frequency=about["params"]["samplerate"],
        dtype=dtype,
        num_channels=int(header[3]),
        file_offset=header.nbytes,
        gain_to_uV=gain,
        offset_to_uV=None if gain is None else 0.0,
    )
    if about.get("geom"):
        recording.set_dummy_probe_from_locations(np.array(about["geom"])[:, :2])
    return recording


def read_npy(path, sampling_frequency):
    """The recording in an array of frames × channels."""
    traces = np.load(path, mmap_mode="r")
    return si.NumpyRecording([traces.reshape(len(traces), -1)], sampling_frequency)


def begins_as_mda(path):
    """Whether a file begins as MDA does: in a folder of contents no name has an ending."""
    header = np.fromfile(path, "<i4", 3) if path.is_file() else []
    return len(header) == 3 and -8 <= header[0] <= -1 and header[1] in [1, 2, 4, 8] and 0 < abs(header[2]) <= 50


def sorting_in(path, sampling_frequency=None):
    """The sorting in a file or folder, by the ending of its name, or by how it begins where it has none."""
    if path.suffix == ".mda" or begins_as_mda(path):
        return se.read_mda_sorting(path, sampling_frequency)
    if path.suffix == ".npz":
        return se.read_npz_sorting(path)
    return si.load(path, base_folder=True) if path.suffix == ".json" else si.load(path)


def table_cells(path):
    """The cells of a table, without blanks around the words; separated by tabs where its first line has one."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    tabs = path.suffix == ".tsv" or "\t" in text.partition("\n")[0]
    cells = csv.reader(text.splitlines(keepends=True), delimiter="\t" if tabs else ",")
    return [[cell.strip() for cell in row] for row in cells if row]


def table_rows(path):
    """The rows of a table, each by the names of its columns."""
    names, *rows = table_cells(path)
    return [dict(zip(names, row)) for row in rows if len(row) == len(names)]


def events_in(path, rate=None):
    """The events of a table that a program wrote: its columns go by usual names, and times alone need none."""
    names, *rows = table_cells(path)
    if len(names) == 1 and re.fullmatch(r"[-+.\deE]*\d[-+.\deE]*", names[0]):
        times = sorted(float(cell) for [cell] in [names, *rows])
        return pd.DataFrame({"segment_index": 0, "time_s": times, "duration_s": 0.0, "label": ""})
    known = {name.lower(): name for name in reversed(names)}
    usual = {
        "time": "time times time_s timestamp timestamps start_time onset time_seconds",
        "sample": "sample samples sample_index sample_number sample_numbers start_sample_index",
        "duration": "duration durations duration_s",
        "stop": "stop_time end_time offset_time",
        "label": "label labels name event type trial_type description condition",
        "segment": "segment_index segment",
    }
    found = {what: next((known[word] for word in words.split() if word in known), None) for what, words in usual.items()}
    time, sample = found.pop("time"), found.pop("sample")
    if time is None and (sample is None or rate is None):
        raise ValueError(f"{path}: no column of times; it has {', '.join(names)}")
    return read_events(path, time or sample, 1.0 if time else rate, 0.0, **found)


def read_events(path, time, rate, t_start, duration=None, stop=None, label=None, segment=None):
    """The events of a table with such columns, in order of time: times and lengths in s."""
    events = []
    for row in table_rows(path):
        start = float(row[time]) / rate
        length = float(row[duration]) if row.get(duration) else None
        if length is None and row.get(stop):
            length = float(row[stop]) - start
        whole = max(int(float(row[segment])), 0) if row.get(segment) else 0
        events.append((whole, start, max(length or 0.0, 0.0), row.get(label, "")))
    columns = ["segment_index", "time_s", "duration_s", "label"]
    events = pd.DataFrame(events, columns=columns).sort_values(columns[:2], kind="stable")
    return events.assign(time_s=events["time_s"] - t_start)
