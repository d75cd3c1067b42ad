# The scripts do the work; make is a convenience for those who have it.
.PHONY: help build test lint format demo bench clean

help: ## Show what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

build: ## Build the release binary
	scripts/setup
	swift build -c release --product cockpit

test: ## Build and run all tests
	scripts/test

lint: ## Check formatting and rules
	scripts/lint

format: ## Mend formatting
	scripts/lint --fix

demo: ## Train on additions and watch
	scripts/demo

SUITE ?= compute
bench: ## Run benchmark suites beside their peers: SUITE=compute, all, or one suite
	scripts/bench $(SUITE)

clean: ## Remove what was built
	rm -rf .build .build-*
