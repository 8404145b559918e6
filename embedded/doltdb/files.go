package doltdb

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	doltcli "github.com/dolthub/dolt/go/cmd/dolt/cli"
	"github.com/dolthub/dolt/go/cmd/dolt/commands"
	"github.com/dolthub/dolt/go/libraries/doltcore/dbfactory"
	"github.com/dolthub/dolt/go/libraries/doltcore/env"
	"github.com/dolthub/dolt/go/libraries/utils/filesys"
)

// CheckFiles is the CheckFiles of a cli.EmbeddedDatabase. It is what Dolt's own fsck does: each
// piece of data is read, and has to be what its hash says. Dolt mends some of what it finds and
// keeps what it has opened, so it is given a copy of the files.
func CheckFiles(ctx context.Context, data string) (problems []string, err error) {
	data, err = existing(data)
	if err != nil {
		return nil, err
	}
	scratch, remove, err := claimCopies(data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err := copyFiles(ctx, data, scratch); err != nil {
		return nil, err
	}
	files, err := filesys.LocalFilesysWithWorkingDir(scratch)
	if err != nil {
		return nil, err
	}
	quietDolt()
	var said bytes.Buffer
	doltcli.CliOut, doltcli.CliErr = &said, &said
	defer func() { doltcli.CliOut, doltcli.CliErr = io.Discard, io.Discard }()
	status := commands.FsckCmd{}.Exec(ctx, "fsck", []string{"--quiet"}, &env.DoltEnv{FS: files}, nil)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if status == 0 {
		return nil, nil
	}
	for line := range strings.Lines(said.String()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "---") {
			problems = append(problems, line)
		}
	}
	return problems, nil
}

// copyFiles copies the files of a database that nobody has open.
func copyFiles(ctx context.Context, data, into string) (err error) {
	claim, err := claimFolder(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claim.release()) }()
	from := filepath.Join(data, databasesFolder, databaseName, dbfactory.DoltDataDir)
	return os.CopyFS(filepath.Join(into, dbfactory.DoltDataDir), os.DirFS(from))
}
