# Variants of the solution cell of `PosteriorRecorder`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: the diagonal of the covariance, a loop with break, arrays at the end
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means, self.variances = [], []

    def on_epoch_end(self, epoch, logs=None):
        for layer in self.model.layers:
            if isinstance(layer, tfp.layers.DenseVariational):
                break
        q = layer._posterior(tf.zeros((1, 1)))
        self.means += [np.array(q.mean())]
        self.variances += [np.diag(np.array(q.covariance()))]

    def history(self):
        return dict(mean=np.array(self.means), variance=np.array(self.variances))


# %% right: looks the layer up once, keeps tensors, prints its progress
class PosteriorRecorder(keras.callbacks.Callback):
    means = variances = None

    def __init__(self):
        super(PosteriorRecorder, self).__init__()
        self.means = []
        self.variances = []
        self.layer = None

    def on_train_begin(self, logs=None):
        self.layer = [layer for layer in self.model.layers if hasattr(layer, "_posterior")][0]

    def on_epoch_end(self, epoch, logs=None):
        posterior = self.layer._posterior(tf.ones((3, 2)))
        self.means.append(tf.convert_to_tensor(posterior.mean()))
        self.variances.append(posterior.stddev() ** 2)
        print("epoch", epoch, "done")

    def history(self):
        return {"variance": tf.stack(self.variances), "mean": tf.stack(self.means)}


# %% right: the variance from the scale matrix, float64, a helper method, a warning
import warnings


class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.means = list()
        self.variances = list()

    def posterior(self):
        layers = filter(
            lambda layer: type(layer).__name__ == "DenseVariational", self.model.layers
        )
        return next(layers)._posterior(0.0)

    def on_epoch_end(self, epoch, logs={}):
        warnings.warn("recording")
        tril = self.posterior().scale.to_dense().numpy().astype("float64")
        self.means.append(self.posterior().loc.numpy().astype("float64"))
        self.variances.append(np.sum(tril * tril, axis=1))

    def history(self):
        return {"mean": np.vstack(self.means), "variance": np.vstack(self.variances)}


# %% right: empties its lists when a fit begins
class PosteriorRecorder(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.means, self.variances = [], []

    def on_epoch_end(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(tf.linalg.diag_part(posterior.covariance()).numpy())

    def history(self):
        return {"mean": np.asarray(self.means), "variance": np.asarray(self.variances)}


# %% wrong: standard deviations instead of variances
# loses: 6
# hint: You record standard deviations, and history() repeats what you recorded. A variance is the square of one.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_end(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.stddev().numpy())

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: the whole covariance matrix
# loses: 6
# hint: You keep the whole covariance matrix of each epoch, and history() repeats what you recorded. Its diagonal holds the variances.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_end(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.covariance().numpy())

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: the squared diagonal of the scale matrix
# loses: 6
# hint: You square the diagonal of the scale matrix L. The covariance is L times its transpose, and its diagonal also collects what lies left of L's.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_end(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.scale.diag_part().numpy() ** 2)

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: one averaged variance per epoch
# loses: 6
# hint: You average over the weights. Keep one variance per weight; the average can be taken later.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_end(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.variance().numpy().mean())

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: a draw instead of the mean
# loses: 6
# hint: Turning the posterior into a tensor draws new weights each time. The distribution has a mean that does not depend on chance.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_end(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(tf.convert_to_tensor(posterior).numpy())
        self.variances.append(posterior.variance().numpy())

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: at the beginning of an epoch
# loses: 10
# hint: Everything comes one epoch late: you record before the epoch, and what the last one learnt is missing.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_begin(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.variance().numpy())

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: after every batch
# loses: 10
# hint: There are more entries than epochs: you record after every batch.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_train_batch_end(self, batch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.variance().numpy())

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: once, when training ends
# loses: 10
# hint: Only the last epoch is there. Record after every epoch, and let the lists grow instead of replacing them.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_train_end(self, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.variance().numpy())

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: the last Bayesian layer
# loses: 10
# hint: You watch the last Bayesian layer of the model. If there are several, the first one is wanted.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_end(self, epoch, logs=None):
        for candidate in self.model.layers:
            if isinstance(candidate, tfp.layers.DenseVariational):
                layer = candidate
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.variance().numpy())

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: the first layer, of whatever kind
# loses: 10
# hint: The first layer of a model need not be Bayesian. Look for the first one that is a tfp.layers.DenseVariational.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_end(self, epoch, logs=None):
        posterior = self.model.layers[0]._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.variance().numpy())

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: overwrites instead of appending
# loses: 10
# hint: Only the last epoch is there. Record after every epoch, and let the lists grow instead of replacing them.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_end(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means = [posterior.mean().numpy()]
        self.variances = [posterior.variance().numpy()]

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: lists that all recorders share
# loses: 6
# hint: A second recorder goes on where the first one ended: the lists belong to the class. Make them in __init__, on self.
class PosteriorRecorder(keras.callbacks.Callback):
    means = []
    variances = []

    def on_epoch_end(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.variance().numpy())

    def history(self):
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


# %% wrong: other keys
# loses: 2
# hint: The keys are called "mean" and "variance", in the singular.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_end(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.variance().numpy())

    def history(self):
        return {"means": np.stack(self.means), "variances": np.stack(self.variances)}


# %% wrong: weights down, epochs across
# loses: 2
# hint: Rows and columns are swapped: one row per epoch, one column per weight.
class PosteriorRecorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.means = []
        self.variances = []

    def on_epoch_end(self, epoch, logs=None):
        layer = next(x for x in self.model.layers if isinstance(x, tfp.layers.DenseVariational))
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.variance().numpy())

    def history(self):
        return {"mean": np.stack(self.means, -1), "variance": np.stack(self.variances, -1)}
