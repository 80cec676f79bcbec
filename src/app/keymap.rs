//! The keys of actions as the user has them: those of the table, or those that were chosen instead.

use super::shortcuts::{ACTIONS, Action};
use super::texts;
use egui::{Context, Id, Key, KeyboardShortcut, ModifierNames, Modifiers};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// The keys that were chosen, by the id of their action; an action that is not there has its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keymap(BTreeMap<String, Vec<KeyboardShortcut>>);

impl Keymap {
    /// The keys of an action, the one to show first.
    pub fn keys(&self, action: &Action) -> Vec<KeyboardShortcut> {
        match self.0.get(action.id) {
            Some(keys) => keys.clone(),
            None => action.own_keys(),
        }
    }

    /// True where an action has other keys than at first.
    pub fn is_changed(&self, action: &Action) -> bool {
        self.0.contains_key(action.id)
    }

    /// True where any has.
    pub fn is_any_changed(&self) -> bool {
        !self.0.is_empty()
    }

    /// The other action that has this key.
    pub fn taken_by(&self, action: &Action, shortcut: KeyboardShortcut) -> Option<&'static Action> {
        ACTIONS.iter().find(|other| other.id != action.id && self.keys(other).contains(&shortcut))
    }

    /// Gives an action this key and no other, or none; whoever had it has it no more.
    pub fn set(&mut self, action: &Action, shortcut: Option<KeyboardShortcut>) {
        if let Some((shortcut, other)) = shortcut.and_then(|s| Some((s, self.taken_by(action, s)?))) {
            let mut left = self.keys(other);
            left.retain(|key| *key != shortcut);
            self.put(other, left);
        }
        self.put(action, shortcut.into_iter().collect());
    }

    fn put(&mut self, action: &Action, keys: Vec<KeyboardShortcut>) {
        if keys == action.own_keys() {
            self.0.remove(action.id);
        } else {
            self.0.insert(action.id.to_owned(), keys);
        }
    }

    /// The keys of an action as they were at first; where another has one of them by now, that gets its own back too.
    pub fn reset(&mut self, action: &Action) {
        for key in action.own_keys() {
            if let Some(other) = self.taken_by(action, key) {
                let mut left = self.keys(other);
                left.retain(|own| *own != key);
                self.put(other, left);
            }
        }
        self.0.remove(action.id);
    }

    /// All keys as they were at first.
    pub fn reset_all(&mut self) {
        self.0.clear();
    }

    /// Makes it known to all that show keys.
    pub fn install(&self, ctx: &Context) {
        let shared = Arc::new(self.clone());
        ctx.data_mut(|data| data.insert_temp(place(), shared));
    }

    /// The one that is installed.
    pub fn of(ctx: &Context) -> Arc<Self> {
        ctx.data(|data| data.get_temp(place())).unwrap_or_default()
    }
}

fn place() -> Id {
    Id::unique("keymap")
}

/// A key as people read it.
pub fn words(ctx: &Context, shortcut: KeyboardShortcut) -> String {
    let is_mac = ctx.os() == egui::os::OperatingSystem::Mac;
    shortcut.format(&ModifierNames::NAMES, is_mac)
}

/// The key of the action of this label, as people read it; empty where it has none.
pub fn keys_of(ctx: &Context, label: &str) -> String {
    super::shortcuts::action(label).map_or_else(String::new, |action| action.keys(ctx))
}

/// ` (F5)` after what a button does; nothing where there is no key.
pub fn after(ctx: &Context, label: &str) -> String {
    match keys_of(ctx, label) {
        keys if keys.is_empty() => keys,
        keys => format!(" ({keys})"),
    }
}

/// Why a key cannot be chosen, in words.
pub fn refused(shortcut: KeyboardShortcut) -> Option<&'static str> {
    let KeyboardShortcut { modifiers, logical_key } = shortcut;
    let clipboard = matches!(logical_key, Key::C | Key::X | Key::V | Key::Copy | Key::Cut | Key::Paste);
    if clipboard && modifiers == Modifiers::COMMAND {
        return Some(texts::menus::is_for_the_clipboard());
    }
    let nudges = matches!(logical_key, Key::ArrowUp | Key::ArrowDown | Key::ArrowLeft | Key::ArrowRight);
    if nudges && (modifiers.is_none() || modifiers == Modifiers::SHIFT) {
        return Some(texts::menus::moves_what_is_selected());
    }
    (logical_key == Key::Questionmark).then_some(texts::menus::shows_this_sheet())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::app::shortcuts::action;

    #[test]
    fn a_key_goes_from_one_action_to_another_and_back() {
        let (mute, bypass) = (action("Mute").unwrap(), action("Bypass").unwrap());
        let key = KeyboardShortcut::new(Modifiers::NONE, Key::B);
        let mut keymap = Keymap::default();
        assert_eq!(keymap.taken_by(mute, key).map(|other| other.id), Some("bypass"));
        keymap.set(mute, Some(key));
        assert_eq!((keymap.keys(mute), keymap.keys(bypass)), (vec![key], Vec::new()));
        let written = ron::to_string(&keymap).unwrap();
        assert_eq!(ron::from_str::<Keymap>(&written).unwrap(), keymap, "{written}");
        keymap.reset(bypass);
        assert_eq!((keymap.keys(mute), keymap.keys(bypass)), (Vec::new(), vec![key]));
        keymap.reset(mute);
        assert_eq!(keymap, Keymap::default());
        keymap.set(mute, None);
        assert!(keymap.keys(mute).is_empty() && keymap.is_changed(mute));
    }

    #[test]
    fn no_two_actions_have_one_key_at_first() {
        let keymap = Keymap::default();
        for action in ACTIONS {
            for key in action.own_keys() {
                assert_eq!(keymap.taken_by(action, key).map(|a| a.id), None, "{}", action.id);
                assert_eq!(refused(key), None, "{}", action.id);
            }
        }
    }
}
