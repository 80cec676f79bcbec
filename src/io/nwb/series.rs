//! An electrical series as a recording, and the electrodes it was recorded with.

use super::{
    file::{Column, File},
    series_of,
};
use crate::{
    data::{Id, Probe, Recording, RecordingInfo, Segment, SourceError, TableColumn},
    io::{
        Error, OpenOptions,
        binary::Asked,
        channel_properties::set_groups,
        numpy_folder::id_of,
        probe::ReadProbe,
        row_source::{self, Rows},
        spikes::check_rate,
    },
};
use hdf5_reader::group::Group;
use std::{
    fmt,
    path::{Path, PathBuf},
};

const ELECTRODES: &str = "general/extracellular_ephys/electrodes";
/// Timestamps that are looked at for the sampling frequency, as SpikeInterface does.
const SAMPLES_FOR_RATE: usize = 1000;
const UV_PER_V: f64 = 1e6;

/// When the samples of a series were taken.
pub(super) struct Clock {
    /// Samples per second, in Hz.
    pub rate: f64,
    /// Time of the first sample in seconds.
    pub start_s: f64,
}

impl Clock {
    /// Reads `starting_time` or, where there is none, the first `timestamps`.
    ///
    /// # Errors
    /// Where neither is there, or the rate is missing.
    pub fn read(file: &File, series: &Group) -> Result<Self, Error> {
        if let Some(start) = file.find(series, "starting_time")? {
            let rate = start.number_attribute("rate").ok_or_else(|| {
                start.wrong("the attribute rate, the sampling frequency, is missing: export the file again")
            })?;
            check_rate(&file.path, rate)?;
            return Ok(Self { rate, start_s: start.numbers()?.first().copied().unwrap_or(0.0) });
        }
        let Some(times) = file.find(series, "timestamps")? else {
            return Err(file.wrong(
                series.name(),
                "neither starting_time nor timestamps is there, so that its sampling frequency is unknown",
            ));
        };
        let mut first = Vec::new();
        let length = times.shape().first().copied().unwrap_or(0);
        times.rows(0, length.min(SAMPLES_FOR_RATE), |time| first.push(time))?;
        let mut steps: Vec<f64> = first.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_unstable_by(f64::total_cmp);
        let middle = steps.len() / 2;
        let step = match steps.as_slice() {
            [] => return Err(times.wrong("fewer than two timestamps")),
            steps if steps.len().is_multiple_of(2) => (steps[middle - 1] + steps[middle]) / 2.0,
            steps => steps[middle],
        };
        check_rate(&file.path, 1.0 / step)?;
        Ok(Self { rate: 1.0 / step, start_s: first[0] })
    }
}

/// The series that is meant: the named one, or the only one there is.
///
/// # Errors
/// Where there is none of that name, or several and none is named.
pub(super) fn choose(file: &File, stream: Option<&str>) -> Result<String, Error> {
    let all = series_of(file)?;
    let acquired = |path: &&String| path.starts_with("acquisition/");
    let wanted = stream.filter(|name| !name.is_empty());
    let found = match wanted {
        Some(name) => {
            let short = |path: &&String| path.rsplit('/').next() == Some(name);
            all.iter().find(|path| *path == name).or_else(|| all.iter().find(short))
        }
        None if all.len() == 1 => all.first(),
        None if all.iter().filter(acquired).count() == 1 => all.iter().find(acquired),
        None => None,
    };
    found.cloned().ok_or_else(|| {
        let list = all.join(", ");
        let message = match (all.is_empty(), wanted) {
            (true, _) => "the file has no electrical series: it holds no traces".to_owned(),
            (_, Some(name)) => format!("there is no electrical series {name}; there are {list}"),
            (_, None) => format!("there are several electrical series: choose one with --stream, of {list}"),
        };
        Error::format(&file.path, message)
    })
}

