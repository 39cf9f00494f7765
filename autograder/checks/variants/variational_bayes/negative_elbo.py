# Variants of the solution cell of `negative_elbo`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: the other order, keyword arguments
def negative_elbo(log_likelihood, kl, kl_weight):
    return tf.add(tf.reduce_mean(input_tensor=-log_likelihood), tf.multiply(kl_weight, kl))


# %% right: the ELBO per example first, a print
def negative_elbo(log_likelihood, kl, kl_weight):
    elbo = log_likelihood - kl_weight * kl
    print("ELBO", elbo)
    return -tf.reduce_mean(elbo)


# %% right: a sum divided in float64
def negative_elbo(log_likelihood, kl, kl_weight):
    total = tf.reduce_sum(tf.cast(log_likelihood, tf.float64))
    return -total / log_likelihood.shape[0] + kl_weight * tf.cast(kl, tf.float64)


# %% right: a loop, with a warning
import warnings


def negative_elbo(log_likelihood, kl, kl_weight):
    warnings.warn("a loop")
    total = sum(float(one) for one in log_likelihood)
    return float(kl) * kl_weight - total / len(log_likelihood)


# %% wrong: the sum over the examples
# loses: 4
# hint: You take the sum over the examples. Then the weight 1/N on the KL would be too small by the factor N. Take the mean.
def negative_elbo(log_likelihood, kl, kl_weight):
    return kl_weight * kl - tf.reduce_sum(log_likelihood)


# %% wrong: the KL subtracted
# loses: 4
# hint: You reward distance from the prior. The KL is a cost: it adds to the loss.
def negative_elbo(log_likelihood, kl, kl_weight):
    return -tf.reduce_mean(log_likelihood) - kl_weight * kl


# %% wrong: the ELBO itself
# loses: 8
# hint: This is the ELBO, which one maximises. Adam minimises: turn the sign.
def negative_elbo(log_likelihood, kl, kl_weight):
    return tf.reduce_mean(log_likelihood) - kl_weight * kl


# %% wrong: the weight forgotten
# loses: 4
# hint: kl_weight is not used. Without it the KL counts as if it were paid once per example.
def negative_elbo(log_likelihood, kl, kl_weight):
    return kl - tf.reduce_mean(log_likelihood)


# %% wrong: divided by the batch once more
# loses: 4
# hint: You divide the KL by the number of examples here, and kl_weight has done so before. The factor 1/N belongs there once.
def negative_elbo(log_likelihood, kl, kl_weight):
    return kl_weight * kl / log_likelihood.shape[0] - tf.reduce_mean(log_likelihood)


# %% wrong: the weight on the wrong term
# loses: 8
# hint: You weigh the likelihood. kl_weight belongs to the KL.
def negative_elbo(log_likelihood, kl, kl_weight):
    return kl - kl_weight * tf.reduce_mean(log_likelihood)


# %% wrong: a mixture of both
# loses: 4
# hint: The likelihood counts fully whatever kl_weight is; this is no weighted mean of the two terms.
def negative_elbo(log_likelihood, kl, kl_weight):
    return kl_weight * kl - (1 - kl_weight) * tf.reduce_mean(log_likelihood)


# %% wrong: one number per example
# loses: 8
# hint: You return one number per example. The loss is a single number: their mean.
def negative_elbo(log_likelihood, kl, kl_weight):
    return kl_weight * kl - log_likelihood


# %% wrong: the log-likelihood rewarded for being low
# loses: 4
# hint: The sign of the likelihood is wrong: a better fit must lower the loss.
def negative_elbo(log_likelihood, kl, kl_weight):
    return kl_weight * kl + tf.reduce_mean(log_likelihood)
