use super::*;
use crate::Code;

mod extremes;

fn loss(json: &str, width: usize) -> Loss {
    Loss::new(&serde_json::from_str(json).unwrap(), width).unwrap()
}

/// Each row's loss, and the number of its targets that were met.
fn forward<E: Element>(loss: &Loss, x: &[E], targets: Targets<E>) -> (Vec<f64>, Vec<u32>) {
    run(loss, x, targets, None)
}

fn backward<E: Element>(loss: &Loss, x: &[E], targets: Targets<E>, scale: f64) -> Vec<E> {
    let mut d = vec![E::ZERO; x.len()];
    let with = run(loss, x, targets, Some((scale, &mut d)));
    assert_eq!(with, forward(loss, x, targets));
    d
}

fn run<E: Element>(
    loss: &Loss,
    x: &[E],
    targets: Targets<E>,
    gradient: Option<(f64, &mut [E])>,
) -> (Vec<f64>, Vec<u32>) {
    let (rows, width) = (x.len() / loss.width(), loss.width());
    loss.check(targets, rows).unwrap();
    let (mut losses, mut correct) = (vec![f64::NAN; rows], vec![9; rows]);
    let (kernels, mut scratch) = (Kernels::detect().unwrap(), vec![E::ZERO; loss.scratch()]);
    let gradient = gradient.map(|(scale, d)| (scale, MatrixMut::new(d, rows, width)));
    let logits = Matrix::new(x, rows, width);
    loss.run(kernels, logits, targets, &mut scratch, &mut losses, &mut correct, gradient);
    (losses, correct)
}

fn close(actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    for (a, e) in actual.iter().zip(expected) {
        assert!((a - e).abs() <= 1e-13 * e.abs().max(1.0), "{actual:?} is not {expected:?}");
    }
}

const X: [f64; 12] = [0.5, -1.0, 2.0, 3.0, 0.25, -0.75, -0.5, 0.0, 1.5, 1.0, 1.0, 1.0];

#[test]
fn cross_entropy_is_pytorchs() {
    // torch.nn.functional.cross_entropy(X, [2, 1, -100, 0], **options), PyTorch 2.15 in f64: the sum, the mean
    // and the gradient of the mean.
    let cases: [(&str, f64, f64, [f64; 12]); 4] = [
        (
            r#"{"crossEntropy":{"ignore":-100}}"#,
            4.173755051561049,
            1.3912516838536828,
            [
                0.05843013071334556,
                0.013037524423562482,
                -0.07146765513690803,
                0.30652874145466,
                -0.31373760649375304,
                0.007208865039093019,
                0.0,
                0.0,
                0.0,
                -0.2222222222222222,
                0.1111111111111111,
                0.1111111111111111,
            ],
        ),
        (
            r#"{"crossEntropy":{"ignore":-100,"classWeights":[0.5,2.0,1.25]}}"#,
            6.5186081976270644,
            1.7382955193672172,
            [
                0.05843013071334556,
                0.013037524423562482,
                -0.07146765513690803,
                0.490445986327456,
                -0.5019801703900049,
                0.01153418406254883,
                0.0,
                0.0,
                0.0,
                -0.08888888888888889,
                0.04444444444444444,
                0.04444444444444444,
            ],
        ),
        (
            r#"{"crossEntropy":{"ignore":-100,"labelSmoothing":0.1}}"#,
            4.265421718227715,
            1.4218072394092385,
            [
                0.04731901960223445,
                0.0019264133124513708,
                -0.04924543291468584,
                0.29541763034354895,
                -0.29151538427153084,
                -0.003902246072018092,
                0.0,
                0.0,
                0.0,
                -0.2,
                0.1,
                0.1,
            ],
        ),
        (
            r#"{"crossEntropy":{"ignore":-100,"labelSmoothing":0.2,"classWeights":[0.5,2.0,1.25]}}"#,
            6.6999919876585805,
            1.786664530042288,
            [
                0.04954124182445667,
                -0.022518031131993074,
                -0.027023210692463585,
                0.44477364846400796,
                -0.4332205464996435,
                -0.011553101964364555,
                0.0,
                0.0,
                0.0,
                -0.05777777777777779,
                0.02222222222222222,
                0.035555555555555556,
            ],
        ),
    ];
    let classes = [2, 1, (-100i32).cast_unsigned(), 0];
    for (json, sum, mean, gradient) in cases {
        let loss = loss(json, 3);
        let targets = Targets::Classes(&classes);
        let weight = loss.weight::<f64>(targets);
        let (losses, correct) = forward(&loss, &X, targets);
        close(&[losses.iter().sum(), losses.iter().sum::<f64>() / weight], &[sum, mean]);
        close(&backward(&loss, &X, targets, 1.0 / weight), &gradient);
        // Row 0 is right, row 1 wrong, row 2 does not count, row 3 is a tie that the first class wins.
        assert_eq!((correct, loss.valid::<f64>(targets)), (vec![1, 0, 0, 1], 3));
    }
}

