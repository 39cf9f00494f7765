# Variants of the solution cell of `compute_once`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: a temporary folder beside the file, prints
def compute_once(path, compute):
    path = Path(path)
    if path.exists():
        print("found", path.name)
        return np.load(path, mmap_mode="r")
    array = np.asarray(compute())
    os.makedirs(path.parent, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        np.save(os.path.join(folder, "a.npy"), array)
        os.rename(os.path.join(folder, "a.npy"), path)
    return np.load(path, mmap_mode="r")


# %% right: tries to read first, an open file, leaves its scraps
import shutil


def compute_once(path, compute):
    path = str(path)
    try:
        return np.load(path, mmap_mode="r")
    except FileNotFoundError:
        array = compute()
    if os.path.dirname(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".tmp", "wb") as file:
        np.save(file, array)
    shutil.move(path + ".tmp", path)
    return np.load(path, mmap_mode="r")


# %% right: opened as a memory map, a warning, calls itself
import warnings


def compute_once(path, compute):
    path = Path(path)
    if path.is_file():
        return np.lib.format.open_memmap(path, mode="r")
    warnings.warn("computing")
    array = np.array(compute(), dtype=np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.npy")
    np.save(unfinished, array)
    unfinished.rename(path)
    return compute_once(path, compute)


# %% wrong: computed every time
# loses: 2
# hint: You compute whether the file is there or not. An hour's work is done again on every start.
def compute_once(path, compute):
    path = Path(path)
    if True:
        array = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name("unfinished.npy")
        try:
            np.save(temporary, array)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


# %% wrong: written in place
# loses: 2
# hint: You write under the final name. A run that is stopped half-way leaves half a file there, and every later run takes it for whole. Write elsewhere, then os.replace.
def compute_once(path, compute):
    path = Path(path)
    if not path.is_file():
        array = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, array)
    return np.load(path, mmap_mode="r")


# %% wrong: the array itself the first time
# loses: 2
# hint: The first call returns the array as it was computed: writeable, and in memory. Both calls must give the same thing, so load it in the end, always.
def compute_once(path, compute):
    path = Path(path)
    if not path.is_file():
        array = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name("unfinished.npy")
        try:
            np.save(temporary, array)
            os.replace(temporary, path)
            return array
        finally:
            temporary.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


# %% wrong: read into memory
# loses: 2
# hint: Without mmap_mode="r" the whole array is read into memory, and it may be larger than that.
def compute_once(path, compute):
    path = Path(path)
    if not path.is_file():
        array = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name("unfinished.npy")
        try:
            np.save(temporary, array)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return np.load(path)


# %% wrong: mapped and writeable
# loses: 2
# hint: With mmap_mode="r+" whoever changes the array changes the file, and all later runs with it. Use "r".
def compute_once(path, compute):
    path = Path(path)
    if not path.is_file():
        array = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name("unfinished.npy")
        try:
            np.save(temporary, array)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r+")


# %% wrong: one file for all
# loses: 2
# hint: All paths share one file, so the second data set gets the features of the first.
def compute_once(path, compute):
    path = Path(path).with_name('features.npy')
    if not path.is_file():
        array = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name("unfinished.npy")
        try:
            np.save(temporary, array)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


# %% wrong: the folder not made
# loses: 2
# hint: Where the folder is missing, nothing can be written. Make it: path.parent.mkdir(parents=True, exist_ok=True).
def compute_once(path, compute):
    path = Path(path)
    if not path.is_file():
        array = compute()
        temporary = path.with_name("unfinished.npy")
        try:
            np.save(temporary, array)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


# %% wrong: np.save appends .npy
# loses: 6
# hint: `np.save` appends `.npy` to a name that lacks it, so the file is there under another name than yours.
def compute_once(path, compute):
    path = Path(path)
    if not path.is_file():
        array = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name("features.tmp")
        np.save(temporary, array)
        os.replace(temporary, path)
    return np.load(path, mmap_mode="r")


# %% wrong: an empty file to reserve the name
# loses: 2
# hint: You make the file before it can be filled. When the computation fails, an empty file stays, and the next run takes it for the result.
def compute_once(path, compute):
    path = Path(path)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        array = compute()
        temporary = path.with_name("unfinished.npy")
        try:
            np.save(temporary, array)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


# %% wrong: scraps left
# loses: 2
# hint: Another file stays in the folder beside the array's. Move it, or remove it when you are done.
def compute_once(path, compute):
    path = Path(path)
    if not path.is_file():
        array = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name("unfinished.npy")
        try:
            np.save(temporary, array)
            path.write_bytes(temporary.read_bytes())
        except Exception:
            temporary.unlink(missing_ok=True)
            raise
    return np.load(path, mmap_mode="r")
