//! A training run as one file: the model's, with everything beside it that the next step depends on.
//!
//! Tensors beside the parameters have a ":" in their names, which no parameter has: `optimizer:SLOT` and `average:`, as flat as
//! the parameters; `carried:STATE`, `[rows, size]`; `run:NAME` of the caller's. The metadata hold the steps of the optimizer and
//! a text of the caller's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Trainer;
use super::file::{GRAPH, USER, places};
use crate::format::folder;
use crate::format::{self, Named, Reader, Tensor, is_of_a_run, save_checked};
use crate::memory::zeros;
use crate::{Code, Error, Result};

/// The keys of the caller's text and of the optimizer's steps in the metadata.
pub(super) const RUN: &str = "unrolled.run";
const STEPS: &str = "unrolled.steps";

/// Text and tensors that the caller keeps in a file.
#[derive(Clone, Copy)]
pub struct Notes<'a> {
    /// Any text.
    pub text: &'a str,
    /// Tensors of any names and shapes.
    pub tensors: &'a [Tensor],
    /// Keeps the states that the next step may begin with.
    pub carry: bool,
}

/// The file that a run goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// None: the run is a new one.
    Never,
    /// The last one of the run's folder, if there is one.
    Last,
    /// This one.
    From(PathBuf),
}

/// A file that was read and fits a trainer.
pub struct SavedRun {
    /// Its path.
    pub path: PathBuf,
    /// The text of [`Notes`].
    pub text: String,
    /// The tensors of [`Notes`].
    pub tensors: Vec<Tensor>,
    steps: u64,
    parameters: Vec<f32>,
    slots: Vec<Tensor>,
    carried: Vec<Tensor>,
    average: Option<Vec<f32>>,
}

