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


def run_command(folder, program, arguments, inputs, outputs, values, environment=(), exit_codes=(0,), timeout=None):
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
    called = {"cwd": folder / "work", "env": {**os.environ, **variables}, "timeout": timeout}
    code = subprocess.run(command, stdin=subprocess.DEVNULL, **called).returncode
    if code not in exit_codes:
        raise RuntimeError(f"{program} ended with code {code}")
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


def sorting_in(path, sampling_frequency=None):
    """The sorting in a file or folder, by the ending of its name."""
    if path.suffix == ".mda":
        return se.read_mda_sorting(path, sampling_frequency)
    if path.suffix == ".npz":
        return se.read_npz_sorting(path)
    return si.load(path, base_folder=True) if path.suffix == ".json" else si.load(path)


def table_rows(path):
    """The rows of a table, without blanks around the words; separated by tabs where its first line has one."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    tabs = path.suffix == ".tsv" or "\t" in text.partition("\n")[0]
    cells = csv.reader(text.splitlines(keepends=True), delimiter="\t" if tabs else ",")
    names, *rows = [[cell.strip() for cell in row] for row in cells if row]
    return [dict(zip(names, row)) for row in rows if len(row) == len(names)]


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
