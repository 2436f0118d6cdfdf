//! Cells of every shape, in the lines of `cells`.

/// The other readers of pre-activation and product, and the source of the pre-activation.
pub const STEPS: [&str; 39] = [
    "p = W x; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "p = W+ x; r = U+ h; s = add r p; n = sigmoid s; h' = n; out n",
    "p = W x; r = U h; s = add p r; n = relu s; h' = n; out n",
    "p = W x; r = U h; s = add p r; n = softmax s; h' = n; out n",
    // The pre-activation is read twice.
    "p = W x; r = U h; s = add p r; n = tanh s; y = add n p; h' = n; out y",
    "p = W x; r = U h; s = add p r; n = tanh s; h' = n; out n p",
    "p = W x; r = U h; s = add p r; n = tanh s; y = multiply n p; h' = y; out y",
    "p = W x; r = U h; q = V h; s = add p r; t = add p q; m = tanh s; n = sigmoid t; y = multiply m n; h' = y; out y",
    // The pre-activation's own operation needs it backward.
    "w = W x; p = tanh w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W x; p = sigmoid w; r = U h; s = add r p; n = relu s; h' = n; out n",
    "w = W x; p = relu w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W x; p = softmax w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W x; p = norm w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W x; p = multiply w x; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W x; p = minus w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    "w = W3 x; p = third w; r = U h; s = add p r; n = tanh s; h' = n; out n",
    // The pre-activation comes from outside: of every step, of none, or read twice there.
    "r = U h; s = add x r; n = tanh s; h' = n; out n",
    "r = U h; s = add v r; n = tanh s; m = multiply n x; h' = m; out m",
    "r = U h; s = add x r; n = tanh s; y = multiply n x; h' = y; out y",
    // The pre-activation is a state: another's past, another of the loop, the same.
    "q' = x; r = U h; s = add q r; n = tanh s; h' = n; out n",
    "w = W x; q' = w; r = U h; s = add q r; n = tanh s; h' = n; out n",
    "w = W x; o = tanh w; q' = o; r = U h; s = add q r; n = sigmoid s; h' = n; out n",
    "r = U h; s = add c r; n = tanh s; m = add n x; h' = n; c' = m; out n",
    "r = U h; s = add h r; n = tanh s; m = add n x; h' = m; out m",
    // The pre-activation is made within the loop.
    "p = multiply x h; r = U h; s = add p r; n = tanh s; m = add n x; h' = m; out m",
    "q = V h; p = tanh q; r = U h; s = add p r; n = tanh s; m = add n x; h' = m; out m",
    "q = V h; o = add q x; p = tanh o; r = U h; s = add p r; n = sigmoid s; h' = n; out n",
    // The sum is read twice.
    "p = W x; r = U h; s = add p r; n = tanh s; y = add n s; h' = n; out y",
    "p = W x; r = U h; s = add p r; n = tanh s; h' = n; out n s",
    "p = W x; r = U h; s = add p r; n = tanh s; h' = s; c' = n; out n",
    "p = W x; r = U h; s = add p r; m = tanh s; n = sigmoid s; y = multiply m n; h' = y; out y",
    // The product is read twice, or is both summands.
    "p = W x; r = U h; s = add p r; n = tanh s; y = add n r; h' = y; out y",
    "p = W x; r = U h; s = add p r; n = tanh s; h' = n; out n r",
    "r = U h; s = add r r; n = tanh s; m = add n x; h' = m; out m",
    // Both summands are products with a state.
    "q = V c; r = U h; s = add q r; n = tanh s; m = add n x; h' = n; c' = m; out m",
    // Three summands, the product at each place.
    "a = W x; b = V z; r = U h; s = add a r b; n = tanh s; h' = n; out n",
    "a = W x; b = V z; r = U h; s = add r a b; n = tanh s; h' = n; out n",
    "a = W x; b = V z; r = U h; s = add a b r; n = tanh s; h' = n; out n",
    // One step upon another.
    "p = W x; r = U h; s = add p r; m = tanh s; q = V m; t = add q z; n = sigmoid t; h' = n; out n m",
];

