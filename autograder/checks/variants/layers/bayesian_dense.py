# Variants of the solution cell of `bayesian_dense`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.


# %% right: if and else
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    if estimator == "flipout":
        return tfp.layers.DenseFlipout(units, name=name, **arguments)
    if estimator == "reparameterization":
        return tfp.layers.DenseReparameterization(units, name=name, **arguments)
    raise KeyError(f"no estimator is called {estimator}")


# %% right: looked up in the module, keyword arguments
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    names = dict(flipout="DenseFlipout", reparameterization="DenseReparameterization")
    make = getattr(tfp.layers, names[estimator])
    return make(units=units, activation=None, name=name, **arguments)


# %% right: a copy of the arguments, with a print
DENSE = {
    "reparameterization": tfp.layers.DenseReparameterization,
    "flipout": tfp.layers.DenseFlipout,
}


def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    chosen = dict(arguments)
    chosen.update(units=int(units), name=name)
    print("a layer of", units)
    return DENSE[estimator](**chosen)


# %% wrong: the arguments forgotten
# loses: 3
# hint: The layer has TFP's own posterior, prior and unscaled KL: hand it **arguments.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    layer = {
        "flipout": tfp.layers.DenseFlipout,
        "reparameterization": tfp.layers.DenseReparameterization,
    }[estimator]
    return layer(units, name=name)


# %% wrong: anything unknown is flipout
# loses: 2
# hint: Any name will do for an estimator here, even a misspelt one. Let it be a KeyError.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    if estimator == "reparameterization":
        return tfp.layers.DenseReparameterization(units, name=name, **arguments)
    return tfp.layers.DenseFlipout(units, name=name, **arguments)


# %% wrong: a plain Dense layer
# loses: 8
# hint: This is a plain dense layer: it has no distribution over its weights, and answers the same every time.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    return keras.layers.Dense(units, name=name)


# %% wrong: estimators mixed up
# loses: 3
# hint: DenseFlipout belongs to flipout, DenseReparameterization to reparameterization; here they have changed places.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    layer = {
        "reparameterization": tfp.layers.DenseFlipout,
        "flipout": tfp.layers.DenseReparameterization,
    }[estimator]
    return layer(units, name=name, **arguments)


# %% wrong: reparameterization by default
# loses: 3
# hint: The default estimator is flipout: with one draw for the whole batch the gradients are noisier.
def bayesian_dense(units, arguments, *, estimator="reparameterization", name=None):
    layer = {
        "flipout": tfp.layers.DenseFlipout,
        "reparameterization": tfp.layers.DenseReparameterization,
    }[estimator]
    return layer(units, name=name, **arguments)


# %% wrong: with a swish
# loses: 3
# hint: There is an activation on the output. This layer also gives the logits, which take none.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    layer = {
        "flipout": tfp.layers.DenseFlipout,
        "reparameterization": tfp.layers.DenseReparameterization,
    }[estimator]
    return layer(units, activation="swish", name=name, **arguments)


# %% wrong: the name forgotten
# loses: 3
# hint: The layer does not bear the name that it was given.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    layer = {
        "flipout": tfp.layers.DenseFlipout,
        "reparameterization": tfp.layers.DenseReparameterization,
    }[estimator]
    return layer(units, **arguments)


# %% wrong: flipout, whatever is asked for
# loses: 5
# hint: Every layer perturbs each example in its own way here, even for "reparameterization". For that, take DenseReparameterization.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    return tfp.layers.DenseFlipout(units, name=name, **arguments)


# %% wrong: one draw, whatever is asked for
# loses: 5
# hint: Every layer draws once for the whole batch here, even for "flipout". For that, take DenseFlipout.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    return tfp.layers.DenseReparameterization(units, name=name, **arguments)


# %% wrong: local reparameterization
# loses: 3
# hint: DenseLocalReparameterization is an estimator of its own: it perturbs every example. Here "reparameterization" means DenseReparameterization.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    layer = {
        "flipout": tfp.layers.DenseFlipout,
        "reparameterization": tfp.layers.DenseLocalReparameterization,
    }[estimator]
    return layer(units, name=name, **arguments)


# %% wrong: an unknown estimator is a ValueError
# loses: 2
# hint: An unknown estimator is to be a KeyError, as looking it up in a dict gives by itself.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    if estimator == "flipout":
        return tfp.layers.DenseFlipout(units, name=name, **arguments)
    if estimator == "reparameterization":
        return tfp.layers.DenseReparameterization(units, name=name, **arguments)
    raise ValueError(estimator)


# %% wrong: an unknown estimator gives None
# loses: 2
# hint: An unknown estimator gives None here, and fails much later. Let it be a KeyError, as looking it up in a dict gives by itself.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    if estimator == "flipout":
        return tfp.layers.DenseFlipout(units, name=name, **arguments)
    if estimator == "reparameterization":
        return tfp.layers.DenseReparameterization(units, name=name, **arguments)


# %% wrong: an unknown estimator leaves the layer unbound
# loses: 2
# hint: With an unknown estimator your variable never gets a value. Let it be a KeyError, as looking it up in a dict gives by itself.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    if estimator == "flipout":
        layer = tfp.layers.DenseFlipout
    elif estimator == "reparameterization":
        layer = tfp.layers.DenseReparameterization
    return layer(units, name=name, **arguments)


# %% wrong: an unknown estimator is found nowhere in TFP
# loses: 2
# hint: An unknown estimator is to be a KeyError, as looking it up in a dict gives by itself. Here it is an error of another kind.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    kind = f"Dense{estimator.capitalize()}"
    return getattr(tfp.layers, kind)(units, name=name, **arguments)
