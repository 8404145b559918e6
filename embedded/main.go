// The gateway with a MySQL-compatible database inside: the same program as the
// module above, which needs nothing else on the machine to run.
package main

import (
	"context"
	"os"

	"aiusage/cli"
	"aiusage/embedded/doltdb"
)

func main() {
	os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, doltdb.Database))
}
