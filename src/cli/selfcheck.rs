//! `selfcheck`: whether this computer sorts as it should.

use super::{CliError, output};
use crate::{
    inspect::selfcheck::{SelfCheck, self_check},
    nodes,
    pipeline::Limits,
};
use std::io::{IsTerminal, Write};

/// Sorts a small recording with a known truth, and says how well and how fast.
///
/// # Errors
/// Where it cannot be sorted, or not as well or as fast as expected.
pub fn selfcheck(threads: Option<usize>, as_json: bool) -> Result<(), CliError> {
    let folder = tempfile::tempdir()
        .map_err(|error| CliError::Failed(format!("no temporary folder can be made: {error}")))?;
    let limits = Limits { threads: threads.unwrap_or(Limits::default().threads), ..Limits::default() };
    let shows = std::io::stderr().is_terminal();
    let tell = |node: &str, share: f32| {
        if shows {
            eprint!("\r\x1b[K{:3.0} %  {node}", share * 100.0);
            // A terminal that is gone shows nothing, and needs nothing.
            let _ = std::io::stderr().flush();
        }
    };
    let found = self_check(&nodes::registry(), folder.path(), limits, tell, || false);
    if shows {
        eprint!("\r\x1b[K");
    }
    let found = found.map_err(CliError::Failed)?;
    if as_json {
        output::json(&serde_json::json!({"well": found.is_well(), "found": found}))?;
    } else {
        output::text(&text(&found))?;
    }
    if found.is_well() { Ok(()) } else { Err(CliError::Shown { code: 1 }) }
}

fn text(found: &SelfCheck) -> String {
    let mut text = format!(
        "Spikeloom {}: {} channels for {:.0} s, sorted in {:.1} s ({:.1} s of processor), {:.1} s in all\n",
        found.version, found.num_channels, found.duration_s, found.sort_s, found.sort_cpu_s, found.wall_s
    );
    for (words, is_well) in found.verdicts() {
        text.push_str(&format!("{}  {words}\n", if is_well { "ok " } else { "NOT" }));
    }
    text.push_str(match found.is_well() {
        true => "All is as expected.\n",
        false => "Something is not as expected. Was the computer busy? Close other programs and try again.\n",
    });
    text
}
