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
# hint: A misspelt estimator is silently taken for flipout here. Let it be a KeyError.
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


# %% wrong: local reparameterization
# loses: 5
# hint: DenseLocalReparameterization is a third estimator, which convolutions do not have. For reparameterization the course takes DenseReparameterization.
def bayesian_dense(units, arguments, *, estimator="flipout", name=None):
    return tfp.layers.DenseLocalReparameterization(units, name=name, **arguments)
