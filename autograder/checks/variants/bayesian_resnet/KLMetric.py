# Variants of the solution cell of `KLMetric`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: the sum of the scaled losses
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, *_, **__):
        return super().update_state(tf.add_n(self._layers_of[0].losses))


# %% right: layer by layer, keyword arguments, float64
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, y_true=None, y_pred=None, sample_weight=None):
        model = self._layers_of[0]
        total = tf.constant(0.0, tf.float64)
        for layer in model.layers:
            if hasattr(layer, "kernel_posterior"):
                kl = tfd.kl_divergence(layer.kernel_posterior, layer.kernel_prior)
                total += tf.cast(kl, tf.float64)
        return super().update_state(values=tf.cast(model.kl_scale.value, tf.float64) * total)


# %% right: the factor from its parts, an extra method, prints
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def factor(self):
        kl_scale = self._layers_of[0].kl_scale
        return kl_scale.beta * kl_scale.kl_weight / kl_scale.n_train

    def update_state(self, *args, **kwargs):
        kl = kl_divergence(self._layers_of[0]) * self.factor()
        print("KL updated")
        keras.metrics.Mean.update_state(self, kl)


# %% wrong: unscaled
# loses: 12
# hint: This is the KL of the whole training set. In the loss it stands multiplied by kl_scale.value.
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, *_, **__):
        (model,) = self._layers_of
        return super().update_state(kl_divergence(model))


# %% wrong: divided by N twice
# loses: 12
# hint: kl_scale.value holds 1/N already. You divide by the number of training examples once more.
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, *_, **__):
        (model,) = self._layers_of
        scale = model.kl_scale.value / model.kl_scale.n_train
        return super().update_state(scale * kl_divergence(model))


# %% wrong: the scaled losses scaled again
# loses: 12
# hint: model.losses is scaled already. Either take the sum of it as it is, or kl_scale.value times kl_divergence.
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, *_, **__):
        (model,) = self._layers_of
        return super().update_state(sum(model.losses) * model.kl_scale.value)


# %% wrong: lambda forgotten
# loses: 12
# hint: You leave out the weight of the KL, lambda. kl_scale.value holds it, as well as 1/N and the warm-up.
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, *_, **__):
        (model,) = self._layers_of
        scale = model.kl_scale.beta / model.kl_scale.n_train
        return super().update_state(scale * kl_divergence(model))


# %% wrong: the warm-up forgotten
# loses: 12
# hint: The warm-up's factor beta is missing, so this is not what stands in the loss now. kl_scale.value holds it.
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, *_, **__):
        (model,) = self._layers_of
        scale = model.kl_scale.kl_weight / model.kl_scale.n_train
        return super().update_state(scale * kl_divergence(model))


# %% wrong: weighted by the batch size
# loses: 4
# hint: You weigh each update by its batch. The KL does not depend on the batch: every update counts once.
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, y_true, y_pred, sample_weight=None):
        (model,) = self._layers_of
        kl = model.kl_scale.value * kl_divergence(model)
        return super().update_state(kl, sample_weight=tf.cast(tf.shape(y_pred)[0], tf.float32))


# %% wrong: divided by the batch size
# loses: 12
# hint: You divide the KL by the size of the batch. It is shared out among all training examples, and kl_scale.value does this.
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, y_true, y_pred, sample_weight=None):
        (model,) = self._layers_of
        kl = model.kl_scale.value * kl_divergence(model)
        return super().update_state(kl / tf.cast(tf.shape(y_pred)[0], tf.float32))


# %% wrong: the first layer only
# loses: 12
# hint: This is the KL of the first Bayesian layer alone. The layers' KLs add up.
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, *_, **__):
        return super().update_state(self._layers_of[0].losses[0])


# %% wrong: the mean over the layers
# loses: 12
# hint: You average over the layers. Their KLs add up: take the sum of model.losses.
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, *_, **__):
        return super().update_state(self._layers_of[0].losses)


# %% wrong: KL of the prior from the posterior
# loses: 12
# hint: You have the two distributions the wrong way round: it is KL(posterior || prior).
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._layers_of = (model,)

    def update_state(self, *_, **__):
        (model,) = self._layers_of
        kl = 0.0
        for layer in model.layers:
            if hasattr(layer, "kernel_posterior"):
                kl += tfd.kl_divergence(layer.kernel_prior, layer.kernel_posterior)
        return super().update_state(model.kl_scale.value * kl)


# %% wrong: computed once, when the metric is made
# loses: 12
# hint: The KL is computed once, before training, and reported for ever. Compute it in update_state, from the posterior of that moment.
class KLMetric(keras.metrics.Mean):
    def __init__(self, model, name="kl"):
        super().__init__(name=name)
        self._kl = float(model.kl_scale.value * kl_divergence(model))

    def update_state(self, *_, **__):
        return super().update_state(self._kl)