impl Trainer<f32> {
    /// Writes the state between two steps to a file, whole or not at all. [`super::Model::load`] reads it as a model.
    ///
    /// # Errors
    /// [`Code::Io`] when the file cannot be written, [`Code::NonFinite`] for a carried state that has grown out of range,
    /// [`Code::State`] while the averaged parameters are in the place of the trained ones.
    pub fn save_run(&self, path: &Path, notes: Notes<'_>) -> Result<()> {
        self.check_in_place()?;
        let text = |key: &str, text: String| (key.to_owned(), text);
        let mut metadata = BTreeMap::from([
            text(GRAPH, self.model.graph().to_json()?),
            text(RUN, notes.text.to_owned()),
            text(STEPS, self.optimizer.steps().to_string()),
        ]);
        metadata.extend(self.model.metadata().map(|own| text(USER, own.to_owned())));
        let weights = self.model.weights();
        let total = [weights.values().len()];
        let mut further: Vec<(String, &[usize], &[f32])> = Vec::new();
        further.extend(
            self.optimizer.state().into_iter().map(|(n, v)| (format!("optimizer:{n}"), &total[..], v)),
        );
        further.extend(
            self.average.iter().flat_map(|a| a.values()).map(|v| ("average:".to_owned(), &total[..], v)),
        );
        let carried = if notes.carry { self.carried.held(self.engine.program()) } else { Vec::new() };
        further.extend(carried.iter().map(|(n, shape, v)| (format!("carried:{n}"), &shape[..], *v)));
        further
            .extend(notes.tensors.iter().map(|t| (format!("run:{}", t.name), &t.shape[..], &t.values[..])));
        let parameters = self.model.program.layout.entries().iter();
        let parameters = parameters.map(|e| (e.name.as_str(), &e.shape[..], &weights.values()[e.range()]));
        let further = further.iter().map(|(name, shape, values)| (name.as_str(), *shape, *values));
        save_checked(path, metadata, &parameters.chain(further).collect::<Vec<Named<'_>>>())
    }

    /// Writes the state between two steps to the run's folder, as its file of `step`, and removes all but the newest `keep`
    /// ones: see [`folder::keep`].
    ///
    /// # Errors
    /// Those of [`Trainer::save_run`]; [`Code::State`] for a run without a folder, and once another folder lies there;
    /// [`Code::Io`] for an old file that cannot be removed.
    pub fn save_in_folder(&self, step: u64, keep: usize, notes: Notes<'_>) -> Result<()> {
        let held = self.folder.as_ref();
        let held = held.ok_or_else(|| Error::state("save: expected a run with a folder, received none"))?;
        let path = held.path()?;
        self.save_run(&folder::file_of(path, step), notes)?;
        folder::keep(path, step, keep)
    }

    /// Reads a file and checks that it is one of this run's model. Nothing is changed.
    ///
    /// # Errors
    /// [`Code::Format`] for a file that is damaged, in whichever byte, or is not a run's; [`Code::Argument`] for one of another
    /// model; [`Code::Io`] when it cannot be read; [`Code::Size`] when there is no memory.
    pub fn read_run(&self, path: &Path) -> Result<SavedRun> {
        let (file, length) = format::open(path)?;
        let read = Reader::open(file, length).and_then(|reader| self.read_from(path, reader));
        read.map_err(|error| error.within(format_args!("checkpoint '{}'", path.display())))
    }

    /// Makes the folder of a run, if it has one, and reads the file to go on from, if there is one. The trainer holds the
    /// folder until it is dropped.
    ///
    /// # Errors
    /// Those of [`Trainer::read_run`]; for a damaged last file they name the one before it. [`Code::State`] for a folder that
    /// another run holds, and for one with files, none of which is the one to go on from; [`Code::Io`] for a folder that cannot
    /// be made, read or written.
    pub fn begin_run(&mut self, folder: Option<&Path>, resume: &Resume) -> Result<Option<SavedRun>> {
        self.folder = None;
        self.folder = folder.map(folder::hold).transpose()?;
        let (folder, steps) = match folder {
            Some(path) => (path, folder::steps(path)?),
            None => (Path::new(""), Vec::new()),
        };
        let last = steps.split_last();
        if let Resume::From(path) = resume {
            let read = self.read_run(path)?;
            if last.is_none() || folder::has(folder, path) {
                return Ok(Some(read));
            }
        }
        match (resume, last) {
            (Resume::Last, Some((&last, before))) => {
                let before = before.last().map(|&step| folder::file_of(folder, step));
                let read = self.read_run(&folder::file_of(folder, last));
                read.map(Some).map_err(|error| offering(error, before.as_deref()))
            }
            (_, Some((&last, _))) => {
                let (folder, file) = (folder.display(), folder::file_of(folder, last));
                Err(Error::state(format!(
                    "checkpoint path '{folder}': expected a folder without checkpoints, received one with '{}'; go on with \
                     resume: 'latest', or give each run a folder of its own",
                    file.file_name().unwrap_or_default().display()
                )))
            }
            (_, None) => Ok(None),
        }
    }

    /// Goes on from a file that this trainer has read: parameters, slots of the optimizer, steps, carried states and average.
    ///
    /// # Errors
    /// [`Code::Format`] for slots, states or an average of another size or rule; those of
    /// [`super::Model::set_parameters`]. The model is unchanged then.
    pub fn restore(&mut self, run: SavedRun) -> Result<()> {
        let path = run.path.clone();
        self.restore_from(run).map_err(|error| error.within(format_args!("checkpoint '{}'", path.display())))
    }

    fn restore_from(&mut self, run: SavedRun) -> Result<()> {
        self.carried.check(self.engine.program(), &run.carried)?;
        let total = run.parameters.len();
        if let Some(average) = run.average.as_ref().filter(|average| average.len() != total) {
            return Err(Error::format(format!(
                "average: expected {total} elements, received {}",
                average.len()
            )));
        }
        let slots: Vec<_> = run.slots.iter().map(|slot| (slot.name.as_str(), &slot.values[..])).collect();
        self.optimizer.restore(run.steps, &slots)?;
        self.carried.restore(run.carried);
        if let Some(average) = &mut self.average {
            average.restore(run.average);
        }
        self.model.set_parameters(&run.parameters)
    }

    fn read_from<R: std::io::Read>(&self, path: &Path, mut reader: Reader<R>) -> Result<SavedRun> {
        let metadata = |key: &str| {
            let text = reader.metadata().get(key).filter(|_| reader.is_checked());
            text.cloned().ok_or_else(|| {
                Error::format(format!(
                    "header: expected '{key}' of a checkpoint in checked metadata, received none"
                ))
            })
        };
        let text = metadata(RUN)?;
        let steps = metadata(STEPS)?;
        let steps = steps
            .parse()
            .map_err(|_| Error::format(format!("{STEPS}: expected a number of steps, received '{steps}'")))?;
        if metadata(GRAPH)? != self.model.graph().to_json()? {
            return Err(Error::argument("expected one of this model, received that of another graph"));
        }
        let layout = &self.model.program.layout;
        let tensors: Vec<_> =
            reader.tensors().map(|(name, shape)| (name.to_owned(), shape.to_vec())).collect();
        let named = tensors.iter().map(|(name, shape)| (name.as_str(), &shape[..], is_of_a_run(name)));
        let places = places(layout, named)?;
        let (path, parameters) = (path.to_owned(), zeros(layout.total(), "the parameters")?);
        let (slots, carried, average) = (Vec::new(), Vec::new(), None);
        let mut run =
            SavedRun { path, text, tensors: Vec::new(), steps, parameters, slots, carried, average };
        for (place, (name, shape)) in places.into_iter().zip(tensors) {
            match place {
                Some(place) => reader.read_next(&mut run.parameters[place])?,
                None => {
                    let mut values = zeros(shape.iter().product(), format_args!("tensor '{name}'"))?;
                    reader.read_next(&mut values)?;
                    run.take(Tensor { name, shape, values })?;
                }
            }
        }
        Ok(run)
    }
}

/// The error of a damaged file, with the one before it, if there is one.
fn offering(error: Error, before: Option<&Path>) -> Error {
    let advice = match (error.code, before) {
        (Code::Format, Some(path)) => format!("resume from the one before it, '{}'", path.display()),
        (Code::Format, None) => "no other is there: remove it to begin anew".to_owned(),
        _ => return error,
    };
    Error { message: format!("{}; {advice}", error.message), ..error }
}

impl SavedRun {
    /// Takes a tensor to its place, by the word in front of its name.
    fn take(&mut self, Tensor { name, shape, values }: Tensor) -> Result<()> {
        let (kind, own) = name.split_once(':').unwrap_or_default();
        let own = Tensor { name: own.to_owned(), shape, values };
        match kind {
            "optimizer" => self.slots.push(own),
            "carried" => self.carried.push(own),
            "run" => self.tensors.push(own),
            "average" => self.average = Some(own.values),
            _ => {
                return Err(Error::format(format!(
                    "tensor '{name}': expected one of a run, received another"
                )));
            }
        }
        Ok(())
    }
}
