# Variants of the solution cell of `categorical_nll`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: TensorFlow's own cross-entropy
def categorical_nll(targets, logits):
    return tf.nn.softmax_cross_entropy_with_logits(
        labels=tf.cast(targets, logits.dtype), logits=logits
    )


# %% right: from class numbers, with a warning on stderr
import warnings


def categorical_nll(targets, logits):
    warnings.warn("one-hot targets are turned into class numbers")
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.argmax(targets, axis=-1), logits)


# %% right: the sum written out in float64, by a helper
def log_softmax(logits):
    return logits - tf.math.reduce_logsumexp(logits, axis=-1, keepdims=True)


def categorical_nll(targets, logits):
    scores = log_softmax(tf.cast(logits, tf.float64))
    return tf.cast(-tf.einsum("bk,bk->b", tf.cast(targets, tf.float64), scores), logits.dtype)


# %% right: example by example
def categorical_nll(targets, logits):
    scores = []
    for target, logit in zip(targets, logits):
        distribution = tfd.Categorical(logits=logit)
        scores.append(-distribution.log_prob(tf.argmax(target)))
    return tf.stack(scores)


# %% right: Keras' loss, by example
def categorical_nll(targets, logits):
    return keras.losses.categorical_crossentropy(
        y_true=tf.cast(targets, tf.float32), y_pred=logits, from_logits=True
    )


# %% wrong: the mean over the batch
# loses: 3
# hint: You average over the batch yourself. Return one score per example and leave the mean to Keras.
def categorical_nll(targets, logits):
    distribution = tfd.OneHotCategorical(logits=logits)
    return -tf.reduce_mean(distribution.log_prob(tf.cast(targets, logits.dtype)))


# %% wrong: the sum over the batch
# loses: 10
# hint: You add the scores of the batch up, so that the likelihood outweighs the KL by the batch size. Return one score per example.
def categorical_nll(targets, logits):
    distribution = tfd.OneHotCategorical(logits=logits)
    return -tf.reduce_sum(distribution.log_prob(tf.cast(targets, logits.dtype)))


# %% wrong: the sign forgotten
# loses: 10
# hint: The sign is missing: this is the log-likelihood, and fit would make it as small as it can.
def categorical_nll(targets, logits):
    return tfd.OneHotCategorical(logits=logits).log_prob(tf.cast(targets, logits.dtype))


# %% wrong: the logarithm of a softmax
# loses: 3
# hint: A probability of exp(-130) is 0 in 32 bits, and its logarithm is infinite. Never form it: work with the logits.
def categorical_nll(targets, logits):
    probabilities = tf.nn.softmax(logits)
    return -tf.math.log(tf.reduce_sum(tf.cast(targets, logits.dtype) * probabilities, axis=-1))


# %% wrong: probabilities clipped
# loses: 3
# hint: Clipping the probability keeps the score finite, but caps it: a very sure mistake costs no more than a moderate one, and its gradient is 0.
def categorical_nll(targets, logits):
    probabilities = tf.clip_by_value(tf.nn.softmax(logits), 1e-7, 1.0)
    return -tf.reduce_sum(tf.cast(targets, logits.dtype) * tf.math.log(probabilities), axis=-1)


# %% wrong: logits taken for log-probabilities
# loses: 10
# hint: This takes logits for log-probabilities. They are, but for a constant: subtract the log of the sum of their exponentials.
def categorical_nll(targets, logits):
    return -tf.reduce_sum(tf.cast(targets, logits.dtype) * logits, axis=-1)


# %% wrong: in bits
# loses: 10
# hint: These are bits: the logarithm is to base 2. The KL is in nats, and the two are added up.
def categorical_nll(targets, logits):
    nll = -tfd.OneHotCategorical(logits=logits).log_prob(tf.cast(targets, logits.dtype))
    return nll / tf.math.log(2.0)


# %% wrong: a softmax given to Keras as logits
# loses: 10
# hint: You take the softmax, and the distribution takes it again. Hand the logits over as they are.
def categorical_nll(targets, logits):
    distribution = tfd.OneHotCategorical(logits=tf.nn.softmax(logits))
    return -distribution.log_prob(tf.cast(targets, logits.dtype))


# %% wrong: integer targets refused
# loses: 3
# hint: Targets may be integers, and TensorFlow does not multiply those with floats. Bring them to the logits' type with tf.cast.
def categorical_nll(targets, logits):
    return -tf.reduce_sum(targets * tf.nn.log_softmax(logits), axis=-1)


# %% wrong: a coin for every class
# loses: 10
# hint: This is the loss of independent coins, one for each class. Exactly one class is true: use the categorical likelihood.
def categorical_nll(targets, logits):
    coins = tfd.Independent(tfd.Bernoulli(logits=logits), 1)
    return -coins.log_prob(tf.cast(targets, logits.dtype))
