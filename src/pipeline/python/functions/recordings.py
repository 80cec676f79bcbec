def named_channels(recording, names):
    """The ids of channels by their names: numbers where a file does not name its channels."""
    ids = {str(channel): channel for channel in recording.channel_ids}
    return [ids[str(name)] for name in names]


def scaled(recording, gain_to_uV, offset_to_uV):
    """The recording with one gain and offset for all channels, whatever its file says."""
    recording.set_channel_gains(gain_to_uV)
    recording.set_channel_offsets(offset_to_uV)
    return recording


def filtered_already(recording):
    """The recording, said to have been filtered before it was stored."""
    recording.annotate(is_filtered=True)
    return recording


def with_probe(recording, probes):
    """The recording with a probe: wired in order where it says no wiring, without the channels that have no contact."""
    contacts = probes.get_contact_count()
    if any(probe.device_channel_indices is None for probe in probes.probes):
        if contacts != recording.get_num_channels():
            raise ValueError(f"the probe has {contacts} contacts and no wiring, not the channels of {recording}")
        probes.set_global_device_channel_indices(np.arange(contacts))
    return recording.select_channels_with_probegroup(probes)


def spikeglx_probe(path):
    """The probe that the .meta of a SpikeGLX recording tells."""
    probes = pi.ProbeGroup()
    probes.add_probe(pi.read_spikeglx(path))
    return probes


def with_constant_channels(recording, channels):
    """These channels, and those that hold one value only."""
    constant = recording.channel_ids[np.ptp(si.get_random_data_chunks(recording), axis=0) == 0]
    return list(channels) + [channel for channel in constant if channel not in channels]


def with_samples(recording, partial=False):
    """The recording, where it has samples; a raw file whose last frame was cut off is refused where it may not be partial."""
    if recording.get_total_samples() == 0:
        raise ValueError("it holds no samples")
    if isinstance(recording, si.BinaryRecordingExtractor) and not partial:
        frame = recording.get_num_channels() * recording.get_dtype().itemsize
        for path in recording._kwargs.get("file_paths", []):
            if (Path(path).stat().st_size - recording._kwargs.get("file_offset", 0)) % frame != 0:
                raise ValueError(f"{path} does not hold a whole number of frames of {frame} bytes")
    return recording


def channel_groups(recording):
    """The channels of each group; where nothing says which they are, they are one."""
    groups = recording.get_property("group")
    groups = np.zeros(recording.get_num_channels(), int) if groups is None else groups
    return {int(group): list(recording.channel_ids[groups == group]) for group in np.unique(groups)}


def channel_distances(recording):
    """How far channels are from each other in µm: no distance without a probe, beyond reach in another group."""
    count = recording.get_num_channels()
    places = recording.get_channel_locations() if recording.has_probe() else np.zeros((count, 2))
    groups = recording.get_property("group")
    groups = np.zeros(count) if groups is None else groups
    apart = np.linalg.norm(places[:, None, :2] - places[None, :, :2], axis=2)
    return np.where(groups[:, None] == groups[None], apart, np.inf)


def fitting_radius(recording, usual_um):
    """The usual radius, more where contacts lie further apart than that and still see the same spikes."""
    distances = channel_distances(recording)
    np.fill_diagonal(distances, np.inf)
    nearest = np.sort(distances.min(axis=1))
    nearest = nearest[np.isfinite(nearest)]
    pitch = nearest[len(nearest) // 2] if len(nearest) > 0 else 0.0
    return float(1.25 * pitch) if usual_um < pitch <= 120.0 else usual_um


def whitening_radius(recording, usual_um):
    """The fitting radius, less where contacts lie so densely that the nearest 32 tell all there is to tell."""
    near = [np.sort(own[np.isfinite(own)]) for own in channel_distances(recording)]
    reach = sorted(own[32] for own in near if len(own) > 32)
    dense = float(reach[len(reach) // 4]) if reach else np.inf
    fitting = fitting_radius(recording, usual_um)
    return min(fitting, dense) if dense > 0 else fitting


def converted_to(recording, dtype):
    """Samples of another type, rounded and clipped to its range."""
    own = recording.get_dtype()
    if np.issubdtype(dtype, np.integer):
        low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
        if own.kind in "iu":
            low, high = max(low, int(np.iinfo(own).min)), min(high, int(np.iinfo(own).max))
        elif int(own.type(high)) > high:
            # The largest number below that a fraction of so many digits can be.
            high = float(np.nextafter(own.type(high), own.type(0)))
        recording = spre.clip(recording, a_min=low, a_max=high)
    return spre.astype(recording, dtype)


def selected_time(recording, start_s, end_s=None):
    """A stretch of each segment, counted from its first sample; segments that end before it are left out."""
    rate = recording.sampling_frequency
    kept = []
    for segment in range(recording.get_num_segments()):
        whole = recording.select_segments([segment])
        frames = whole.get_num_frames()
        start, end = rounded(start_s * rate), frames if end_s is None else min(rounded(end_s * rate), frames)
        if start < end:
            kept.append(whole.frame_slice(start, end))
    if not kept:
        raise ValueError(f"nothing is left from {start_s} s on")
    return kept[0] if len(kept) == 1 else si.append_recordings(kept)


def silenced_periods(recording, periods):
    """Zeros in stretches of frames, a list for each segment; stretches may overlap."""
    if len(periods) > recording.get_num_segments():
        raise ValueError(f"there are periods for {len(periods)} segments of {recording}")
    apart = []
    for segment, own in enumerate(periods):
        for start, end in sorted(own):
            if apart and apart[-1][0] == segment and start <= apart[-1][2]:
                apart[-1] = (segment, apart[-1][1], max(end, apart[-1][2]))
            else:
                apart.append((segment, start, end))
    if not apart:
        return recording
    return spre.silence_periods(recording, np.array(apart, si.core.base.base_period_dtype), mode="zeros")


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
    return rounded(gap_ms * 1e-3 * recording.sampling_frequency)


def with_silence(recordings, gap_ms):
    """Recordings with zeros between them: a stretch of one times zero, since sorters take nothing that lies in memory."""
    apart = recordings[:1]
    for last, recording in zip(recordings, recordings[1:]):
        frames = gap_frames(recordings[0], gap_ms)
        if frames > 0:
            times = -(-frames // last.get_total_samples())
            stretch = si.concatenate_recordings([last] * times).frame_slice(0, frames)
            apart.append(spre.scale(stretch, gain=0.0, offset=0.0, dtype=last.get_dtype()))
        apart.append(recording)
    return apart


def joined_recordings(recordings, gap_ms=0.0, segments=False):
    """Recordings one after the other, with the channels of the first: as one segment, or as segments of their own."""
    first = recordings[0]
    channels = list(first.channel_ids)
    alike = [one if list(one.channel_ids) == channels else one.rename_channels(channels) for one in recordings]
    if len({one.get_dtype() for one in alike}) > 1:
        alike = [spre.astype(one, "float32") for one in alike]
    join = si.append_recordings if segments else si.concatenate_recordings
    return join(with_silence(alike, gap_ms), sampling_frequency_max_diff=1e-6 * first.sampling_frequency)


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
        names = sorted(parts.columns.drop(places))
        for own, rows in parts.groupby(names, dropna=False) if names else [((), parts)]:
            segments = [
                si.select_segment_sorting(sorting, [row.segment_index]).frame_slice(
                    row.start_frame, row.start_frame + row.num_frames
                )
                for row in rows.itertuples()
            ]
            own_keys = {name: value for name, value in zip(names, own) if value == value}
            found.append(({**keys, **own_keys}, si.append_sortings(segments)))
    return found
