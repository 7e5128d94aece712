# `make demo` tells the whole story on simulated athletes, `make test` runs every check; both install what they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ON_EVERY_BACKEND := tests/layers tests/models/test_conformance.py tests/training/test_training.py tests/training/test_layerwise_adamw.py
ON_TENSORFLOW := tests/export
PYTEST := $(BIN)/python -m pytest --numprocesses 2

.PHONY: demo test fuzz lint docs install dev clean

demo: install
	$(BIN)/hrkeras demo

test: dev lint
	KERAS_BACKEND=torch $(PYTEST) --dist loadfile --no-loadscope-reorder
	KERAS_BACKEND=tensorflow $(PYTEST) $(ON_EVERY_BACKEND) $(ON_TENSORFLOW)
	KERAS_BACKEND=jax $(PYTEST) $(ON_EVERY_BACKEND)

# where atheris does not install, chance alone leads the damage; FUZZ_RUNS says how many files each reader gets
fuzz: dev
	-$(BIN)/python -m pip install --quiet --group fuzz
	$(BIN)/python tests/fuzz/run.py

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# the site: open site/index.html, or, for its search too: python3 -m http.server --directory site
docs: dev
	$(BIN)/python docs/make_cli.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

install: $(VENV)/.installed
dev: $(VENV)/.developed

$(VENV)/.installed: pyproject.toml
	@echo "Installing hrkeras and what it needs, TensorFlow among it, into $(VENV); this takes some minutes."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

# torch comes first and by its exact version: the plain name brings gigabytes of CUDA; nixtla works with pandas 3 but
# asks for an older one, so what it needs besides stands in the group dev; the last line's ask for what only GPUs need
$(VENV)/.developed: pyproject.toml
	@echo "Installing hrkeras and all that its tests need into $(VENV); this takes some minutes."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[bayesian,beam,jax,torch,chronos,fracast,litert,onnx]' --group dev
	$(BIN)/python -m pip install --quiet --no-deps nixtla==0.9.0 utilsforecast==0.2.17
	$(BIN)/python -m pip install --quiet --no-deps tirex-2==0.4.0 flashrnn==1.0.8 mlstm_kernels==2.0.6 timesfm==3.0.2
	touch $@

clean:
	rm -rf $(VENV) build dist site fuzz-findings .pytest_cache .mypy_cache .ruff_cache
