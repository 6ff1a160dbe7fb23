# How the project is checked. `make` lists the targets.

GO          ?= go
TESTFLAGS   ?=
FUZZTIME    ?= 5m
SOAKTIME    ?= 10m
SERVERS     ?= redis-7.0 redis-8.0 valkey-8.1
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Besides linux/amd64, where all the rest runs: the platforms that compile other
# files, or have other sizes.
PLATFORMS   := linux/386 darwin/arm64 windows/amd64

# The tests of this package that real servers answer, for test-servers.
SERVERTESTS := ^Test(Commands|Program|MultiKey|Partial|Slot(Moves|Patched)|ReadRouting|Transaction|Pipeline(While|Errors)|Script(Runs|Missing|In)|Streams|ScanOfTheWhole|Monitor|PlannedFailover|PrimaryKilled|Hostnames|WaysTo|ReplicaTakes|MixOf|ServerEnds|Watch(While|Leaves)|WrongPassword|Administration|KeysOf|Counts)

# The sub-modules (bench, faults) have a go.mod of their own and are linted
# with the rest.
MODULES := $(dir $(shell find . -name go.mod -not -path '*/testdata/*'))

.DEFAULT_GOAL := help
.PHONY: help demo test test-servers race lint fuzz generate cross bench bench-quick fault fault-peers fault-soak

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: ## run the quickstart example
	$(GO) run ./examples/quickstart

test: ## vet and test; installs redis-server if there is none
	scripts/need-redis.sh
	$(GO) vet ./...
	$(GO) test -timeout 12m $(TESTFLAGS) ./...
	cd bench && $(GO) test -timeout 5m $(TESTFLAGS) ./...
	cd faults && $(GO) test -timeout 5m $(TESTFLAGS) ./...

test-servers: ## test against each of SERVERS, fetched from Debian (scripts/servers.sh)
	@failed=; for name in $(SERVERS); do \
		echo "test $$name"; \
		server=$$(scripts/servers.sh $$name) && \
			REDIS_SERVER=$$server $(GO) test -count=1 -timeout 5m -run '$(SERVERTESTS)' $(TESTFLAGS) . || \
			failed="$$failed $$name"; \
	done; \
	test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

race: ## test with the race detector
	$(MAKE) test TESTFLAGS="-race $(TESTFLAGS)"

lint: ## check formatting, vet and staticcheck, in every module
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "run gofmt on:"; echo "$$unformatted"; exit 1; }
	@for dir in $(MODULES); do \
		echo "lint $$dir"; \
		(cd $$dir && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./...) || exit 1; \
	done

fuzz: ## run every fuzz target, FUZZTIME (5m) each
	scripts/fuzz.sh $(FUZZTIME)

bench: ## compare with other clients; writes bench/RESULTS.md and results.svg
	scripts/need-redis.sh
	cd bench && $(GO) run . -md RESULTS.md -svg results.svg

bench-quick: ## the same in under two minutes; writes nothing
	scripts/need-redis.sh
	cd bench && $(GO) run . -quick

fault: ## hurt real clusters in every way, print one table (about 25 minutes)
	scripts/need-redis.sh
	cd faults && $(GO) run .

fault-peers: ## the same for go-redis and rueidis (about an hour)
	scripts/need-redis.sh
	cd faults && $(GO) run . -driver go-redis -hold 22s
	cd faults && $(GO) run . -driver rueidis -hold 22s

fault-soak: ## hurt one cluster at random for SOAKTIME (10m)
	scripts/need-redis.sh
	cd faults && $(GO) run . -soak $(SOAKTIME)

generate: ## write the generated files anew
	$(GO) generate ./...

cross: ## build, and compile the tests, for platforms other than linux/amd64
	@for platform in $(PLATFORMS); do \
		echo "cross $$platform"; \
		export GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0; \
		$(GO) build ./... && $(GO) vet ./... || exit 1; \
	done
