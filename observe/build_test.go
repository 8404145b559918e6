package observe

import (
	"runtime/debug"
	"testing"
)

func TestWhatAProgramWasBuiltFrom(t *testing.T) {
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: modified}}
	}
	for _, c := range []struct {
		built debug.BuildInfo
		want  Build
	}{
		{debug.BuildInfo{}, Build{"unknown", "unknown", ""}},
		{debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs("false")}, Build{"v1.2.3", "abc", ""}},
		{debug.BuildInfo{Settings: vcs("true")}, Build{"unknown", "abc+modified", ""}},
		{debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}}}, Build{"unknown", "unknown", ""}},
		{debug.BuildInfo{Deps: []*debug.Module{{Path: "github.com/dolthub/vitess", Version: "v3"}, {Path: "github.com/dolthub/dolt/go", Version: "v2"}}},
			Build{"unknown", "unknown", "Dolt v2"}},
	} {
		if got := buildOf(&c.built); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
}
