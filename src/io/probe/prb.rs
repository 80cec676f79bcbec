//! klusta's and SpyKING CIRCUS' `.prb`: Python that assigns `channel_groups`.

use crate::{
    data::{Contact, ContactShape, Probe},
    io::{
        Error,
        python_literal::{Literal, assignments, find},
    },
};
use std::path::Path;

/// Channel numbers are columns of the file; a channel without a place is left out.
pub(super) fn parse(text: &str, path: &Path) -> Result<Probe, Error> {
    let all = assignments(text);
    let groups = match find(&all, "channel_groups") {
        Some(Ok(Literal::Dict(groups))) => groups,
        Some(Ok(_)) => return Err(Error::format(path, "channel_groups must be a dictionary {0: {…}}")),
        Some(Err(e)) => return Err(Error::format(path, format!("channel_groups: {e}"))),
        None => {
            return Err(Error::format(
                path,
                "not a probe: neither probeinterface JSON nor a .prb that assigns channel_groups",
            ));
        }
    };
    let mut probe = Probe::default();
    for (shank_index, (name, group)) in groups.iter().enumerate() {
        let wrong = |what: &str| Error::format(path, format!("channel_groups[{}]: {what}", show(name)));
        let geometry = group.get("geometry").ok_or_else(|| wrong("geometry is missing"))?;
        let channels: Option<Vec<i64>> = group
            .get("channels")
            .and_then(Literal::list)
            .map(|l| l.iter().filter_map(Literal::whole).collect());
        let places: Vec<(i64, &Literal)> = match geometry {
            Literal::Dict(places) => places
                .iter()
                .map(|(channel, place)| {
                    channel.whole().map(|c| (c, place)).ok_or_else(|| wrong("a channel is no whole number"))
                })
                .collect::<Result<_, _>>()?,
            Literal::List(places) => {
                let channels = channels.clone().ok_or_else(|| wrong("channels is missing"))?;
                if channels.len() != places.len() {
                    return Err(wrong("channels and geometry differ in length"));
                }
                channels.into_iter().zip(places).collect()
            }
            _ => return Err(wrong("geometry must be {channel: (x, y)}")),
        };
        for (channel, place) in places {
            if channels.as_ref().is_some_and(|c| !c.contains(&channel)) {
                continue;
            }
            let place: Option<Vec<f64>> =
                place.list().and_then(|xy| xy.iter().map(Literal::number).collect());
            let (Some(&[x, y]), z) = (
                place.as_deref().and_then(|p| p.get(..2)).and_then(|p| <&[f64; 2]>::try_from(p).ok()),
                place.as_ref().and_then(|p| p.get(2).copied()),
            ) else {
                return Err(wrong(&format!("the place of channel {channel} is not (x, y)")));
            };
            let column = usize::try_from(channel).map_err(|_negative| wrong("a channel is negative"))?;
            probe.contacts.push(Contact {
                contact_id: channel.to_string(),
                position_um: [x, y],
                z_um: z,
                shape: ContactShape::Circle { radius_um: 6.0 },
                shank_index,
                device_channel_index: Some(column),
            });
        }
        probe.shank_ids.push(show(name));
    }
    if probe.contacts.is_empty() {
        return Err(Error::format(path, "channel_groups holds no channel with a place (geometry)"));
    }
    Ok(probe)
}

fn show(name: &Literal) -> String {
    match name {
        Literal::Int(value) => value.to_string(),
        Literal::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}
