//! Names, kinds and sizes: a graph becomes instructions, or an error that names the node.

mod arithmetic;
mod attention;
mod coverage;
mod discrete;
mod fold;
mod gates;
mod gumbel_tree;
mod names;
mod node;
mod scan;
mod states;
mod time;
mod weighted;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::graph::{Graph, Kind, Node, Op, OutputWire};
use crate::params::Layout;
use crate::program::{Form, Frozen, Instruction, Port, Program, TensorRef, Value, ValueId, Wire};
use crate::{Error, Result};

/// Checks the graph and lays its nodes out as instructions, each scan's body whole.
pub(super) fn check(graph: &Graph) -> Result<Program> {
    let layout = Arc::new(Layout::new(graph.parameters.clone())?);
    let program = Program {
        layout,
        frozen: Frozen::default(),
        axes: Vec::new(),
        fixed_steps: Vec::new(),
        forms: Vec::new(),
        values: Vec::new(),
        instructions: Vec::new(),
        inputs: Vec::new(),
        held: Vec::new(),
        outputs: Vec::new(),
        states: Vec::new(),
        wires: Vec::new(),
        packs: Vec::new(),
        sections: Vec::new(),
        targets: Vec::new(),
        probes: Vec::new(),
        gates: Vec::new(),
    };
    let mut checker = Checker { program };
    let mut scope = Scope::new("graph");
    checker.declare_inputs(&graph.nodes, &mut scope)?;
    checker.nodes(&graph.nodes, &mut scope)?;
    checker.program.outputs = checker.outputs(&graph.outputs, &scope)?;
    checker.program.wires = checker.wires(&graph.nodes, &scope);
    checker.program.instructions = scope.instructions;
    Ok(checker.program)
}

/// The program under construction.
struct Checker {
    program: Program,
}

/// The nodes of a graph or body that have been checked so far.
struct Scope {
    name: String,
    /// The prefix of its nodes' names among those of the whole program.
    prefix: String,
    /// The axis of the scan whose body this is.
    axis: Option<usize>,
    /// The axis of the edges to children, in the body of a fold.
    edges: Option<usize>,
    /// Values of the node that its edges have, by the value.
    told: HashMap<ValueId, ValueId>,
    /// True for a scan from each row's last step to its first.
    reverse: bool,
    ports: HashMap<String, Vec<(String, ValueId)>>,
    instructions: Vec<Instruction>,
}

impl Scope {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            prefix: String::new(),
            axis: None,
            edges: None,
            told: HashMap::new(),
            reverse: false,
            ports: HashMap::new(),
            instructions: Vec::new(),
        }
    }

    fn bind(&mut self, node: &str, ports: Vec<(String, ValueId)>) {
        self.ports.insert(node.to_owned(), ports);
    }

    /// The value at the end of a wire.
    fn resolve(&self, wire: &str, reader: &str) -> Result<ValueId> {
        let (node, port) = names::split(wire);
        let ports = self.ports.get(node).ok_or_else(|| {
            Error::graph(format!(
                "{}: {reader}: expected a wire from one of the nodes, received '{wire}'",
                self.name
            ))
        })?;
        let found = match port {
            None => ports.first(),
            Some(port) => ports.iter().find(|(name, _)| name == port),
        };
        found.map(|&(_, value)| value).ok_or_else(|| {
            let known: Vec<&str> = ports.iter().map(|(name, _)| name.as_str()).collect();
            Error::graph(format!(
                "{}: {reader}: expected one of the ports {known:?} of '{node}', received '{wire}'",
                self.name
            ))
        })
    }
}

impl Checker {
    fn nodes(&mut self, nodes: &[Node], scope: &mut Scope) -> Result<()> {
        for i in names::order(nodes, &scope.name)? {
            let node = &nodes[i];
            if scope.ports.contains_key(&node.name) {
                if !node.inputs.is_empty() {
                    return Err(Error::graph(format!(
                        "node '{}': expected no wires into an input or state, received {}",
                        node.name,
                        node.inputs.len()
                    )));
                }
                continue;
            }
            let reader = format!("node '{}'", node.name);
            let inputs =
                node.inputs.iter().map(|wire| scope.resolve(wire, &reader)).collect::<Result<Vec<_>>>()?;
            let inputs = self.spread(node, inputs, scope);
            let ports = match &node.op {
                Op::Scan(scan) => self.scan(node, scan, &inputs, scope)?,
                Op::Fold(fold) => self.fold(node, fold, &inputs, scope)?,
                _ => self.node(node, inputs, scope)?,
            };
            scope.bind(&node.name, ports);
        }
        Ok(())
    }

    fn declare_inputs(&mut self, nodes: &[Node], scope: &mut Scope) -> Result<()> {
        for node in nodes {
            match &node.op {
                Op::Input(kind) => {
                    kind.validate(&node.name)?;
                    let value = self.value(&node.name, kind.clone());
                    if let Kind::Forest { axis } = kind {
                        self.declare_forest(&node.name, axis)?;
                    }
                    self.program.inputs.push(Port { name: node.name.clone(), kind: kind.clone(), value });
                    scope.bind(&node.name, vec![(String::new(), value)]);
                }
                Op::State { .. } | Op::TokenState { .. } => {
                    return Err(Error::graph(format!(
                        "node '{}': expected a state in a scan's body, received one in the graph",
                        node.name
                    )));
                }
                _ => {}
            }
        }
        if self.program.inputs.is_empty() {
            return Err(Error::graph("graph: expected at least one input node, received none"));
        }
        Ok(())
    }

