# Know What You Don't Know: `make demo` shows the course, `make test` tests it.
# Both need Python 3.10 or newer (with venv) and make; everything else they set up themselves.

PYTHON ?= python3
# How large the classes of bench-grading are.
SIZE ?= 40
SIMULATED ?= 2000
CHROMIUM ?= chromium
BIN := .venv/bin
UV_VERSION := $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements.lock)

export TF_CPP_MIN_LOG_LEVEL ?= 2
export PYTHONUNBUFFERED := 1
# Trust what the system trusts, as pip does: many networks have certificates of their own.
export UV_SYSTEM_CERTS := true

.PHONY: help env demo test lint exercises zips mutants draws timings attacks bench-grading book print results picture lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' Makefile

env: .venv/.ready  ## set up the environment in .venv

.venv/.ready: requirements.lock pyproject.toml
	@echo "Setting up the environment in .venv (about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

demo: env  ## train on synthetic X-rays, grade a small class, build the book
	$(BIN)/python -m autograder.demo

test: env  ## run every test
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2
	@echo "Every test has passed. The book as tested: book/_build/html/index.html"

lint: env  ## check style, types and that derived files are fresh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

exercises: env  ## rebuild exercises/ from solutions/
	$(BIN)/autograder release

zips: env  ## zip exercises/ for students, into build/release/
	$(BIN)/python -m autograder.release

mutants: env  ## test the tests: right and wrong variants of every graded function
	$(BIN)/autograder mutants

draws: env  ## every check against 200 draws of its questions (an hour)
	$(BIN)/python -m pytest -n 2 -m exhaustive autograder/tests

timings: env  ## what running and grading each assignment takes, on a machine that does nothing else
	$(BIN)/python -m pytest -m timed autograder/tests

attacks: env  ## grade a class of hostile and broken submissions
	$(BIN)/autograder attacks --jobs 3

bench-grading: env  ## grade with this package and with stock nbgrader, and compare (an hour)
	$(BIN)/python -m autograder.bench --otter --size $(SIZE) --simulated $(SIMULATED)

book: env  ## build the book
	$(BIN)/jupyter-book build book --path-output book -W -n --keep-going --quiet

print: env  ## the whole book as one PDF, build/know-what-you-dont-know.pdf (needs Chromium)
	$(BIN)/jupyter-book build book --path-output book --builder singlehtml -W -n --keep-going --quiet
	mkdir -p build
	$(CHROMIUM) --headless --no-sandbox --disable-gpu --no-pdf-header-footer \
		--virtual-time-budget=120000 --print-to-pdf=build/know-what-you-dont-know.pdf \
		file://$(CURDIR)/book/_build/singlehtml/index.html

results: env  ## compute the results of real runs that the book reads; DATA=FOLDER of the X-rays
	$(BIN)/python -m bayescnn.results $(if $(DATA),--data $(DATA))

picture: build/demo/model/metrics.json  ## take the README's picture from the demonstration's run
	cp build/demo/model/sure_and_unsure.png book/_static/sure-and-unsure.png

lock: env  ## resolve the dependencies of pyproject.toml anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --all-extras \
		--no-header --upgrade pyproject.toml --output-file requirements.lock
	$(BIN)/python -m autograder.environment

clean:  ## remove what was built (keeps .venv, runs and class)
	rm -rf build book/_build