#[test]
fn elementwise_losses_are_pytorchs() {
    let x = [0.5, -1.0, 3.0, 20.0, -800.0, 0.0];
    let t = [1.0, 0.0, 0.25, 0.0, 1.0, 0.0];
    // torch.nn.functional.* of x and t as [3, 2] in f64: reduction="none" (rows summed), the gradient of the mean.
    let cases: [(&str, [f64; 3], [f64; 6]); 4] = [
        (
            r#"{"binaryCrossEntropy":{}}"#,
            [
                0.4740769841801067 + 0.3132616875182228,
                2.298587351573742 + 20.000000002061153,
                800.0 + std::f64::consts::LN_2,
            ],
            [
                -0.0629234447996909,
                0.04482357022833252,
                0.1170956878037389,
                0.16666666632314106,
                -0.16666666666666666,
                0.08333333333333333,
            ],
        ),
        (
            r#"{"meanSquared":{}}"#,
            [1.25, 407.5625, 641601.0],
            [-0.16666666666666666, -0.3333333333333333, 0.9166666666666666, 6.666666666666666, -267.0, 0.0],
        ),
        (
            r#"{"meanAbsolute":{}}"#,
            [1.5, 22.75, 801.0],
            [-1.0 / 6.0, -1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0, 0.0],
        ),
        (
            r#"{"huber":{"delta":0.75}}"#,
            [0.59375, 16.5, 600.46875],
            [-0.5 / 6.0, -0.125, 0.125, 0.125, -0.125, 0.0],
        ),
    ];
    for (json, expected, gradient) in cases {
        let loss = loss(json, 2);
        let targets = Targets::Values(Matrix::new(&t, 3, 2));
        assert_eq!((loss.weight(targets), loss.valid(targets)), (6.0, 6));
        let (losses, correct) = forward(&loss, &x, targets);
        close(&losses, &expected);
        close(&backward(&loss, &x, targets, 1.0 / 6.0), &gradient);
        let yes_or_no = json.contains("binary");
        assert_eq!(correct, if yes_or_no { [2, 0, 1] } else { [0; 3] });
    }
}

#[test]
fn gradients_are_the_slopes() {
    let classes = [0, 3, 2, 1, 4];
    let values: Vec<f64> = (0..25).map(|i| f64::from(i * 7 % 11) / 10.0).collect();
    for json in [
        r#"{"crossEntropy":{}}"#,
        r#"{"crossEntropy":{"labelSmoothing":0.3,"classWeights":[1,0.5,0,2,3],"ignore":1}}"#,
        r#"{"binaryCrossEntropy":{}}"#,
        r#"{"meanSquared":{}}"#,
        r#"{"meanAbsolute":{}}"#,
        r#"{"huber":{"delta":0.7}}"#,
        r#"{"poisson":{}}"#,
        r#"{"dot":{}}"#,
    ] {
        let loss = loss(json, 5);
        let targets = if loss.takes_classes() {
            Targets::Classes(&classes)
        } else {
            Targets::Values(Matrix::new(&values, 5, 5))
        };
        let x: Vec<f64> = (0..25).map(|i| f64::from(i * 13 % 29) / 7.0 - 2.0).collect();
        let total = |x: &[f64]| forward(&loss, x, targets).0.iter().sum::<f64>();
        for (i, slope) in backward(&loss, &x, targets, 1.0).into_iter().enumerate() {
            let moved = |by: f64| {
                let mut x = x.clone();
                x[i] += by;
                total(&x)
            };
            let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((slope - difference).abs() < 1e-7, "{json} {i}: {slope} {difference}");
        }
    }
}

