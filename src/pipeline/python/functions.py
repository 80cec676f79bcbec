def word(value):
    """A value as a word: 2, not 2.0, and true, not True."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return np.format_float_positional(float(value) + 0.0, trim="-")
    return str(value)


def plus(a, b):
    """The sum of two numbers; words are put together with anything."""
    return word(a) + word(b) if isinstance(a, str) or isinstance(b, str) else a + b


def rounded(value):
    """The nearest whole number, halves away from zero."""
    whole = math.trunc(value)
    return whole + (value > whole) - (value < whole) if abs(value - whole) >= 0.5 else whole


def order(item):
    """For sorted: items by their keys, numbers before words."""
    return [(name, isinstance(value, str), value) for name, value in sorted(item[0].items())]


def matched(*collections):
    """Items of several collections that agree in the keys they share, side by side, in the order of their keys."""
    rows = [({},)]
    for items in collections:
        rows = [
            ({**keys, **own}, *values, value)
            for keys, *values in rows
            for own, value in items
            if all(keys[name] == own[name] for name in keys.keys() & own.keys())
        ]
    return sorted(rows, key=order)


def grouped(items, names):
    """Items that agree in these keys, together, in the order of the keys."""
    groups = {}
    for keys, value in items:
        own = {name: keys[name] for name in names if name in keys}
        groups.setdefault(tuple(own.items()), []).append((keys, value))
    return sorted(((dict(own), members) for own, members in groups.items()), key=order)


def place(path, keys):
    """Where an item writes: {key} in the path stands for its value, other keys are added to the name."""

    def safe(text):
        return re.sub(r"[^\w=,.-]", "_", text)

    rest = {name: word(value) for name, value in sorted(keys.items())}
    for name in keys:
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", safe(rest.pop(name)))
    path = BASE / path
    name = ",".join(f"{name}={value}" for name, value in rest.items())
    path = path.with_name(f"{path.stem}_{safe(name)}{path.suffix}") if rest else path
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def named_channels(recording, names):
    """The ids of channels by their names: numbers where a file does not name its channels."""
    ids = {str(channel): channel for channel in recording.channel_ids}
    return [ids[str(name)] for name in names]


def table_rows(path):
    """The rows of a table, without blanks around the words; separated by tabs where its first line has one."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    tabs = path.suffix == ".tsv" or "\t" in text.partition("\n")[0]
    cells = csv.reader(text.splitlines(keepends=True), delimiter="\t" if tabs else ",")
    names, *rows = [[cell.strip() for cell in row] for row in cells if row]
    return [dict(zip(names, row)) for row in rows if len(row) == len(names)]


def read_npy(path, sampling_frequency):
    """The recording in an array of frames × channels."""
    traces = np.load(path, mmap_mode="r")
    return si.NumpyRecording([traces.reshape(len(traces), -1)], sampling_frequency)


def scaled(recording, gain_to_uV, offset_to_uV):
    """The recording with one gain and offset for all channels, whatever its file says."""
    recording.set_channel_gains(gain_to_uV)
    recording.set_channel_offsets(offset_to_uV)
    return recording


def split_by_window(items, window_s):
    """Windows of equal length, one after the other, in each segment of each recording."""
    parts = []
    for keys, recording in items:
        length = max(int(window_s * recording.sampling_frequency + 0.5), 1)
        window = 0
        for segment in range(recording.get_num_segments()):
            whole = recording.select_segments([segment])
            for start in range(0, whole.get_num_frames(), length):
                part = whole.frame_slice(start, min(start + length, whole.get_num_frames()))
                parts.append(({**keys, "window": window}, part))
                window += 1
    return parts


def split_by_segment(items):
    """Each segment of each recording by itself."""
    return [
        ({**keys, "segment": segment}, recording.select_segments([segment]))
        for keys, recording in items
        for segment in range(recording.get_num_segments())
        if recording.get_num_frames(segment) > 0
    ]


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


