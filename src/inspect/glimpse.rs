//! What flows at an end at a glance: a drawing of a few hundred numbers, for the body of a node.

use super::{minmax, spans::SpanReader};
use crate::{
    data::{Figure, Motion, Peaks, Recording, RecordingInfo, Sorting, Table, Templates, text::number},
    pipeline::Value,
};
use std::{collections::BTreeMap, sync::Arc};

/// Channels of traces at most, spread over the probe.
const TRACES: usize = 5;
/// Contacts of a probe at most.
const CONTACTS: usize = 192;
/// Columns of traces.
const COLUMNS: usize = 80;
/// Milliseconds of traces.
const WINDOW_MS: f64 = 60.0;
/// Points of a raster or a drift map at most.
const POINTS: usize = 800;
/// Waveforms and bars at most.
const UNITS: usize = 24;

/// A small drawing. Places go from 0 to 1, left to right and top to bottom.
#[derive(Clone, Debug)]
pub enum Glimpse {
    /// Traces from top to bottom, each the extremes of columns around its middle, from -1 to 1; and where the
    /// contacts of a source lie, from 0 to 1 (top), of what is as wide for its height as the number says.
    Traces(Vec<Vec<[f32; 2]>>, Vec<[f32; 2]>, f32),
    /// Points with a class each, such as their unit.
    Points(Vec<([f32; 2], u32)>),
    /// Waveforms, each as heights from 0 (top) to 1.
    Curves(Vec<Vec<f32>>),
    /// Heights of bars from 0 to 1, with words about them.
    Bars(Vec<f32>, String),
    /// A picture to be drawn.
    Figure(Arc<Figure>),
    /// Words where there is nothing to draw.
    Words(String),
}

impl Glimpse {
    /// The drawing of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Recording(recording) => {
                traces(recording).unwrap_or_else(|error| Glimpse::Words(error.to_string()))
            }
            Value::Sorting(sorting) => raster(sorting),
            Value::Peaks(peaks) => drift_map(peaks),
            Value::Templates(templates) => waveforms(templates),
            Value::Noise(noise) => bars(&noise.levels, value.summary()),
            Value::Table(table) => lags(table).or_else(|| places(table)).unwrap_or_else(|| histogram(table)),
            Value::Motion(motion) => displacement(motion),
            Value::Figure(figure) => Glimpse::Figure(figure.clone()),
            other => Glimpse::Words(other.summary()),
        }
    }
}

fn traces(recording: &Recording) -> Result<Glimpse, crate::engine::EngineError> {
    let reader = SpanReader::new(recording)?;
    let info = reader.info();
    let Some(segment) = info.segments.iter().position(|segment| segment.num_frames > 0) else {
        return Ok(Glimpse::Words("no samples".into()));
    };
    let total = info.segments[segment].num_frames;
    let length = ((info.sampling_frequency * WINDOW_MS / 1e3) as usize).clamp(COLUMNS, total.max(COLUMNS));
    // Not the very beginning, where filters settle and experiments are set up.
    let start = (total / 4).min(total.saturating_sub(length));
    let end = (start + length).min(total);
    let count = info.num_channels().min(TRACES);
    let mut order: Vec<usize> = (0..info.num_channels()).collect();
    if let Some(probe) = &info.probe {
        let depth =
            |channel: usize| probe.contacts.get(channel).map_or(0.0, |contact| contact.position_um[1]);
        order.sort_by(|a, b| depth(*b).total_cmp(&depth(*a)));
    }
    let chosen: Vec<usize> = (0..count).map(|i| order[(2 * i + 1) * order.len() / (2 * count)]).collect();
    let bin = (end - start).div_ceil(COLUMNS).max(1);
    reader.with_block(segment, start..end, |block| {
        let mut rows: Vec<Vec<[f32; 2]>> = chosen
            .iter()
            .map(|&channel| {
                let mut columns = Vec::with_capacity(COLUMNS);
                minmax::bin(block.channel(channel), bin, &mut columns);
                let mean = columns.iter().map(|[low, high]| low + high).sum::<f32>()
                    / (2 * columns.len().max(1)) as f32;
                columns.iter().map(|[low, high]| [low - mean, high - mean]).collect()
            })
            .collect();
        let largest = rows.iter().flatten().flatten().fold(0.0_f32, |most, x| most.max(x.abs()));
        let scale = if largest > 0.0 && largest.is_finite() { 1.0 / largest } else { 0.0 };
        rows.iter_mut().flatten().flatten().for_each(|x| *x = if x.is_finite() { *x * scale } else { 0.0 });
        let (contacts, shape) =
            if recording.stages().is_empty() { contacts(info) } else { Default::default() };
        Glimpse::Traces(rows, contacts, shape)
    })
}

