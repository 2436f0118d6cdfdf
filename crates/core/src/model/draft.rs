//! A compiled graph without its weights, whose drawing may take long.

use std::marker::PhantomData;

use unrolled_kernels::{Element, Precision};

use super::{Description, Model};
use crate::graph::Graph;
use crate::parallel::pool;
use crate::program::Program;
use crate::tuning::DRAWN_AT_ONCE;
use crate::{Result, initialize, settings};

/// A model before its first parameters are drawn.
pub struct Draft<E> {
    graph: Graph,
    program: Program,
    seed: u64,
    precision: Precision,
    element: PhantomData<fn() -> E>,
}

impl<E: Element> Draft<E> {
    /// Compiles a graph; the parameters will be drawn with `seed`.
    ///
    /// # Errors
    /// Those of [`Program::compile`]; `Size` for a model that no memory holds; `Argument` for an environment variable of
    /// this library that is wrong.
    pub fn new(graph: Graph, seed: u64, precision: Precision) -> Result<Self> {
        let program = Program::compile(&graph)?;
        program.check_fits::<E>()?;
        pool()?;
        settings::kernels::<E>()?;
        Ok(Self { graph, program, seed, precision, element: PhantomData })
    }

    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The model's inputs, outputs, states and parameters.
    #[must_use]
    pub fn describe(&self) -> Description {
        Description::new(&self.program, self.precision)
    }

    /// Bytes that the parameters and their packed copies will take, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        2 * self.program.layout.total() * size_of::<E>()
    }

    /// True if a caller who must not wait may draw the parameters.
    #[must_use]
    pub fn is_quick(&self) -> bool {
        initialize::cost(&self.program.layout) < DRAWN_AT_ONCE
    }

    /// Draws the parameters.
    ///
    /// # Errors
    /// `Size` when there is no memory for them, `NonFinite` for a NaN or infinity.
    pub fn draw(self) -> Result<Model<E>> {
        let mut values = initialize::parameters(&self.program.layout, self.seed, pool()?)?;
        self.program.zero_padding(&mut values);
        Model::with_parameters(self.graph, self.program, values, self.precision)
    }
}

impl<E: Element> Model<E> {
    /// Compiles a graph and draws its first parameters. With [`Precision::Bf16`] both operands of every product are
    /// rounded, those of the weights' gradients included; parameters, sums, states and all else are not.
    ///
    /// # Errors
    /// Those of [`Draft::new`] and [`Draft::draw`].
    pub fn new(graph: Graph, seed: u64, precision: Precision) -> Result<Self> {
        Draft::new(graph, seed, precision)?.draw()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(hidden: usize) -> Draft<f32> {
        let graph = format!(
            r#"{{"version":1,"parameters":[{{"name":"w","shape":[{hidden},{hidden}],
                "init":{{"orthogonal":{{"blocks":1}}}}}}],"nodes":[
                {{"name":"x","op":{{"input":{{"vector":{{"size":{hidden}}}}}}},"inputs":[]}},
                {{"name":"y","op":{{"linear":{{"weight":"w"}}}},"inputs":["x"]}}],
                "outputs":[{{"name":"y","from":"y"}}]}}"#
        );
        Draft::new(Graph::from_json(&graph).unwrap(), 3, Precision::Full).unwrap()
    }

    #[test]
    fn a_draft_describes_the_model_that_it_becomes() {
        let draft = draft(9);
        let (graph, description) =
            (draft.graph().to_json(), serde_json::to_string(&draft.describe()).unwrap());
        let model = draft.draw().unwrap();
        assert_eq!(model.graph().to_json(), graph);
        assert_eq!(serde_json::to_string(&model.describe()).unwrap(), description);
    }

    #[test]
    fn large_matrices_are_not_for_a_caller_who_must_not_wait() {
        assert!(draft(100).is_quick());
        assert!(!draft(1000).is_quick());
    }
}
