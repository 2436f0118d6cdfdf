//! A compiled graph with its parameters, which many threads may use at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};

use unrolled_kernels::{Element, Isa, Kernels, Precision};

use super::division::Division;
use super::evaluate::Evaluator;
use super::{Description, MeasureConfig, Report};
use crate::compile::Cost;
use crate::graph::Graph;
use crate::memory::copied;
use crate::parallel::{Pool, pool};
use crate::program::{Mode, Port, Program};
use crate::run::{Engine, Outputs};
use crate::storage::{Batch, GivenTargets, Tensor, Weights};
use crate::tuning::{AT_ONCE, AVX2_PACE, NEON_PACE, SCALAR_PACE};
use crate::{Result, settings};

/// The weights of a moment, for a run that begins later.
#[derive(Clone)]
pub struct Snapshot<E>(Option<Arc<Weights<E>>>);

impl<E> Snapshot<E> {
    /// The weights that each run finds.
    pub(super) fn latest() -> Self {
        Self(None)
    }
}

/// Inputs and states of a run.
type Given<E> = (Vec<Tensor<E>>, Vec<Tensor<E>>);

/// A network: a graph, its program, and its parameters.
pub struct Model<E> {
    graph: Graph,
    /// The user's own, of a model that was read.
    pub(super) metadata: Option<String>,
    pub(super) program: Arc<Program>,
    pub(super) kernels: Kernels<E>,
    precision: Precision,
    pub(super) pool: &'static Pool,
    pub(super) cost: Cost,
    /// Locked only to fetch or change the weights: a run keeps those it began with.
    weights: RwLock<Arc<Weights<E>>>,
    engine: Mutex<Engine<E>>,
    /// The losses that were measured last, compiled.
    evaluator: Mutex<Option<Evaluator<E>>>,
    /// The division that the last session began with; a session that begins takes it, and another one meanwhile its own.
    pub(super) division: Mutex<Option<Division<E>>>,
}

impl<E: Element> Model<E> {
    /// A program with parameters, which lie as its layout says.
    pub(super) fn with_parameters(
        graph: Graph,
        program: Program,
        values: Vec<E>,
        precision: Precision,
    ) -> Result<Self> {
        let kernels = settings::kernels()?;
        let pool = pool()?;
        let weights = Weights::with_operands(&program, values, kernels.operands(precision), pool)?;
        let program = Arc::new(program);
        let mode = Mode::Inference { segmented: true };
        let engine = Mutex::new(Engine::new(Arc::clone(&program), mode, kernels));
        let (cost, weights) = (program.cost(), RwLock::new(Arc::new(weights)));
        let (evaluator, division) = (Mutex::default(), Mutex::default());
        let metadata = None;
        Ok(Self {
            graph,
            metadata,
            program,
            kernels,
            precision,
            pool,
            cost,
            weights,
            engine,
            evaluator,
            division,
        })
    }

    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The inputs of a run.
    pub(crate) fn inputs(&self) -> &[Port] {
        &self.program.inputs
    }

    /// The outputs of a run.
    pub(crate) fn outputs(&self) -> &[Port] {
        &self.program.outputs
    }

    /// The model's inputs, outputs, states and parameters.
    #[must_use]
    pub fn describe(&self) -> Description {
        Description::new(&self.program, self.precision)
    }

