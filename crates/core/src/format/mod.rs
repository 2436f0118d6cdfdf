//! Files of named tensors: [safetensors](https://github.com/huggingface/safetensors) and PyTorch's state dicts, written whole or
//! not at all.

mod checksum;
pub mod folder;
mod foreign;
mod header;
mod others;
mod pytorch;
mod read;
mod save;
mod temporary;
mod write;
mod zip;

pub use checksum::is_of_a_run;
pub use foreign::{ForeignTensor, read_foreign};
pub use pytorch::write_pytorch;
pub use read::{File, OF_OTHERS, Reader, Tensor, read};
pub use save::{copy_atomic, open, save_atomic};
pub use write::{Named, save_checked, write};
