# The commands of the AI usage gateway. `make help` lists them.

GO      ?= go
ARGS    ?=
FUZZTIME ?= 50000x
HISTORIES ?= 1000
DOCUMENTS ?= 2000
ROUNDS ?= 3
SOAK ?= 10m
PACKAGES ?= $(MUTANTS)

# The same flag everywhere lets builds, tests and checks share what Go has compiled, also
# between clones in different folders.
export GOFLAGS += -trimpath

# The embedded database is a module of its own. gms_pure_go leaves out a library for regular
# expressions that would have to be on the machine.
EMBEDDED = -tags gms_pure_go

# The folders with packages of npm. Machines without it leave out what needs them; CI does not.
NPM_FOLDERS = transport/audits legacy/callers gateway/clients packaging/container schema docs/typescript web

# The race detector, but for what hashes and judges passwords: both have no races, and would take
# most of the time of whatever signs in, and of each command that starts.
RACE = -race -gcflags=golang.org/x/crypto/argon2=-race=false -gcflags=github.com/trustelem/zxcvbn/...=-race=false

# With the race detector, a program sleeps a second at its end.
NO_SLEEP = GORACE=atexit_sleep_ms=0

# A package more than there are processors is tested at a time, because many wait for servers.
AT_ONCE = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# What `make mutants` looks at unless it is told.
MUTANTS = ./usage ./auth ./collation resolvers/scoped.go resolvers/answer/kept.go resolvers/answer/cursor.go \
	gateway/conditions.go gateway/conditional_fields.go $(addprefix ./db/,check column extent member phase read rollup subjects sums where write)
NEEDS_NPM = command -v npm >/dev/null || { echo "$@: left out, because there is no npm here"; test "$$CI" != true; exit; }

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

##@ Run and build

.PHONY: run
run: build ## Build and start the gateway with a database inside; ARGS="--listen HOST:PORT" and so on
	@exec bin/aiusage serve $(ARGS)

.PHONY: build
build: web ## Build bin/aiusage, the gateway with a database inside
	@test -e bin/aiusage || echo "Building bin/aiusage. The first time takes a few minutes, because of the database in it."
	@mkdir -p bin
	@cd embedded && $(GO) build $(EMBEDDED) -o ../bin/aiusage .

.PHONY: gateway
gateway: web ## Build bin/aiusage-gateway, the small program that needs a MySQL or MariaDB
	@mkdir -p bin
	$(GO) build -o bin/aiusage-gateway .

