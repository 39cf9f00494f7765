# Variants of the solution cell of `KLWarmUp`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: if and else
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        if epoch >= self.n_epochs:
            self.kl_scale.beta.assign(1.0)
        else:
            self.kl_scale.beta.assign(epoch / self.n_epochs)


# %% right: interpolation, with a print
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        beta = np.interp(epoch, [0, self.n_epochs], [0.0, 1.0]) if self.n_epochs else 1.0
        print("beta", beta)
        self.kl_scale.beta.assign(float(beta))


# %% right: clipped by TensorFlow
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        n = tf.cast(self.n_epochs, tf.float32)
        beta = tf.where(n > 0, tf.cast(epoch, tf.float32) / tf.maximum(n, 1.0), 1.0)
        self.kl_scale.beta.assign(tf.clip_by_value(beta, 0.0, 1.0))


# %% wrong: one epoch ahead
# loses: 6
# hint: Epochs count from 0: the first one's beta is 0. Yours is already one step up.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign(min(1.0, (epoch + 1) / self.n_epochs) if self.n_epochs else 1.0)


# %% wrong: never stops rising
# loses: 6
# hint: After the warm-up beta stays at 1. Here it goes on rising, and the KL weighs more and more.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign(epoch / self.n_epochs if self.n_epochs else 1.0)


# %% wrong: no warm-up begins one epoch late
# loses: 2
# hint: With n_epochs = 0, beta is 1 in epoch 0 already.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign(min(1.0, epoch / max(1, self.n_epochs)))


# %% wrong: a step at a time from the last value
# loses: 8
# hint: beta is counted up from what it was before, so a resumed training gets a wrong one. Compute it from the epoch.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        step = 1.0 / self.n_epochs if self.n_epochs else 1.0
        self.kl_scale.beta.assign(min(1.0, float(self.kl_scale.beta) + step))


# %% wrong: no warm-up divides by zero
# loses: 2
# hint: With n_epochs of 0 this divides by zero. No warm-up means that beta is 1 from the start.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign(min(1.0, epoch / self.n_epochs))


# %% wrong: none at all where there should be one
# loses: 2
# hint: With n_epochs of 0 there is no warm-up, and beta is 1: here it never leaves 0.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign(min(1.0, epoch / self.n_epochs) if self.n_epochs else 0.0)


# %% wrong: a new number in place of the variable
# loses: 8
# hint: This puts a number in the variable's place, and a compiled graph never hears of it. Use beta.assign.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta = min(1.0, epoch / self.n_epochs) if self.n_epochs else 1.0


# %% wrong: falling
# loses: 6
# hint: beta falls here. The images speak first: beta begins at 0 and rises to 1.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign(max(0.0, 1 - epoch / self.n_epochs) if self.n_epochs else 1.0)


# %% wrong: arrives one epoch early
# loses: 6
# hint: The straight line reaches 1 at epoch n_epochs, not at the one before.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign(min(1.0, epoch / max(self.n_epochs - 1, 1)) if self.n_epochs else 1.0)


# %% wrong: counted up, without an end
# loses: 8
# hint: beta is counted up from what it was before, so a resumed training gets a wrong one. Compute it from the epoch.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign(self.kl_scale.beta + 1 / self.n_epochs)


# %% wrong: counted up, no step where there is no warm-up
# loses: 8
# hint: beta is counted up from what it was before, so a resumed training gets a wrong one. Compute it from the epoch.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign_add(1 / self.n_epochs if self.n_epochs else 0.0)


# %% wrong: counted up to 1 in TensorFlow
# loses: 8
# hint: beta is counted up from what it was before, so a resumed training gets a wrong one. Compute it from the epoch.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign(tf.minimum(1.0, self.kl_scale.beta + 1 / max(1, self.n_epochs)))


# %% wrong: whole numbers
# loses: 6
# hint: // drops what is behind the decimal point, so beta jumps from 0 to 1. A single / divides.
class KLWarmUp(keras.callbacks.Callback):
    def __init__(self, kl_scale, n_epochs):
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.kl_scale.beta.assign(min(1.0, epoch // self.n_epochs) if self.n_epochs else 1.0)
