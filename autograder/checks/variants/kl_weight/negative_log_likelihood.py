# Variants of the solution cell of `negative_log_likelihood`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: the method and tf.negative, keyword argument
def negative_log_likelihood(targets, prediction):
    return tf.negative(prediction.log_prob(value=targets))


# %% right: other argument names, a shape of its own
def negative_log_likelihood(y, p_y):
    return tf.reshape(-p_y.log_prob(y), (len(y),))


# %% right: float64 and a print
def negative_log_likelihood(targets, prediction):
    score = prediction.log_prob(tf.cast(targets, prediction.dtype))
    print("scores", score.shape)
    return -tf.cast(score, tf.float64)


# %% right: a lambda, with a helper and a warning
import warnings


def minus(x):
    warnings.warn("minus")
    return 0.0 - x


negative_log_likelihood = lambda targets, prediction: minus(prediction.log_prob(targets))


# %% right: the loop over examples
def negative_log_likelihood(targets, prediction):
    table = prediction.log_prob(targets[:, None, :])  # row i: example i under every prediction
    return tf.stack([-table[i, i] for i in range(targets.shape[0])])


# %% wrong: the sign forgotten
# loses: 10
# hint: Training makes the loss small, and this one is smallest where the targets are least likely. The sign is missing.
def negative_log_likelihood(targets, prediction):
    return prediction.log_prob(targets)


# %% wrong: the mean over the batch
# loses: 3
# hint: You average over the batch yourself. Return one score per example and leave the mean to Keras.
def negative_log_likelihood(targets, prediction):
    return -tf.reduce_mean(prediction.log_prob(targets))


# %% wrong: summed over the batch
# loses: 10
# hint: You add up the whole batch, so the score grows with the batch size. Give one number per example and leave the mean to Keras.
def negative_log_likelihood(targets, prediction):
    return -tf.reduce_sum(prediction.log_prob(targets))


# %% wrong: the squared error
# loses: 10
# hint: The squared error ignores how wide the prediction is. Ask the predicted distribution itself how likely the target is.
def negative_log_likelihood(targets, prediction):
    return tf.reduce_sum((targets - prediction.mean()) ** 2, axis=-1)


# %% wrong: half the squared error in units of the scale, no normaliser
# loses: 10
# hint: The logarithm of the scale is missing. Without it a wider prediction is always the better one.
def negative_log_likelihood(targets, prediction):
    z = (targets - prediction.mean()) / prediction.stddev()
    return 0.5 * tf.reduce_sum(z**2, axis=-1)


# %% wrong: the density instead of its logarithm
# loses: 10
# hint: You return minus the density. Its logarithm is wanted.
def negative_log_likelihood(targets, prediction):
    return -prediction.prob(targets)


# %% wrong: averaged over the units
# loses: 10
# hint: You divide by the number of units. An example's log-likelihood is the sum over its units, which log_prob has already taken.
def negative_log_likelihood(targets, prediction):
    return -prediction.log_prob(targets) / tf.cast(tf.shape(targets)[-1], tf.float32)


# %% wrong: the Gaussian formula by hand
# loses: 3
# hint: Right for a Gaussian, wrong for every other distribution. The prediction knows its own log_prob.
def negative_log_likelihood(targets, prediction):
    z = (targets - prediction.mean()) / prediction.stddev()
    each = 0.5 * z**2 + tf.math.log(prediction.stddev()) + 0.5 * np.log(2 * np.pi)
    return tf.reduce_sum(each, axis=-1)


# %% wrong: scores a draw
# loses: 10
# hint: You score a draw from the prediction, not the target. The score comes out different each time.
def negative_log_likelihood(targets, prediction):
    return -prediction.log_prob(prediction.sample())


# %% wrong: in bits
# loses: 10
# hint: Your numbers are in bits. The natural logarithm gives nats, the unit of the KL that is added to this loss.
def negative_log_likelihood(targets, prediction):
    return -prediction.log_prob(targets) / np.log(2.0)


# %% wrong: the arguments swapped
# loses: 10
# hint: Keras calls a loss with the targets first and the prediction second.
def negative_log_likelihood(prediction, targets):
    return -prediction.log_prob(targets)
