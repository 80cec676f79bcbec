//! What the viewer asks for, and what becomes of the answers.

use super::{
    Viewer,
    content::Content,
    look::{self, Seen, Target},
    related::{self, Wanted},
};
use crate::{
    inspect::Lane,
    pipeline::{Coordinate, PortType, Value},
};

impl Viewer {
    pub(super) fn ask(&mut self) {
        let (Some(executor), Some(target), Some(lane)) = (&self.executor, &self.target, &self.look_lane)
        else {
            return;
        };
        let (executor, target) = (executor.clone(), target.clone());
        lane.request(move |ticket| look::look(&executor, &target, ticket));
    }

    pub(super) fn ask_related(&mut self) {
        let (Some(executor), Some(target), Some(lane)) = (&self.executor, &self.target, &self.related_lane)
        else {
            return;
        };
        // Of a result that is still awaited, what it is made from may be known already.
        let (coordinate, port_type, value) = match self.current() {
            Some((coordinate, value)) => (coordinate.clone(), value.port_type(), Some(value.clone())),
            None => (Coordinate::default(), PortType::Sorting, None),
        };
        let end = self.shown_end().unwrap_or_default().to_owned();
        if (matches!(self.seen, Some(Seen::Old)) && !self.is_given())
            || !matches!(port_type, PortType::Recording | PortType::Sorting)
        {
            return;
        }
        let (executor, target) = (executor.clone(), Target { end, ..target.clone() });
        let (edited, last) = (self.edited.clone(), self.related.glimpsed.clone());
        let given = self.given.clone();
        let wanted = Wanted { given, port_type, at: coordinate, value, edited, last };
        lane.request(move |ticket| {
            ticket.send(related::related(&executor, &target, &wanted, &|| ticket.superseded()));
        });
    }

    pub(super) fn receive(&mut self) {
        if let Some(seen) = self.look_lane.as_ref().and_then(Lane::take) {
            // The item in sight stays, whatever comes before it.
            let shown = self.current().map(|(coordinate, _)| coordinate.clone());
            self.awaited = self.awaited.take().or(shown);
            let ready = self.take_seen(seen);
            self.choose_wanted();
            if ready {
                self.show_item();
            }
            match self.seen {
                // Beside what the last run made stays what belonged to it.
                Some(Seen::Old) if !self.is_given() => self.use_related(),
                _ => self.ask_related(),
            }
        }
        if let Some(related) = self.related_lane.as_ref().and_then(Lane::take) {
            self.related = related;
            self.use_related();
        }
    }

    /// Takes in what was found; true where there is something else to show than before.
    pub(super) fn take_seen(&mut self, seen: Seen) -> bool {
        let was_live = matches!(self.seen, Some(Seen::Instead { .. }));
        self.instead = None;
        let seen = match seen {
            Seen::NeedsRun(_) if !self.last.is_empty() => Seen::Old,
            Seen::Failed(_) if !self.last.is_empty() && self.is_given() => Seen::Old,
            Seen::Instead { .. } if !self.last.is_empty() && !was_live => {
                self.instead = Some(seen);
                Seen::Old
            }
            seen => seen,
        };
        if let Seen::Items(items) | Seen::Partly(items) = &seen {
            self.last.clone_from(items);
        }
        // What is shown already stays as it is.
        let is_shown = matches!(self.seen, Some(Seen::Items(_) | Seen::Partly(_) | Seen::Old))
            && matches!(seen, Seen::Old)
            && !matches!(self.content, Content::Live(_));
        let ready = matches!(seen, Seen::Items(_) | Seen::Partly(_) | Seen::Instead { .. } | Seen::Old);
        self.seen = Some(seen);
        ready && !is_shown
    }

    pub(super) fn items(&self) -> Option<&[(Coordinate, Value)]> {
        match &self.seen {
            Some(Seen::Items(items) | Seen::Partly(items) | Seen::Instead { items, .. }) => Some(items),
            Some(Seen::Old) => Some(&self.last),
            _ => None,
        }
    }

    pub(super) fn current(&self) -> Option<&(Coordinate, Value)> {
        self.items().and_then(|items| items.get(self.item).or(items.first()))
    }

    /// The item that was asked for by its keys.
    pub(super) fn choose_wanted(&mut self) {
        if self.items().is_none() {
            return;
        }
        let awaited = self.awaited.take();
        let Some(wanted) = self.wanted_item.take().or(awaited) else { return };
        let items = self.items().unwrap_or_default();
        let exact = items.iter().position(|(coordinate, _)| *coordinate == wanted);
        let fits = || items.iter().position(|(coordinate, _)| coordinate.join(&wanted).is_some());
        let found = exact.or_else(fits);
        self.item = found.unwrap_or(0);
        // Meanwhile another one is shown.
        if found.is_none() && matches!(self.seen, Some(Seen::Partly(_))) {
            self.awaited = Some(wanted);
        }
    }

    /// The end whose value is in sight.
    pub(super) fn shown_end(&self) -> Option<&str> {
        match &self.seen {
            Some(Seen::Instead { end, .. }) => Some(end),
            _ => self.end(),
        }
    }

    pub(super) fn show_item(&mut self) {
        let value = self.current().map(|(_, value)| value.clone());
        if let (Some(value), Ok(lanes)) = (value, &self.lanes) {
            let end = self.shown_end().unwrap_or_default().to_owned();
            self.content.show(lanes, &end, &value);
        }
    }

    pub(super) fn use_related(&mut self) {
        match &mut self.content {
            Content::Traces(view) => view.use_related(&self.related),
            Content::Units(view) => view.set_related(&self.related),
            _ => {}
        }
    }
}