/// Opens the electrical series of a file.
///
/// # Errors
/// Where there is none or several, or a part of it is missing or damaged.
pub(in crate::io) fn open_recording(path: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let file = File::open(path)?;
    let name = choose(&file, options.stream.as_deref())?;
    let series = file.group(&name)?;
    let data = file.column(&series, "data")?;
    let shape = data.shape();
    let (num_frames, num_columns) = match shape[..] {
        [frames] => (frames, 1),
        [frames, channels] if channels > 0 => (frames, channels),
        _ => return Err(data.wrong(&format!("frames × channels expected, its shape is {shape:?}"))),
    };
    let dtype = data.dtype().ok_or_else(|| data.wrong("samples are numbers"))?;
    let clock = Clock::read(&file, &series)?;
    let mut info = RecordingInfo::new(clock.rate, num_columns, num_frames, dtype);
    info.segments = vec![Segment { num_frames, t_start_s: Some(clock.start_s) }];
    let electrodes = Electrodes::open(&file, &series, num_columns)?;
    gains(&file, &series, &data, electrodes.as_ref(), &mut info)?;
    let mut found = None;
    if let Some(electrodes) = &electrodes {
        found = electrodes.describe(&mut info)?;
    }
    warn_of_gaps(&file, &series, &clock, &mut info)?;
    let probe = match Asked::of(options)? {
        Some(asked) => asked,
        None => found.map_or(Asked::No, Asked::Found),
    };
    // Read one sample, so that a codec that is not known is named now.
    data.rows(0, num_frames.min(1), |_| {})?;
    let rows = SeriesRows { path: path.to_owned(), data, num_columns };
    row_source::recording(info, Box::new(rows), probe, true, options)
}

/// Volts are `data * conversion * channel_conversion + offset`.
fn gains(
    file: &File,
    series: &Group,
    data: &Column,
    electrodes: Option<&Electrodes>,
    info: &mut RecordingInfo,
) -> Result<(), Error> {
    let channels = info.num_channels();
    let conversion = data.number_attribute("conversion").unwrap_or(1.0);
    let factors = match file.find(series, "channel_conversion")? {
        Some(column) => column.numbers()?,
        None => vec![1.0; channels],
    };
    if factors.len() != channels {
        let message = format!("channel_conversion has {} values for {channels} channels", factors.len());
        return Err(data.wrong(&message));
    }
    info.gain_to_uv = Some(factors.iter().map(|factor| conversion * factor * UV_PER_V).collect());
    let offset = data.number_attribute("offset").unwrap_or(0.0);
    let mut offsets = vec![offset; channels];
    if let (true, Some(electrodes)) = (offset == 0.0, electrodes)
        && let Some(own) = electrodes.numbers("offset")?
    {
        offsets = own;
    }
    info.offset_to_uv = Some(offsets.iter().map(|offset| offset * UV_PER_V).collect());
    Ok(())
}

/// Timestamps need not be evenly spaced; samples here are.
fn warn_of_gaps(file: &File, series: &Group, clock: &Clock, info: &mut RecordingInfo) -> Result<(), Error> {
    if file.find(series, "starting_time")?.is_some() {
        return Ok(());
    }
    let Some(times) = file.find(series, "timestamps")? else { return Ok(()) };
    let length = times.shape().first().copied().unwrap_or(0);
    if length < 2 {
        return Ok(());
    }
    let mut last = clock.start_s;
    times.rows(length - 1, length, |time| last = time)?;
    let missing = (last - clock.start_s) * clock.rate - (length - 1) as f64;
    if missing.abs() > 1.0 {
        info.warn(format!(
            "The timestamps do not follow one another evenly (they last {missing:.0} samples longer than the \
             samples): the recording is read as if there were no gap."
        ));
    }
    Ok(())
}

/// The rows of the table of electrodes that are the channels of a series.
struct Electrodes<'a> {
    file: &'a File,
    table: Group,
    rows: Vec<usize>,
}

