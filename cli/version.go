package cli

import (
	"cmp"
	"fmt"
	"runtime"

	"aiusage/observe"
)

type versionCommand struct{}

// Run prints what the program was built from, for people who report what they have seen.
func (versionCommand) Run(p *process) error {
	build := observe.ThisBuild()
	_, err := fmt.Fprintf(p.stdout, "aiusage %s\ncommit    %s\nbuilt by  %s for %s/%s\nembedded  %s\n",
		build.Version, build.Commit, runtime.Version(), runtime.GOOS, runtime.GOARCH, cmp.Or(build.Database, "no database"))
	return err
}
