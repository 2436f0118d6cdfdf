//! A model's session as the stepper of a generation: which input takes the items, and which outputs decide.

use std::ops::Range;
use std::sync::Arc;

use unrolled_kernels::Element;

use super::ports::{find, form, memory_of, one_number};
use super::stepper::{Items, Outlook, Prompts, Sizes, Stepper};
use super::{GenerateConfig, Generation, Stop};
use crate::graph::{ActivationName, Graph, Kind};
use crate::memory::{copied, refill, reserve, zeros};
use crate::model::{Model, Session, Snapshot};
use crate::program::{Port, Start};
use crate::storage::{Data, Subject, Tensor, valid_items};
use crate::{Error, Result};

/// The steps of a model.
pub struct ModelSteps<E> {
    session: Session<E>,
    input: String,
    /// Numbers a row before and after those of an output.
    scores: Range<usize>,
    stop: Option<Range<usize>>,
    alignment: Option<Range<usize>>,
    lengths: Vec<E>,
    /// By row of the start: the steps of the memory.
    memory: Vec<usize>,
    values: Vec<E>,
    ids: Vec<i32>,
}

impl<E: Element> Generation<E, ModelSteps<E>> {
    /// A generation of a model with the weights of a snapshot. The input that takes items has the prompts, if any; the others are those of a session's
    /// start, and decide the number of rows where there are no prompts.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for a name that is none of the model's, and for inputs and outputs of sizes that do not fit;
    /// those of [`Session::open`] and [`Generation::begin`].
    pub fn of_model(
        model: &Arc<Model<E>>,
        snapshot: &Snapshot<E>,
        config: GenerateConfig,
        mut inputs: Vec<Tensor<E>>,
    ) -> Result<Self> {
        let port = find("input", model.inputs(), &config.input)?;
        let (kind, what) = (port.kind, Subject("input", &config.input));
        let Some(axis) = kind.axis() else {
            return Err(Error::kind(format!(
                "{what}: expected tokens or a sequence to feed items to, received {kind}"
            )));
        };
        let given = inputs.iter().position(|tensor| tensor.name == config.input);
        let prompts = given.map(|at| valid_items(what, &kind, inputs.remove(at))).transpose()?;
        // Prompts alone have a number of rows where the model takes nothing else.
        let alone = prompts.as_ref().filter(|_| inputs.is_empty()).map(|(_, axis)| axis.lengths.len());
        let memory = memory_of(model, &config, &inputs)?;
        let (model, weights) = (Arc::clone(model), snapshot.clone());
        let along = (Some(axis), kind.size().map(|_| config.input.as_str()));
        let session = Session::open_with(Arc::clone(&model), weights, "generate", along, alone, inputs)?;
        let start = started(&session, &config)?;
        let rows = session.rows();
        let (items, lengths) = match prompts {
            Some((items, axis)) => (items, axis.lengths),
            None if kind.size().is_some() => (Data::Values(Vec::new()), zeros(rows, "the prompts")?),
            None => (Data::Ids(Vec::new()), zeros(rows, "the prompts")?),
        };
        if lengths.len() != rows {
            let count = lengths.len();
            return Err(Error::shape(format!("{what}: expected prompts of {rows} rows, received {count}")));
        }
        let prompts = match items {
            Data::Ids(ids) => Prompts::tokens(start.and_then(Start::id), &ids, &lengths)?,
            Data::Values(values) => {
                let size = kind.size().unwrap_or(0);
                Prompts::numbers(start.is_some(), &values, size, &lengths)?
            }
        };
        let (mut steps, sizes) = ModelSteps::new(model.graph(), session, &config, &kind)?;
        steps.memory = memory;
        Self::begin(steps, sizes, config, prompts)
    }
}

/// The item in front of the prompts: of the options, or of the model's shift.
fn started<E: Element>(session: &Session<E>, config: &GenerateConfig) -> Result<Option<Start>> {
    let at = session.program().inputs.iter().position(|port| port.name == config.input);
    let shifted = at.and_then(|at| session.starts()[at]);
    match (shifted, config.start) {
        (Some(Start::Id(own)), Some(other)) if own != other => Err(Error::argument(format!(
            "generate start: expected none, or {own}, with which the model begins, received {other}"
        ))),
        _ => Ok(shifted.or(config.start.map(Start::Id))),
    }
}

