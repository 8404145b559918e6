package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"runtime/debug"
	"time"

	"aiusage/failure"
	"aiusage/status"
	"aiusage/transport"
	"aiusage/usage"
)

// operatorStatus answers at StatusPath: how the rollups are, as the rollup status command says it,
// and what this process knows.
type operatorStatus struct {
	rollups  func(context.Context) (status.Rollups, error)
	queries  func() transport.Stats
	database string
	started  time.Time
	limit    time.Duration
	door     door
}

func (s operatorStatus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := usage.Bounded(r.Context(), s.limit)
	defer cancel()
	rollups, err := s.rollups(ctx)
	if err != nil {
		transport.WriteError(r.Context(), w, failure.Log(ctx, s.door.log, err))
		return
	}
	body, err := json.MarshalIndent(status.Gateway{
		Rollups: rollups, Database: s.database, Version: version(),
		Streams: int64(s.queries().Streams), Started: s.started, AsOf: time.Now().UTC(),
	}, "", "  ")
	if err != nil {
		panic(err) // it is text, numbers and times
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-store")
	_, _ = w.Write(append(body, '\n')) // the caller has gone
}

// version returns what Go has recorded of the program: a tag, or the time and the commit that it was
// built of.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok || build.Main.Version == "" || build.Main.Version == "(devel)" {
		return "built without a version"
	}
	return build.Main.Version
}
