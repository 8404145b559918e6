package cli

import (
	"os"
	"time"

	"aiusage/gateway"
	"aiusage/usage"
)

// graphQLFlags say how GraphQL is served.
type graphQLFlags struct {
	MaxBody       int `env:"AIUSAGE_MAX_BODY" group:"What a GraphQL request may ask for:" default:"262144" placeholder:"BYTES" help:"The longest request, in bytes (default: 262144)."`
	MaxTokens     int `env:"AIUSAGE_MAX_TOKENS" group:"What a GraphQL request may ask for:" default:"1500" placeholder:"N" help:"The most tokens of a document (default: 1500)."`
	MaxDepth      int `env:"AIUSAGE_MAX_DEPTH" group:"What a GraphQL request may ask for:" default:"20" placeholder:"N" help:"The most levels of fields (default: 20). GraphiQL needs 13."`
	MaxAliases    int `env:"AIUSAGE_MAX_ALIASES" group:"What a GraphQL request may ask for:" default:"50" placeholder:"N" help:"The most renamed fields (default: 50)."`
	MaxRootFields int `env:"AIUSAGE_MAX_ROOT_FIELDS" group:"What a GraphQL request may ask for:" default:"20" placeholder:"N" help:"The most fields of an operation itself, such as reports (default: 20)."`
	MaxFields     int `env:"AIUSAGE_MAX_FIELDS" group:"What a GraphQL request may ask for:" default:"2000" placeholder:"N" help:"The most fields altogether (default: 2000)."`
	MaxComplexity int `env:"AIUSAGE_MAX_COMPLEXITY" group:"What a GraphQL request may ask for:" default:"3000000" placeholder:"N" help:"The most values that an answer could hold, where each field counts as often as the lists around it may be long, and each point once more (default: 3000000)."`

	MaxStreams          int `env:"AIUSAGE_MAX_STREAMS" group:"What a GraphQL request may ask for:" default:"1000" placeholder:"N" help:"The most event streams and WebSockets at the same time (default: 1000)."`
	MaxStreamsPerCaller int `env:"AIUSAGE_MAX_STREAMS_PER_CALLER" group:"What a GraphQL request may ask for:" default:"100" placeholder:"N" help:"The most event streams and WebSockets of one user, key or token (default: 100)."`

	LiveInterval time.Duration `env:"AIUSAGE_LIVE_INTERVAL" group:"What a GraphQL request may ask for:" default:"5s" placeholder:"DURATION" help:"How often a report that somebody listens to is read anew, once for all who listen to it (default: 5s)."`

	PersistedDocuments     string `env:"AIUSAGE_PERSISTED_DOCUMENTS" group:"What a GraphQL request may ask for:" type:"path" placeholder:"FILE" help:"A manifest of documents that callers may name by documentId: an apollo-persisted-query-manifest, or an object of documents by identifier, as GraphQL Code Generator writes it. Read at the start."`
	OnlyPersistedDocuments bool   `env:"AIUSAGE_ONLY_PERSISTED_DOCUMENTS" group:"What a GraphQL request may ask for:" help:"Refuse documents that are not in the manifest."`
}

// minLiveInterval keeps a mistyped unit from reading the database all the time.
const minLiveInterval = 100 * time.Millisecond

// configure makes the flags a part of a gateway's configuration. Numbers that
// mean nothing, or that take away the protection, are InvalidArgument errors.
func (f graphQLFlags) configure(settings *gateway.Config) error {
	var wrong mistakes
	for _, limit := range []struct {
		flag       string
		given, max int
		target     *int
	}{
		{"--max-body", f.MaxBody, 64 << 20, &settings.Limits.Body},
		{"--max-tokens", f.MaxTokens, 20_000, &settings.Limits.Tokens},
		{"--max-depth", f.MaxDepth, 200, &settings.Limits.Depth},
		{"--max-aliases", f.MaxAliases, 10_000, &settings.Limits.Aliases},
		{"--max-root-fields", f.MaxRootFields, 1000, &settings.Limits.RootFields},
		{"--max-fields", f.MaxFields, 100_000, &settings.Limits.Fields},
		{"--max-complexity", f.MaxComplexity, 1_000_000_000, &settings.Limits.Complexity},
		{"--max-streams", f.MaxStreams, 1_000_000, &settings.Streams.Max},
		{"--max-streams-per-caller", f.MaxStreamsPerCaller, 1_000_000, &settings.Streams.MaxPerCaller},
	} {
		if limit.given < 1 || limit.given > limit.max {
			wrong.note(usage.Errorf(usage.InvalidArgument, "%s is %d; it must be at least 1 and at most %d", limit.flag, limit.given, limit.max))
		}
		*limit.target = limit.given
	}
	if f.LiveInterval < minLiveInterval {
		wrong.note(usage.Errorf(usage.InvalidArgument, "--live-interval is %v; it must be at least %v", f.LiveInterval, minLiveInterval))
	}
	settings.Watch.Interval, settings.Watch.MaxListeners = f.LiveInterval, f.MaxStreams
	wrong.note(f.configureDocuments(settings))
	return wrong.asError()
}

func (f graphQLFlags) configureDocuments(settings *gateway.Config) error {
	settings.OnlyPersistedDocuments = f.OnlyPersistedDocuments
	if f.PersistedDocuments == "" {
		if f.OnlyPersistedDocuments {
			return usage.Errorf(usage.InvalidArgument, "--only-persisted-documents needs --persisted-documents")
		}
		return nil
	}
	manifest, err := os.ReadFile(f.PersistedDocuments)
	if err != nil {
		return usage.Errorf(usage.InvalidArgument, "--persisted-documents cannot be read: %v", err)
	}
	settings.PersistedDocuments = manifest
	return nil
}
