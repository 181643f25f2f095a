# The commands of this project; `make help` lists them. They need git, make and Python 3.11 or newer with pip.
# Every path is relative, so that the folder may have a space in its name.
SHELL := /bin/sh
.DEFAULT_GOAL := help
ready := .venv/.ready
python := .venv/bin/python

.PHONY: help lab test check fix lock bench syllabus data notebooks clean FORCE

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1 — \2/p' Makefile

lab: $(ready) ## open the labs in JupyterLab; ARGS="--no-browser --port 8899" is passed on to it
	@$(python) -m cwlab open labs $(ARGS)

# The browser's tests come first in the alphabet and last the longest: in that order no worker waits for them at the end.
test: check ## run every check and every test; ARGS="-k alarm" is passed on to pytest
	@echo "cwlab: tests, two at a time"
	@$(python) -m pytest -n 2 --dist loadscope --no-loadscope-reorder $(ARGS)

check: $(ready) ## format, lint, types, who may import whom, no wall clock, Binder's rules: under a minute
	@$(python) tools/check.py

fix: $(ready) ## put format and simple lint findings right
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format .

lock: $(ready) ## renew binder/requirements.txt; ARGS="--upgrade-package boto3" renews one package
	@echo "cwlab: resolving pyproject.toml for Python 3.11 and newer"
	@.venv/bin/uv pip compile pyproject.toml --quiet --system-certs --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  $(or $(ARGS),--upgrade) --output-file binder/requirements.txt
	@echo "cwlab: binder/requirements.txt is renewed; 'make test' installs and tries it"

bench: $(ready) ## measure, beside moto and pandas
	@$(python) benchmarks/run.py $(ARGS)

syllabus: $(ready) ## the table of exam points, their tests and their lab cells
	@$(python) -m cwlab.learn.syllabus $(ARGS)

data: $(ready) ## make the shop's recorded data again
	@$(python) -m cwlab.shop.record $(ARGS)

notebooks: $(ready) ## make the labs' notebooks again, with their outputs
	@$(python) tools/build_labs.py $(ARGS)

clean: ## remove .venv and every cache
	rm -rf .venv build cwlab.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks

# A virtual environment knows where it stands and which Python it was made with: when either has changed, it is made again.
ifneq ($(shell $(python) -c "" 2>/dev/null && cat $(ready) 2>/dev/null),$(shell pwd -P))
$(ready): FORCE
endif
$(ready): binder/requirements.txt pyproject.toml setup.py tools/set-up
	@sh tools/set-up $(MAKECMDGOALS)