/// Contacts of a probe in a box from 0 to 1, and how wide it is for its height.
fn contacts(info: &RecordingInfo) -> (Vec<[f32; 2]>, f32) {
    let Some(probe) = &info.probe else { return Default::default() };
    let places: Vec<[f64; 2]> = probe.contacts.iter().map(|contact| contact.position_um).collect();
    let extent = |axis: usize| {
        let ends = places.iter().map(|place| place[axis]);
        ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
    };
    let ((left, right), (bottom, top)) = (extent(0), extent(1));
    if !(right - left).is_finite() || (right - left).max(top - bottom) <= 0.0 {
        return Default::default();
    }
    let share =
        |x: f64, low: f64, high: f64| if high > low { ((x - low) / (high - low)) as f32 } else { 0.5 };
    let step = places.len().div_ceil(CONTACTS).max(1);
    let placed = places.iter().step_by(step);
    let shape = (right - left) / (top - bottom).max(1e-6);
    (placed.map(|p| [share(p[0], left, right), 1.0 - share(p[1], bottom, top)]).collect(), shape as f32)
}

fn raster(sorting: &Sorting) -> Glimpse {
    let units = sorting.unit_ids.len();
    let Some(spikes) = sorting.segments.iter().max_by_key(|spikes| spikes.sample_index.len()) else {
        return Glimpse::Words("no spikes".into());
    };
    let (Some(first), Some(last)) = (spikes.sample_index.first(), spikes.sample_index.last()) else {
        return Glimpse::Words(format!("{units} units, no spikes"));
    };
    let span = (*last - *first).max(1) as f32;
    let step = spikes.sample_index.len().div_ceil(POINTS).max(1);
    if let Some(places) = &spikes.location_um {
        let chosen = || (0..spikes.sample_index.len()).step_by(step);
        let depth = |at: usize| places[at][1];
        let (low, height) = range(chosen().map(depth));
        let point = |at: usize| {
            let time = (spikes.sample_index[at] - *first) as f32 / span;
            ([time, 1.0 - (depth(at) - low) / height], spikes.unit_index[at])
        };
        return Glimpse::Points(chosen().map(point).filter(|(place, _)| place[1].is_finite()).collect());
    }
    let points = spikes.sample_index.iter().zip(spikes.unit_index.iter()).step_by(step);
    let place = |(frame, unit): (&i64, &u32)| {
        let y = (*unit as f32 + 0.5) / units.max(1) as f32;
        ([(*frame - *first) as f32 / span, y], *unit)
    };
    Glimpse::Points(points.map(place).collect())
}

fn drift_map(peaks: &Peaks) -> Glimpse {
    if peaks.is_empty() {
        return Glimpse::Words("no peaks".into());
    }
    let depth = |at: usize| match &peaks.location_um {
        Some(places) => places[at][1],
        None => peaks.channel_index[at] as f32,
    };
    let step = peaks.len().div_ceil(POINTS).max(1);
    let chosen = || (0..peaks.len()).step_by(step);
    let time = |at: usize| peaks.sample_index[at] as f32;
    let ((left, width), (low, height)) = (range(chosen().map(time)), range(chosen().map(depth)));
    let point = |at: usize| ([(time(at) - left) / width, 1.0 - (depth(at) - low) / height], 0);
    Glimpse::Points(chosen().map(point).filter(|([x, y], _)| x.is_finite() && y.is_finite()).collect())
}

/// The least of some numbers, and how far above it the greatest is.
fn range(values: impl Iterator<Item = f32>) -> (f32, f32) {
    let ends = values.filter(|x| x.is_finite());
    let (low, high) =
        ends.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    (low, (high - low).max(1e-6))
}

