//! Ten steps of each optimizer with given gradients.

use unrolled_core::optimizer::{Optimizer, OptimizerConfig};
use unrolled_core::parallel::Pool;
use unrolled_kernels::{Element, Kernels};

use super::archive::{Case, Golden, assert_close, each_kernels, from_f64};

#[test]
fn ten_steps_are_pytorchs_in_f64() {
    each_kernels::<f64>(|kernels| run_all(kernels, 1e-10));
}

#[test]
fn ten_steps_are_pytorchs_in_f32() {
    each_kernels::<f32>(|kernels| run_all(kernels, 5e-6));
}

fn run_all<E: Element>(kernels: Kernels<E>, tolerance: f64) {
    let golden = Golden::read("optimizers");
    let shared = golden.case("shared");
    let cases: Vec<_> = golden.cases().filter(|case| case.facts["optimizer"].is_object()).collect();
    assert_eq!(cases.len(), 19);
    for case in cases {
        run(kernels, case, shared, tolerance);
    }
}

fn run<E: Element>(kernels: Kernels<E>, case: Case<'_>, shared: Case<'_>, tolerance: f64) {
    let pool = Pool::with_threads(1).expect("a pool");
    let config: OptimizerConfig =
        serde_json::from_value(case.facts["optimizer"].clone()).expect("an optimizer");
    let rate = case.facts["rate"].as_f64().expect("a rate");
    let mut parameters = from_f64::<E>(&shared.tensor("initial").values);
    let length = parameters.len();
    let gradients = from_f64::<E>(&shared.tensor("gradients").values);
    let mut optimizer = Optimizer::new(&config, length).expect("an optimizer");
    let expected = case.tensor("values").values.chunks(length);
    for (step, (gradient, expected)) in gradients.chunks(length).zip(expected).enumerate() {
        optimizer.step(&pool, kernels, rate, &mut parameters, gradient);
        // Each element by itself: their sizes are far apart.
        for (i, (actual, expected)) in parameters.iter().zip(expected).enumerate() {
            let what = format!("{} {} step {step} element {i}", kernels.isa(), case.name);
            assert_close(&what, &[actual.to_f64()], &[*expected], tolerance);
        }
    }
    assert_eq!(optimizer.steps(), 10);
}