    /// Makes an axis one of a forest.
    fn declare_forest(&mut self, node: &str, axis: &str) -> Result<()> {
        let at = self.axis(axis);
        let form = &mut self.program.forms[at];
        if *form != Form::Chain {
            return Err(Error::graph(format!(
                "node '{node}': expected one input of parents for the axis '{axis}', received two"
            )));
        }
        *form = Form::Forest { most_children: None, one_root: false };
        Ok(())
    }

    fn outputs(&self, wires: &[OutputWire], scope: &Scope) -> Result<Vec<Port>> {
        let mut seen = HashSet::new();
        let mut ports = Vec::with_capacity(wires.len());
        for wire in wires {
            names::validate(&wire.name, "output")?;
            if !seen.insert(&wire.name) {
                return Err(Error::graph(format!(
                    "graph: expected one output '{}', received two",
                    wire.name
                )));
            }
            let value = scope.resolve(&wire.from, &format!("output '{}'", wire.name))?;
            let kind = self.program.values[value].kind.clone();
            if kind.size().is_none() && kind.memory().is_none() {
                return Err(Error::kind(format!(
                    "output '{}': expected numbers, received {kind}",
                    wire.name
                )));
            }
            ports.push(Port { name: wire.name.clone(), kind, value });
        }
        if ports.is_empty() {
            return Err(Error::graph("graph: expected at least one output, received none"));
        }
        Ok(ports)
    }

    /// Names every wire that leaves these nodes.
    fn wires(&self, nodes: &[Node], scope: &Scope) -> Vec<Wire> {
        let mut wires = Vec::new();
        for node in nodes {
            for (port, value) in scope.ports.get(&node.name).into_iter().flatten() {
                let name = if port.is_empty() { node.name.clone() } else { format!("{}:{port}", node.name) };
                wires.push(Wire { name, kind: self.kind(*value).clone() });
            }
        }
        wires
    }

    /// A new value of the program; ids that are given or shifted.
    fn value(&mut self, name: &str, kind: Kind) -> ValueId {
        let width = kind.size().unwrap_or(0);
        self.value_of(name, kind, width)
    }

    /// A new value of numbers; an id that the program computes is one number.
    fn computed(&mut self, name: &str, kind: Kind) -> ValueId {
        let width = kind.size().unwrap_or(1);
        self.value_of(name, kind, width)
    }

    /// A new value of the kind of another one, and kept as that is.
    fn like(&mut self, name: &str, other: ValueId) -> ValueId {
        let (kind, width) = (self.kind(other).clone(), self.program.values[other].width);
        self.value_of(name, kind, width)
    }

    fn value_of(&mut self, name: &str, kind: Kind, width: usize) -> ValueId {
        let axis = kind.axis().map(|axis| self.axis(axis));
        self.program.values.push(Value { name: name.to_owned(), kind, axis, width, of_children: false });
        self.program.values.len() - 1
    }

    fn axis(&mut self, name: &str) -> usize {
        if let Some(i) = self.program.axes.iter().position(|axis| axis == name) {
            return i;
        }
        self.program.axes.push(name.to_owned());
        self.program.fixed_steps.push(None);
        self.program.forms.push(Form::Chain);
        self.program.axes.len() - 1
    }

    fn kind(&self, value: ValueId) -> &Kind {
        &self.program.values[value].kind
    }

    /// The parameter `name`, which must have the shape `shape` (one or two sizes).
    fn parameter(&self, node: &Node, name: &str, shape: &[usize]) -> Result<TensorRef> {
        let tensor = self.tensor(node, name, shape.len())?;
        let found = if shape.len() == 1 { vec![tensor.rows] } else { vec![tensor.rows, tensor.columns] };
        if found != shape {
            return Err(Error::shape(format!(
                "node '{}': expected parameter '{name}' of shape {shape:?}, received {found:?}",
                node.name
            )));
        }
        Ok(tensor)
    }

    fn tensor(&self, node: &Node, name: &str, rank: usize) -> Result<TensorRef> {
        let entry = self.program.layout.find(name).ok_or_else(|| {
            Error::graph(format!(
                "node '{}': expected one of the graph's parameters, received '{name}'",
                node.name
            ))
        })?;
        match (rank, entry.shape.as_slice()) {
            (1, &[rows]) => Ok(TensorRef { offset: entry.offset, rows, columns: 1 }),
            (2, &[rows, columns]) => Ok(TensorRef { offset: entry.offset, rows, columns }),
            (_, shape) => Err(Error::shape(format!(
                "node '{}': expected parameter '{name}' of rank {rank}, received shape {shape:?}",
                node.name
            ))),
        }
    }
}
