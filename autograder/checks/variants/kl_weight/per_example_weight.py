# Variants of the solution cell of `per_example_weight`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: multiplies by the reciprocal, checks one by one
def per_example_weight(n_train: int, multiple: float = 1.0) -> float:
    if n_train <= 0:
        raise ValueError("no training examples")
    if not multiple >= 0:
        raise ValueError("negative multiple")
    weight = 1.0 / n_train
    return multiple * weight


# %% right: NumPy float32, other argument names
def per_example_weight(N, k=1):
    if N < 1 or k < 0:
        raise ValueError(f"N={N}, k={k}")
    return np.float32(k) / np.float32(N)


# %% right: a float64 tensor, with a helper, a print and a warning
import sys
import warnings


def refuse(text):
    print("refusing:", text, file=sys.stderr)
    raise ValueError(text)


def per_example_weight(n_train, multiple=1.0):
    warnings.warn("dividing")
    if n_train < 1:
        refuse("n_train")
    elif multiple < 0:
        refuse("multiple")
    return tf.constant(multiple, tf.float64) / tf.constant(n_train, tf.float64)


# %% right: an exact fraction and a ValueError of its own kind
from fractions import Fraction


class BadWeight(ValueError):
    """A weight nobody can want."""


def per_example_weight(n_train, multiple=1.0):
    if int(n_train) < 1 or multiple < 0.0:
        raise BadWeight(n_train, multiple)
    return float(Fraction(multiple) / n_train)


# %% wrong: divided by the batch size
# loses: 6
# hint: You divide by a batch size of 32. The KL belongs to the whole training set, so the number of training examples is what counts.
def per_example_weight(n_train, multiple=1.0, batch_size=32):
    if n_train < 1 or multiple < 0:
        raise ValueError("bad arguments")
    return multiple / batch_size


# %% wrong: divided by the number of batches
# loses: 6
# hint: You divide by the number of batches. Keras takes the mean over examples, not over batches: divide by the number of training examples.
def per_example_weight(n_train, multiple=1.0, batch_size=32):
    if n_train < 1 or multiple < 0:
        raise ValueError("bad arguments")
    return multiple / np.ceil(n_train / batch_size)


# %% wrong: not divided at all
# loses: 6
# hint: The factor grows or stays the same where there is more data. Keras has divided the log-likelihood by the number of examples; the KL needs the same division.
def per_example_weight(n_train, multiple=1.0):
    if n_train < 1 or multiple < 0:
        raise ValueError("bad arguments")
    return multiple


# %% wrong: multiplied by the number of examples
# loses: 6
# hint: This makes the KL count more the more data there is; it should count less. Keras has divided the other term by N.
def per_example_weight(n_train, multiple=1.0):
    if n_train < 1 or multiple < 0:
        raise ValueError("bad arguments")
    return multiple * n_train


# %% wrong: multiple in the denominator
# loses: 2
# hint: A larger multiple should make the KL count more; yours makes it count less, and 0 divides by zero.
def per_example_weight(n_train, multiple=1.0):
    if n_train < 1 or multiple < 0:
        raise ValueError("bad arguments")
    return 1 / (n_train * multiple)


# %% wrong: multiple ignored
# loses: 2
# hint: The second argument changes nothing. It scales the weight: 0.5 gives half of it, 0 switches the KL off.
def per_example_weight(n_train, multiple=1.0):
    if n_train < 1 or multiple < 0:
        raise ValueError("bad arguments")
    return 1 / n_train


# %% wrong: multiple capped at 1
# loses: 2
# hint: Multiples above 1 have no effect in your version. A posterior may be tempered either way: 3 counts the KL three times.
def per_example_weight(n_train, multiple=1.0):
    if n_train < 1 or multiple < 0:
        raise ValueError("bad arguments")
    return min(multiple, 1.0) / n_train


# %% wrong: zero falls back to the default
# loses: 2
# hint: A multiple of 0 means no KL at all, but Python also takes 0 for "nothing given". Compare with None, or use the default as it is.
def per_example_weight(n_train, multiple=1.0):
    if n_train < 1 or multiple < 0:
        raise ValueError("bad arguments")
    return (multiple or 1.0) / n_train


# %% wrong: refuses nothing
# loses: 2
# hint: Zero training examples, or a negative multiple, should end in a ValueError that says what was wrong.
def per_example_weight(n_train, multiple=1.0):
    return multiple / max(n_train, 1)


# %% wrong: divides by zero
# loses: 2
# hint: Without training examples, the division itself fails, with another error. Ask whether n_train is below 1 or multiple negative, and raise ValueError with a text that says so.
def per_example_weight(n_train, multiple=1.0):
    return multiple / n_train


# %% wrong: asserts instead of raising
# loses: 2
# hint: An assert raises AssertionError, and Python may be told to skip it. Raise ValueError instead.
def per_example_weight(n_train, multiple=1.0):
    assert n_train >= 1 and multiple >= 0
    return multiple / n_train


# %% wrong: refuses only when both arguments are wrong
# loses: 2
# hint: Either argument alone can be wrong. Your condition asks for both to be wrong at once.
def per_example_weight(n_train, multiple=1.0):
    if n_train < 1 and multiple < 0:
        raise ValueError("bad arguments")
    return multiple / n_train if n_train else 0.0


# %% wrong: rounded to whole numbers
# loses: 6
# hint: Two slashes round down to a whole number, which here is almost always 0. One slash divides.
def per_example_weight(n_train, multiple=1.0):
    if n_train < 1 or multiple < 0:
        raise ValueError("bad arguments")
    return multiple // n_train
