//! Files of named tensors: [safetensors](https://github.com/huggingface/safetensors) and PyTorch's state dicts, written whole or
//! not at all.

mod foreign;
mod header;
mod pytorch;
mod read;
mod save;
mod temporary;
mod write;
mod zip;

pub use foreign::{ForeignTensor, read_foreign};
pub use pytorch::write_pytorch;
pub use read::{File, Reader, Tensor, read};
pub use save::{open, save_atomic};
pub use write::write;
