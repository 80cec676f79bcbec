//! A column of numbers, owned or a slice of a mapped file of the store.

use std::{fmt, ops::Deref, sync::Arc};

/// A plain number that may be read straight from mapped bytes.
pub trait Element: bytemuck::Pod + Send + Sync + fmt::Debug {}
impl<T: bytemuck::Pod + Send + Sync + fmt::Debug> Element for T {}

/// Bytes that live as long as the columns cut from them.
type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Numbers that are read often and never changed; cheap to clone.
///
/// Fifty million spikes in a mapped column cost no memory of ours.
#[derive(Clone)]
pub struct Column<T: Element> {
    storage: Storage<T>,
}

#[derive(Clone)]
enum Storage<T> {
    Owned(Arc<Vec<T>>),
    Mapped { bytes: Bytes, start: usize, end: usize },
}

impl<T: Element> Column<T> {
    /// A column over `bytes[start..end]`, or `None` where that is out of range or not aligned for `T`.
    pub fn mapped(bytes: Bytes, start: usize, end: usize) -> Option<Self> {
        let slice = (*bytes).as_ref().get(start..end)?;
        bytemuck::try_cast_slice::<u8, T>(slice).ok()?;
        Some(Self { storage: Storage::Mapped { bytes, start, end } })
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[T] {
        match &self.storage {
            Storage::Owned(values) => values,
            Storage::Mapped { bytes, start, end } => {
                // Checked when the column was made, and mapped bytes never move.
                bytemuck::try_cast_slice(&(**bytes).as_ref()[*start..*end]).unwrap_or(&[])
            }
        }
    }
}

impl<T: Element> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Self {
        Self { storage: Storage::Owned(Arc::new(values)) }
    }
}

impl<T: Element> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        iter.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T: Element> Default for Column<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T: Element> Deref for Column<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Element + PartialEq> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Element> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({} × {})", self.len(), std::any::type_name::<T>())
    }
}
