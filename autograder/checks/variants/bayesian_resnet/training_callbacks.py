# Variants of the solution cell of `training_callbacks`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: keyword arguments, another order, prints
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    watched = dict(monitor="val_nll", mode="min")
    callbacks = []
    if plateau_patience:
        callbacks += [
            ReduceLROnPlateau(first_watched_epoch, patience=plateau_patience, factor=0.3, **watched)
        ]
    callbacks += [
        keras.callbacks.EarlyStopping(
            patience=early_stopping_patience,
            start_from_epoch=first_watched_epoch,
            restore_best_weights=True,
            **watched,
        ),
        KLWarmUp(kl_scale=model.kl_scale, n_epochs=warm_up_epochs),
    ]
    print(len(callbacks), "callbacks")
    return callbacks


# %% right: a warm-up of its own, modes left to Keras
class Beta(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale, self.n_epochs = kl_scale, n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        rising = epoch / self.n_epochs if self.n_epochs else 1.0
        self.kl_scale.beta.assign(min(rising, 1.0))


def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    stopping = keras.callbacks.EarlyStopping(
        "val_nll",
        patience=early_stopping_patience,
        restore_best_weights=True,
        start_from_epoch=first_watched_epoch,
    )
    plateau = []
    if plateau_patience is not None:
        plateau = [
            ReduceLROnPlateau(
                first_watched_epoch, monitor="val_nll", factor=0.3, patience=plateau_patience
            )
        ]
    return [Beta(model.kl_scale, warm_up_epochs), stopping, *plateau]


# %% right: early stopping and plateau written out, a tuple, a warning on stderr
import sys


class Judge(keras.callbacks.Callback):
    def __init__(self, first, stopping_patience, plateau_patience):
        super().__init__()
        self.first, self.stopping, self.plateau = first, stopping_patience, plateau_patience
        self.best, self.weights, self.bad, self.flat = float("inf"), None, 0, 0

    def on_epoch_end(self, epoch, logs=None):
        if epoch < self.first:
            return
        if logs["val_nll"] < self.best:
            self.best, self.weights = logs["val_nll"], self.model.get_weights()
            self.bad = self.flat = 0
            return
        self.bad += 1
        self.flat += 1
        if self.plateau is not None and self.flat >= self.plateau:
            rate = self.model.optimizer.learning_rate
            rate.assign(0.3 * rate)
            self.flat = 0
        if self.bad >= self.stopping:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.weights is not None:
            self.model.set_weights(self.weights)


def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    print("a judge of my own", file=sys.stderr)
    judge = Judge(first_watched_epoch, early_stopping_patience, plateau_patience)
    return (judge, KLWarmUp(model.kl_scale, warm_up_epochs))


# %% wrong: watches the loss on validation
# loses: 11
# hint: You watch val_loss, which holds the KL: it rises with the warm-up whatever the network learns. Watch val_nll.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_loss",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="val_loss",
                mode="min",
                factor=0.3,
                patience=plateau_patience,
            )
        )
    return callbacks


# %% wrong: watches the test images
# loses: 11
# hint: You watch the test set. What decides must not be what the result is reported on: watch val_nll.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="test_nll",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="test_nll",
                mode="min",
                factor=0.3,
                patience=plateau_patience,
            )
        )
    return callbacks


# %% wrong: watches the training images
# loses: 11
# hint: You watch the training images, to which the weights are fitted: their nll falls for ever. Watch val_nll.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="nll",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="nll",
                mode="min",
                factor=0.3,
                patience=plateau_patience,
            )
        )
    return callbacks


# %% wrong: never a plateau
# loses: 4
# hint: There is no plateau callback. If a plateau_patience is given, the learning rate is to be cut when validation gets no better.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    return callbacks


# %% wrong: takes the largest nll for the best
# loses: 11
# hint: A mode of max takes the largest nll for the best one. The smaller, the better: mode is min.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="max",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="val_nll",
                mode="max",
                factor=0.3,
                patience=plateau_patience,
            )
        )
    return callbacks


# %% wrong: the last weights are kept
# loses: 3
# hint: Training ends with its last weights, which are worse than the best ones. Early stopping restores those if you ask it to.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=early_stopping_patience,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="val_nll",
                mode="min",
                factor=0.3,
                patience=plateau_patience,
            )
        )
    return callbacks


# %% wrong: watches from the first epoch
# loses: 7
# hint: Early stopping watches from epoch 0, and so takes the warm-up, when the KL counts little, for the best it will ever see. Use start_from_epoch.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="val_nll",
                mode="min",
                factor=0.3,
                patience=plateau_patience,
            )
        )
    return callbacks


# %% wrong: Keras' own plateau
# loses: 4
# hint: Keras' own plateau callback also counts the epochs of the warm-up. Use the ReduceLROnPlateau given above, with start_from_epoch.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(
                monitor="val_nll",
                mode="min",
                factor=0.3,
                patience=plateau_patience,
            )
        )
    return callbacks


# %% wrong: always a plateau
# loses: 4
# hint: Where no plateau_patience is given, the learning rate is to be left alone: a schedule takes care of it. Leave the plateau out.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if True:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="val_nll",
                mode="min",
                factor=0.3,
                patience=plateau_patience or 10,
            )
        )
    return callbacks


# %% wrong: no warm-up
# loses: 3
# hint: The warm-up is missing, so the KL counts in full from the first step. KLWarmUp raises it slowly.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="val_nll",
                mode="min",
                factor=0.3,
                patience=plateau_patience,
            )
        )
    return callbacks


# %% wrong: a warm-up as long as the first watched epoch
# loses: 3
# hint: Your warm-up lasts until the first watched epoch. It has a length of its own: warm_up_epochs.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, first_watched_epoch),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="val_nll",
                mode="min",
                factor=0.3,
                patience=plateau_patience,
            )
        )
    return callbacks


# %% wrong: the patiences swapped
# loses: 8
# hint: The two patiences are swapped: one is for stopping, the other for cutting the learning rate.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=plateau_patience or 1,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="val_nll",
                mode="min",
                factor=0.3,
                patience=early_stopping_patience,
            )
        )
    return callbacks


# %% wrong: a rate cut to a tenth
# loses: 4
# hint: The learning rate is cut to a tenth, Keras' default. It should go to 0.3 of itself.
def training_callbacks(
    model, warm_up_epochs, first_watched_epoch, early_stopping_patience, plateau_patience=None
):
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="val_nll",
                mode="min",
                factor=0.1,
                patience=plateau_patience,
            )
        )
    return callbacks
