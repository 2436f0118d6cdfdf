//! Files of named tensors: [safetensors](https://github.com/huggingface/safetensors), written whole or not at all.

mod header;
mod read;
mod save;
mod write;

pub use read::{File, Tensor, read};
pub use save::{load, save_atomic};
pub use write::write;
