# Variants of the solution cell of `bayesian_conv2d`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.


# %% right: keyword arguments, pairs of numbers
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel: pool the input instead")
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(
        filters=filters,
        kernel_size=(kernel_size, kernel_size),
        strides=(strides, strides),
        padding="SAME",
        activation=None,
        name=name,
        **arguments,
    )


# %% right: if and else
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if kernel_size < strides:
        raise ValueError(f"a kernel of {kernel_size} with strides {strides} skips pixels")
    shape = dict(filters=filters, kernel_size=kernel_size, strides=strides, padding="same")
    if estimator == "flipout":
        return tfp.layers.Convolution2DFlipout(**shape, name=name, **arguments)
    elif estimator == "reparameterization":
        return tfp.layers.Convolution2DReparameterization(**shape, name=name, **arguments)
    else:
        raise KeyError(estimator)


# %% right: looked up by name, with a print
def no_wider(strides, kernel_size):
    if strides > kernel_size:
        raise ValueError("too wide a step")
    print("strides", strides)


def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    no_wider(strides, kernel_size)
    kinds = dict(flipout="Convolution2DFlipout", reparameterization="Convolution2DReparameterization")
    return getattr(tfp.layers, kinds[estimator])(
        filters, kernel_size, strides=strides, padding="same", name=name, **arguments
    )


# %% wrong: padding valid
# loses: 5
# hint: The output is smaller than the input: padding "same" keeps the size, as the shortcut of a block needs.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel: pool the input instead")
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, name=name, **arguments)


# %% wrong: strides forgotten
# loses: 5
# hint: The strides do not reach the layer.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel: pool the input instead")
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, padding="same", name=name, **arguments)


# %% wrong: the arguments forgotten
# loses: 7
# hint: The layer has TFP's own posterior, prior and unscaled KL: hand it **arguments.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel: pool the input instead")
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, padding="same", name=name)


# %% wrong: with a swish
# loses: 5
# hint: There is an activation on the output. In a residual block it comes later, and not after every convolution.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel: pool the input instead")
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, padding="same", activation="swish", name=name, **arguments)


# %% wrong: estimators mixed up
# loses: 3
# hint: Convolution2DFlipout belongs to flipout; here the two have changed places.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel: pool the input instead")
    layer = {
        "flipout": tfp.layers.Convolution2DReparameterization,
        "reparameterization": tfp.layers.Convolution2DFlipout,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, padding="same", name=name, **arguments)


# %% wrong: reparameterization by default
# loses: 3
# hint: The default estimator is flipout: with one draw for the whole batch the gradients are noisier.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="reparameterization", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel: pool the input instead")
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, padding="same", name=name, **arguments)


# %% wrong: wide steps let through
# loses: 2
# hint: A step wider than the kernel skips pixels, and must be refused with a ValueError.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, padding="same", name=name, **arguments)


# %% wrong: equal steps refused too
# loses: 2
# hint: A step as wide as the kernel looks at every pixel once, and is allowed: only wider ones are not.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides >= kernel_size and strides > 1:
        raise ValueError("strides wider than the kernel: pool the input instead")
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, padding="same", name=name, **arguments)


# %% wrong: a plain convolution
# loses: 10
# hint: This is a plain convolution: it has no distribution over its weights, and answers the same every time.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel: pool the input instead")
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return keras.layers.Conv2D(filters, kernel_size, strides=strides, padding="same", name=name)


# %% wrong: the name forgotten
# loses: 2
# hint: The layer does not bear the name that it was given.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel: pool the input instead")
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, padding="same", **arguments)


# %% wrong: steps of one refused too
# loses: 2
# hint: A step as wide as the kernel skips nothing, and is allowed: only wider ones are not.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides >= kernel_size:
        raise ValueError("strides wider than the kernel")
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, padding="same", name=name, **arguments)


# %% wrong: another error for wide steps
# loses: 2
# hint: Wide strides are refused, but not with a ValueError, as a caller may expect: raise ValueError(...).
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if True:
        assert strides <= kernel_size
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, padding="same", name=name, **arguments)


# %% wrong: flipout, whatever is asked for
# loses: 3
# hint: Every layer perturbs each example in its own way here, even for "reparameterization". For that, take Convolution2DReparameterization.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel")
    return tfp.layers.Convolution2DFlipout(
        filters, kernel_size, strides=strides, padding="same", name=name, **arguments
    )


# %% wrong: one draw, whatever is asked for
# loses: 3
# hint: Every layer draws once for the whole batch here, even for "flipout". For that, take Convolution2DFlipout.
def bayesian_conv2d(filters, kernel_size, arguments, *, strides=1, estimator="flipout", name=None):
    if strides > kernel_size:
        raise ValueError("strides wider than the kernel")
    return tfp.layers.Convolution2DReparameterization(
        filters, kernel_size, strides=strides, padding="same", name=name, **arguments
    )
