# Every target sets up what it needs: `make imagine` and `make test` are all a fresh machine has to know.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PROMPT ?= two red foxes in the snow --ar 3:2 --seed 7

# The prompt travels through the environment, so that no character of it is ever read by a shell.
export PROMPT

.DEFAULT_GOAL := help
.PHONY: help imagine test bot demo bench bench-discord bench-pictures bench-marks chaos check fmt pocket screenshots clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.runtime

imagine: $(VENV)/.runtime ## render PROMPT="..." with the embedded model
	@$(BIN)/easel imagine "$$PROMPT"

# Two at a time, each process its stretch of files, so that a module's models are made once; with one thread each,
# since two that want two cores each wait for one another.
test: $(VENV)/.dev ## run the whole test suite
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

bot: $(VENV)/.runtime ## start the Discord bot (needs DISCORD_TOKEN)
	@$(BIN)/easel bot

demo: $(VENV)/.runtime ## the bot in a browser, beside a Discord of its own, without any account
	@$(BIN)/python -m playground.demo

bench: $(VENV)/.dev ## print the benchmark tables
	$(BIN)/python -m bench

bench-discord: $(VENV)/.dev ## a burst of 130 commands while renders keep every core busy: who is answered?
	$(BIN)/python -m bench.discord

bench-pictures: $(VENV)/.dev ## how often the embedded model draws what it is asked; writes docs/pictures.md (most of an hour)
	$(BIN)/python -m bench.pictures --keep

bench-marks: $(VENV)/.dev ## what the invisible mark outlives; writes docs/marks.md (hours; goes on where it was broken off)
	$(BIN)/python -m bench.marks --keep

chaos: $(VENV)/.dev ## 100 rounds of kill -9 under load while Discord stumbles: is anything lost, or twice there?
	$(BIN)/python -m bench.chaos

check: $(VENV)/.dev ## lint, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/.dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pocket: $(VENV)/.dev ## train the embedded model from nothing (hours on a CPU; resumable)
	$(BIN)/python -m pocket.train
	$(BIN)/python -m pocket.train_references

screenshots: $(VENV)/.dev ## take the pictures of the page that the documentation shows (needs Chromium)
	$(BIN)/python -m playground.screenshots --out docs/images

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
