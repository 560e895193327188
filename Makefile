# Two commands do all set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= 3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check format environment requirements clean

demo: environment ## node, sample catalogue, index, service, a short scripted visit
	$(BIN)/live-intent demo

test: environment ## everything that CI runs
	scripts/check
	scripts/test

check: environment ## format, lint, strict types, import layers
	scripts/check

format: environment
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

environment:
	PYTHON=$(PYTHON) scripts/environment

requirements: ## compile the pinned files anew
	scripts/requirements

clean: ## undo everything that the commands above made
	scripts/clean
