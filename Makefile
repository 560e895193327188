# Two commands do all set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= 3.11
VENV := .venv
BIN := $(VENV)/bin
AUDIT ?= pypi

# With bytecode kept, a process that imports torch starts in half the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check format environment requirements quality sbom audit clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: environment ## node, sample catalogue, index, service, a short scripted visit
	$(BIN)/live-intent demo

test: environment ## everything that CI runs
	scripts/browser & scripts/engine & scripts/check && wait && scripts/test

check: environment ## format, lint, strict types, import contracts
	scripts/check

format: environment ## let ruff format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

environment: ## .venv with the pinned requirements
	PYTHON=$(PYTHON) scripts/environment

requirements: ## compile the pinned files again
	scripts/requirements

quality: environment ## docs/quality.md: trains and evaluates on public data (DATASETS_DIR), 3 hours
	$(BIN)/python -m benchmarks.quality

sbom: environment ## sbom.json: what an installation contains (CycloneDX)
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --spec-version 1.6 --output-reproducible \
	    --output-file sbom.json requirements.txt

audit: environment ## known weaknesses of the pinned packages, where a database of them can be reached
	$(BIN)/pip-audit --strict --vulnerability-service $(AUDIT) --require-hashes --disable-pip --requirement requirements.txt

clean: ## undo everything that the commands above made
	scripts/clean