# The pages are built anew when something of them has changed.
WEB_SOURCES = $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/browser/*' -not -name '*.go') docs/rollups.md

.PHONY: web
web: web/dist/index.html ## Build the pages, which the programs have in them (needs npm; without it they say so)

web/dist/index.html: $(WEB_SOURCES) | web/node_modules
	@$(NEEDS_NPM); echo "the pages (web)"; cd web && npm run --silent build -- --logLevel warn && touch dist/index.html

##@ Packages

# A release is a tag such as v1.2.3; commits after one, and without any, are told from each other.
VERSION = $(shell git describe --tags --match 'v[0-9]*' 2>/dev/null | sed -e 's/^v//' -e 's/-/+/' -e 's/-/./' | grep . || \
	TZ=UTC git log -1 --format=0.0.0~git%cd.%h --abbrev=12 --date=format-local:%Y%m%d%H%M%S 2>/dev/null || echo 0.0.0)
ARCH = $(shell $(GO) env GOARCH)
# What is in packages is of the time of the commit.
EPOCH = $(shell git log -1 --format=%ct 2>/dev/null || date +%s)

.PHONY: deb
deb: web ## Build dist/aiusage_VERSION_ARCH.deb, the small program as a service of Debian (ARCH=arm64 builds for others)
	@mkdir -p dist/$(ARCH)
	@CGO_ENABLED=0 GOARCH=$(ARCH) $(GO) build -buildvcs=auto -o dist/$(ARCH)/aiusage .
	@nfpm="$$(cd packaging/debian/tool && $(GO) tool -n nfpm)" && VERSION='$(VERSION)' ARCH=$(ARCH) PROGRAM=dist/$(ARCH)/aiusage SOURCE_DATE_EPOCH=$(EPOCH) \
		"$$nfpm" package --config packaging/debian/nfpm.yaml --packager deb --target dist/

.PHONY: release
release: ## Build the packages of a release and their sums in dist/, the same bytes from the same commit
	@rm -rf dist; for arch in amd64 arm64; do $(MAKE) --no-print-directory deb ARCH=$$arch || exit; done
	@cd dist && sha256sum *.deb | tee SHA256SUMS

.PHONY: release-check
release-check: ## Build a release twice, the second time with nothing kept of the first, and compare
	@rm -rf web/dist; $(MAKE) --no-print-directory release && cp dist/SHA256SUMS bin/SHA256SUMS.first && \
		rm -rf web/dist && kept="$$(mktemp -d)" && trap 'rm -rf "$$kept"' EXIT && GOCACHE="$$kept" $(MAKE) --no-print-directory release && \
		cmp dist/SHA256SUMS bin/SHA256SUMS.first && echo "both are the same"

##@ The pages

.PHONY: web-check
web-check: web/node_modules ## Check the pages' types, that what is generated of the schema is current, and their logic
	@$(NEEDS_NPM); echo "web"; cd web && before="$$(find src/generated -type f -exec cksum {} + | sort)" && \
		npm run --silent generate -- --silent && \
		{ test "$$before" = "$$(find src/generated -type f -exec cksum {} + | sort)" || \
			{ echo "web/src/generated/ was not current; it is now"; exit 1; }; } && \
		npm run --silent check && npm run --silent test -- --project logic

.PHONY: browser
browser: build web/node_modules ## Look at the pages with Chromium, on the gateway with a database inside
	@$(NEEDS_NPM); { command -v chromium-headless-shell || command -v chromium; } >/dev/null || { echo "$@: left out, because there is no chromium here"; test "$$CI" != true; exit; }; \
		cd web && npm run --silent test -- --project browser

.PHONY: picture
picture: build web/node_modules ## Take the picture of the page that the README shows (docs/usage.png; needs chromium)
	cd web && npm run --silent test -- --project picture

##@ Tests

# The packages whose tests take longest begin first, so that none of them runs on its own at the end.
LONGEST = ./db ./clusters ./cli ./gateway ./resolvers ./db/read ./transport ./faults ./db/check ./importer ./db/phase ./collation ./auth

# Tests in files that are marked so only compute; the race detector would take ten times as long.
WITHOUT_RACE = $(shell grep -rlx '//go:build !race' --include='*_test.go' --exclude-dir=node_modules .)

# First what is generated, which all else reads, beside what has nothing to do with Go. What is tested has
# been vetted by then, and the pages are looked at beside Go's tests, since they leave a processor idle.
.PHONY: test
test: ## Check and test everything, on every database engine on this machine
	@$(MAKE) --no-print-directory -j$(AT_ONCE) --output-sync=line generated schema-check web-check containers audits callers clients typescript
	@$(MAKE) --no-print-directory -j$(AT_ONCE) --output-sync=line build vet lint deb
	@$(MAKE) --no-print-directory -j3 --output-sync=line tests-with-race browser tests-without-race

# Compilers and tests collect garbage half as often.
.PHONY: tests-with-race
tests-with-race:
	$(NO_SLEEP) GOGC=200 $(GO) run ./internal/dbtest/engines -- $(GO) test $(RACE) -vet=off -p $(AT_ONCE) -timeout 30m $(LONGEST) ./...

.PHONY: tests-without-race
tests-without-race:
	cd embedded && AIUSAGE_TEST_EMBEDDED=$(CURDIR)/bin/aiusage $(GO) test -vet=off -count=1 $(EMBEDDED) ./...
	$(GO) test -vet=off $(sort $(dir $(WITHOUT_RACE))) -run '^($(shell sed -nE 's/^func (Test[A-Za-z0-9_]*).*/\1/p' $(WITHOUT_RACE) | paste -sd '|'))$$'

.PHONY: packages
packages: $(NPM_FOLDERS:=/node_modules) ## Install the packages of npm that tests and pages need

.PHONY: audits
audits: transport/audits/node_modules ## Install the public audits of GraphQL over HTTP, which the tests run

.PHONY: callers
callers: legacy/callers/node_modules ## Install the JavaScript client of the old host, which the tests run

.PHONY: clients
clients: gateway/clients/node_modules ## Install Apollo Client, urql, Relay and the MCP client, which the tests run

.PHONY: containers
containers: packaging/container/node_modules ## Install the linters of the Dockerfile and the compose file, which the tests run

$(NPM_FOLDERS:=/node_modules): %/node_modules: %/package-lock.json
	@$(NEEDS_NPM); echo "npm ci ($*)"; cd $* && npm ci --prefer-offline --no-audit --no-fund --loglevel=error && touch node_modules

.PHONY: typescript
typescript: docs/typescript/node_modules ## Generate the types of the TypeScript example, and check it
	@$(NEEDS_NPM); cd docs/typescript && npm run --silent check

.PHONY: schema-check
schema-check: schema/node_modules ## Check that schema.graphqls keeps what it has promised, and the rules of GraphQL-ESLint
	@$(NEEDS_NPM); echo "schema"; node --test --test-reporter=dot schema/check.test.mjs && node schema/check.mjs && \
		echo "graphql-eslint" && schema/node_modules/.bin/eslint --max-warnings 0 -c schema/eslint.config.mjs schema.graphqls

.PHONY: schema-promise
schema-promise: schema/node_modules ## Promise what schema.graphqls has now (schema/promised.graphqls)
	@$(NEEDS_NPM); node schema/check.mjs --write

##@ Checks and what is generated

.PHONY: check
check: schema-check web-check go-check lint ## Check formatting, common mistakes, generated code and modules

.PHONY: go-check
go-check:
	@$(MAKE) --no-print-directory generated && $(MAKE) --no-print-directory vet