impl<E: Element> ModelSteps<E> {
    fn new(
        graph: &Graph,
        session: Session<E>,
        config: &GenerateConfig,
        kind: &Kind,
    ) -> Result<(Self, Sizes)> {
        let remaining = match &config.stop {
            Stop::Length { remaining, .. } => Some(remaining),
            _ => None,
        };
        let fed = |port: &&Port| port.name != config.input && Some(&port.name) != remaining;
        if let Some(other) = session.program().inputs.iter().find(fed) {
            return Err(Error::argument(format!(
                "generate: expected a model whose steps need input '{}' alone, received one that needs '{}' as well",
                config.input, other.name
            )));
        }
        if let Some(remaining) = remaining {
            one_number("input", &find("input", &session.program().inputs, remaining)?)?;
        }
        let outputs = &session.program().outputs;
        let output = find("output at each step", outputs, &config.output)?;
        let expected = kind.size().or(kind.vocabulary()).unwrap_or(0);
        if output.kind.size() != Some(expected) {
            let each =
                if kind.vocabulary().is_some() { "scores, one for each id" } else { "numbers, as many as" };
            return Err(Error::argument(format!(
                "output '{}': expected {expected} {each} of input '{}', received {}",
                config.output, config.input, output.kind
            )));
        }
        let place = |name: &str| -> Range<usize> {
            let before = outputs.iter().take_while(|port| port.name != name).count();
            let mut widths = session.widths();
            let start = widths.by_ref().take(before).sum::<usize>();
            start..start + widths.next().unwrap_or(0)
        };
        let mut sizes = Sizes {
            tokens: kind.vocabulary().is_some(),
            form: form(graph, &config.output, ActivationName::Softmax),
            ..Sizes::tokens(expected)
        };
        let (mut stop, mut lengths) = (None, Vec::new());
        match &config.stop {
            Stop::Output(name) => {
                one_number("output", &find("output at each step", outputs, name)?)?;
                sizes.stop = form(graph, name, ActivationName::Sigmoid);
                stop = Some(place(name));
            }
            Stop::Length { length, .. } => {
                let fixed = session.fixed().iter().find(|tensor| tensor.name == *length);
                let Some(Tensor { shape, data: Data::Values(values), .. }) = fixed else {
                    return Err(Error::argument(format!(
                        "generate length: expected an output that is known before the first step, received '{length}'"
                    )));
                };
                sizes.lengths = shape.last().copied().unwrap_or(0);
                sizes.length = form(graph, length, ActivationName::Softmax);
                lengths = copied(values, "the scores of lengths")?;
            }
            Stop::Never | Stop::EndToken(_) => {}
        }
        let alignment = match &config.alignment {
            None => None,
            Some(name) => {
                let port = find("output at each step", outputs, name)?;
                if port.kind.memory().is_none() {
                    let kind = &port.kind;
                    return Err(Error::kind(format!(
                        "output '{name}': expected an alignment, received {kind}"
                    )));
                }
                Some(place(name))
            }
        };
        sizes.alignment = alignment.as_ref().map_or(0, Range::len);
        let (scores, input) = (place(&config.output), config.input.clone());
        let (values, ids) = (Vec::new(), Vec::new());
        Ok((
            Self { session, input, scores, stop, alignment, lengths, memory: Vec::new(), values, ids },
            sizes,
        ))
    }
}

impl<E: Element> Stepper<E> for ModelSteps<E> {
    fn lengths(&mut self) -> Result<Vec<E>> {
        Ok(std::mem::take(&mut self.lengths))
    }

    fn memory(&self, row: usize) -> usize {
        self.memory.get(row).copied().unwrap_or(0)
    }

    fn step(&mut self, items: &Items<E>) -> Result<Outlook<'_, E>> {
        let Self { session, input, values, ids, .. } = self;
        values.clear();
        reserve(values, items.values.len() + items.remaining.len(), "the inputs of a step")?;
        for port in &session.program().inputs {
            match (port.name == *input, port.kind.size()) {
                (true, Some(_)) => values.extend_from_slice(&items.values),
                (true, None) => refill(ids, items.ids.len(), items.ids.iter().copied(), "the ids of a step")?,
                (false, _) => values.extend_from_slice(&items.remaining),
            }
        }
        let rows = session.rows();
        let outputs = session.step(values, ids)?;
        let of = |place: &Range<usize>| &outputs[rows * place.start..rows * place.end];
        let optional = |place: &Option<Range<usize>>| place.as_ref().map_or(&[][..], of);
        Ok(Outlook {
            scores: of(&self.scores),
            stop: optional(&self.stop),
            alignment: optional(&self.alignment),
        })
    }

    fn reorder(&mut self, rows: &[usize]) -> Result<()> {
        self.session.reorder(rows)
    }
}