def named_value(text):
    """The number that a word stands for, or the word."""
    if re.fullmatch(r"-?(0|[1-9]\d*)", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?(0|[1-9]\d*)\.\d+", text) else text


def split_by_events(recordings, events_of_all, before_s=None, after_s=None):
    """The time around each event, or from each event to its end."""
    parts = []
    for keys, recording, events in matched(recordings, events_of_all):
        for index, event in enumerate(events.itertuples()):
            if event.segment_index >= recording.get_num_segments():
                continue
            start = event.time_s - (before_s or 0.0)
            end = event.time_s + (event.duration_s if after_s is None else after_s)
            start, end = (rounded(time * recording.sampling_frequency) for time in [start, end])
            start, end = max(start, 0), min(end, recording.get_num_frames(event.segment_index))
            if start < end:
                own = {"event": index, "label": named_value(event.label)} if event.label else {"event": index}
                whole = recording.select_segments([event.segment_index])
                parts.append(({**keys, **own}, whole.frame_slice(start, end)))
    return parts


def split_by_shank(items):
    """The channels of each shank of the probe; shanks without a name are counted."""
    parts = []
    for keys, recording in items:
        contacts = recording.get_probegroup().to_numpy()
        named = contacts["shank_ids"] if "shank_ids" in contacts.dtype.names else [""] * len(contacts)
        shanks = [str(name) or int(probe) for name, probe in zip(named, contacts["probe_index"])]
        for shank in dict.fromkeys(shanks):
            channels = recording.channel_ids[[own == shank for own in shanks]]
            parts.append(({**keys, "shank": shank}, recording.select_channels(channels)))
    return parts


def gap_frames(recording, gap_ms):
    """The samples of silence after a recording."""
    return round(gap_ms * 1e-3 * recording.sampling_frequency)


def with_silence(recordings, gap_ms):
    """Recordings with zeros between them."""
    apart = recordings[:1]
    for last, recording in zip(recordings, recordings[1:]):
        shape = gap_frames(recordings[0], gap_ms), last.get_num_channels()
        if shape[0] > 0:
            zeros = np.zeros(shape, last.get_dtype())
            apart.append(si.NumpyRecording([zeros], last.sampling_frequency, channel_ids=last.channel_ids))
        apart.append(recording)
    return apart


def parts_table(items, gap_ms=0.0, segments=False):
    """Where each segment of each recording lies in what they are joined to, as segments of their own or as one."""
    rows, start = [], 0
    for keys, recording in items:
        for segment in range(recording.get_num_segments()):
            frames = recording.get_num_frames(segment)
            whole, first = (len(rows), 0) if segments else (0, start)
            row = {"of_segment": segment, "segment_index": whole, "start_frame": first, "num_frames": frames}
            rows.append({**keys, **row, "start_s": first / recording.sampling_frequency})
            start += frames
        start += gap_frames(items[0][1], gap_ms)
    return pd.DataFrame(rows)


def split_back(sortings, parts_of_all):
    """The spikes in each of the recordings that were joined, in its own time."""
    found = []
    places = ["of_segment", "segment_index", "start_frame", "num_frames", "start_s"]
    for keys, sorting, parts in matched(sortings, parts_of_all):
        names = list(parts.columns.drop(places))
        for own, rows in parts.groupby(names, dropna=False) if names else [((), parts)]:
            segments = [
                si.select_segment_sorting(sorting, [row.segment_index]).frame_slice(
                    row.start_frame, row.start_frame + row.num_frames
                )
                for row in rows.itertuples()
            ]
            own_keys = {name: value for name, value in zip(names, own) if value == value}
            found.append(({**keys, **own_keys}, si.append_sortings(segments)))
    return sorted(found, key=order)


def matched_units(comparison):
    """The units of a sorting with their partners, then those of the other sorting that have none."""
    forward, backward = comparison.get_matching()
    spikes, spikes_other = comparison.event_counts1, comparison.event_counts2
    rows = []
    for unit, other in forward.items():
        if other in comparison.unit2_ids:
            agreement = comparison.agreement_scores.at[unit, other]
            matches = comparison.match_event_count.at[unit, other]
            rows.append((unit, other, agreement, matches, spikes[unit], spikes_other[other]))
        else:
            rows.append((unit, None, 0.0, 0, spikes[unit], 0))
    for other, unit in backward.items():
        if unit not in comparison.unit1_ids:
            rows.append((None, other, 0.0, 0, 0, 0))
    names = ["unit_id", "other_id", "agreement", "num_matches", "num_spikes", "num_spikes_other"]
    # Names stay what they are beside those that are missing.
    table = pd.DataFrame(rows, columns=names, dtype=object)
    return table.astype({"agreement": float, **dict.fromkeys(names[3:], int)})


def correlograms_table(sorting, window_ms, bin_ms, cross):
    """How often units fire how long after each other: each pair of units once, or each with itself alone."""
    counts, edges = spost.compute_correlograms(sorting, window_ms=window_ms, bin_ms=bin_ms)
    units = list(enumerate(sorting.unit_ids))
    tables = [
        pd.DataFrame({"unit_a": name, "unit_b": other, "bin_start_ms": edges[:-1], "count": counts[a, b]})
        for a, name in units
        for b, other in units[a : None if cross else a + 1]
    ]
    return pd.concat(tables, ignore_index=True)


def filled(text, values):
    """A text with values in place of the names in braces; braces that are doubled are braces."""
    return re.sub(r"\{\{|\}\}|\{([\w.]+)\}", lambda found: values[found[1]] if found[1] else found[0][0], text)


def run_command(folder, program, arguments, inputs, outputs, values, environment=(), exit_codes=(0,), timeout=None):
    """Runs a program on files of its inputs, each with how it is handed over, and gives the places of its outputs."""
    shutil.rmtree(folder, ignore_errors=True)
    values = {"base": str(BASE), **{name: word(value) for name, value in values.items()}}
    for name in ["work", "inputs", "outputs"]:
        values[name] = str(folder / name)
        (folder / name).mkdir(parents=True)
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
