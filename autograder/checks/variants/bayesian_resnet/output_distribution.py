# Variants of the solution cell of `output_distribution`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: by keyword from probabilities, prints
def output_distribution(logits):
    probabilities = tf.nn.softmax(logits, axis=-1)
    print("probabilities", probabilities.shape)
    return tfd.OneHotCategorical(probs=probabilities)


# %% right: a multinomial of one draw
def output_distribution(logits):
    return tfd.Multinomial(total_count=1.0, logits=logits)


# %% right: float64 and an extra helper
def log_probabilities(logits):
    logits = tf.cast(logits, tf.float64)
    return logits - tf.reduce_logsumexp(logits, axis=-1, keepdims=True)


def output_distribution(logits):
    class Labels(tfd.OneHotCategorical):
        def log_prob(self, value):
            return super().log_prob(tf.cast(value, tf.float64))

    return Labels(logits=log_probabilities(logits), dtype=tf.float64)


# %% wrong: logits taken for probabilities
# loses: 6
# hint: Logits, some of them negative, are taken for probabilities. Say which they are: tfd.OneHotCategorical(logits=...).
def output_distribution(logits):
    return tfd.OneHotCategorical(probs=logits)


# %% wrong: softmax twice
# loses: 6
# hint: The argument logits takes the softmax itself. You give it a softmax already, so it is taken twice and everything becomes unsure.
def output_distribution(logits):
    return tfd.OneHotCategorical(logits=tf.nn.softmax(logits))


# %% wrong: a categorical, not one-hot
# loses: 6
# hint: tfd.Categorical is a distribution over class numbers. Our labels are one-hot vectors, for which there is tfd.OneHotCategorical.
def output_distribution(logits):
    return tfd.Categorical(logits=logits)


# %% wrong: a coin for every class
# loses: 6
# hint: A Bernoulli for each class lets several classes be true at once. Exactly one is: use a one-hot categorical.
def output_distribution(logits):
    return tfd.Independent(tfd.Bernoulli(logits=logits, dtype=tf.float32), 1)


# %% wrong: one distribution over the whole batch
# loses: 3
# hint: Your log_prob adds up over examples. Each example has its own distribution: leave the batch axes as they are.
def output_distribution(logits):
    return tfd.Independent(tfd.OneHotCategorical(logits=logits), 1)


# %% wrong: relaxed draws
# loses: 6
# hint: A relaxed categorical draws vectors of fractions. A label is one-hot: use tfd.OneHotCategorical.
def output_distribution(logits):
    return tfd.RelaxedOneHotCategorical(temperature=0.5, logits=logits)


# %% wrong: softmax over the batch
# loses: 6
# hint: You take the softmax over the wrong axis: the probabilities of one example's classes, the last axis, must sum to 1.
def output_distribution(logits):
    return tfd.OneHotCategorical(probs=tf.nn.softmax(logits, axis=0))
