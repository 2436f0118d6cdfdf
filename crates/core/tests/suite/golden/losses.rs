//! Values and gradients of each loss.

use unrolled_core::loss::{Loss, LossConfig, Targets};
use unrolled_kernels::{Element, Kernels, Matrix, MatrixMut};

use super::archive::{Case, Golden, assert_close, each_kernels, from_f64, text, to_f64};

#[test]
fn losses_are_pytorchs_in_f64() {
    each_kernels::<f64>(|kernels| run_all(kernels, 1e-10));
}

#[test]
fn losses_are_pytorchs_in_f32() {
    each_kernels::<f32>(|kernels| run_all(kernels, 5e-6));
}

fn run_all<E: Element>(kernels: Kernels<E>, tolerance: f64) {
    let golden = Golden::read("losses");
    assert_eq!(golden.cases().count(), 52);
    for case in golden.cases() {
        run(kernels, case, tolerance);
    }
}

fn run<E: Element>(kernels: Kernels<E>, case: Case<'_>, tolerance: f64) {
    let config: LossConfig = serde_json::from_value(case.facts["loss"].clone()).expect("a loss");
    let (logits, targets) = (case.tensor("logits"), case.tensor("targets"));
    let &[rows, width] = logits.shape.as_slice() else { panic!("{}: logits are a matrix", case.name) };
    let loss = Loss::new(&config, width).expect("a loss");
    let classes: Vec<u32> = targets.values.iter().map(|&id| id as u32).collect();
    let values = from_f64::<E>(&targets.values);
    let targets = if loss.takes_classes() {
        Targets::Classes(&classes)
    } else {
        Targets::Values(Matrix::new(&values, rows, width))
    };

    let numbers = from_f64::<E>(&logits.values);
    let logits = Matrix::new(&numbers, rows, width);
    let mut scratch = vec![E::ZERO; loss.scratch()];
    let mut losses = vec![0.0; rows];
    let mut gradient = vec![E::ZERO; rows * width];
    let divisor = if text(case.facts, "reduction") == "mean" { loss.weight(targets) } else { 1.0 };
    loss.check(targets, rows).expect("targets that fit");
    let d = MatrixMut::new(&mut gradient, rows, width);
    let (mut correct, slope) = (vec![0; rows], Some((1.0 / divisor, d)));
    loss.run(kernels, logits, targets, &mut scratch, &mut losses, &mut correct, slope);

    let what = |part: &str| format!("{} {} {part}", kernels.isa(), case.name);
    let value = losses.iter().sum::<f64>() / divisor;
    assert_close(&what("value"), &[value], &case.tensor("value").values, tolerance);
    assert_close(&what("gradient"), &to_f64(&gradient), &case.tensor("gradient").values, tolerance);
}
