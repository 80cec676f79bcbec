//! Numbers that describe the samples of each channel.

use crate::{
    data::{Id, Table, TableColumn},
    engine::{Monitor, chain},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// There is nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelStatisticsParams {}

/// Mean, standard deviation and range of each channel over all segments, in units of the recording.
pub struct ChannelStatistics;

impl Node for ChannelStatistics {
    type Params = ChannelStatisticsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "channel_statistics",
        label: "Channel statistics",
        summary: "Says of each channel how many samples it has, their mean, standard deviation, least and greatest.",
        source: "numpy mean, std, min, max",
        category: Category::Look,
        search: &["mean", "standard deviation", "variance", "minimum", "maximum", "describe", "rms"],
        version: 1,
        work: Work::Task(TaskClass::Traces),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("table", PortType::Table)],
    };

    fn in_python(&self, _: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("table"));
        let traces = format!("{to}_traces");
        let segments =
            format!("[{from}.get_traces(segment) for segment in range({from}.get_num_segments())]");
        let columns =
            ["mean", "std", "min", "max"].map(|name| format!("    \"{name}\": {traces}.{name}(axis=0),"));
        let step = PythonStep::default()
            .and(format!("{traces} = {segments}"))
            .and(format!("{traces} = np.concatenate({traces}).astype(float)"))
            .and(format!("{to} = pd.DataFrame({{"))
            .and(format!("    \"channel_id\": {from}.channel_ids,"))
            .and(format!("    \"num_samples\": len({traces}),"));
        Some(columns.into_iter().fold(step, PythonStep::and).and("})"))
    }

    fn run(&self, _: &Self::Params, inputs: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        let chain = chain::compile(inputs.recording("recording")?)?;
        let info = chain.info();
        let n = info.num_channels();
        let mut all = vec![Moments::default(); n];
        let total = info.total_frames();
        let (mut done, mut block) = (0, Vec::new());
        for segment in 0..chain.num_segments() {
            let frames = chain.num_frames(segment);
            for start in (0..frames).step_by(BLOCK) {
                if context.cancelled() {
                    return Err(NodeError::Cancelled);
                }
                let length = BLOCK.min(frames - start);
                block.resize(length * n, 0.0);
                chain.read_frames(segment, start, &mut block)?;
                for (channel, moments) in all.iter_mut().enumerate() {
                    moments.add(block.iter().skip(channel).step_by(n).map(|&x| f64::from(x)));
                }
                done += length;
                context.progress(done as u64, total as u64);
            }
        }
        let float = |value: fn(&Moments) -> f64| TableColumn::Float(all.iter().map(value).collect());
        let ids: Option<Vec<i64>> = info
            .channel_ids
            .iter()
            .map(|id| match id {
                Id::Int(id) => Some(*id),
                _ => None,
            })
            .collect();
        let names = || info.channel_ids.iter().map(ToString::to_string).collect();
        let mut table = Table::default();
        table.set("channel_id", ids.map_or_else(|| TableColumn::Text(names()), TableColumn::Int));
        table.set("num_samples", TableColumn::Int(all.iter().map(|m| m.count as i64).collect()));
        table.set("mean", float(|m| m.mean));
        table.set("std", float(|m| (m.squares / m.count).sqrt()));
        table.set("min", float(|m| m.min));
        table.set("max", float(|m| m.max));
        Ok(Outputs::one("table", table))
    }
}

/// Frames read at a time.
const BLOCK: usize = 1 << 16;

/// Mean and sum of squared deviations, merged block by block (Chan, Golub & LeVeque 1983).
#[derive(Clone)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
    min: f64,
    max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { count: 0.0, mean: f64::NAN, squares: 0.0, min: f64::NAN, max: f64::NAN }
    }
}

impl Moments {
    fn add(&mut self, values: impl Iterator<Item = f64> + Clone) {
        let count = values.clone().count() as f64;
        if count == 0.0 {
            return;
        }
        let mean = values.clone().sum::<f64>() / count;
        let squares: f64 = values.clone().map(|x| (x - mean) * (x - mean)).sum();
        let (before, total) = (self.count, self.count + count);
        let step = if before > 0.0 { mean - self.mean } else { 0.0 };
        self.mean = if before > 0.0 { self.mean + step * count / total } else { mean };
        self.squares += squares + step * step * before * count / total;
        self.count = total;
        self.min = values.clone().fold(self.min, f64::min);
        self.max = values.fold(self.max, f64::max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_add_up() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i * 37 % 101) + 1e6).collect();
        let mut whole = Moments::default();
        whole.add(values.iter().copied());
        let mut parts = Moments::default();
        for part in values.chunks(77) {
            parts.add(part.iter().copied());
        }
        let mean = values.iter().sum::<f64>() / 1000.0;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        for found in [&whole, &parts] {
            assert!((found.mean - mean).abs() < 1e-8 && (found.squares / squares - 1.0).abs() < 1e-10);
        }
        assert_eq!((parts.min, parts.max, parts.count), (1e6, 1e6 + 100.0, 1000.0));
    }
}
