//! Optimizers and schedules against PyTorch's, step by step.

mod golden;

use golden::{Golden, assert_close};
use unrolled_core::optimizer::{Optimizer, OptimizerConfig};
use unrolled_core::parallel::Pool;
use unrolled_core::schedule::Schedule;
use unrolled_kernels::Kernels;

#[test]
fn every_step_is_pytorchs() {
    let golden = Golden::open("optimizers.safetensors");
    let (kernels, pool) = (Kernels::<f64>::detect().unwrap(), Pool::with_threads(2).unwrap());
    let (initial, _) = golden.tensor("shared", "initial");
    let (gradients, _) = golden.tensor("shared", "gradients");
    let cases: Vec<_> = golden.cases.iter().filter(|case| case["optimizer"].is_object()).collect();
    assert!(!cases.is_empty());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let config: OptimizerConfig = serde_json::from_value(case["optimizer"].clone()).unwrap();
        let mut optimizer = Optimizer::new(&config, initial.len()).unwrap();
        let mut values = initial.clone();
        let (expected, _) = golden.tensor(name, "values");
        for (gradients, expected) in
            gradients.chunks_exact(initial.len()).zip(expected.chunks_exact(initial.len()))
        {
            optimizer.step(&pool, kernels, case["rate"].as_f64().unwrap(), &mut values, gradients);
            assert_close(name, &values, expected, 1e-13);
        }
    }
}

#[test]
fn every_rate_is_pytorchs() {
    let golden = Golden::open("optimizers.safetensors");
    let cases: Vec<_> = golden.cases.iter().filter(|case| case["schedule"].is_object()).collect();
    assert!(!cases.is_empty());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let schedule: Schedule = serde_json::from_value(case["schedule"].clone()).unwrap();
        schedule.check().unwrap();
        let (expected, _) = golden.tensor(name, "rates");
        let rates: Vec<f64> =
            (0..expected.len()).map(|t| schedule.factor(t as u64) * case["rate"].as_f64().unwrap()).collect();
        assert_close(name, &rates, &expected, 1e-15);
    }
}
