//! The file of a run as one of the model: copied if it holds the model's parameters.

use std::io::Read;
use std::path::Path;

use super::file::{GRAPH, places};
use super::saved_run::RUN;
use super::{Model, Snapshot};
use crate::format::{self, Reader, is_of_a_run};
use crate::{Error, Result};

impl Model<f32> {
    /// Copies a file of [`super::Trainer::save_run`], whole or not at all, that holds this model with the parameters of
    /// `snapshot`, to the bit.
    ///
    /// # Errors
    /// [`crate::Code::State`] for a file of other parameters or of another model, [`crate::Code::Format`] for one that is
    /// damaged, [`crate::Code::Io`] when it cannot be read or written.
    pub fn copy_run(&self, snapshot: &Snapshot<f32>, from: &Path, path: &Path) -> Result<()> {
        let (mut file, length) = format::open(from)?;
        let held = Reader::open(&mut file, length).and_then(|reader| self.is_held(snapshot, reader));
        if !held.map_err(|error| error.within(format_args!("checkpoint '{}'", from.display())))? {
            return Err(Error::state(format!(
                "save optimizer: expected the model's parameters in its newest checkpoint '{}', received others: the model has \
                 changed since (a step, the average, the best weights, setParameters), or another run has written the file; \
                 copy that file to go on with the run, or save without optimizer to keep the model",
                from.display()
            )));
        }
        format::copy_atomic(file, path)
    }

    /// True if a run's file holds this model with these parameters. Reads the file to its end then.
    fn is_held<R: Read>(&self, snapshot: &Snapshot<f32>, mut reader: Reader<R>) -> Result<bool> {
        let metadata = reader.metadata();
        let is_run = reader.is_checked() && metadata.contains_key(RUN);
        if !is_run || metadata.get(GRAPH) != Some(&self.graph().to_json()?) {
            return Ok(false);
        }
        let weights = self.weights_of(snapshot);
        let named = reader.tensors().map(|(name, shape)| (name, shape, is_of_a_run(name)));
        for place in places(&self.program.layout, named)? {
            let same = match place {
                Some(place) => reader.compare_next(&weights.values()[place])?,
                None => reader.pass_next().map(|()| true)?,
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