/// Of a table of correlograms: how often any unit fires so long after itself.
fn lags(table: &Table) -> Option<Glimpse> {
    let (a, b) = (table.column("unit_a")?, table.column("unit_b")?);
    let (starts, counts) = (table.column("bin_start_ms")?, table.column("count")?);
    let mut of_lag: BTreeMap<i64, f64> = BTreeMap::new();
    let is_own = |&row: &usize| match (a.number(row), b.number(row)) {
        (Some(a), Some(b)) => a == b,
        _ => a.cell(row) == b.cell(row),
    };
    for row in (0..table.num_rows()).filter(is_own) {
        // Bins of a thousandth of a millisecond are told apart.
        *of_lag.entry((starts.number(row)? * 1e3).round() as i64).or_default() += counts.number(row)?;
    }
    let widest = *of_lag.keys().next()? as f64 / -1e3;
    let lags: Vec<f64> = of_lag.into_values().collect();
    let step = lags.len().div_ceil(2 * UNITS).max(1);
    let joined: Vec<f64> = lags.chunks(step).map(|bins| bins.iter().sum()).collect();
    Some(bars(&joined, format!("autocorrelograms, ±{} ms", number(widest))))
}

/// Of a table of places: where each row lies.
fn places(table: &Table) -> Option<Glimpse> {
    let (x, y) = (table.column("x")?, table.column("y")?);
    let place = |row: usize| Some([x.number(row)? as f32, y.number(row)? as f32]);
    let found: Vec<(usize, [f32; 2])> =
        (0..table.num_rows()).filter_map(|row| Some((row, place(row)?))).take(POINTS).collect();
    let all = |axis: usize| range(found.iter().map(move |(_, place)| place[axis]));
    let ((left, width), (low, height)) = (all(0), all(1));
    // A column of contacts stands in the middle; to the edges there is some room.
    let share = |x: f32, low: f32, width: f32| {
        if width > 1e-6 { 0.05 + 0.9 * (x - low) / width } else { 0.5 }
    };
    let point = |(row, [x, y]): &(usize, [f32; 2])| {
        ([share(*x, left, width), 1.0 - share(*y, low, height)], *row as u32)
    };
    (!found.is_empty()).then(|| Glimpse::Points(found.iter().map(point).collect()))
}

/// The waveform of each unit on its largest channel.
fn waveforms(templates: &Templates) -> Glimpse {
    let step = templates.num_units().div_ceil(UNITS / 2).max(1);
    let mut curves: Vec<Vec<f32>> = Vec::new();
    for waveform in templates.waveforms.iter().step_by(step) {
        let largest = waveform.columns().into_iter().max_by(|a, b| {
            let height = |column: &ndarray::ArrayView1<'_, f32>| column.fold(0.0_f32, |m, x| m.max(x.abs()));
            height(a).total_cmp(&height(b))
        });
        curves.extend(largest.map(|column| column.to_vec()));
    }
    let all = || curves.iter().flatten().copied().filter(|x| x.is_finite());
    let (low, high) = (all().fold(f32::INFINITY, f32::min), all().fold(f32::NEG_INFINITY, f32::max));
    let height = (high - low).max(1e-9);
    if curves.is_empty() {
        return Glimpse::Words("no units".into());
    }
    curves.iter_mut().flatten().for_each(|x| *x = if x.is_finite() { (high - *x) / height } else { 0.5 });
    Glimpse::Curves(curves)
}

fn bars(values: &[f64], words: String) -> Glimpse {
    let step = values.len().div_ceil(UNITS * 2).max(1);
    let shown: Vec<f64> = values.iter().copied().step_by(step).collect();
    let most = shown.iter().copied().filter(|x| x.is_finite()).fold(0.0_f64, f64::max);
    let share = |x: &f64| if most > 0.0 && x.is_finite() { (x / most).clamp(0.0, 1.0) as f32 } else { 0.0 };
    Glimpse::Bars(shown.iter().map(share).collect(), words)
}