/// The same of the gates of an LSTM and a GRU.
pub const GATES: [&str; 27] = [
    "p = W4+ x; r = U4+ h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h",
    "p = W4 x; r = U4 h; s = add r p; n = lstm s c; h' = n:h; c' = n:c; out n:h n:c",
    "p = W4 x; r = U4 h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h p",
    "p = W4 x; r = U4 h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h s",
    "p = W4 x; r = U4 h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h r",
    "w = W4 x; p = tanh w; r = U4 h; s = add p r; n = lstm s c; h' = n:h; c' = n:c; out n:h",
    "r = U4 h; s = add x4 r; n = lstm s c; h' = n:h; c' = n:c; out n:h",
    "r = U4 h; s = add v4 r; n = lstm s c; y = multiply n:h x; h' = y; c' = n:c; out y",
    "w = W4 x; q4' = w; r = U4 h; s = add q4 r; n = lstm s c; h' = n:h; c' = n:c; out n:h",
    "p = W4 x; q = V4 z; r = U4 h; s = add p r q; n = lstm s c; h' = n:h; c' = n:c; out n:h",
    "p = W4 x; n = lstm p c; c' = n:c; out n:h",
    "w = W4 x; p = tanh w; n = lstm p c; c' = n:c; out n:h",
    "n = lstm x4 c; y = W n:h; c' = n:c; out y",
    "q4' = x4; n = lstm q4 c; y = W n:h; c' = n:c; out y",
    "p = W3+ x; r = U3+ h; n = gru p r h; h' = n:h; out n:h",
    "p = W3 x; r = U3 h; n = gru p r h; h' = n:h; out n:h p",
    "p = W3 x; r = U3 h; n = gru p r h; h' = n:h; out n:h r",
    "w = W3 x; p = tanh w; r = U3 h; n = gru p r h; h' = n:h; out n:h",
    "r = U3 h; n = gru x3 r h; h' = n:h; out n:h",
    "r = U3 h; n = gru v3 r h; y = multiply n:h x; h' = y; out y",
    "w = W3 x; q3' = w; r = U3 h; n = gru q3 r h; h' = n:h; out n:h",
    "p = W3 x; w = U3 h; r = tanh w; n = gru p r h; h' = n:h; out n:h",
    "p = W3 x; r = U3 z; n = gru p r h; h' = n:h; out n:h",
    "p = W3 x; n = gru p p h; h' = n:h; out n:h",
    "p = W3 x; r = U3 c; n = gru p r h; m = add n:h x; h' = n:h; c' = m; out n:h",
    // The state before is read once more.
    "p = W4 x; r = U4 h; s = add p r; n = lstm s c; y = add n:h c; h' = y; c' = n:c; out y",
    "p = W3 x; r = U3 h; n = gru p r h; y = add n:h h; h' = n:h; out y",
];

/// States that wait for no state, by themselves and among others; nodes that go before the loop and after it. With each, the
/// nodes that stay in the loop.
pub const DELAYS: [(&str, &[&str]); 14] = [
    ("q' = x; n = W q; out n", &[]),
    ("w = W x; q' = w; n = tanh q; out n", &[]),
    ("w = W x; q' = w; n = add q w; o = minus q; out n o", &[]),
    ("w = W x; q' = x; n = tanh w; out n", &[]),
    ("q' = x; p' = q; n = W p; out n", &[]),
    ("w = W x; q' = w; p' = q; o' = p; n = multiply q p; m = add n o; out m", &[]),
    ("p = W x; q' = p; r = U q; s = add p r; n = tanh s; out n", &[]),
    ("q4' = x4; n = lstm q4 v; m = W n:h; out m", &[]),
    ("p = W x; q' = p; t = V q; r = U h; s = add t r; n = tanh s; h' = n; y = W n; out y", &["a.n"]),
    ("q' = x; t = V q; r = U h; s = add t r; n = sigmoid s; h' = n; m = multiply n q; out m", &["a.n"]),
    ("p = W x; r = U h; s = add p r; n = tanh s; h' = n; m = V n; o = relu m; y = add o p; out y", &["a.n"]),
    ("p = W x; r = U h; s = add p r; n = tanh s; h' = n; past' = h; y = add n past; out y", &["a.n", "a"]),
    ("p = W x; r = U h; s = add p r; n = tanh s; g' = n; h' = g; out n", &["a.n", "a"]),
    ("w = W x; y = add h w; h' = h; out y", &["a"]),
];
