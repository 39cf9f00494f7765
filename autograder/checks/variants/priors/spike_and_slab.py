# Variants of the solution cell of `spike_and_slab`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: the general mixture, logits, keyword arguments
def spike_and_slab(slab_probability, slab_scale, spike_scale):
    on = float(np.log(slab_probability / (1 - slab_probability)))
    return tfd.Mixture(
        cat=tfd.Categorical(logits=[on, 0.0]),
        components=[tfd.Normal(0.0, slab_scale), tfd.Normal(0.0, spike_scale)],
    )


# %% right: slab first, a print
def spike_and_slab(slab_probability, slab_scale, spike_scale):
    print("on with", slab_probability)
    which = tfd.Categorical(probs=tf.stack([slab_probability, 1.0 - slab_probability]))
    return tfd.MixtureSameFamily(
        mixture_distribution=which,
        components_distribution=tfd.Normal(tf.zeros(2), tf.stack([slab_scale, spike_scale])),
    )


# %% right: unnormalized probabilities, with a warning
import warnings


def spike_and_slab(slab_probability, slab_scale, spike_scale):
    warnings.warn("logarithms")
    logits = tf.math.log([1 - slab_probability, slab_probability])
    scales = tf.constant([spike_scale, slab_scale], tf.float32)
    return tfd.MixtureSameFamily(tfd.Categorical(logits), tfd.Normal(loc=0.0, scale=scales))


# %% right: NumPy in float64
def spike_and_slab(slab_probability, slab_scale, spike_scale):
    which = tfd.Categorical(probs=np.array([1 - slab_probability, slab_probability]))
    return tfd.MixtureSameFamily(which, tfd.Normal(0.0, np.array([spike_scale, slab_scale])))


# %% wrong: the probabilities swapped
# loses: 8
# hint: Spike and slab have swapped their probabilities: slab_probability belongs to the wide one.
def spike_and_slab(slab_probability, slab_scale, spike_scale):
    return tfd.MixtureSameFamily(
        tfd.Categorical(probs=[slab_probability, 1.0 - slab_probability]),
        tfd.Normal(0.0, [spike_scale, slab_scale]),
    )


# %% wrong: one and one half
# loses: 8
# hint: slab_probability is not used: both are equally likely here.
def spike_and_slab(slab_probability, slab_scale, spike_scale):
    return tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.5, 0.5]), tfd.Normal(0.0, [spike_scale, slab_scale])
    )


# %% wrong: a weighted sum of Gaussians is again a Gaussian
# loses: 8
# hint: You mix the scales. That gives one Gaussian of middling width; a mixture of densities has a narrow peak *and* wide flanks.
def spike_and_slab(slab_probability, slab_scale, spike_scale):
    mixed = slab_probability * slab_scale + (1.0 - slab_probability) * spike_scale
    return tfd.Normal(0.0, mixed)


# %% wrong: scales as variances
# loses: 8
# hint: The scales are standard deviations already; take no root.
def spike_and_slab(slab_probability, slab_scale, spike_scale):
    return tfd.MixtureSameFamily(
        tfd.Categorical(probs=[1.0 - slab_probability, slab_probability]),
        tfd.Normal(0.0, np.sqrt([spike_scale, slab_scale]).astype("float32")),
    )


# %% wrong: probabilities given as logits
# loses: 8
# hint: The first argument of Categorical is logits. Name it: probs=[…].
def spike_and_slab(slab_probability, slab_scale, spike_scale):
    return tfd.MixtureSameFamily(
        tfd.Categorical([1.0 - slab_probability, slab_probability]),
        tfd.Normal(0.0, [spike_scale, slab_scale]),
    )


# %% wrong: float32 and float64 mixed
# loses: 6
# hint: Of Categorical and Normal, one is float64, as NumPy's numbers are, and one float32, which TFP makes of Python's. Use Python's for both.
def spike_and_slab(slab_probability, slab_scale, spike_scale):
    which = tfd.Categorical(probs=np.array([1 - slab_probability, slab_probability]))
    return tfd.MixtureSameFamily(which, tfd.Normal(0.0, [spike_scale, slab_scale]))