impl<'a> Electrodes<'a> {
    /// The electrodes of a series; `None` where the file has no table of them.
    fn open(file: &'a File, series: &Group, channels: usize) -> Result<Option<Self>, Error> {
        let (Some(table), Some(region)) = (file.find_group(ELECTRODES)?, file.find(series, "electrodes")?)
        else {
            return Ok(None);
        };
        let rows: Vec<usize> = region.numbers()?.into_iter().map(|row| row as usize).collect();
        let count = file.column(&table, "id")?.shape().first().copied().unwrap_or(0);
        if rows.len() != channels {
            return Err(region.wrong(&format!("{} electrodes for {channels} channels", rows.len())));
        }
        match rows.iter().find(|&&row| row >= count) {
            Some(row) => Err(region.wrong(&format!("row {row} of a table of {count} electrodes"))),
            None => Ok(Some(Self { file, table, rows })),
        }
    }

    /// A column of numbers, a value a channel.
    fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, Error> {
        let Some(column) = self.file.find(&self.table, name)? else { return Ok(None) };
        if column.dtype().is_none() || column.shape().len() != 1 {
            return Ok(None);
        }
        let all = column.numbers()?;
        Ok(self.rows.iter().map(|&row| all.get(row).copied()).collect())
    }

    /// A column of words, a word a channel.
    fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let Some(column) = self.file.find(&self.table, name)? else { return Ok(None) };
        if !column.is_text() || column.shape().len() != 1 {
            return Ok(None);
        }
        let all = column.texts()?;
        Ok(self.rows.iter().map(|&row| all.get(row).cloned()).collect())
    }

    /// Names the channels, and keeps their groups and whatever else is known; gives the probe, where places are known.
    fn describe(&self, info: &mut RecordingInfo) -> Result<Option<ReadProbe>, Error> {
        let ids = match self.texts("channel_name")? {
            Some(names) => names.into_iter().map(Id::Text).collect(),
            None => {
                self.numbers("id")?.unwrap_or_default().into_iter().map(|id| id_of(&id.to_string())).collect()
            }
        };
        crate::io::binary::name_channels(info, ids);
        if let Some(groups) = self.texts("group_name")? {
            set_groups(info, &groups);
        }
        const PLACED_ELSEWHERE: [&str; 8] =
            ["id", "channel_name", "group", "group_name", "offset", "rel_x", "rel_y", "rel_z"];
        let (_, columns) =
            self.table.member_names().map_err(|error| self.file.wrong(ELECTRODES, &error.to_string()))?;
        for name in columns.iter().filter(|name| !PLACED_ELSEWHERE.contains(&name.as_str())) {
            // SpikeInterface's name: location is where the contact is on the probe.
            let property = if name == "location" { "brain_area" } else { name };
            if let Some(words) = self.texts(name)? {
                info.properties.set(property, TableColumn::Text(words));
            } else if let Some(values) = self.numbers(name)? {
                info.properties.set(property, TableColumn::Float(values));
            }
        }
        let (Some(x), Some(y)) = (self.numbers("rel_x")?, self.numbers("rel_y")?) else { return Ok(None) };
        if x.iter().chain(&y).any(|place| !place.is_finite()) {
            info.warn(
                "Some electrodes have no place (rel_x, rel_y), so that no probe was made of them.".into(),
            );
            return Ok(None);
        }
        let places: Vec<[f64; 2]> = x.into_iter().zip(y).map(|(x, y)| [x, y]).collect();
        let mut probe = Probe::from_positions(&places);
        if let Some(z) = self.numbers("rel_z")?.filter(|z| z.iter().any(|z| *z != 0.0)) {
            probe.contacts.iter_mut().zip(z).for_each(|(contact, z)| contact.z_um = Some(z));
        }
        Ok(Some(probe.into()))
    }
}

/// The samples of a series.
struct SeriesRows {
    path: PathBuf,
    data: Column,
    num_columns: usize,
}

impl fmt::Debug for SeriesRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "series of {}", self.path.display())
    }
}

impl Rows for SeriesRows {
    fn num_columns(&self) -> usize {
        self.num_columns
    }

    fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let end = start + out.len() / self.num_columns.max(1);
        let mut out = out.iter_mut();
        let fill = |value| {
            if let Some(out) = out.next() {
                *out = value as f32;
            }
        };
        self.data.rows(start, end, fill).map_err(|error| SourceError::Other(error.to_string()))
    }

    fn path(&self) -> PathBuf {
        self.path.clone()
    }
}
