//! Files of named tensors: [safetensors](https://github.com/huggingface/safetensors), written whole or not at all.

mod header;
mod read;
mod save;
mod temporary;
mod write;

pub use read::{File, Reader, Tensor, read};
pub use save::{open, save_atomic};
pub use write::write;
