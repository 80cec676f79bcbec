//! A bounded cache: what was used longest ago leaves first.

use std::{collections::HashMap, hash::Hash, sync::Arc};

/// Values by key, at most so many bytes in all.
pub(super) struct Cache<K, V> {
    entries: HashMap<K, Entry<V>>,
    max_bytes: usize,
    bytes: usize,
    clock: u64,
}

struct Entry<V> {
    value: Arc<V>,
    bytes: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V> Cache<K, V> {
    /// An empty cache.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { entries: HashMap::new(), max_bytes, bytes: 0, clock: 0 }
    }

    /// The value of a key, which counts as a use.
    pub(super) fn get(&mut self, key: &K) -> Option<Arc<V>> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(entry.value.clone())
    }

    /// Adds a value; the oldest leave until it fits. A value larger than the whole cache stays alone.
    pub(super) fn insert(&mut self, key: K, value: Arc<V>, bytes: usize) {
        self.clock += 1;
        if let Some(old) = self.entries.remove(&key) {
            self.bytes -= old.bytes;
        }
        while self.bytes + bytes > self.max_bytes && !self.entries.is_empty() {
            let Some(oldest) = self.entries.iter().min_by_key(|(_, e)| e.used).map(|(k, _)| k.clone()) else {
                break;
            };
            if let Some(old) = self.entries.remove(&oldest) {
                self.bytes -= old.bytes;
            }
        }
        self.bytes += bytes;
        self.entries.insert(key, Entry { value, bytes, used: self.clock });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_leaves_first() {
        let mut cache = Cache::new(10);
        cache.insert("a", Arc::new(1), 4);
        cache.insert("b", Arc::new(2), 4);
        assert!(cache.get(&"a").is_some());
        cache.insert("c", Arc::new(3), 4);
        assert!(cache.get(&"b").is_none());
        assert!(cache.get(&"a").is_some() && cache.get(&"c").is_some());
        cache.insert("large", Arc::new(4), 40);
        assert!(cache.get(&"a").is_none() && cache.get(&"large").is_some());
    }
}
