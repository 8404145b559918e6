package observe

import (
	"runtime/debug"
	"strings"
	"sync"
)

// Build is what the program was built from; what is not known is "unknown".
type Build struct {
	// Version is that of the release, or what Go makes of the commit.
	Version string
	// Commit is the revision, with "+modified" where files differed from it.
	Commit string
	// Database is the embedded database with its version, or empty in a build without one.
	Database string
}

// ThisBuild is what this program was built from, as Go has written it into the program.
var ThisBuild = sync.OnceValue(func() Build {
	built, ok := debug.ReadBuildInfo()
	if !ok {
		return Build{Version: "unknown", Commit: "unknown"}
	}
	return buildOf(built)
})

func buildOf(built *debug.BuildInfo) Build {
	build := Build{Version: "unknown", Commit: "unknown"}
	if built.Main.Version != "" {
		build.Version = built.Main.Version
	}
	modified := ""
	for _, setting := range built.Settings {
		switch setting.Key {
		case "vcs.revision":
			build.Commit = setting.Value
		case "vcs.modified":
			if setting.Value == "true" {
				modified = "+modified"
			}
		}
	}
	if build.Commit != "unknown" {
		build.Commit += modified
	}
	for _, module := range built.Deps {
		if strings.HasPrefix(module.Path, "github.com/dolthub/dolt/") {
			build.Database = "Dolt " + module.Version
		}
	}
	return build
}
