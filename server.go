// The AI usage gateway without an embedded database. See README.md.
package main

import (
	"context"
	"os"

	"aiusage/cli"
)

func main() {
	os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, nil))
}
