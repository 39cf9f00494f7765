# Variants of the solution cell of `predictive_mean`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: a running sum in float64, training left at its default
def predictive_mean(model, inputs, n_samples):
    total = 0.0
    for _ in range(n_samples):
        total = total + tf.cast(tf.nn.softmax(model(inputs)), tf.float64)
    return total / n_samples


# %% right: Keras' predict, NumPy's softmax by a helper, prints
def softmax(logits):
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


import numpy as np


def predictive_mean(model, inputs, n_samples):
    draws = [softmax(model.predict(inputs, verbose=2)) for _ in range(n_samples)]
    print(len(draws), "draws")
    return np.mean(draws, axis=0)


# %% right: through the distribution, and a compiled pass
def predictive_mean(model, inputs, n_samples):
    once = tf.function(lambda: tfd.OneHotCategorical(logits=model(inputs, training=False)).mean())
    return tf.add_n([once() for _ in range(n_samples)]) / float(n_samples)


# %% wrong: in training mode
# loses: 5
# hint: training=True normalises by the images at hand, so an image's answer depends on its neighbours. Bayesian layers draw without it: use training=False.
def predictive_mean(model, inputs, n_samples):
    draws = [tf.nn.softmax(model(inputs, training=True)) for _ in range(n_samples)]
    return tf.reduce_mean(tf.stack(draws), axis=0)


# %% wrong: one draw only
# loses: 7
# hint: This is one draw of the weights, one network's opinion, however often it is repeated. Every draw needs a call of its own: make n_samples of them and average.
def predictive_mean(model, inputs, n_samples):
    return tf.nn.softmax(model(inputs, training=False))


# %% wrong: the same draw many times
# loses: 7
# hint: This is one draw of the weights, one network's opinion, however often it is repeated. Every draw needs a call of its own: make n_samples of them and average.
def predictive_mean(model, inputs, n_samples):
    draw = tf.nn.softmax(model(inputs, training=False))
    return tf.reduce_mean(tf.stack([draw] * n_samples), axis=0)


# %% wrong: the logits averaged
# loses: 7
# hint: You average the logits and take the softmax at the end. That hides how much the draws differ: average the probabilities.
def predictive_mean(model, inputs, n_samples):
    draws = [model(inputs, training=False) for _ in range(n_samples)]
    return tf.nn.softmax(tf.reduce_mean(tf.stack(draws), axis=0))


# %% wrong: logits, not probabilities
# loses: 12
# hint: These are averages of logits. Turn each draw into probabilities with a softmax first.
def predictive_mean(model, inputs, n_samples):
    draws = [model(inputs, training=False) for _ in range(n_samples)]
    return tf.reduce_mean(tf.stack(draws), axis=0)


# %% wrong: all draws, not averaged
# loses: 12
# hint: You return every draw. Average over the draws, so that each image has one probability per class.
def predictive_mean(model, inputs, n_samples):
    draws = [tf.nn.softmax(model(inputs, training=False)) for _ in range(n_samples)]
    return tf.stack(draws)


# %% wrong: averaged over the images
# loses: 12
# hint: You average over the images and keep the draws apart. It is the other axis: the draws are stacked first.
def predictive_mean(model, inputs, n_samples):
    draws = [tf.nn.softmax(model(inputs, training=False)) for _ in range(n_samples)]
    return tf.reduce_mean(tf.stack(draws), axis=1)


# %% wrong: the sum over the draws
# loses: 7
# hint: You add the draws up, so the rows sum to n_samples. Divide by the number of draws.
def predictive_mean(model, inputs, n_samples):
    draws = [tf.nn.softmax(model(inputs, training=False)) for _ in range(n_samples)]
    return tf.reduce_sum(tf.stack(draws), axis=0)


# %% wrong: votes counted
# loses: 12
# hint: You count how often each class wins. That forgets how sure each draw was: average the probabilities themselves.
def predictive_mean(model, inputs, n_samples):
    votes = []
    for _ in range(n_samples):
        logits = model(inputs, training=False)
        votes.append(tf.one_hot(tf.argmax(logits, axis=-1), logits.shape[-1]))
    return tf.reduce_mean(tf.stack(votes), axis=0)
