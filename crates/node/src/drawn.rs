//! A model whose first weights are drawn by whoever needs them first: a thread beside the event loop, or a caller.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use unrolled_core::model::{Description, Draft, Model, Snapshot};
use unrolled_core::{Error, Result};

/// A model, or its draft until the weights are drawn.
pub(crate) struct Drawn {
    draft: Mutex<Option<Draft<f32>>>,
    model: OnceLock<Result<Arc<Model<f32>>>>,
    /// Of a draft: graph and description as JSON, at hand while the weights are drawn.
    texts: Option<(String, String)>,
    /// A place for the first weights, for the calls made before they are drawn; none afterwards.
    first: Mutex<Option<Arc<OnceLock<Snapshot<f32>>>>>,
}

impl From<Model<f32>> for Drawn {
    fn from(model: Model<f32>) -> Self {
        Self {
            draft: Mutex::default(),
            model: OnceLock::from(Ok(Arc::new(model))),
            texts: None,
            first: Mutex::default(),
        }
    }
}

impl Drawn {
    /// A model to be drawn.
    ///
    /// # Errors
    /// `Internal` if it cannot be written as JSON.
    pub(crate) fn later(draft: Draft<f32>) -> Result<Self> {
        let texts = Some((draft.graph().to_json()?, written(&draft.describe())?));
        Ok(Self {
            draft: Mutex::new(Some(draft)),
            model: OnceLock::new(),
            texts,
            first: Mutex::new(Some(Arc::default())),
        })
    }

    /// The model if it is drawn, without waiting.
    pub(crate) fn at_once(&self) -> Option<&Arc<Model<f32>>> {
        self.model.get()?.as_ref().ok()
    }

    /// The model; draws it, or waits until it is drawn.
    ///
    /// # Errors
    /// Those of [`Draft::draw`], again at each call.
    pub(crate) fn wait(&self) -> Result<Arc<Model<f32>>> {
        self.model.get_or_init(|| self.draw().map(Arc::new)).clone()
    }

    fn draw(&self) -> Result<Model<f32>> {
        let draft = lock(&self.draft).take();
        let model = draft.ok_or_else(|| Error::internal("the model has no draft"))?.draw();
        if let (Some(first), Ok(model)) = (lock(&self.first).take(), &model) {
            // The place is new, and filled here alone.
            let _ = first.set(model.snapshot());
        }
        model
    }

    /// The graph as JSON.
    pub(crate) fn graph(&self) -> Result<String> {
        match &self.texts {
            Some((graph, _)) => Ok(graph.clone()),
            None => self.wait()?.graph().to_json(),
        }
    }

    /// Inputs, outputs, states and parameters as JSON.
    pub(crate) fn describe(&self) -> Result<String> {
        match &self.texts {
            Some((_, description)) => Ok(description.clone()),
            None => written(&self.wait()?.describe()),
        }
    }
}

fn written(description: &Description) -> Result<String> {
    serde_json::to_string(description).map_err(|error| Error::internal(error.to_string()))
}

/// A model with the weights that stand at a call, for a task that begins later.
pub(crate) struct Call {
    drawn: Arc<Drawn>,
    weights: Weights,
}

enum Weights {
    Now(Snapshot<f32>),
    First(Arc<OnceLock<Snapshot<f32>>>),
}

impl Call {
    /// A call made now.
    ///
    /// # Errors
    /// Those of [`Drawn::wait`] if the drawing has failed.
    pub(crate) fn new(drawn: &Arc<Drawn>) -> Result<Self> {
        let first = lock(&drawn.first).clone();
        let weights = match first {
            Some(first) => Weights::First(first),
            None => Weights::Now(drawn.wait()?.snapshot()),
        };
        Ok(Self { drawn: Arc::clone(drawn), weights })
    }

    /// The model and the weights; waits until they are drawn.
    ///
    /// # Errors
    /// Those of [`Drawn::wait`].
    pub(crate) fn wait(self) -> Result<(Arc<Model<f32>>, Snapshot<f32>)> {
        let model = self.drawn.wait()?;
        let weights = match self.weights {
            Weights::Now(weights) => weights,
            Weights::First(first) => first.get().cloned().unwrap_or_else(|| model.snapshot()),
        };
        Ok((model, weights))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