/// How often the values of the first column of numbers that are not all alike fall into each of some bins.
fn histogram(table: &Table) -> Glimpse {
    let summary = || Value::Table(Arc::new(table.clone())).summary();
    // What names units says nothing by how often it comes.
    let names = |name: &str| name.contains("unit") || name.ends_with("_id") || name.ends_with("index");
    let varied = table.columns.iter().filter(|(name, _)| !names(name)).find_map(|(name, column)| {
        let values: Vec<f64> = (0..table.num_rows()).filter_map(|row| column.number(row)).collect();
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
        let is_index = values.iter().enumerate().all(|(row, x)| *x == row as f64);
        (high > low && !is_index && (high - low).is_finite()).then_some((name, values, low, high))
    });
    let Some((name, values, low, high)) = varied else { return Glimpse::Words(summary()) };
    let mut counts = vec![0.0; UNITS];
    for value in &values {
        let at = ((value - low) / (high - low) * UNITS as f64) as usize;
        counts[at.min(UNITS - 1)] += 1.0;
    }
    bars(&counts, format!("{name} of {} rows", values.len()))
}

fn displacement(motion: &Motion) -> Glimpse {
    let Some(segment) = motion.segments.first() else { return Glimpse::Words("no motion".into()) };
    let all = segment.displacement_um.iter().copied().filter(|x| x.is_finite());
    let most = all.map(f64::abs).fold(1.0_f64, f64::max);
    let curve = |column: ndarray::ArrayView1<'_, f64>| {
        let height = |x: &f64| if x.is_finite() { (0.5 - x / most / 2.0) as f32 } else { 0.5 };
        column.iter().map(height).collect()
    };
    let columns = segment.displacement_um.columns().into_iter();
    let step = motion.spatial_bins_um.len().div_ceil(TRACES).max(1);
    Glimpse::Curves(columns.step_by(step).map(curve).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Id, TableColumn};

    #[test]
    fn spikes_become_points_within_the_square() {
        let units = vec![Id::from(0_i64), Id::from(1_i64)];
        let sorting = Sorting::from_spikes(30_000.0, units, &[10, 500, 1000], &[0, 1, 0]);
        let Glimpse::Points(points) = raster(&sorting) else { panic!() };
        assert_eq!(points.len(), 3);
        assert_eq!(points[0], ([0.0, 0.25], 0));
        assert_eq!(points[2].0[0], 1.0);
    }

    #[test]
    fn correlograms_and_places_are_drawn_as_what_they_are() {
        let table = Table::new(vec![
            ("unit_a".into(), TableColumn::Int(vec![0, 0, 0, 0, 1, 1])),
            ("unit_b".into(), TableColumn::Int(vec![0, 0, 1, 1, 1, 1])),
            ("bin_start_ms".into(), TableColumn::Float(vec![-50.0, 0.0, -50.0, 0.0, -50.0, 0.0])),
            ("count".into(), TableColumn::Int(vec![2, 1, 90, 90, 2, 1])),
        ]);
        let Glimpse::Bars(bars, words) = Glimpse::of(&Value::Table(Arc::new(table))) else { panic!() };
        assert_eq!(bars, [1.0, 0.5], "units against themselves alone");
        assert_eq!(words, "autocorrelograms, ±50 ms");
        let table = Table::new(vec![
            ("unit_id".into(), TableColumn::Int(vec![0, 1, 2])),
            ("x".into(), TableColumn::Float(vec![0.0, 0.0, 0.0])),
            ("y".into(), TableColumn::Float(vec![0.0, f64::NAN, 100.0])),
        ]);
        let Glimpse::Points(points) = Glimpse::of(&Value::Table(Arc::new(table))) else { panic!() };
        assert_eq!(points.len(), 2);
        assert_eq!(points[0], ([0.5, 0.95], 0));
        assert!(points[1].0[1] < 0.06 && points[1].1 == 2);
    }

    #[test]
    fn a_table_becomes_the_histogram_of_its_first_column_that_varies() {
        let table = Table::new(vec![
            ("row".into(), TableColumn::Int(vec![0, 1, 2, 3])),
            ("rate".into(), TableColumn::Float(vec![1.0, 1.0, 1.0, 5.0])),
        ]);
        let Glimpse::Bars(bars, words) = histogram(&table) else { panic!() };
        assert_eq!((bars[0], bars[UNITS - 1]), (1.0, 1.0 / 3.0));
        assert_eq!(words, "rate of 4 rows");
    }
}
