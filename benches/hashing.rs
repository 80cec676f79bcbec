//! How fast files are hashed that lie in memory already: the store's BLAKE3, and the SHA-1 of `sha1://`.
//!
//! `cargo bench --bench hashing [-- MEGABYTES]` (512 where left out). One thread; prints the median of five rounds.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use spikeloom::io::content::Content;
use std::{
    fs::{self, File},
    path::Path,
    time::{Instant, SystemTime},
};

const ROUNDS: usize = 5;

fn blake3(path: &Path) {
    let mut hasher = blake3::Hasher::new();
    // As the store hashes the files of a result.
    hasher.update_reader(File::open(path).unwrap()).unwrap();
    std::hint::black_box(hasher.finalize());
}

/// A file is read anew where it seems changed; that its hash is another one is all that can be said of it.
fn sha1(path: &Path) {
    let wrong = Content { hash: "0".repeat(40), label: String::new() };
    assert!(wrong.verify(path, None).unwrap_err().to_string().contains("SHA-1"));
}

fn measure(what: &str, path: &Path, bytes: usize, hash: fn(&Path)) {
    hash(path);
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            File::options().append(true).open(path).unwrap().set_modified(SystemTime::now()).unwrap();
            let began = Instant::now();
            hash(path);
            began.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    println!(
        "{what}: {:.2} GB/s ({:.2} at best)",
        bytes as f64 / seconds[ROUNDS / 2] / 1e9,
        bytes as f64 / seconds[0] / 1e9
    );
}

fn main() {
    let megabytes = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(512_usize);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let block: Vec<u8> = (0..1 << 20).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs::write(&path, block.repeat(megabytes)).unwrap();
    let bytes = megabytes << 20;
    measure("BLAKE3, a file of the store", &path, bytes, blake3);
    measure("SHA-1, a file named by its content", &path, bytes, sha1);
}
