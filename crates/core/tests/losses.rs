//! Losses and their gradients against PyTorch's.

mod golden;

use golden::{Golden, assert_close};
use unrolled_core::loss::{Loss, LossConfig, Targets};
use unrolled_kernels::{Kernels, Matrix, MatrixMut};

#[test]
fn losses_and_gradients_are_pytorchs() {
    let golden = Golden::open("losses.safetensors");
    let kernels = Kernels::<f64>::detect().unwrap();
    assert!(!golden.cases.is_empty());
    for case in &golden.cases {
        let name = case["name"].as_str().unwrap();
        let config: LossConfig = serde_json::from_value(case["loss"].clone()).unwrap();
        let (logits, shape) = golden.tensor(name, "logits");
        let [rows, width] = shape[..] else { panic!("{name} is not a matrix") };
        let loss = Loss::new(&config, width).unwrap();

        let (targets, _) = golden.tensor(name, "targets");
        let classes: Vec<u32> = targets.iter().map(|&t| t as i32 as u32).collect();
        let targets = if loss.takes_classes() {
            Targets::Classes(&classes)
        } else {
            Targets::Values(Matrix::new(&targets, rows, width))
        };
        let divisor = if case["reduction"] == "mean" { loss.weight(targets) } else { 1.0 };

        let x = Matrix::new(&logits, rows, width);
        let mut scratch = vec![0.0; loss.scratch()];
        let mut losses = vec![0.0; rows];
        loss.forward(kernels, x, targets, &mut scratch, &mut losses, None).unwrap();
        let value = losses.iter().sum::<f64>() / divisor;
        assert_close(name, &[value], &golden.tensor(name, "value").0, 1e-13);

        let mut d = vec![0.0; rows * width];
        let gradient = MatrixMut::new(&mut d, rows, width);
        loss.backward(kernels, x, targets, 1.0 / divisor, &mut scratch, gradient).unwrap();
        assert_close(name, &d, &golden.tensor(name, "gradient").0, 1e-14);
    }
}
