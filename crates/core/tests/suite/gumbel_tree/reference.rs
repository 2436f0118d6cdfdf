//! The Gumbel Tree-LSTM as its paper writes it: every pair composed anew at every merge, states mixed by cumulative sums.

/// A tree's parameters.
pub struct Tree {
    pub size: usize,
    /// `[5 H, 2 H]`, gates in the order i, f_l, f_r, o, u.
    pub weight: Vec<f64>,
    pub bias: Vec<f64>,
    pub query: Vec<f64>,
    pub temperature: f64,
}

/// A choice: 1 for the candidate chosen, and the softmax of the noisy scores.
#[derive(Clone, Debug)]
pub struct Choice {
    pub hard: Vec<f64>,
    pub soft: Vec<f64>,
}

/// The state left, and the choices.
pub struct Grown {
    pub root: Vec<f64>,
    pub choices: Vec<Choice>,
}

impl Tree {
    fn compose(&self, left: &[f64], right: &[f64]) -> Vec<f64> {
        let (n, sigmoid) = (self.size, |x: f64| 1.0 / (1.0 + (-x).exp()));
        let x = [&left[..n], &right[..n]].concat();
        let product = |row: usize| {
            let weights = &self.weight[row * 2 * n..][..2 * n];
            self.bias[row] + weights.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>()
        };
        let gate = |g: usize, k: usize| product(g * n + k);
        let c: Vec<f64> = (0..n)
            .map(|k| {
                sigmoid(gate(0, k)) * gate(4, k).tanh()
                    + sigmoid(gate(1, k)) * left[n + k]
                    + sigmoid(gate(2, k)) * right[n + k]
            })
            .collect();
        let h: Vec<f64> = (0..n).map(|k| sigmoid(gate(3, k)) * c[k].tanh()).collect();
        [h, c].concat()
    }

    /// Grows a tree over the states of a row. With the choices of an earlier run, mixes states by `hard + soft - its soft`:
    /// the same numbers, whose slopes are those of the straight-through choice.
    pub fn grow(
        &self,
        leaves: &[Vec<f64>],
        noise: impl Fn(usize, usize) -> f64,
        held: Option<&[Choice]>,
    ) -> Grown {
        let (mut states, mut choices) = (leaves.to_vec(), Vec::new());
        while states.len() > 1 {
            let t = choices.len();
            let candidates: Vec<_> = states.windows(2).map(|pair| self.compose(&pair[0], &pair[1])).collect();
            let noisy: Vec<f64> = candidates
                .iter()
                .enumerate()
                .map(|(j, state)| {
                    noise(t, j) + state.iter().zip(&self.query).map(|(h, q)| h * q).sum::<f64>()
                })
                .collect();
            let powers: Vec<f64> = noisy.iter().map(|x| (x / self.temperature).exp()).collect();
            let soft: Vec<f64> = powers.iter().map(|x| x / powers.iter().sum::<f64>()).collect();
            let first = (0..noisy.len()).rev().max_by(|&a, &b| noisy[a].total_cmp(&noisy[b])).unwrap();
            let hard: Vec<f64> = (0..noisy.len()).map(|j| f64::from(u8::from(j == first))).collect();
            let mask: Vec<f64> = match held {
                None => hard.clone(),
                Some(held) => (0..soft.len()).map(|j| held[t].hard[j] + soft[j] - held[t].soft[j]).collect(),
            };
            let mut sum = 0.0;
            let mixed = (0..candidates.len()).map(|p| {
                let before = sum;
                sum += mask[p];
                let of = |k: usize| {
                    mask[p] * candidates[p][k] + (1.0 - sum) * states[p][k] + before * states[p + 1][k]
                };
                (0..2 * self.size).map(of).collect()
            });
            states = mixed.collect();
            choices.push(Choice { hard, soft });
        }
        Grown { root: states.pop().unwrap_or(vec![0.0; 2 * self.size]), choices }
    }
}