    /// Bytes that the parameters and their packed copies take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.weights().bytes()
    }

    /// Runs forward, dropout off. Any state not given is zero.
    ///
    /// # Errors
    /// Those of [`Batch::new`] and [`Engine::forward`].
    pub fn predict(
        &self,
        snapshot: &Snapshot<E>,
        inputs: Vec<Tensor<E>>,
        states: Vec<Tensor<E>>,
    ) -> Result<Outputs<E>> {
        let batch = Batch::new(&self.program, inputs, states)?;
        let pool = self.pool.suited(batch.operations(&self.cost));
        lock(&self.engine).forward(&self.weights_of(snapshot), &batch, pool)
    }

    /// [`Model::predict`] for a caller that must not wait: runs if the work is small and no other run is under way.
    /// Otherwise gives back inputs and states.
    ///
    /// # Errors
    /// The inputs and states.
    pub fn predict_at_once(
        &self,
        inputs: Vec<Tensor<E>>,
        states: Vec<Tensor<E>>,
    ) -> std::result::Result<Result<Outputs<E>>, Given<E>> {
        let engine = match self.engine.try_lock() {
            Ok(engine) => Some(engine),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        let operations = self.most_operations(&inputs);
        match (engine, self.snapshot().0) {
            (Some(mut engine), Some(weights)) if operations * pace(self.kernels.isa()) < AT_ONCE => {
                Ok(Batch::new(&self.program, inputs, states)
                    .and_then(|batch| engine.forward(&weights, &batch, Pool::caller())))
            }
            _ => Err((inputs, states)),
        }
    }

    /// The operations of a run if all rows are as long as their arrays.
    fn most_operations(&self, inputs: &[Tensor<E>]) -> f64 {
        let size =
            |i: usize| inputs.iter().filter_map(|input| input.shape.get(i)).max().copied().unwrap_or(1);
        self.cost.at_most(size(0), size(1))
    }

    /// Runs forward, dropout off, and measures losses; also returns the states.
    ///
    /// # Errors
    /// Those of [`Batch::new`], [`Batch::bind_targets`] and [`Engine::measure`]; [`crate::Code::Argument`] for losses that
    /// do not fit.
    pub fn evaluate<T: Into<GivenTargets<E>>>(
        &self,
        snapshot: &Snapshot<E>,
        config: &MeasureConfig,
        inputs: Vec<Tensor<E>>,
        targets: Vec<T>,
        states: Vec<Tensor<E>>,
    ) -> Result<(Report, Vec<Tensor<E>>)> {
        let mut kept = lock(&self.evaluator);
        let known = kept.take_if(|kept| kept.measures(config));
        let mut evaluator = match known {
            Some(evaluator) => evaluator,
            None => Evaluator::new(&self.graph, config, self.kernels)?,
        };
        let targets = targets.into_iter().map(Into::into).collect();
        let suited = |batch: &Batch<E>| self.pool.suited(batch.operations(&self.cost));
        let measured = evaluator.run(&self.weights_of(snapshot), suited, inputs, targets, states);
        *kept = Some(evaluator);
        measured
    }

    /// A copy of all parameters, flat.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory for it.
    pub fn parameters(&self) -> Result<Vec<E>> {
        copied(self.weights().values(), "a copy of the parameters")
    }

    /// Sets all parameters.
    ///
    /// # Errors
    /// Those of [`Weights::set`]; nothing is changed then.
    pub fn set_parameters(&self, values: &[E]) -> Result<()> {
        self.change_weights(|weights| weights.set(&self.program, values, self.pool))
    }

    /// The weights as they are now, without waiting: a run during a step takes the weights it finds.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<E> {
        Snapshot(match self.weights.try_read() {
            Ok(weights) => Some(Arc::clone(&weights)),
            Err(TryLockError::Poisoned(poisoned)) => Some(Arc::clone(&poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        })
    }

    pub(super) fn weights_of(&self, snapshot: &Snapshot<E>) -> Arc<Weights<E>> {
        snapshot.0.as_ref().map_or_else(|| self.weights(), Arc::clone)
    }

    /// The weights as they are now.
    pub(super) fn weights(&self) -> Arc<Weights<E>> {
        Arc::clone(&self.weights.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the weights, in a copy if a run still reads them.
    pub(super) fn change_weights<T>(&self, change: impl FnOnce(&mut Weights<E>) -> Result<T>) -> Result<T> {
        let mut weights = self.weights.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(weights) = Arc::get_mut(&mut weights) {
            return change(weights);
        }
        let mut copy = weights.try_clone()?;
        let changed = change(&mut copy)?;
        *weights = Arc::new(copy);
        Ok(changed)
    }
}

/// Takes a lock even if the last holder panicked: every run fills its storage anew.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time of an operation, over that with AVX-512.
pub(super) fn pace(isa: Isa) -> f64 {
    match isa {
        Isa::Avx512 | Isa::Amx => 1.0,
        Isa::Avx2 => AVX2_PACE,
        Isa::Neon => NEON_PACE,
        Isa::Scalar => SCALAR_PACE,
    }
}
