# Variants of the solution cell of `kl_divergence`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.


# %% right: a loop
def kl_divergence(model):
    total = tf.constant(0.0)
    for layer in model.submodules:
        if hasattr(layer, "kernel_posterior") and hasattr(layer, "kernel_prior"):
            total += layer.kernel_posterior.kl_divergence(layer.kernel_prior)
    return total


# %% right: models within models, float64
def bayesian_layers(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from bayesian_layers(layer)
        elif hasattr(layer, "kernel_posterior"):
            yield layer


def kl_divergence(model):
    found = [
        tf.cast(tfd.kl_divergence(layer.kernel_posterior, layer.kernel_prior), tf.float64)
        for layer in bayesian_layers(model)
    ]
    return tf.reduce_sum(tf.stack(found)) if found else tf.constant(0.0, tf.float64)


# %% right: by hand, from moments
def kl_divergence(model):
    total = 0.0
    for layer in model._flatten_layers(include_self=False):
        if not hasattr(layer, "kernel_posterior"):
            continue
        q, p = layer.kernel_posterior, layer.kernel_prior
        variance, shift = q.variance() / p.variance(), (q.mean() - p.mean()) / p.stddev()
        total += 0.5 * tf.reduce_sum(variance + shift**2 - 1.0 - tf.math.log(variance))
    print("nats:", float(total))
    return total


# %% wrong: what the losses hold
# loses: 10
# hint: model.losses holds the KL as it enters the loss, scaled, and in a functional model only as a symbol. Use each layer's kernel_posterior and kernel_prior.
def kl_divergence(model):
    return tf.add_n([tf.constant(0.0), *[tf.reduce_sum(loss) for loss in model.losses]])


# %% wrong: the first level only
# loses: 3
# hint: model.layers does not look into a model that is a layer of another. model.submodules does.
def kl_divergence(model):
    return tf.add_n(
        [tf.constant(0.0)]
        + [
            tfd.kl_divergence(layer.kernel_posterior, layer.kernel_prior)
            for layer in model.layers
            if hasattr(layer, "kernel_posterior")
        ]
    )


# %% wrong: the other way round
# loses: 10
# hint: This is KL(prior || posterior). The ELBO has KL(posterior || prior).
def kl_divergence(model):
    return tf.add_n(
        [tf.constant(0.0)]
        + [
            tfd.kl_divergence(layer.kernel_prior, layer.kernel_posterior)
            for layer in model.submodules
            if hasattr(layer, "kernel_posterior")
        ]
    )


# %% wrong: the mean over the layers
# loses: 10
# hint: The KL of a model is the sum over its layers, not the mean.
def kl_divergence(model):
    found = [
        tfd.kl_divergence(layer.kernel_posterior, layer.kernel_prior)
        for layer in model.submodules
        if hasattr(layer, "kernel_posterior")
    ]
    return tf.reduce_mean(tf.stack(found)) if found else tf.constant(0.0)


# %% wrong: fails where there is nothing to add
# loses: 2
# hint: A sum over no layers is 0. tf.add_n of an empty list is an error: begin the list with a zero.
def kl_divergence(model):
    return tf.add_n(
        [
            tfd.kl_divergence(layer.kernel_posterior, layer.kernel_prior)
            for layer in model.submodules
            if hasattr(layer, "kernel_posterior")
        ]
    )


# %% wrong: the last layer only
# loses: 10
# hint: Only one layer is counted here. Add up the KL of all of them.
def kl_divergence(model):
    found = [
        tfd.kl_divergence(layer.kernel_posterior, layer.kernel_prior)
        for layer in model.submodules
        if hasattr(layer, "kernel_posterior")
    ]
    return found[-1] if found else tf.constant(0.0)


# %% wrong: the mean over the weights
# loses: 10
# hint: The KL of a layer is the sum over its weights, not their mean.
def kl_divergence(model):
    total = tf.constant(0.0)
    for layer in model.submodules:
        if hasattr(layer, "kernel_posterior"):
            q, p = layer.kernel_posterior.distribution, layer.kernel_prior.distribution
            total += tf.reduce_mean(tfd.kl_divergence(q, p))
    return total


# %% wrong: the plain sum of the losses
# loses: 10
# hint: model.losses holds the KL as it enters the loss, scaled, and in a functional model only as a symbol. Use each layer's kernel_posterior and kernel_prior.
def kl_divergence(model):
    return sum(model.losses)


# %% wrong: the sum of the losses as a number
# loses: 10
# hint: model.losses holds the KL as it enters the loss, scaled, and in a functional model only as a symbol. Use each layer's kernel_posterior and kernel_prior.
def kl_divergence(model):
    return float(sum(model.losses))


# %% wrong: the layer's own divergence
# loses: 10
# hint: kernel_divergence_fn gives the KL as it enters the loss, scaled. The whole one is that of kernel_posterior and kernel_prior themselves.
def kl_divergence(model):
    total = tf.constant(0.0)
    for layer in model.submodules:
        if hasattr(layer, "kernel_posterior"):
            total += layer.kernel_divergence_fn(layer.kernel_posterior, layer.kernel_prior, None)
    return total


# %% wrong: every submodule taken for a Bayesian layer
# loses: 10
# hint: Not every submodule is a Bayesian layer: take those that have a kernel_posterior. hasattr(layer, ...) asks.
def kl_divergence(model):
    return sum(
        tfd.kl_divergence(layer.kernel_posterior, layer.kernel_prior) for layer in model.submodules
    )
