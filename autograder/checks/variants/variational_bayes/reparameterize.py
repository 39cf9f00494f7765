# Variants of the solution cell of `reparameterize`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: log-add-exp
def reparameterize(loc, rho, noise):
    return loc + tf.experimental.numpy.logaddexp(rho, 0.0) * noise


# %% right: the stable formula by hand, in a helper with a print
def softplus(x):
    print("softplus of", x.shape)
    return tf.maximum(x, 0.0) + tf.math.log1p(tf.exp(-tf.abs(x)))


def reparameterize(loc, rho, noise):
    return tf.add(tf.multiply(noise, softplus(rho)), loc)


# %% right: TFP's bijectors, keyword arguments
def reparameterize(loc, rho, noise):
    shift, scale = tfp.bijectors.Shift(shift=loc), tfp.bijectors.Scale(tf.nn.softplus(rho))
    return tfp.bijectors.Chain([shift, scale]).forward(noise)


# %% right: a loop over the draws in float64, with a warning
import warnings


def reparameterize(loc, rho, noise):
    warnings.warn("slow")
    loc, scale = tf.cast(loc, tf.float64), tf.math.softplus(tf.cast(rho, tf.float64))
    return tf.stack([loc + scale * tf.cast(row, tf.float64) for row in noise])


# %% wrong: the naive softplus
# loses: 2
# hint: exp(rho) overflows: in float32 it is infinite where rho exceeds about 88, and the draw with it. tf.math.softplus avoids that.
def reparameterize(loc, rho, noise):
    return loc + tf.math.log(1.0 + tf.exp(rho)) * noise


# %% wrong: rho itself as the scale
# loses: 10
# hint: You use rho as the scale. It may be negative; softplus(rho) never is.
def reparameterize(loc, rho, noise):
    return loc + rho * noise


# %% wrong: the exponential instead of softplus
# loses: 12
# hint: This is exp(rho), another way to be positive. Here the scale is softplus(rho) = log(1 + exp(rho)).
def reparameterize(loc, rho, noise):
    return loc + tf.exp(rho) * noise


# %% wrong: the variance as the scale
# loses: 12
# hint: You multiply by the variance. Noise of standard deviation 1 becomes noise of standard deviation s when multiplied by s.
def reparameterize(loc, rho, noise):
    return loc + tf.math.softplus(rho) ** 2 * noise


# %% wrong: the root of softplus
# loses: 12
# hint: You take a square root: softplus(rho) is the standard deviation already, not the variance.
def reparameterize(loc, rho, noise):
    return loc + tf.sqrt(tf.math.softplus(rho)) * noise


# %% wrong: softplus of noise and rho together
# loses: 12
# hint: The softplus belongs around rho alone, before the noise comes in.
def reparameterize(loc, rho, noise):
    return loc + tf.math.softplus(rho * noise)


# %% wrong: draws of its own
# loses: 12
# hint: You draw noise of your own. Use the noise that is handed in: then the draw depends on loc and rho in a way that can be differentiated.
def reparameterize(loc, rho, noise):
    return loc + tf.math.softplus(rho) * tf.random.normal(tf.shape(noise))


# %% wrong: through NumPy
# loses: 4
# hint: NumPy's arithmetic leaves no trace for TensorFlow's gradients. Use tf functions.
def reparameterize(loc, rho, noise):
    scale = np.logaddexp(0.0, np.asarray(rho))
    return tf.constant(np.asarray(loc) + scale * np.asarray(noise), tf.float32)


# %% wrong: softplus through NumPy
# loses: 4
# hint: NumPy's arithmetic leaves no trace for TensorFlow's gradients, so none reaches rho. Use tf functions.
def reparameterize(loc, rho, noise):
    return loc + np.logaddexp(0.0, rho).astype("float32") * noise


# %% wrong: the naive softplus through NumPy
# loses: 6
# hint: NumPy's arithmetic leaves no trace for TensorFlow's gradients, and exp(rho) overflows where rho is large. Use tf.math.softplus.
def reparameterize(loc, rho, noise):
    return loc + np.log(1 + np.exp(rho)) * noise


# %% wrong: a distribution's own draws
# loses: 12
# hint: You draw noise of your own. Use the noise that is handed in: then the draw depends on loc and rho in a way that can be differentiated.
def reparameterize(loc, rho, noise):
    return tfd.Normal(loc, tf.math.softplus(rho)).sample()