.PHONY: vet
vet:
	@echo "gofmt"; unformatted="$$(gofmt -l $$(find . -name '*.go' -not -path '*/node_modules/*'))"; \
		test -z "$$unformatted" || { echo "not formatted (run gofmt -w):"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	cd embedded && $(GO) vet $(EMBEDDED) ./...

.PHONY: generated
generated:
	@echo "generated code"; before="$$(find graph -type f -exec cksum {} + | sort)"; \
		$(GO) tool gqlgen generate && \
		test "$$before" = "$$(find graph -type f -exec cksum {} + | sort)" || \
		{ echo "graph/ was not current; it is now"; exit 1; }

.PHONY: lint
lint:
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff
	cd embedded && $(GO) mod tidy -diff
	cd packaging/debian/tool && $(GO) mod tidy -diff

.PHONY: generate
generate: ## Write the generated code in graph/ anew, and the rules and the dashboard of docs/operations
	$(GO) tool gqlgen generate
	$(GO) run ./observe/monitoring
	@$(MAKE) --no-print-directory web-generate

.PHONY: web-generate
web-generate: web/node_modules ## Write the pages' generated types in web/src/generated/ anew
	@$(NEEDS_NPM); cd web && npm run --silent generate -- --silent

.PHONY: tidy
tidy: ## Bring go.mod and go.sum of the modules up to date
	$(GO) mod tidy
	cd embedded && $(GO) mod tidy
	cd packaging/debian/tool && $(GO) mod tidy
	cd vitess && $(GO) mod tidy

##@ Tests that take long

.PHONY: fuzz
fuzz: audits ## Run each fuzz target on FUZZTIME (50000x) inputs
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/p' "$$file"); do \
			echo "$$target ($$(dirname "$$file"))"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$$(dirname "$$file")" || exit 1; \
		done; \
	done

.PHONY: vitess
vitess: ## Plan the gateway's statements on MySQL as Vitess plans them, for tables on shards (building its planner takes minutes)
	cd vitess && $(GO) vet ./... && $(GO) mod tidy -diff && $(GO) test -vet=off -count=1 -v ./...

.PHONY: faults
faults: build ## Break all that a gateway stands on ROUNDS (3) times, and let each statement of maintaining the sums fail
	AIUSAGE_TEST_EVERY_ENGINE=1 $(GO) test ./faults -timeout 2h -rounds $(ROUNDS)
	AIUSAGE_TEST_EVERY_ENGINE=1 $(GO) run ./internal/dbtest/engines -- $(GO) test ./db -run NoStatement -timeout 2h -every-statement

.PHONY: soak
soak: ## Run two gateways for SOAK (10m), with writers, imports, streams and callers, while one of them and the server end now and then
	$(GO) test ./faults -run ForLong -v -timeout 24h -soak $(SOAK)

.PHONY: cluster-galera
cluster-galera: ## Kill, pause, cut off and bring back the nodes of a Galera cluster under gateways, ROUNDS (3) times
	$(GO) test ./clusters -run OnGalera -v -timeout 1h -rounds $(ROUNDS)

.PHONY: cluster-group
cluster-group: ## Kill, cut off and bring back the primary of a group (MySQL) under gateways, ROUNDS (3) times
	$(GO) test ./clusters -run OnAGroup -v -timeout 1h -rounds $(ROUNDS)

.PHONY: cluster-replica
cluster-replica: ## Run gateways on a primary and its replica, of MariaDB and of MySQL, and promote the replica
	$(GO) test ./clusters -run OnAReplica -v -timeout 1h -rounds $(ROUNDS)

.PHONY: cases
cases: build ## Run each case on every engine, also those that tests run on one engine or the other
	AIUSAGE_TEST_EVERY_ENGINE=1 $(GO) run ./internal/dbtest/engines -- $(GO) test ./db/... ./gateway ./resolvers ./cli ./clusters -timeout 2h

.PHONY: histories
histories: build ## Hold the sums to the sessions in HISTORIES (1000) random histories on each server
	$(GO) run ./internal/dbtest/engines -- $(GO) test ./db -run InEveryHistory -timeout 5h -rapid.checks=$(HISTORIES)

.PHONY: graph
graph: build audits ## Compare the answers to DOCUMENTS (2000) random GraphQL documents with a model and graphql-js, on each server
	$(GO) run ./internal/dbtest/engines -- $(GO) test ./resolvers -run RandomDocuments -timeout 5h -v -documents=$(DOCUMENTS) -documents.seed=$$(date +%s)

.PHONY: mutants
mutants: ## Put faults into PACKAGES, and list those that no test finds (bench/mutants/survivors.txt has the known ones)
	AIUSAGE_TEST_EMBEDDED=none AIUSAGE_TEST_MYSQL_ROOT=none $(GO) run ./internal/dbtest/engines -- \
		$(GO) run ./bench/mutants $(PACKAGES)

##@ Other

.PHONY: clean
clean: ## Delete what was built; data folders stay
	rm -rf bin web/dist/assets web/dist/*.html
