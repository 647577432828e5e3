//! How inputs are made from others. libFuzzer's own mutations of bytes know no JSON and no checksum; these do, and leave
//! some of the work to those, because a broken document is an input too.

mod document;
mod frames;
mod material;

pub use document::document;
pub use frames::frames;

/// Puts the new input where libFuzzer reads it; says how long it is.
fn put(data: &mut [u8], input: &[u8], max_size: usize) -> usize {
    let size = input.len().min(max_size);
    data[..size].copy_from_slice(&input[..size]);
    size
}
