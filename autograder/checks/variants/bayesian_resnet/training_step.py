# Variants of the solution cell of `training_step`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: compute_loss's sum, a list of pairs, prints
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        scores = nll_fn(targets, model(inputs, training=True))
        parts = {"nll": tf.math.reduce_mean(scores), "kl": sum(model.losses)}
        parts["loss"] = parts["nll"] + parts["kl"]
    slopes = tape.gradient(parts["loss"], model.trainable_weights)
    optimizer.apply_gradients(list(zip(slopes, model.trainable_weights)))
    print("one step")
    return parts


# %% right: the optimizer's own minimize, keyword arguments, plain numbers
def training_step(model, optimizer, nll_fn, inputs, targets):
    seen = {}

    def loss():
        logits = model(inputs, training=True)
        seen["nll"] = tf.reduce_sum(nll_fn(targets, logits)) / len(inputs)
        seen["kl"] = tf.reduce_sum(tf.stack(model.losses))
        return seen["nll"] + seen["kl"]

    optimizer.minimize(loss=loss, var_list=model.trainable_variables)
    losses = {name: float(value) for name, value in seen.items()}
    return {"loss": losses["nll"] + losses["kl"], **losses}


# %% right: a loop over the layers' losses, a helper, a warning on stderr
import warnings


def losses_of(model, nll_fn, inputs, targets):
    logits = model(inputs, training=True)
    kl = 0.0
    for layer_kl in model.losses:
        kl = kl + layer_kl
    return tf.reduce_mean(nll_fn(targets, logits)), kl


def training_step(model, optimizer, nll_fn, inputs, targets):
    warnings.warn("one step by hand")
    with tf.GradientTape(persistent=True) as tape:
        nll, kl = losses_of(model, nll_fn, inputs, targets)
        total = nll + kl
    optimizer.build(model.trainable_variables)
    for variable in model.trainable_variables:
        optimizer.apply_gradients([(tape.gradient(total, variable), variable)])
    return dict(loss=total, nll=nll, kl=kl)


# %% wrong: the sum over the batch
# loses: 11
# hint: You add the likelihood up over the batch, while the KL is one example's share. Take the mean over the batch.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        nll = tf.reduce_sum(nll_fn(targets, model(inputs, training=True)))
        kl = tf.add_n(model.losses)
        loss = nll + kl
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return {"loss": loss, "nll": nll, "kl": kl}


# %% wrong: the KL divided by the batch size
# loses: 11
# hint: You divide the KL by the size of the batch. The layers have divided it by N already, and that is all it takes.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        nll = tf.reduce_mean(nll_fn(targets, model(inputs, training=True)))
        kl = tf.add_n(model.losses) / len(inputs)
        loss = nll + kl
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return {"loss": loss, "nll": nll, "kl": kl}


# %% wrong: the mean over the layers
# loses: 11
# hint: You take the mean over model.losses, which has one entry for each layer. The layers' KLs add up.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        nll = tf.reduce_mean(nll_fn(targets, model(inputs, training=True)))
        kl = tf.reduce_mean(model.losses)
        loss = nll + kl
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return {"loss": loss, "nll": nll, "kl": kl}


# %% wrong: the first layer's KL only
# loses: 11
# hint: This takes the first entry of model.losses only. There is one for each Bayesian layer; add them up.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        nll = tf.reduce_mean(nll_fn(targets, model(inputs, training=True)))
        kl = model.losses[0]
        loss = nll + kl
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return {"loss": loss, "nll": nll, "kl": kl}


# %% wrong: the gradient of the likelihood alone
# loses: 6
# hint: The weights follow the likelihood alone; the KL is reported but has no say. Take the gradient of the whole loss.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        nll = tf.reduce_mean(nll_fn(targets, model(inputs, training=True)))
        kl = tf.add_n(model.losses)
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(nll, variables), variables))
    return {"loss": nll + kl, "nll": nll, "kl": kl}


# %% wrong: the KL counted twice
# loses: 11
# hint: The KL is in your loss twice: model.losses is the KL, so add it to the likelihood once.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        nll = tf.reduce_mean(nll_fn(targets, model(inputs, training=True)))
        nll += tf.add_n(model.losses)
        kl = tf.add_n(model.losses)
        loss = nll + kl
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return {"loss": loss, "nll": nll, "kl": kl}


# %% wrong: not in training mode
# loses: 3
# hint: The model is not told that this is training, so batch normalisation never learns its averages. Call it with training=True.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        nll = tf.reduce_mean(nll_fn(targets, model(inputs)))
        kl = tf.add_n(model.losses)
        loss = nll + kl
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return {"loss": loss, "nll": nll, "kl": kl}


# %% wrong: uphill
# loses: 6
# hint: The weights move up the gradient, and the loss grows. The optimizer subtracts by itself: hand it the gradient as it is.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        nll = tf.reduce_mean(nll_fn(targets, model(inputs, training=True)))
        kl = tf.add_n(model.losses)
        loss = nll + kl
    variables = model.trainable_variables
    slopes = [-slope for slope in tape.gradient(loss, variables)]
    optimizer.apply_gradients(zip(slopes, variables))
    return {"loss": loss, "nll": nll, "kl": kl}


# %% wrong: the weights do not move
# loses: 6
# hint: The gradient is computed, but the weights stay where they are. optimizer.apply_gradients moves them.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        nll = tf.reduce_mean(nll_fn(targets, model(inputs, training=True)))
        kl = tf.add_n(model.losses)
        loss = nll + kl
    tape.gradient(loss, model.trainable_variables)
    return {"loss": loss, "nll": nll, "kl": kl}


# %% wrong: the losses after the step
# loses: 5
# hint: These are the losses after the step. Return those that you took the gradient of, as fit reports them.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        nll = tf.reduce_mean(nll_fn(targets, model(inputs, training=True)))
        loss = nll + tf.add_n(model.losses)
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    nll = tf.reduce_mean(nll_fn(targets, model(inputs)))
    kl = tf.add_n(model.losses)
    return {"loss": nll + kl, "nll": nll, "kl": kl}


# %% wrong: the KL forgotten
# loses: 11
# hint: The KL is missing: model.losses holds it after the call, one entry for each layer.
def training_step(model, optimizer, nll_fn, inputs, targets):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(nll_fn(targets, model(inputs, training=True)))
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return {"loss": loss, "nll": loss, "kl": tf.constant(0.0)}