#[test]
fn gradients_add_up_and_far_logits_stay_finite() {
    let loss = loss(r#"{"crossEntropy":{"labelSmoothing":0.1}}"#, 3);
    let x = [1e4f32, -1e4, 0.0];
    let targets = Targets::Classes(&[1]);
    let (losses, _) = forward(&loss, &x, targets);
    // (0.9 + 0.1 / 3) 20000 + 0.1 / 3 * 10000
    assert!((losses[0] - 19_000.0).abs() < 1e-6, "{losses:?}");
    let mut d = [10.0f32; 3];
    for _ in 0..2 {
        run(&loss, &x, targets, Some((0.5, &mut d)));
    }
    let third = 0.1f32 / 3.0;
    for (d, expected) in d.iter().zip([11.0 - third, 9.1 - third, 10.0 - third]) {
        assert!((d - expected).abs() < 1e-5, "{d} {expected}");
    }

    let squared = self::loss(r#"{"meanSquared":{}}"#, 3);
    let (targets, mut d) = ([0.0f32; 3], [10.0f32; 3]);
    let targets = Targets::Values(Matrix::new(&targets, 1, 3));
    run(&squared, &[1.0f32, -2.0, 0.0], targets, Some((0.5, &mut d)));
    assert_eq!(d, [11.0, 8.0, 10.0]);
}

#[test]
fn a_row_does_not_see_its_neighbors() {
    let loss = loss(r#"{"crossEntropy":{"labelSmoothing":0.1}}"#, 3);
    let whole = forward(&loss, &X, Targets::Classes(&[2, 1, 0, 0])).0;
    for (i, class) in [2, 1, 0, 0].into_iter().enumerate() {
        let alone = forward(&loss, &X[3 * i..3 * i + 3], Targets::Classes(&[class])).0;
        assert_eq!(alone[0].to_bits(), whole[i].to_bits());
    }
    assert_eq!(forward::<f64>(&loss, &[], Targets::Classes(&[])), (vec![], vec![]));
}

#[test]
fn targets_are_checked() {
    let classes = loss(r#"{"crossEntropy":{"ignore":7}}"#, 3);
    let values = loss(r#"{"meanSquared":{}}"#, 3);
    let bad = [0.0, f64::NAN, 0.0];
    let check = |loss: &Loss, targets| loss.check::<f64>(targets, 1).map_err(|error| error.code);
    assert_eq!(check(&classes, Targets::Classes(&[3])), Err(Code::Value));
    assert_eq!(check(&classes, Targets::Classes(&[7])), Ok(()));
    let negative = [(-1i32).cast_unsigned()];
    assert_eq!(check(&classes, Targets::Classes(&negative)), Err(Code::Value));
    assert_eq!(check(&classes, Targets::Classes(&[0, 0])), Err(Code::Shape));
    assert_eq!(check(&classes, Targets::Values(Matrix::new(&bad, 1, 3))), Err(Code::Kind));
    assert_eq!(check(&values, Targets::Classes(&[0])), Err(Code::Kind));
    assert_eq!(check(&values, Targets::Values(Matrix::new(&bad, 1, 3))), Err(Code::NonFinite));
    assert_eq!(check(&values, Targets::Values(Matrix::new(&bad, 1, 2))), Err(Code::Shape));
}

#[test]
fn options_are_checked() {
    for (json, option) in [
        (r#"{"crossEntropy":{"labelSmoothing":1.5}}"#, "labelSmoothing"),
        (r#"{"crossEntropy":{"classWeights":[1]}}"#, "classWeights"),
        (r#"{"crossEntropy":{"classWeights":[1,-1,1]}}"#, "classWeights"),
        (r#"{"huber":{"delta":0}}"#, "huber.delta"),
    ] {
        let error = Loss::new(&serde_json::from_str(json).unwrap(), 3).unwrap_err();
        assert!(error.code == Code::Argument && error.message.contains(option), "{error}");
    }
    for json in [r#"{"crossEntropy":{"smoothing":0}}"#, r#"{"meanSquared":{"x":1}}"#, r#""meanSquared""#] {
        assert!(serde_json::from_str::<LossConfig>(json).is_err(), "{json}");
    }
}
