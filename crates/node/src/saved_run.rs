//! Files of training runs, on their way to JavaScript and back.

use std::sync::{Mutex, PoisonError};

use napi::Env;
use napi_derive::napi;
use unrolled_core::format;
use unrolled_core::model::{self, Notes};
use unrolled_core::storage::{self, Data};
use unrolled_core::{Error, Result};

use crate::tensor::{Tensor, handed_over};

/// Path, text and tensors of the file that a run goes on from.
#[napi(object, object_from_js = false)]
pub struct SavedRun {
    /// The path of the file.
    pub path: String,
    /// The text that was saved.
    pub text: String,
    /// The tensors that were saved.
    pub tensors: Vec<Tensor>,
}

impl SavedRun {
    /// Gives JavaScript its part of a file, and keeps the trainer's.
    pub(crate) fn keeping(
        env: &Env,
        mut read: model::SavedRun,
        kept: &Mutex<Option<model::SavedRun>>,
    ) -> Result<Self> {
        let tensors =
            std::mem::take(&mut read.tensors).into_iter().map(|format::Tensor { name, shape, values }| {
                storage::Tensor { name, shape, data: Data::Values(values), lengths: None }
            });
        let tensors = handed_over(env, tensors.collect())?;
        let (path, text) = (read.path.display().to_string(), std::mem::take(&mut read.text));
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
        Ok(Self { path, text, tensors })
    }
}

/// The file to write in the run's folder.
#[napi(object, object_to_js = false)]
pub struct SaveOptions {
    /// The step that names the file.
    pub step: f64,
    /// The number of files that the folder keeps.
    pub keep: f64,
    /// A text to keep.
    pub text: String,
    /// Keeps the states that the next step may begin with.
    pub carry: bool,
}

impl SaveOptions {
    /// Writes the file, then removes those that it replaces.
    pub(crate) fn save(self, trainer: &model::Trainer<f32>, tensors: &[format::Tensor]) -> Result<()> {
        let notes = Notes { text: &self.text, tensors, carry: self.carry };
        trainer.save_in_folder(self.step as u64, self.keep as usize, notes)
    }
}

/// A tensor of numbers as a file has it.
pub(crate) fn named(tensor: storage::Tensor<f32>) -> Result<format::Tensor> {
    let storage::Tensor { name, shape, data, .. } = tensor;
    match data {
        Data::Values(values) => Ok(format::Tensor { name, shape, values }),
        Data::Ids(_) => Err(Error::internal(format!("tensor '{name}': expected numbers, received ids"))),
    }
}
